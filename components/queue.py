"""The queue as one person asks for it: a page of the list, and where their own songs are in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

import hikari

from components.eta import eta_text
from components.markdown import plain
from components.pages import page_count, page_row
from components.panel import counts_line
from components.refusals import song_text
from components.song_lines import moment, tier_name, title_line
from components.texts import FALLBACK, number, say
from state.board import Board
from state.song import Song, SongState

PAGE: Final = 10
"""Songs on a page."""
SEEN: Final = 100
"""Songs from the first on that "what is ahead" is read from; what lies between is only counted."""
PAGE_HANDLER: Final = "queue.page"
_SHOWN: Final = 10
_OPEN: Final = 0x5C8374
_PAUSED: Final = 0xB58B4C


def page_embed(board: Board, locale: str = FALLBACK) -> hikari.Embed:
    """The page that begins at the board's offset, with what plays, the totals and what is open."""
    parts: list[str] = []
    if board.playing is not None:
        parts.append(
            say(
                "queue.playing",
                locale,
                title=title_line(board.playing),
                tier=tier_name(board.playing.tier, board.ladder),
                name=plain(board.playing.user_name, 40),
            )
        )
    lines = [
        f"**{place}.** {_row(song.title, song.artist, song.user_name, board.ladder.name(song.tier), locale)}"
        for place, song in enumerate(board.songs, board.offset + 1)
    ]
    parts.append("\n".join(lines) or say("queue.nobody", locale))
    totals = counts_line(board)
    if totals:
        parts.append(totals)
    if board.pending:
        parts.append(say("queue.pending", locale, count=board.pending))
    parts.append(open_line(board, locale))
    embed = hikari.Embed(
        title=say("queue.title", locale, count=board.waiting),
        description="\n\n".join(parts),
        color=_PAUSED if board.settings.paused else _OPEN,
    )
    page, pages = board.offset // PAGE + 1, page_count(board.waiting, PAGE)
    return embed.set_footer(say("queue.page", locale, page=page, pages=pages))


def page_rows(board: Board, locale: str = FALLBACK) -> tuple[hikari.impl.MessageActionRowBuilder, ...]:
    """The buttons below that page."""
    return page_row(PAGE_HANDLER, board.offset // PAGE + 1, page_count(board.waiting, PAGE), locale)


# The same songs are listed again and again, and escaping them is most of the work of a page.
@lru_cache(maxsize=4096)
def _row(title: str, artist: str, name: str, tier: str, locale: str) -> str:
    shown = f"{plain(title, 60)} — {plain(artist, 30)}"
    return say("queue.line", locale, title=shown, tier=plain(tier, 64), name=plain(name, 30))


def open_line(board: Board, locale: str = FALLBACK) -> str:
    """Whether songs can be handed in now, and for which tiers not."""
    if board.settings.paused:
        return say("display.paused", locale)
    closed = [tier for tier in board.ladder.tiers if not board.settings.takes(tier.label)]
    if not closed:
        return say("display.open", locale)
    if len(closed) == len(board.ladder.tiers):
        return say("display.closed", locale)
    names = ", ".join(tier_name(tier.label, board.ladder) for tier in closed)
    return say("display.open_but", locale, tiers=names)


def where_text(
    songs: Sequence[Song], places: Mapping[int, int], points: int, board: Board, locale: str = FALLBACK
) -> str:
    """Each of a person's active songs: its place, its waiting time, and why.

    `places` are from 1, `points` theirs; `board` begins at the first place and brings up to `SEEN` songs.
    """
    if not songs:
        return say("queue.nothing", locale)
    entries = [_entry(song, places.get(song.number), points, board, locale) for song in songs[:_SHOWN]]
    if len(songs) > _SHOWN:
        entries.append(say("queue.more_songs", locale, count=len(songs) - _SHOWN))
    return "\n\n".join(entries)


def _entry(song: Song, place: int | None, points: int, board: Board, locale: str) -> str:
    name = song_text({"number": song.number, "title": song.title, "artist": song.artist})
    tier = tier_name(song.tier, board.ladder)
    if song.state is SongState.PLAYING:
        return say("queue.where_playing", locale, song=name)
    if song.state is SongState.PENDING:
        return say("queue.where_pending", locale, song=name, tier=tier)
    if song.state is SongState.HELD:
        return say("queue.where_held", locale, song=name, tier=tier, moment=moment(song.at))
    if place is None:
        return say("queue.where_moving", locale, song=name)
    head = say(
        "queue.where_waiting",
        locale,
        song=name,
        tier=tier,
        place=place,
        waiting=board.waiting,
        eta=eta_text(board.now, place, locale),
    )
    return f"{head}\n{_why(song, points, tier, locale)} {_ahead(place, board, locale)}"


def _why(song: Song, points: int, tier: str, locale: str) -> str:
    if song.state is SongState.BUMPED:
        return say("queue.why_bumped", locale)
    if song.locked:
        return say("queue.why_locked", locale)
    if song.tier:
        return say("queue.why_paid", locale, tier=tier)
    if points:
        return say("queue.why_free", locale, points=number(points, locale))
    return say("queue.why_free_tie", locale)


def _ahead(place: int, board: Board, locale: str) -> str:
    """What plays before it, by tier; songs beyond those the board brings are only counted."""
    before = board.songs[: place - 1]
    kinds: list[str] = [say("queue.ahead_playing", locale)] if board.playing else []
    for label, count in sorted(Counter(song.tier for song in before).items(), reverse=True):
        tier = tier_name(label, board.ladder)
        kinds.append(say("queue.ahead_kind", locale, count=count, tier=tier))
    more = place - 1 - len(before)
    if more:
        kinds.append(say("queue.ahead_more", locale, count=more))
    return say("queue.ahead", locale, kinds=", ".join(kinds)) if kinds else say("queue.ahead_nobody", locale)

"""The messages that show a queue all the time: the public list, the reviewer panel, the pending skips.

A painting is a pure function of the board: nothing in it changes while nothing changed, so moments are
Discord's own timestamps and never "a minute ago".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import hikari

from components.markdown import plain
from components.panel import Facts, counts_line, last_move_line, panel_rows
from components.pending import pending_rows, pending_texts
from components.portal import PORTAL, portal_embed, portal_rows
from components.refusals import span
from components.review import earned_text, score_text
from components.song_lines import file_line, link_line, moment, note_line, tier_name, title_line
from components.texts import say
from state.board import ArtistRecord, Board
from state.review import HIGHEST_SCORE
from state.song import Song

PUBLIC: Final = "public"
REVIEWER: Final = "reviewer"
PENDING: Final = "pending"
KINDS: Final = (PUBLIC, REVIEWER, PENDING, PORTAL)

ROWS: Final = 10
"""Songs listed as up next."""
SONGS: Final = 25
PENDING_SONGS: Final = 10
HELD_SONGS: Final = 5
"""What a board for `render` brings along: `queue.board(guild, count=SONGS, pending=..., held=...)`."""
ATTACHABLE: Final = 10 * 1024 * 1024
"""Bytes of a file a bot may attach in a server without boosts (Discord, Uploading Files)."""

_NAMED: Final = 12
_OPEN: Final = 0x5C8374
_PAUSED: Final = 0xB58B4C
_CLAIMED: Final = 0x7A6C9D


@dataclass(frozen=True, slots=True)
class Painting:
    """What the message of a display shows; `file` is the name in our own store of the file attached."""

    embeds: tuple[hikari.Embed, ...]
    components: tuple[hikari.api.ComponentBuilder, ...] = ()
    file: str | None = None


def render(kind: str, board: Board, locale: str | None = None) -> Painting | None:
    """The painting of a display, None for a kind that is not known here.

    Everybody sees it, so it is in the guild's language unless `locale` says otherwise.
    """
    locale = locale or board.settings.language
    match kind:
        case "public":
            return Painting(_public(board, locale))
        case "reviewer":
            return Painting(
                _reviewer(board, locale), tuple(panel_rows(board, locale)), _attachable(board.playing)
            )
        case "portal":
            return Painting((portal_embed(board, locale),), tuple(portal_rows(locale)))
        case "pending":
            return Painting(_pending(board, locale), tuple(pending_rows(board, locale)))
        case _:
            return None


def _public(board: Board, locale: str) -> tuple[hikari.Embed, ...]:
    song = board.playing
    if song is None:
        playing = say("display.nothing_playing", locale)
    else:
        playing = "\n".join(
            (
                f"**{plain(song.title, 150)}**",
                plain(song.artist, 100),
                say("display.public_by", locale, tier=_tier(song, board), name=plain(song.user_name, 40)),
            )
        )
    stage = hikari.Embed(title=say("display.now_playing", locale), description=playing, color=_color(board))
    lines = [
        say(
            "display.public_line",
            locale,
            place=board.offset + place,
            title=title_line(song),
            tier=_tier(song, board),
            name=plain(song.user_name, 25),
        )
        for place, song in enumerate(board.songs[:ROWS], start=1)
    ]
    parts = ["\n".join(lines) or say("display.nobody", locale), *_totals(board, locale), _how(board, locale)]
    queue = hikari.Embed(
        title=say("display.up_next", locale, count=board.waiting),
        description="\n\n".join(parts),
        color=_color(board),
    )
    return stage, queue


def _reviewer(board: Board, locale: str) -> tuple[hikari.Embed, ...]:
    song = board.playing
    if song is None:
        stage = hikari.Embed(
            title=say("display.stage_empty", locale),
            description=say("display.press_next" if board.waiting else "display.nobody", locale),
            color=_color(board),
        )
    else:
        stage = hikari.Embed(
            title=say("display.stage", locale, number=song.number, title=plain(song.title, 200)),
            description=_card(song, board, locale),
            color=_color(board),
        )
    lines = [
        say(
            "display.reviewer_line",
            locale,
            number=song.number,
            title=title_line(song),
            tier=_tier(song, board),
            name=plain(song.user_name, 25),
            lock=say("display.locked", locale) if song.locked else "",
        )
        for song in board.songs[:ROWS]
    ]
    parts = ["\n".join(lines) or say("display.nobody", locale), *_totals(board, locale)]
    if board.held:
        held = ", ".join(f"#{song.number} {plain(song.title, 25)}" for song in board.held_songs)
        parts.append(say("display.held", locale, count=board.held, songs=held))
    status = [say("display.paused_short" if board.settings.paused else "display.open_short", locale)]
    if board.pending:
        status.append(say("display.pending_count", locale, count=board.pending))
    parts.append(" · ".join(status))
    last = last_move_line(board, locale)
    if last:
        parts.append(last)
    queue = hikari.Embed(
        title=say("display.up_next", locale, count=board.waiting),
        description="\n\n".join(parts),
        color=_color(board),
    )
    queue.set_footer(Facts.of(board).text())
    return stage, queue


def _card(song: Song, board: Board, locale: str) -> str:
    lines = [
        f"**{plain(song.artist, 200)}**",
        say(
            "display.card_by",
            locale,
            earned=earned_text(song, board.ladder, locale),
            name=plain(song.user_name, 40),
            user=song.user,
        ),
        _record(board.record, locale),
    ]
    if song.link:
        lines.append(link_line(song.link))
    if song.file:
        lines.append(file_line(song, locale))
        if _attachable(song) is None:
            lines.append(say("display.file_too_large", locale))
    if song.note:
        lines.append(note_line(song.note, 900))
    if song.started_at:
        since, submitted = moment(song.started_at), moment(song.submitted_at)
        waited = span(song.started_at - song.submitted_at, locale)
        lines.append(say("display.card_since", locale, since=since, submitted=submitted, waited=waited))
    if score := score_text(song, locale):
        lines.append(say("display.card_score", locale, text=score))
    if song.bookmarked_at:
        name = plain(song.bookmarked_by_name or "", 40)
        lines.append(say("display.card_bookmarked", locale, name=name))
    return "\n".join(lines)


def _record(record: ArtistRecord, locale: str) -> str:
    if not record.plays and record.best is None:
        return say("display.card_first", locale)
    if record.best is None:
        return say("display.card_record", locale, plays=record.plays)
    return say(
        "display.card_record_best", locale, plays=record.plays, best=record.best, highest=HIGHEST_SCORE
    )


def _pending(board: Board, locale: str) -> tuple[hikari.Embed, ...]:
    first, *others = pending_texts(board, locale)
    title = say("display.pending_title", locale, count=board.pending)
    return (
        hikari.Embed(title=title, description=first, color=_CLAIMED),
        *(hikari.Embed(description=text, color=_CLAIMED) for text in others),
    )


def _totals(board: Board, locale: str) -> list[str]:
    line = counts_line(board)
    return [say("display.totals", locale, tiers=line)] if line else []


def _how(board: Board, locale: str) -> str:
    if board.settings.paused:
        return say("display.paused", locale)
    closed = [tier for tier in board.ladder.tiers if not board.settings.takes(tier.label)]
    if not closed:
        return say("display.open", locale)
    if len(closed) == len(board.ladder.tiers):
        return say("display.closed", locale)
    names = [tier_name(tier.label, board.ladder) for tier in closed]
    listed = ", ".join(names[:_NAMED]) + (", …" if len(names) > _NAMED else "")
    return say("display.open_but", locale, tiers=listed)


def _tier(song: Song, board: Board) -> str:
    return tier_name(song.tier, board.ladder)


def _color(board: Board) -> int:
    return _PAUSED if board.settings.paused else _OPEN


def _attachable(song: Song | None) -> str | None:
    if song is None or song.file is None or (song.file_size or 0) > ATTACHABLE:
        return None
    return song.file

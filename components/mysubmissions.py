"""A person's own submissions: the list, and what its artist may do with each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import hikari

from bot.router import encode
from components.markdown import plain
from components.pages import page_count, page_row, within
from components.refusals import song_text
from components.song_lines import moment, tier_name, title_line
from components.submission import ARTIST, NAME_LIMIT, NOTE, NOTE_LIMIT, TITLE, URL
from components.texts import FALLBACK, say
from components.tier_menus import tier_menus
from state.ladder import FREE, Ladder, Tier
from state.song import Song, SongState
from state.track import LONGEST_LINK

PAGE: Final = 5
"""Songs on a page; each may have a button, and a row has five."""
LISTED: Final = 100
"""Ended songs that are listed, the newest."""
PAGE_HANDLER: Final = "mine.page"
REMOVE: Final = "mine.remove"
SURE: Final = "mine.sure"
EDIT: Final = "mine.edit"
EDITED: Final = "mine.edited"
CLAIM: Final = "mine.claim"
TIER: Final = "mine.tier"
WITHDRAW: Final = "mine.withdraw"
OPEN: Final = "mine.open"
_COLOR: Final = 0x5C8374


@dataclass(frozen=True, slots=True)
class Mine:
    """All there is to list: `songs` with active ones first, both newest first; `places` of waiting ones.

    `archive` is False when the ended songs could not be read, `more` True when there are still older ones.
    """

    user: int
    songs: Sequence[Song]
    places: Mapping[int, int]
    waiting: int
    ladder: Ladder
    archive: bool
    more: bool

    def within(self, page: int) -> int:
        """The nearest page there is."""
        return within(page, page_count(len(self.songs), PAGE))


def mine_embed(mine: Mine, page: int, locale: str = FALLBACK) -> hikari.Embed:
    """One page; `page` must be one there is."""
    pages = page_count(len(mine.songs), PAGE)
    parts = [_entry(song, mine, locale) for song in _shown(mine, page)]
    if not mine.songs and mine.archive:
        parts.append(say("mysubmissions.none", locale))
    if not mine.archive:
        parts.append(say("mysubmissions.older_away", locale))
    elif mine.more and page == pages:
        parts.append(say("mysubmissions.older_more", locale, count=len(mine.songs)))
    embed = hikari.Embed(
        title=say("mysubmissions.title", locale, count=len(mine.songs)),
        description="\n\n".join(parts),
        color=_COLOR,
    )
    return embed.set_footer(say("mysubmissions.page", locale, page=page, pages=pages))


def mine_rows(mine: Mine, page: int, locale: str = FALLBACK) -> list[hikari.impl.MessageActionRowBuilder]:
    """What can be done with the songs of the page, a row a verb, and the buttons that turn it."""
    changeable = [song for song in _shown(mine, page) if can_remove(song)]
    verbs = (
        [(song, REMOVE, "remove") for song in changeable],
        [(song, EDIT, "edit") for song in changeable],
        [
            (song, WITHDRAW, "withdraw") if song.state is SongState.PENDING else (song, CLAIM, "claim")
            for song in changeable
            if song.state is SongState.PENDING or can_claim(song)
        ],
    )
    rows: list[hikari.impl.MessageActionRowBuilder] = []
    for buttons in verbs:
        if buttons:
            row = hikari.impl.MessageActionRowBuilder()
            for song, handler, label in buttons:
                row.add_interactive_button(
                    hikari.ButtonStyle.SECONDARY,
                    encode(handler, song.number, page),
                    label=say(f"mysubmissions.{label}", locale, number=song.number),
                )
            rows.append(row)
    return [*rows, *page_row(PAGE_HANDLER, page, page_count(len(mine.songs), PAGE), locale)]


def can_claim(song: Song) -> bool:
    """Whether a skip may be claimed for it: a Free song whose place is not announced yet."""
    return song.state is SongState.WAITING and song.tier == FREE and not song.locked


def can_remove(song: Song) -> bool:
    """Whether its artist may take it back: not once it plays or has ended."""
    return song.state.is_active and song.state is not SongState.PLAYING


def needs_asking(song: Song) -> bool:
    """Whether something was paid, or claimed to be, that one press should not lose."""
    return song.state is SongState.PENDING or song.tier > 0


def question(song: Song, ladder: Ladder, locale: str = FALLBACK) -> str:
    """What would be lost."""
    key = "mysubmissions.sure_pending" if song.state is SongState.PENDING else "mysubmissions.sure"
    return say(key, locale, song=named_song(song), tier=tier_name(song.tier, ladder))


def question_rows(song: Song, page: int, locale: str = FALLBACK) -> list[hikari.impl.MessageActionRowBuilder]:
    """Yes, or back to the page."""
    row = hikari.impl.MessageActionRowBuilder()
    row.add_interactive_button(
        hikari.ButtonStyle.DANGER, encode(SURE, song.number, page), label=say("mysubmissions.yes", locale)
    )
    row.add_interactive_button(
        hikari.ButtonStyle.SECONDARY,
        encode(PAGE_HANDLER, "at", page),
        label=say("mysubmissions.no", locale),
    )
    return [row]


def edit_rows(song: Song, locale: str = FALLBACK) -> list[hikari.impl.ModalActionRowBuilder]:
    """The form of what an artist may put right, filled in as it is."""
    rows: list[hikari.impl.ModalActionRowBuilder] = []
    for custom_id, label, value, required, limit in (
        (TITLE, "form_song", song.title, True, NAME_LIMIT),
        (ARTIST, "form_artist", song.artist, True, NAME_LIMIT),
        (URL, "form_url_or_file" if song.file else "form_url", song.link, not song.file, LONGEST_LINK),
        (NOTE, "form_note", song.note, False, NOTE_LIMIT),
    ):
        row = hikari.impl.ModalActionRowBuilder()
        row.add_text_input(
            custom_id,
            say(f"submit.{label}", locale),
            style=hikari.TextInputStyle.PARAGRAPH if custom_id == NOTE else hikari.TextInputStyle.SHORT,
            value=value[:limit] if value else hikari.UNDEFINED,
            required=required,
            max_length=limit,
        )
        rows.append(row)
    return rows


def claim_text(song: Song, locale: str = FALLBACK) -> str:
    """What claiming a skip means, before one is chosen."""
    return say("mysubmissions.claim_which", locale, song=named_song(song))


def claim_rows(
    song: Song, tiers: Sequence[Tier], page: int, locale: str = FALLBACK
) -> list[hikari.impl.MessageActionRowBuilder]:
    """The skips that take songs now, and the way back."""
    pick = say("mysubmissions.claim_pick", locale)
    rows = tier_menus(tiers, partial(encode, TIER, song.number, page), pick, locale)
    back = hikari.impl.MessageActionRowBuilder()
    back.add_interactive_button(
        hikari.ButtonStyle.SECONDARY,
        encode(PAGE_HANDLER, "at", page),
        label=say("mysubmissions.back", locale),
    )
    return [*rows, back]


def _shown(mine: Mine, page: int) -> Sequence[Song]:
    return mine.songs[(page - 1) * PAGE : page * PAGE]


def named_song(song: Song) -> str:
    """`#12 Title — Artist`, escaped."""
    return song_text({"number": song.number, "title": song.title, "artist": song.artist})


def _entry(song: Song, mine: Mine, locale: str) -> str:
    where = _where(song, mine, locale)
    if song.reason and not song.state.is_active:
        where = say("mysubmissions.reason", locale, where=where, reason=plain(song.reason, 200))
    return say(
        "mysubmissions.entry", locale, number=song.number, title=title_line(song, 120, 60), where=where
    )


def _where(song: Song, mine: Mine, locale: str) -> str:
    tier = tier_name(song.tier, mine.ladder)
    match song.state:
        case SongState.WAITING | SongState.BUMPED:
            place = mine.places.get(song.number)
            if place is None:
                return say("mysubmissions.moving", locale, tier=tier)
            return say("mysubmissions.waiting", locale, place=place, waiting=mine.waiting, tier=tier)
        case SongState.PENDING | SongState.HELD:
            return say(f"mysubmissions.{song.state.value}", locale, tier=tier, moment=moment(song.at))
        case SongState.PLAYING:
            return say("mysubmissions.playing", locale)
        case SongState.PLAYED | SongState.REMOVED | SongState.REJECTED:
            own = song.state is SongState.REMOVED and song.by == mine.user
            key = "mysubmissions.removed_self" if own else f"mysubmissions.{song.state.value}"
            return say(key, locale, moment=moment(song.ended_at or song.at))

"""Cards: messages that tell of one song, what plays now or a bookmark. Pure functions of the song."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import hikari

from components.displays import ATTACHABLE
from components.markdown import plain
from components.review import score_text
from components.song_lines import file_line, link_line, moment, note_line, tier_name
from components.texts import FALLBACK, say
from state.cards import CardKind
from state.ladder import Ladder
from state.song import Song, SongState

_COLOR: Final = 0x5C8374
_MARKED: Final = 0xC9A227
_STRUCK: Final = 0x6B6B6B


@dataclass(frozen=True, slots=True)
class Announcement:
    """What a card shows; `file` is the name in our own store of the file that goes with it."""

    embed: hikari.Embed
    file: str | None = None


def holds(kind: CardKind, song: Song) -> bool:
    """Whether what the card says of the song is true: it plays or has played, or is bookmarked."""
    if kind is CardKind.BOOKMARKS:
        return song.bookmarked_at is not None
    return song.state in (SongState.PLAYING, SongState.PLAYED)


def announcement(kind: CardKind, song: Song, ladder: Ladder, locale: str = FALLBACK) -> Announcement:
    """The card of a song, crossed out when it no longer holds."""
    file = song.file if kind is CardKind.BOOKMARKS and (song.file_size or 0) <= ATTACHABLE else None
    if not holds(kind, song):
        embed = hikari.Embed(
            title=say(f"announcements.{kind.value}_struck", locale),
            description=f"~~{_name(song)}~~",
            color=_STRUCK,
        )
    elif kind is CardKind.BOOKMARKS:
        embed = hikari.Embed(
            title=say("announcements.bookmarks", locale),
            description="\n".join(_bookmark(song, ladder, locale)),
            color=_MARKED,
        )
    else:
        by = say(
            "announcements.by", locale, tier=tier_name(song.tier, ladder), name=plain(song.user_name, 40)
        )
        lines = [_name(song), by]
        if song.link:
            lines.append(link_line(song.link))
        embed = hikari.Embed(
            title=say("announcements.now_playing", locale), description="\n".join(lines), color=_COLOR
        )
    return Announcement(embed.set_footer(footer(kind, song.number)), file)


def footer(kind: CardKind, number: int) -> str:
    """The footer of a song's card. It is read back, so it is the same in every language."""
    return f"#{number} · {kind.value.replace('_', ' ')}"


def _name(song: Song) -> str:
    return f"**{plain(song.title, 200)}** — {plain(song.artist, 200)}"


def _bookmark(song: Song, ladder: Ladder, locale: str) -> list[str]:
    lines = [
        _name(song),
        say(
            "announcements.submitted",
            locale,
            tier=tier_name(song.tier, ladder),
            name=plain(song.user_name, 40),
            user=song.user,
            moment=moment(song.submitted_at),
        ),
    ]
    if song.link:
        lines.append(link_line(song.link))
    if song.file:
        lines.append(file_line(song, locale))
    if song.note:
        lines.append(note_line(song.note, 500))
    if score := score_text(song, locale):
        lines.append(say("display.card_score", locale, text=score))
    lines.append(say("display.card_bookmarked", locale, name=plain(song.bookmarked_by_name or "", 40)))
    return lines

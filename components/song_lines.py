"""How one song looks in a list and on a card."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

from components.markdown import plain
from components.texts import FALLBACK, say
from state.ladder import NAME_LIMIT, Ladder, Tier
from state.song import Song

_LINK_LIMIT: Final = 500
_NAMES_LIMIT: Final = 1500
# What would end the link early or change its look; a browser reads the percent-encoded form the same.
_UNSAFE_IN_LINK: Final = re.compile(r"[<>()\[\]|`\\*\"]")
_NOT_IN_LINK: Final = re.compile(r"[\s\x00-\x1f\x7f\u200b-\u200f\u2028-\u202e\u2060-\u2069]")
_UNITS: Final = ((1024 * 1024, "MB"), (1024, "kB"))


def title_line(song: Song, title: int = 50, artist: int = 25) -> str:
    """`Title — Artist`, escaped, each part at most as long as asked."""
    return f"{plain(song.title, title)} — {plain(song.artist, artist)}"


def tier_name(label: int, ladder: Ladder) -> str:
    """A tier's displayed name, escaped."""
    return plain(ladder.name(label), NAME_LIMIT)


def tier_names(tiers: Iterable[Tier]) -> str:
    """Tiers by name, escaped, cut where a sentence with them would be too long for a message."""
    said = ""
    for tier in tiers:
        name = plain(tier.name, NAME_LIMIT)
        if len(said) + len(name) > _NAMES_LIMIT:
            return f"{said}, …"
        said = f"{said}, {name}" if said else name
    return said


def link_line(link: str) -> str:
    """A link that people can follow; what is no link to the web is shown as text."""
    try:
        parts = urlsplit(link)
    except ValueError:
        return plain(link, _LINK_LIMIT)
    safe = _UNSAFE_IN_LINK.sub(lambda found: f"%{ord(found.group()):02X}", link)
    follows = parts.scheme in ("http", "https") and parts.netloc and not _NOT_IN_LINK.search(link)
    return safe if follows and len(safe) <= _LINK_LIMIT else plain(link, _LINK_LIMIT)


def file_line(song: Song, locale: str = FALLBACK) -> str:
    """Name and size of the file an artist handed in."""
    size = song.file_size or 0
    for unit, name in _UNITS:
        if size >= unit:
            amount = f"{size / unit:.1f} {name}"
            break
    else:
        amount = f"{size} B"
    name = plain(song.file_name or say("display.file", locale), 60)
    return say("display.file_line", locale, name=name, size=amount)


def note_line(note: str, limit: int) -> str:
    """An artist's note as a quotation."""
    return f"> {plain(note, limit)}"


def moment(milliseconds: int) -> str:
    """A moment as Discord shows it to each reader: how long ago, counted by their own clock."""
    return f"<t:{milliseconds // 1000}:R>"

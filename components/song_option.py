"""The `song` and `tier` options: what autocomplete offers, and what is meant by what came back."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final, Protocol

from bot.errors import UserError
from components.markdown import clean, plain
from components.texts import FALLBACK, say
from state.ladder import Ladder, Tier

CHOICES: Final = 25
PLACEHOLDER_LENGTH: Final = 150
CHOICE_LENGTH: Final = 100
HIGHEST_NUMBER: Final = 10**12 - 1
"""Songs are numbered with at most 12 digits (see `state.keys.song`)."""

# Without the #, a number with words behind it is a title such as "12 Monkeys", not song 12.
_NUMBER: Final = re.compile(r"#?\s*([0-9]{1,12})|#\s*([0-9]{1,12})\s.*", re.DOTALL)


class Listed(Protocol):
    """What a song is offered by; `state.song.Song` and `SongFacts` both are."""

    @property
    def number(self) -> int:
        """Its number, shown as #12."""
        ...

    @property
    def title(self) -> str:
        """Its title as typed."""
        ...

    @property
    def artist(self) -> str:
        """Its artist as typed."""
        ...


def label(song: Listed, limit: int = CHOICE_LENGTH) -> str:
    """`#12 Title — Artist`, without markdown; a long title leaves the artist at least a quarter."""
    return _label(song.number, song.title, song.artist, limit)


@lru_cache(maxsize=8192)
def _label(number: int, title: str, artist: str, limit: int) -> str:
    room = limit - len(f"#{number}  — ")
    artist = clean(artist, max(room // 4, room - len(clean(title, room))))
    return f"#{number} {clean(title, room - len(artist))} — {artist}"


def matches(songs: Iterable[Listed], typed: str) -> list[tuple[str, str]]:
    """Choices (label, value) for what was typed so far: by number, title or artist; at most 25.

    A number matches songs whose number begins with it, the exact one first; words must all occur.
    """
    text = clean(typed, CHOICE_LENGTH).casefold() if typed.strip() else ""
    digits = text.removeprefix("#").strip()
    words = text.split()
    found: list[tuple[int, Listed]] = []
    for song in songs:
        number = str(song.number)
        if not words:
            rank = 2
        elif number == digits:
            rank = 0
        elif digits.isdecimal() and number.startswith(digits):
            rank = 1
        elif parse(typed) == song.number:
            rank = 0
        elif not text.startswith("#") and _has_words(song, words):
            rank = 2
        else:
            continue
        found.append((rank, song))
    found.sort(key=lambda entry: entry[0])
    return [(label(song), f"#{song.number}") for _, song in found[:CHOICES]]


def _has_words(song: Listed, words: list[str]) -> bool:
    text = f"{song.title} {song.artist}".casefold()
    return all(word in text for word in words)


def parse(text: str) -> int | None:
    """The number meant by `12`, `#12` or a whole label; None when the text names no song."""
    found = _NUMBER.fullmatch(text.strip())
    return int(found.group(1) or found.group(2)) if found else None


def tier_choices(ladder: Ladder, typed: str, *, paid_only: bool = False) -> list[tuple[str, str]]:
    """Choices (name, value) of the tiers whose name has what was typed, first to play first.

    The value is the displayed name, which `Ladder.named` takes.
    """
    wanted = typed.strip().casefold()
    tiers = ladder.paid if paid_only else ladder.tiers
    named = [clean(tier.name, CHOICE_LENGTH) for tier in tiers if wanted in tier.name.casefold()]
    return [(name, name) for name in named[:CHOICES]]


def demand_song(text: str, locale: str = FALLBACK) -> int:
    """The number meant by a `song` option. Raises `UserError` that tells how to give one."""
    number = parse(text)
    if number is None:
        raise UserError(say("common.choose_song", locale))
    return number


def demand_tier(ladder: Ladder, text: str, locale: str = FALLBACK) -> Tier:
    """The tier meant by a `tier` option. Raises `UserError` that names the tiers there are."""
    tier = ladder.named(text)
    if tier is None:
        names = ", ".join(plain(tier.name) for tier in ladder.tiers)
        raise UserError(say("common.choose_tier", locale, tiers=names))
    return tier

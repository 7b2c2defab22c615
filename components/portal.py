"""The portal: a message with everything an artist can do, and what is open. Its buttons outlive restarts."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import Final, Protocol

import hikari

from bot.router import encode
from components.mysubmissions import OPEN as MINE
from components.song_lines import tier_name
from components.song_option import CHOICES, label
from components.texts import FALLBACK, say
from state.board import Board

PORTAL: Final = "portal"
LINK: Final = "portal.link"
FILE: Final = "portal.file"
HISTORY: Final = "portal.history"
AGAIN: Final = "portal.again"
POINTS: Final = "portal.points"

_OPEN: Final = 0x5C8374
_CLOSED: Final = 0xB58B4C
_TIERS_ROOM: Final = 3000
"""Characters for the tiers, of the 4096 of a description: enough for 90 with names as people write them."""
_OPTION: Final = 100


class Listed(Protocol):
    """What an earlier song is offered by."""

    @property
    def number(self) -> int:
        """Its number."""
        ...

    @property
    def title(self) -> str:
        """Its title."""
        ...

    @property
    def artist(self) -> str:
        """Its artist."""
        ...


def portal_embed(board: Board, locale: str = FALLBACK) -> hikari.Embed:
    """How to hand in, whether it is open, and every tier; the same as long as settings and ladder are."""
    tiers = board.ladder.tiers
    lines = [
        say(
            "portal.tier_open" if board.settings.takes(tier.label) else "portal.tier_closed",
            locale,
            tier=tier_name(tier.label, board.ladder),
        )
        for tier in tiers
    ]
    lengths = list(accumulate(len(line) + 1 for line in lines))
    named = bisect_right(lengths, _TIERS_ROOM)
    if named < len(tiers):
        lines[named:] = [say("portal.tiers_more", locale, count=len(tiers) - named)]
    parts = [say("portal.how", locale), say("portal.tiers", locale) + "\n" + "\n".join(lines)]
    state = _state(board)
    return hikari.Embed(
        title=say(f"portal.title_{state}", locale),
        description="\n\n".join([say(f"portal.{state}", locale), *parts]),
        color=_OPEN if state in ("open", "open_in_part") else _CLOSED,
    )


def _state(board: Board) -> str:
    if board.settings.paused:
        return "paused"
    taking = sum(board.settings.takes(tier.label) for tier in board.ladder.tiers)
    if taking == len(board.ladder.tiers):
        return "open"
    return "open_in_part" if taking else "closed"


def portal_rows(locale: str = FALLBACK) -> list[hikari.impl.MessageActionRowBuilder]:
    """The buttons; pressed while closed, they say so."""
    first, second = hikari.impl.MessageActionRowBuilder(), hikari.impl.MessageActionRowBuilder()
    for handler, key in ((LINK, "portal.link"), (FILE, "portal.file")):
        first.add_interactive_button(hikari.ButtonStyle.PRIMARY, encode(handler), label=say(key, locale))
    for row, handler, key in (
        (first, HISTORY, "portal.history"),
        (second, MINE, "portal.mine"),
        (second, POINTS, "portal.points"),
    ):
        row.add_interactive_button(hikari.ButtonStyle.SECONDARY, encode(handler), label=say(key, locale))
    return [first, second]


def again_rows(songs: Sequence[Listed], locale: str = FALLBACK) -> list[hikari.impl.MessageActionRowBuilder]:
    """A select of earlier songs, the newest 25."""
    row = hikari.impl.MessageActionRowBuilder()
    menu = row.add_text_menu(encode(AGAIN), placeholder=say("portal.pick", locale))
    for song in songs[:CHOICES]:
        menu.add_option(label(song, _OPTION), str(song.number))
    return [row]

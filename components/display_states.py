"""What there is to tell of the displays themselves: where each stands, and why one does not work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from components.displays import KINDS
from components.texts import FALLBACK, say

_KNOWN_CAUSES: Final = (413, 10003, 40005, 50001, 50013)


class Condition(StrEnum):
    """How a display is."""

    GOOD = "good"
    WAITING = "waiting"
    OFF = "off"
    DELETED = "deleted"
    UNSEEN = "unseen"


@dataclass(frozen=True, slots=True)
class DisplayFacts:
    """One registered display; `code` is Discord's for the refusal that switched it off."""

    kind: str
    guild: int
    channel: int
    message: int
    condition: Condition
    code: int = 0


def kind_key(kind: str) -> str:
    """The key of what people call a kind of display."""
    return f"displays.kind_{kind}"


def kind_name(kind: str, locale: str = FALLBACK) -> str:
    """What people call a kind of display."""
    return say(kind_key(kind), locale)


def off_text(kind: str, channel: int, code: int, locale: str = FALLBACK) -> str:
    """What the owner is told of a display that does not work."""
    return say(
        "displays.told",
        locale,
        kind=kind_name(kind, locale),
        channel=channel,
        cause=cause_text(code, locale),
    )


def cards_off_text(kind: str, channel: int, code: int, locale: str = FALLBACK) -> str:
    """What the owner is told of a channel that takes no cards; `kind` is `now_playing` or `bookmarks`."""
    return say(
        "displays.cards_told",
        locale,
        kind=say(f"displays.cards_{kind}", locale),
        setting=f"{kind}_channel",
        channel=channel,
        cause=cause_text(code, locale),
    )


def list_text(displays: Sequence[DisplayFacts], locale: str = FALLBACK) -> str:
    """Every kind with where it stands and how it is."""
    known = {display.kind: display for display in displays}
    lines = [
        _line(known[kind], locale)
        if kind in known
        else say("displays.none", locale, kind=kind_name(kind, locale))
        for kind in KINDS
    ]
    return "\n".join(lines)


def _line(display: DisplayFacts, locale: str) -> str:
    condition = say(
        f"displays.is_{display.condition.value}",
        locale,
        cause=cause_text(display.code, locale),
        link=f"https://discord.com/channels/{display.guild}/{display.channel}/{display.message}",
    )
    return say(
        "displays.line",
        locale,
        kind=kind_name(display.kind, locale),
        channel=display.channel,
        condition=condition,
    )


def cause_text(code: int, locale: str) -> str:
    """Why Discord refuses something, as the end of a sentence."""
    return say(f"displays.cause_{code if code in _KNOWN_CAUSES else 'other'}", locale, code=code)

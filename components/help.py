"""`/help`: the commands useful to the one who asks, each with one line."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import hikari

from bot.router import encode
from components.texts import FALLBACK, say

SECTION_HANDLER: Final = "help.section"
ARTIST, REVIEWER, OWNER = "artist", "reviewer", "owner"
SECTIONS: Final = (ARTIST, REVIEWER, OWNER)
_COLOR: Final = 0x5C8374

WHO: Final[Mapping[tuple[str, ...], str]] = {
    ("audit",): REVIEWER,
    ("metrics",): REVIEWER,
    ("notices", "server"): OWNER,
    ("points", "give"): OWNER,
    ("points", "reset"): OWNER,
    ("queue", "clear"): REVIEWER,
    ("queue", "close"): REVIEWER,
    ("queue", "open"): REVIEWER,
    ("queue", "page", "off"): OWNER,
    ("queue", "page", "on"): OWNER,
    ("queue", "page", "renew"): OWNER,
    ("queue", "pause"): REVIEWER,
    ("queue", "resume"): REVIEWER,
    ("review",): REVIEWER,
    ("tiktok", "connect"): REVIEWER,
    ("tiktok", "disconnect"): REVIEWER,
    ("tiktok", "forcelink"): OWNER,
    ("tiktok", "status"): REVIEWER,
    ("wallet", "give"): OWNER,
}
"""Whom commands are for that Discord itself offers to everybody, by the first words of their names.

What is left is for artists. `tests/plugins/test_every_command.py` holds it against what the commands answer.
"""

_FIRST: Final = {
    ARTIST: ("submit", "queue", "mysubmissions", "points"),
    REVIEWER: ("review", "queue"),
    OWNER: ("setup", "settings", "display"),
}
_LAST: Final = ("help", "about")
# Who may stands in a description for those who see all commands; a section says it once.
_WHO_MAY: Final = re.compile(r" \([^()]*\)$")


def for_whom(name: str) -> str:
    """The section of a command that Discord itself offers to everybody, by its full name."""
    words = tuple(name.split())
    found = (WHO.get(words[:count]) for count in range(len(words), 0, -1))
    return next((section for section in found if section), ARTIST)


@dataclass(frozen=True, slots=True)
class Listed:
    """A command: its full name, its id where Discord has told it, its descriptions, and who may manage it."""

    name: str
    id: int | None
    description: str
    localizations: Mapping[str, str]
    managers_only: bool

    @property
    def section(self) -> str:
        """Whom the command is for."""
        if self.managers_only:
            return OWNER
        return for_whom(self.name)

    @property
    def group(self) -> str:
        """Its first word."""
        return self.name.partition(" ")[0]

    def told(self, locale: str) -> str:
        """Its description, without who may."""
        words = self.localizations.get(locale, self.description)
        return words if self.section == ARTIST else _WHO_MAY.sub("", words)


def help_embed(commands: Sequence[Listed], section: str, locale: str = FALLBACK) -> hikari.Embed:
    """One section of the commands."""
    lines = [
        say(
            "help.line",
            locale,
            command=f"</{command.name}:{command.id}>" if command.id else f"`/{command.name}`",
            description=command.told(locale),
        )
        for command in _ordered(commands, section)
    ]
    if section == REVIEWER:
        menus = {name: say(f"review.{name}_menu", locale) for name in ("person", "score")}
        lines.append(say("help.menus", locale, **menus))
    text = "\n".join([say(f"help.intro_{section}", locale), "", *lines])
    while len(text) > 4096 and lines:
        lines.pop()
        text = "\n".join([say(f"help.intro_{section}", locale), "", *lines, "…"])
    return hikari.Embed(title=say(f"help.title_{section}", locale), description=text, color=_COLOR)


def _ordered(commands: Sequence[Listed], section: str) -> list[Listed]:
    """What a section is most about first, help about the bot itself last."""

    def rank(command: Listed) -> int:
        first = _FIRST[section]
        if command.group in _LAST:
            return len(first) + 1 + _LAST.index(command.group)
        return first.index(command.group) if command.group in first else len(first)

    return sorted((command for command in commands if command.section == section), key=rank)


def help_rows(
    section: str, sections: Sequence[str], locale: str = FALLBACK
) -> list[hikari.impl.MessageActionRowBuilder]:
    """The other sections that concern the one who asks."""
    if len(sections) < 2:
        return []
    row = hikari.impl.MessageActionRowBuilder()
    for each in sections:
        row.add_interactive_button(
            hikari.ButtonStyle.SECONDARY,
            encode(SECTION_HANDLER, each),
            label=say(f"help.title_{each}", locale),
            is_disabled=each == section,
        )
    return [row]


def sections_for(reviews: bool, manages: bool) -> Sequence[str]:
    """What concerns somebody: artists' commands everybody, the others those who may use them."""
    return SECTIONS[: 3 if manages else 2 if reviews else 1]

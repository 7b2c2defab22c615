"""`/help`: the commands useful to the one who asks, each with one line."""

from __future__ import annotations

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

_REVIEWERS: Final = ("review", "audit")
_REVIEWERS_OF_QUEUE: Final = ("open", "close", "pause", "resume", "clear")
_OWNERS_OF_POINTS: Final = ("give", "reset")


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
        first, *rest = self.name.split()
        if self.managers_only or (first == "points" and rest and rest[0] in _OWNERS_OF_POINTS):
            return OWNER
        if first in _REVIEWERS or (first == "queue" and rest and rest[0] in _REVIEWERS_OF_QUEUE):
            return REVIEWER
        return ARTIST


def help_embed(commands: Sequence[Listed], section: str, locale: str = FALLBACK) -> hikari.Embed:
    """One section of the commands."""
    lines = [
        say(
            "help.line",
            locale,
            command=f"</{command.name}:{command.id}>" if command.id else f"`/{command.name}`",
            description=command.localizations.get(locale, command.description),
        )
        for command in commands
        if command.section == section
    ]
    text = "\n".join([say(f"help.intro_{section}", locale), "", *lines])
    while len(text) > 4096 and lines:
        lines.pop()
        text = "\n".join([say(f"help.intro_{section}", locale), "", *lines, "…"])
    return hikari.Embed(title=say(f"help.title_{section}", locale), description=text, color=_COLOR)


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

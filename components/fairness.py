"""Fairness on the reviewer panel: what holds, in a few words, and the choices there are."""

from __future__ import annotations

from typing import Final

import hikari

from bot.router import encode
from components.texts import FALLBACK, say
from state.guild_settings import GuildSettings

FAIR_PAID: Final = "panel.fair_paid"
FAIR_TURNS: Final = "panel.fair_turns"

PATTERNS: Final = ("0", "1", "2", "3", "4", "5", "6", "8", "10", "15", "20")
"""Offered numbers of paid songs before a Free one; `/settings set` takes up to 100."""
SWITCH: Final = ("0", "1")


def fairness_label(settings: GuildSettings, locale: str = FALLBACK) -> str:
    """What holds now, short enough for a button."""
    parts: list[str] = []
    if settings.fair_paid:
        parts.append(say("panel.fair_pattern_short", locale, count=settings.fair_paid))
    if settings.fair_round_robin:
        parts.append(say("panel.fair_turns_short", locale))
    return say("panel.fairness", locale, state=" + ".join(parts) or say("panel.fair_off", locale))


def fairness_text(settings: GuildSettings, locale: str = FALLBACK) -> str:
    """What holds now, and what a change does."""
    turns = "panel.fair_turns_on" if settings.fair_round_robin else "panel.fair_turns_off"
    lines = [_pattern(settings.fair_paid, locale), say(turns, locale), say("panel.fair_ask", locale)]
    return "\n".join(lines)


def fairness_rows(
    settings: GuildSettings, locale: str = FALLBACK
) -> list[hikari.impl.MessageActionRowBuilder]:
    """A select of the patterns, and one of turns or no turns; what holds already is not among them.

    None is chosen beforehand: Discord sends nothing when somebody picks what is chosen already.
    """
    patterns = hikari.impl.MessageActionRowBuilder()
    menu = patterns.add_text_menu(
        encode(FAIR_PAID), placeholder=say("panel.fair_pattern_pick", locale), min_values=1
    )
    for value in PATTERNS:
        if int(value) != settings.fair_paid:
            menu.add_option(_pattern(int(value), locale), value)
    turns = hikari.impl.MessageActionRowBuilder()
    menu = turns.add_text_menu(
        encode(FAIR_TURNS), placeholder=say("panel.fair_turns_pick", locale), min_values=1
    )
    if settings.fair_round_robin:
        menu.add_option(say("panel.fair_turns_off", locale), "0")
    else:
        menu.add_option(say("panel.fair_turns_on", locale), "1")
    return [patterns, turns]


def _pattern(paid: int, locale: str) -> str:
    if not paid:
        return say("panel.fair_pattern_off", locale)
    return say("panel.fair_pattern", locale, count=paid)

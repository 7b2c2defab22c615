"""Menus of tiers, as many as the ladder needs."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import hikari

from components.markdown import clean
from components.song_option import CHOICE_LENGTH, CHOICES, PLACEHOLDER_LENGTH
from components.texts import FALLBACK, say
from state.ladder import Tier


def tier_menus(
    tiers: Sequence[Tier],
    custom_id: Callable[..., str],
    ask: str,
    locale: str = FALLBACK,
    *,
    describe: Callable[[Tier], str] | None = None,
) -> list[hikari.impl.MessageActionRowBuilder]:
    """Selects with all the tiers, none chosen beforehand: Discord sends nothing for what is chosen already.

    A select has 25 options and a message five rows: the 90 tiers of the longest ladder are four selects. Each
    asks `ask`, with what it reaches where there are several. `custom_id` is given where in `tiers` a select
    begins, except for the first: no two parts of a message may have one custom_id.
    """
    rows: list[hikari.impl.MessageActionRowBuilder] = []
    for start in range(0, len(tiers), CHOICES):
        part, row = tiers[start : start + CHOICES], hikari.impl.MessageActionRowBuilder()
        asked = ask
        if len(tiers) > CHOICES:
            asked = say("common.tiers_part", locale, ask=ask, first=part[0].name, last=part[-1].name)
        where = custom_id(start) if start else custom_id()
        menu = row.add_text_menu(where, placeholder=clean(asked, PLACEHOLDER_LENGTH))
        for tier in part:
            menu.add_option(
                clean(tier.name, CHOICE_LENGTH),
                str(tier.label),
                description=describe(tier) if describe else hikari.UNDEFINED,
            )
        rows.append(row)
    return rows

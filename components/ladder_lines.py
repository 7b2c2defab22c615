"""A ladder as lines of text, one tier a line: `25 25+ Skip`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

import hikari

from bot.errors import UserError
from bot.router import encode
from components.markdown import plain
from components.texts import FALLBACK, say
from state.ladder import FREE, HIGHEST_LABEL, NAME_LIMIT, PRESETS, Ladder

LINES_FIELD: Final = "tiers"
LADDER_FORM: Final = "settings.ladder"
LADDER_CHOICE: Final = "settings.preset"
OWN: Final = "own"
"""Value of the select, beside the presets, that opens the form."""

_LINE: Final = re.compile(r"(?P<label>[0-9]{1,6})[\s.:=)-]+(?P<name>\S.*)")
_MOST: Final = 25
"""Tiers that the select menus of Discord can offer."""
_LONGEST: Final = 1500


def ladder_lines(ladder: Ladder) -> str:
    """The tiers as they are edited, first to play first."""
    return "\n".join(f"{tier.label} {tier.name}" for tier in ladder.tiers)


def tiers_text(ladder: Ladder) -> str:
    """The tiers in one line, first to play first."""
    return " > ".join(plain(tier.name) for tier in ladder.tiers)


def read_ladder(text: str, locale: str = FALLBACK) -> Ladder:
    """The ladder that lines of text mean. Raises `UserError` that names the line that is wrong."""
    rungs: list[tuple[int, str]] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        found = _LINE.fullmatch(line.strip())
        if found is None:
            raise UserError(say("settings.ladder_line", locale, number=number, line=plain(line, 60)))
        rungs.append((int(found["label"]), " ".join(found["name"].split())))
    return check_rungs(rungs, locale)


def check_rungs(rungs: Iterable[tuple[int, str]], locale: str = FALLBACK) -> Ladder:
    """The ladder of (label, name) pairs. Raises `UserError` that says what is wrong with it."""
    labels: set[int] = set()
    names: set[str] = set()
    kept = list(rungs)
    for label, name in kept:
        if not 0 <= label <= HIGHEST_LABEL:
            raise UserError(say("settings.ladder_label", locale, label=label, highest=HIGHEST_LABEL))
        if not 1 <= len(name.strip()) <= NAME_LIMIT:
            raise UserError(say("settings.ladder_name", locale, name=plain(name, 60), limit=NAME_LIMIT))
        if label in labels or name.casefold() in names:
            raise UserError(say("settings.ladder_twice", locale, label=label, name=plain(name, 60)))
        labels.add(label)
        names.add(name.casefold())
    if FREE not in labels:
        raise UserError(say("settings.ladder_free", locale))
    if len(kept) > _MOST:
        raise UserError(say("settings.ladder_many", locale, most=_MOST))
    return Ladder.of(kept)


def ladder_form(ladder: Ladder, locale: str = FALLBACK) -> list[hikari.impl.ModalActionRowBuilder]:
    """The one field of the form, with the ladder as it is."""
    row = hikari.impl.ModalActionRowBuilder()
    row.add_text_input(
        LINES_FIELD,
        say("settings.ladder_field", locale),
        style=hikari.TextInputStyle.PARAGRAPH,
        value=ladder_lines(ladder)[:_LONGEST],
        placeholder="25 25+ Skip",
        max_length=_LONGEST,
    )
    return [row]


def ladder_select(
    ladder: Ladder,
    custom_id: str | None = None,
    locale: str = FALLBACK,
    *,
    more: Mapping[str, str] | None = None,
) -> hikari.impl.MessageActionRowBuilder:
    """A menu of the presets and of a ladder of one's own, the one in use marked; `more`: value to label."""
    row = hikari.impl.MessageActionRowBuilder()
    menu = row.add_text_menu(
        custom_id or encode(LADDER_CHOICE), placeholder=say("settings.ladder_choose", locale)
    )
    for name, preset in PRESETS.items():
        menu.add_option(
            tiers_label(preset),
            name,
            description=say("settings.ladder_in_use", locale) if preset == ladder else hikari.UNDEFINED,
        )
    for value, label in {OWN: say("settings.ladder_own", locale), **(more or {})}.items():
        menu.add_option(label, value)
    return row


def tiers_label(ladder: Ladder) -> str:
    """The tiers in one line without markdown, as a select shows them (at most 100 characters)."""
    line = " > ".join(tier.name for tier in ladder.tiers)
    return line if len(line) <= 100 else line[:99] + "…"

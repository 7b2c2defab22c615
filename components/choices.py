"""The choices of a command's option, by one name for each language."""

from __future__ import annotations

from collections.abc import Mapping

import hikari

from components.texts import describe


def choices(keys: Mapping[str, str]) -> list[hikari.CommandChoice]:
    """Choices as Tanjun takes them: by each value the key of what people call it.

    Discord takes 25 choices with names of 1 to 100 characters; the value is the same in every language.
    """
    made: list[hikari.CommandChoice] = []
    for value, key in keys.items():
        names = describe(key)
        made.append(hikari.CommandChoice(name=names.pop("default"), name_localizations=names, value=value))
    return made

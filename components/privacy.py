"""The question before everything about a person is deleted."""

from __future__ import annotations

from typing import Final

import hikari

from bot.router import encode
from components.texts import FALLBACK, say

DELETE: Final = "privacy.delete"
KEEP: Final = "privacy.keep"


def question_rows(user: int, locale: str = FALLBACK) -> list[hikari.impl.MessageActionRowBuilder]:
    """Yes, or not. The button names its person: pressed by somebody else it is nothing."""
    row = hikari.impl.MessageActionRowBuilder()
    row.add_interactive_button(
        hikari.ButtonStyle.DANGER, encode(DELETE, user), label=say("privacy.yes", locale)
    )
    row.add_interactive_button(hikari.ButtonStyle.SECONDARY, encode(KEEP), label=say("privacy.no", locale))
    return [row]

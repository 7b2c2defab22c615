"""Yes and no below a question, for the one who asked for something that cannot be done lightly."""

from __future__ import annotations

import hikari

from bot.router import encode
from components.texts import FALLBACK, say


def confirm_rows(
    name: str, request: str, locale: str = FALLBACK, *, yes: str | None = None, danger: bool = False
) -> list[hikari.impl.MessageActionRowBuilder]:
    """The two buttons, for the handler `name`; its arguments are `yes` or `no`, and what was asked."""
    row = hikari.impl.MessageActionRowBuilder()
    style = hikari.ButtonStyle.DANGER if danger else hikari.ButtonStyle.PRIMARY
    row.add_interactive_button(
        style, encode(name, "yes", request), label=yes or say("common.confirm", locale)
    )
    row.add_interactive_button(
        hikari.ButtonStyle.SECONDARY, encode(name, "no", request), label=say("common.cancel", locale)
    )
    return [row]

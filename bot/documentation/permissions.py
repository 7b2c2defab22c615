"""The table of permissions: what a server gives the bot, and what is off without each."""

from __future__ import annotations

from bot.documentation.tables import table
from components.permissions import ASKED, each, off_without, permission_name


def permissions() -> str:
    """The table of everything in `components.permissions`."""
    rows = [[f"**{permission_name(permission)}**", off_without(permission)] for permission in each(ASKED)]
    return "\n".join(table(("permission", "without it"), rows))

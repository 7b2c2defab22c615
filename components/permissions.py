"""The permissions the bot asks a server for, why, and what is off without each: the one list of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import hikari

from components.texts import FALLBACK, say

_P: Final = hikari.Permissions

NEEDED: Final = {
    "submissions": _P.VIEW_CHANNEL | _P.SEND_MESSAGES | _P.EMBED_LINKS | _P.READ_MESSAGE_HISTORY,
    "queue": _P.VIEW_CHANNEL | _P.SEND_MESSAGES | _P.EMBED_LINKS,
    "review": _P.VIEW_CHANNEL | _P.SEND_MESSAGES | _P.EMBED_LINKS | _P.ATTACH_FILES,
}
"""What the bot must be allowed in each kind of channel to show what belongs there."""

WANTED: Final = _P.READ_MESSAGE_HISTORY | _P.PIN_MESSAGES
"""What makes the displays better in all of them. Pinning left Manage Messages in Discord's change of 2026."""

SETTING_UP: Final = _P.MANAGE_CHANNELS | _P.MANAGE_ROLES
"""What only `/setup` uses; a server may take it back afterwards."""

ASKED: Final = NEEDED["submissions"] | NEEDED["queue"] | NEEDED["review"] | WANTED | SETTING_UP
"""Everything the bot ever uses. It deletes no messages but its own, which needs no permission."""


def each(permissions: hikari.Permissions) -> Iterator[hikari.Permissions]:
    """The permissions of a set one by one, in Discord's order."""
    return (permission for permission in hikari.Permissions if permission & permissions)


def permission_names(permissions: hikari.Permissions, locale: str = FALLBACK) -> str:
    """Permissions by the names Discord's settings give them; empty for none."""
    return ", ".join(f"**{permission_name(permission, locale)}**" for permission in each(permissions))


def permission_name(permission: hikari.Permissions, locale: str = FALLBACK) -> str:
    """One permission's name. Raises `KeyError` for one that is not in `ASKED`."""
    return say(f"permissions.{permission.name}", locale)


def off_without(permission: hikari.Permissions, locale: str = FALLBACK) -> str:
    """What does not work without it, as a clause. Raises `KeyError` for one that is not in `ASKED`."""
    return say(f"permissions.without_{permission.name}", locale)


def missing_in(kind: str, held: hikari.Permissions, locale: str = FALLBACK) -> str:
    """What the bot lacks to show anything in a channel of that kind; empty when nothing is lacking."""
    return permission_names(NEEDED[kind] & ~held, locale)

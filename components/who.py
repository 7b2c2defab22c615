"""Who may do what. Asked again at each use, never only when something is drawn."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import hikari

from state.guild_settings import GuildSettings

_RUNS_THE_SERVER: Final = hikari.Permissions.MANAGE_GUILD | hikari.Permissions.ADMINISTRATOR


def is_reviewer(
    permissions: hikari.Permissions, role_ids: Iterable[hikari.Snowflakeish], settings: GuildSettings
) -> bool:
    """Whether a member may move the queue: has the guild's reviewer role, or may manage the server.

    `permissions` and `role_ids` are those Discord sends with the interaction itself.
    """
    if permissions & _RUNS_THE_SERVER:
        return True
    return bool(settings.reviewer_role) and settings.reviewer_role in {int(role) for role in role_ids}

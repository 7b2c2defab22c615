"""What the commands of `/queue` share: the group, and where its buttons go."""

from __future__ import annotations

import tanjun

from bot.router import Router
from components.texts import describe

routes = Router()
queue_ = tanjun.slash_command_group(
    "queue", describe("queue.description"), default_to_ephemeral=True, dm_enabled=False
)

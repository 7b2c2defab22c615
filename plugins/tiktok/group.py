"""What the commands of `/tiktok` share: the group and where their presses are routed.

A module with further commands adds them to `tiktok` and its handlers to `routes`, and is named in `__init__`.
"""

from __future__ import annotations

import tanjun

from bot.router import Router
from components.texts import describe

routes = Router()
tiktok = tanjun.slash_command_group(
    "tiktok", describe("handles.tiktok_description"), default_to_ephemeral=True, dm_enabled=False
)

"""The gate before the service that signs connections to TikTok, shared by every process."""

from __future__ import annotations

import asyncio
import math
from importlib.resources import files
from typing import Final, Literal, cast

from redis.asyncio import Redis

from state import host_keys
from state.scripts import Script

SPACING_SECONDS: Final = 2.0
"""Between two signatures: a dozen starts at once use up a free key (reported by its users)."""


class SharedSignGate:
    """Lets one connection start at a time ask for its signature, and none while the service said to wait."""

    def __init__(self, redis: Redis, spacing: float = SPACING_SECONDS) -> None:
        self._spacing = max(1, int(spacing * 1000))
        source = (files("state") / "lua" / "sign_gate.lua").read_text(encoding="utf-8")
        self._script = cast("Script", redis.register_script(source))

    async def _call(self, verb: Literal["pass", "close", "look"], milliseconds: int) -> float:
        keys = [host_keys.SIGN_TURN, host_keys.SIGN_CLOSED]
        return int(await self._script(keys, [verb, str(milliseconds)])) / 1000

    async def pass_(self) -> None:
        """Waits until it is one's turn. Each pass is good for one signature."""
        while wait := await self._call("pass", self._spacing):  # noqa: ASYNC110 - it stands in Redis
            await asyncio.sleep(wait)

    async def limited(self, seconds: float) -> None:
        """Lets nobody pass for that long. A shorter time never opens the gate earlier."""
        await self._call("close", max(1, math.ceil(seconds * 1000)))

    async def closed_for(self) -> float:
        """Seconds for which nobody passes because the service said so; 0 when the gate is open."""
        return await self._call("look", 0)

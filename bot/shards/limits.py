"""What Discord says of its gateway."""

from __future__ import annotations

import time
from typing import Final

import hikari

_FRESH_SECONDS: Final = 60.0


class GatewayLimits:
    """The address of the gateway, how many shards Discord recommends, and how many sessions may begin."""

    def __init__(self, rest: hikari.api.RESTClient) -> None:
        self._rest = rest
        self._info: hikari.GatewayBotInfo | None = None
        self._read = float("-inf")

    async def info(self, *, fresh: bool = True) -> hikari.GatewayBotInfo:
        """What is known; if it shall be fresh, it is at most a minute old, unless Discord does not say now.

        Raises `HikariError` while nothing is known.
        """
        if self._info is None or (fresh and time.monotonic() - self._read > _FRESH_SECONDS):
            try:
                self._info = await self._rest.fetch_gateway_bot_info()
                self._read = time.monotonic()
            except hikari.HikariError:
                if self._info is None:
                    raise
        return self._info

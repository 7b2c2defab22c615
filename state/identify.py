"""Turns to identify with Discord, which many processes take with one another."""

from __future__ import annotations

import asyncio
import logging
import random
import secrets
from typing import Final, cast

from redis.asyncio import Redis
from redis.exceptions import RedisError

from state.lease import HOLDER
from state.scripts import Script, source
from state.shard_keys import IDENTIFY_SECONDS, identify_turn

_log = logging.getLogger(__name__)

_AWAY: Final = (1.0, 2.0, 5.0)
"""Seconds between two questions to a Redis that does not answer; the last stays."""

_FRESH_SECONDS: Final = 1.0
"""A yes that took longer to arrive may have run out by half before it is used: it is asked for again."""


class IdentifyTurn:
    """The turns of one shard. Nobody identifies without one, also while Redis is away: it waits."""

    def __init__(self, redis: Redis, shard: str, bucket: int) -> None:
        self._keys = [identify_turn(bucket)]
        self._shard = shard
        self._claimant = ""
        self._script = cast("Script", redis.register_script(source("identify")))

    async def claim(self) -> float:
        """Seconds to wait; 0.0 when the shard may identify now, and nobody else of its bucket for a while.

        Until it is used, a turn stays the same one: asked for again, it is given again, and lasts longer.
        """
        self._claimant = self._claimant or f"{self._shard} {HOLDER}:{secrets.token_hex(3)}"
        arguments: list[str | bytes] = [self._claimant, str(round(IDENTIFY_SECONDS * 1000))]
        return int(await self._script(self._keys, arguments)) / 1000

    async def wait(self) -> None:
        """Waits until the shard may identify, however long that is."""
        loop, failures = asyncio.get_running_loop(), 0
        while True:
            asked = loop.time()
            try:
                left = await self.claim()
            except (RedisError, OSError) as failed:
                if not failures:
                    why = type(failed).__name__
                    _log.warning("Shard %s waits to identify: Redis does not answer (%s).", self._shard, why)
                left = _AWAY[min(failures, len(_AWAY) - 1)]
                failures += 1
            else:
                if failures:
                    _log.info("Redis answers again; shard %s takes its turn to identify.", self._shard)
                failures = 0
                if not left and loop.time() - asked < _FRESH_SECONDS:
                    return
            # Many wait for the same moment; they need not ask in the same one.
            await asyncio.sleep(left + random.uniform(0, 0.05))  # noqa: S311 - no secret

    async def used(self) -> None:
        """Counts the time from now, as the IDENTIFY has gone out. Without Redis it counts from the claim."""
        try:
            await self.claim()
        except (RedisError, OSError) as failed:
            _log.warning("Shard %s could not note its turn (%s).", self._shard, type(failed).__name__)
        finally:
            self._claimant = ""

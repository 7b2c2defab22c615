"""Tells Discord the commands: one process at a time, and again where an older one had the last word."""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Final

import hikari
import tanjun
from redis.asyncio import Redis
from redis.exceptions import RedisError

from state import keys
from state.lease import Lease, Lost

_log = logging.getLogger("skipline")

LOOK_SECONDS: Final = 10.0
"""How often it is looked whether somebody with an older token overwrote the commands."""


class Declaring:
    """The commands of one process, in one guild or (None) everywhere. Whoever began last has the last word.

    Discord knows no tokens: a process that slept on its way there may overwrite what a newer one declared. It
    notes so when it wakes up, and every process that declared later than it declares once more.
    """

    def __init__(
        self, redis: Redis, commands: tanjun.Client, guild: int | None, declared: asyncio.Event
    ) -> None:
        self._redis = redis
        self._commands = commands
        self._guild = guild
        self._declared = declared
        self._token = 0
        self._work = f"commands:{guild or 'global'}"
        self._record = keys.declared(str(guild or "global"))

    async def run(self) -> None:
        """Declares them, and looks after them until cancelled."""
        await self.declare()
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                if self._token > int((await self._noted()).get("late", self._token)):
                    _log.warning("A process that slept has overwritten the commands; declaring them again.")
                    await self.declare()
            except (RedisError, OSError) as gone:
                _log.debug("The note on the commands cannot be read (%s).", type(gone).__name__)

    async def declare(self) -> None:
        """Declares them, unless a newer process did; an unchanged set is compared and not sent again."""
        while not await self._attempt():
            _log.warning("The commands are declared again: the lease went meanwhile.")
        where = "everywhere" if self._guild is None else f"in guild {self._guild}"
        _log.info("Discord has the commands, %s.", where)
        self._declared.set()

    async def _attempt(self) -> bool:
        guild = hikari.UNDEFINED if self._guild is None else self._guild
        async with Lease(self._redis, keys.common_lease(self._work)).held() as lease:
            self._token = lease.token
            token = str(lease.token)
            late = ["HSET", self._record, "late", token]
            try:
                async with lease.acting():
                    await self._commands.declare_global_commands(guild=guild)
                done = [["HSET", self._record, "token", token], ["HDEL", self._record, "late"]]
                if await lease.write(*done, otherwise=[late]):
                    return True
            except Lost:
                # It may have been sent all the same.
                await lease.write(otherwise=[late])
        return int((await self._noted()).get("token", 0)) > self._token

    async def _noted(self) -> dict[str, str]:
        client: Any = self._redis
        return await client.hgetall(self._record)

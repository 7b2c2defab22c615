"""Runs the shards of one process: takes each over, keeps it as long as it may, and hands it on."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from typing import cast

import hikari
from redis.asyncio import Redis

from bot.errors import StartupError
from bot.settings import ShardRange
from bot.shards.door import Pulse
from bot.shards.kept import KeptShard
from bot.shards.limits import GatewayLimits
from bot.shards.shard import begin

_log = logging.getLogger("skipline.shards")


class Shards:
    """All shards of one process; `wanted` None means as many as Discord recommends."""

    def __init__(
        self, bot: hikari.GatewayBot, redis: Redis, token: str, wanted: ShardRange | None = None
    ) -> None:
        self._bot = bot
        self._redis = redis
        self._token = token
        self._wanted = wanted
        self._kept: list[KeptShard] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._beating: asyncio.Task[None] | None = None

    def names_waiting(self) -> Sequence[str]:
        """The shards that another process runs, and this one is ready to take over."""
        return [each.name for each in self._kept if each.waiting]

    async def open(self) -> None:
        """Starts the bot, begins to take its shards over, and returns at once."""
        await begin(self._bot)
        limits = GatewayLimits(self._bot.rest)
        info, me = await asyncio.gather(limits.info(), self._bot.rest.fetch_my_user())
        # A session that is gone on with does not say again who we are.
        cast("hikari.api.MutableCache", self._bot.cache).update_me(me)
        wanted = self._wanted or ShardRange(0, info.shard_count - 1, info.shard_count)
        pulse = Pulse()
        self._beating = asyncio.create_task(pulse.run(), name="pulse")
        self._kept = [
            KeptShard(self._bot, self._redis, self._token, limits, pulse, shard_id, wanted.count)
            for shard_id in wanted.ids
        ]
        self._tasks = [asyncio.create_task(each.run(), name=f"shard {each.name}") for each in self._kept]

    async def up(self) -> None:
        """Waits until each was connected. Raises what ended one for good."""
        everyone = asyncio.gather(*(each.up.wait() for each in self._kept))
        try:
            await asyncio.wait([everyone, *self._tasks], return_when=asyncio.FIRST_COMPLETED)
            self._look()
        finally:
            everyone.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await everyone

    async def ended(self) -> None:
        """Waits until one of them ended for good, and says so in the log."""
        await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
        try:
            self._look()
        except (StartupError, hikari.HikariError) as error:
            _log.error("%s", error)

    def _look(self) -> None:
        for task in self._tasks:
            if task.done() and not task.cancelled():
                task.result()

    async def close(self) -> None:
        """Hands all of them on: closes their connections, keeps their sessions, gives up their leases."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(each.hand_over() for each in self._kept))
        if self._beating is not None:
            self._beating.cancel()

"""Revisions of guilds, read together: whoever asks while a read is under way shares the next one."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import cast

from redis.asyncio import Redis
from redis.exceptions import RedisError

from state import keys


class Failed:
    """A read that was to be shared failed."""


class Revisions:
    """Says which revision a guild has now, None when its live state is unknown.

    Every answer was read after it was asked for. In a quiet moment that is one GET; in a rush a trip to Redis
    is shared by all who asked during the one before.
    """

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._reading = False
        self._asked: dict[int, asyncio.Future[str | Failed | None]] = {}
        self._sharing: asyncio.Task[None] | None = None

    async def of(self, guild: int) -> str | None:
        """The revision of a guild. Raises what the client raises."""
        if not self._reading:
            self._reading = True
            try:
                return await self._alone(guild)
            finally:
                self._go_on()
        asked = self._asked.get(guild)
        if asked is None:
            asked = self._asked[guild] = asyncio.get_running_loop().create_future()
        # Somebody else may wait for the same, whoever is cancelled.
        answer = await asyncio.shield(asked)
        return await self._alone(guild) if isinstance(answer, Failed) else answer

    async def _alone(self, guild: int) -> str | None:
        return cast("str | None", await self._redis.get(keys.revision(guild)))

    def _go_on(self) -> None:
        if self._asked:
            self._sharing = asyncio.create_task(self._share(), name="revisions")
        else:
            self._reading = False

    async def _share(self) -> None:
        while self._asked:
            asked, self._asked = self._asked, {}
            answers: Sequence[str | Failed | None]
            try:
                found = await self._redis.mget([keys.revision(guild) for guild in asked])
                answers = cast("list[str | None]", found)
            except (RedisError, OSError):
                # A server of a cluster may be gone that has only some of them: each asks for itself.
                answers = [Failed()] * len(asked)
            for waiting, answer in zip(asked.values(), answers, strict=True):
                waiting.set_result(answer)
        self._reading = False

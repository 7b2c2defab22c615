"""Revisions of guilds, read together: whoever asks while a read is under way shares the next one."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final, cast

from redis.asyncio import Redis

from state import keys

PATIENCE: Final = 0.5
"""Seconds that anybody waits for a trip of others; then they make their own, should its reply be lost."""


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
        # Somebody else may wait for the same: it is not cancelled with us.
        answered, _ = await asyncio.wait((asked,), timeout=PATIENCE)
        answer = asked.result() if answered else Failed()
        return await self._alone(guild) if isinstance(answer, Failed) else answer

    async def _alone(self, guild: int) -> str | None:
        return cast("str | None", await self._redis.get(keys.revision(guild)))

    def _go_on(self) -> None:
        if self._asked:
            self._sharing = asyncio.create_task(self._share(), name="revisions")
        else:
            self._reading = False

    async def _share(self) -> None:
        try:
            while self._asked:
                asked, self._asked = self._asked, {}
                answers: Sequence[str | Failed | None]
                try:
                    found = await self._redis.mget([keys.revision(guild) for guild in asked])
                    answers = cast("list[str | None]", found)
                except Exception:
                    # Each asks for itself and hears what is wrong: of a cluster some servers may be there,
                    # and uvloop tells of a closed connection by a mere RuntimeError.
                    answers = [Failed()] * len(asked)
                for waiting, answer in zip(asked.values(), answers, strict=True):
                    waiting.set_result(answer)
        finally:
            self._reading = False

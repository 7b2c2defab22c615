"""The lease under which one process rebuilds a guild; whoever loses it can write no more."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
from collections.abc import AsyncGenerator
from types import TracebackType
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.client import Pipeline
from redis.exceptions import RedisError, WatchError

from persistence.errors import Busy
from persistence.keys import key

LEASE_SECONDS = 8.0
"""How long a process that was killed or paused holds up the next; renewed every third of it."""

WAIT_SECONDS = 30
"""How long a process waits for another that is rebuilding the same guild."""

_POLL_SECONDS = 0.05


class RestoreLease:
    """Held from entering to leaving ``async with``. `waited`: another process held it at first."""

    def __init__(self, redis: Redis, guild_id: int) -> None:
        self._redis = redis
        self._guild_id = guild_id
        self._key = key(guild_id, "lease:restore")
        self._token = f"{secrets.token_hex(8)} pid-{os.getpid()}"
        self.waited = False
        self._renewal: asyncio.Task[None] | None = None
        # A renewal between another write's look at the lease and its end would look like somebody else's.
        self._turn = asyncio.Lock()

    async def __aenter__(self) -> RestoreLease:
        """Take the lease; raises `Busy` after `WAIT_SECONDS`."""
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                while not await self._taken():
                    self.waited = True
                    await asyncio.sleep(_POLL_SECONDS)
        except TimeoutError:
            raise Busy from None
        self._renewal = asyncio.create_task(self._renew(), name=f"restore lease of {self._guild_id}")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give the lease back if it is still ours."""
        if self._renewal is not None:
            self._renewal.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._renewal
        with contextlib.suppress(Busy, RedisError):  # it runs out by itself
            async with self.writing() as pipe:
                pipe.delete(self._key)

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(LEASE_SECONDS / 3)
            try:
                async with self.writing():
                    pass
            except Busy:
                return
            except (RedisError, OSError):
                continue

    async def _taken(self) -> bool:
        if await self._redis.set(self._key, self._token, nx=True, px=round(LEASE_SECONDS * 1000)):
            return True
        # The client repeats a command whose reply was lost: then the lease is ours although the answer is no.
        return await self._redis.get(self._key) == self._token

    @contextlib.asynccontextmanager
    async def writing(self) -> AsyncGenerator[Pipeline]:
        """Collect commands and run them in one transaction that only happens while the lease is ours.

        Raises `Busy` when another process has taken it since.
        """
        async with self._turn, self._redis.pipeline(transaction=True) as pipe:
            await pipe.watch(self._key)
            holder: Any = await pipe.get(self._key)
            if holder != self._token:
                raise Busy(f"Guild {self._guild_id} was taken over by another restore.")
            pipe.multi()
            pipe.pexpire(self._key, round(LEASE_SECONDS * 1000))
            yield pipe
            try:
                await pipe.execute()
            except WatchError as error:
                raise Busy(f"Guild {self._guild_id} was taken over by another restore.") from error

"""A lease: work that one process does alone, taken over when that process is gone."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import secrets
import socket
from collections.abc import AsyncGenerator
from importlib.resources import files
from typing import Final, cast

from redis.asyncio import Redis
from redis.exceptions import RedisError

from state.scripts import Script

_log = logging.getLogger(__name__)

LEASE_SECONDS: Final = 8.0
"""A crashed holder is replaced within this time; a stopped one at once. Renewed every third of it."""

HOLDER: Final = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(3)}"
"""This process, as admins see it in the key's value."""


class Lease:
    """One process's claim on a piece of work. `token` grows with every new holder (a fencing token)."""

    def __init__(
        self, redis: Redis, key: str, *, seconds: float = LEASE_SECONDS, holder: str = HOLDER
    ) -> None:
        self._redis = redis
        self._key = key
        self._seconds = seconds
        # Two claims of one process are two holders; and who asks again after a lost reply is known.
        self._holder = f"{holder}:{secrets.token_hex(3)}"
        self._script = cast(
            "Script",
            redis.register_script((files("state") / "lua" / "lease.lua").read_text(encoding="utf-8")),
        )
        self._renewal: asyncio.Task[None] | None = None
        self._good_until = float("-inf")
        self.token = 0
        self.lost = asyncio.Event()

    @property
    def claim(self) -> str:
        """What the key says while it is held: a script that acts compares it, and refuses an old holder."""
        return f"{self.token} {self._holder}"

    @property
    def sure(self) -> bool:
        """Whether it cannot have run out yet, by our own clock, which goes on while we are paused."""
        return bool(self.token) and asyncio.get_running_loop().time() < self._good_until

    async def _call(self, verb: str) -> int:
        args: list[str | bytes] = [verb, self._holder, str(int(self._seconds * 1000)), str(self.token)]
        return int(await self._script([self._key, f"{self._key}:token"], args))

    async def take(self) -> bool:
        """Takes the lease if nobody holds it, and keeps renewing it; `lost` is set when that fails."""
        good_until = asyncio.get_running_loop().time() + self._seconds
        self.token = await self._call("take")
        if not self.token:
            return False
        self.lost.clear()
        self._good_until = good_until
        self._renewal = asyncio.create_task(self._renew(), name=f"lease {self._key}")
        return True

    async def wait(self) -> None:
        """Waits until the lease could be taken, looking again each quarter of its length."""
        while True:
            with contextlib.suppress(RedisError):
                if await self.take():
                    return
            await asyncio.sleep(self._seconds / 4)

    async def holds(self) -> bool:
        """Whether this process still holds it: asked right before an effect that must happen once."""
        return bool(self.token) and await self._call("check") == 1

    async def release(self) -> None:
        """Gives the lease up at once."""
        if self._renewal is not None:
            self._renewal.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._renewal
            self._renewal = None
        if self.token:
            with contextlib.suppress(RedisError, OSError):
                await self._call("release")
            self.token = 0

    async def _renew(self) -> None:
        loop = asyncio.get_running_loop()
        while self.sure:
            # Counted from before the call: the server's own count begins no earlier.
            asked = loop.time() + self._seconds / 3
            try:
                async with asyncio.timeout_at(self._good_until):
                    await asyncio.sleep(self._seconds / 3)
                    if await self._call("renew") != 1:
                        break
                self._good_until = asked + self._seconds
            except (RedisError, OSError) as failed:
                _log.warning("Could not renew %s (%s).", self._key, type(failed).__name__)
        self._good_until = float("-inf")
        self.lost.set()

    @contextlib.asynccontextmanager
    async def held(self) -> AsyncGenerator[Lease]:
        """Waits for the lease, holds it in the block, gives it up after."""
        await self.wait()
        try:
            yield self
        finally:
            await self.release()

"""A lease: work that one process does alone, taken over when that process is gone."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import secrets
import socket
from collections.abc import AsyncGenerator, Sequence
from functools import cache
from importlib.resources import files
from typing import Final, cast

import orjson
from redis.asyncio import Redis
from redis.exceptions import RedisError

from state.scripts import Script

_log = logging.getLogger(__name__)

LEASE_SECONDS: Final = 8.0
"""So long a crashed holder keeps others out; one that stops does not. Renewed every third of it."""

LOOK_SECONDS: Final = 0.5
"""How often whoever waits for a lease looks whether it is free."""

HOLDER: Final = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(3)}"
"""This process, as admins see it in the key's value."""


Command = Sequence[str]
"""A command of Redis: its name, the key, and the rest."""


class Lost(Exception):
    """The lease ran out or went to somebody else while its holder acted."""


@cache
def _source(name: str) -> str:
    return (files("state") / "lua" / f"{name}.lua").read_text(encoding="utf-8")


class Lease:
    """One process's claim on a piece of work. `token` grows with every new holder (a fencing token).

    Whoever holds it acts inside `acting()`, and writes what comes of it with `write()`: so a process that was
    paused is stopped when it wakes up, and what it would write then is refused where it would be written.
    """

    def __init__(
        self, redis: Redis, key: str, *, seconds: float = LEASE_SECONDS, holder: str = HOLDER
    ) -> None:
        self._redis = redis
        self._key = key
        self._seconds = seconds
        # Two claims of one process are two holders; and who asks again after a lost reply is known.
        self._holder = f"{holder}:{secrets.token_hex(3)}"
        self._script = cast("Script", redis.register_script(_source("lease")))
        self._fenced = cast("Script", redis.register_script(_source("fenced")))
        self._renewal: asyncio.Task[None] | None = None
        self._good_until = float("-inf")
        self._bounds: set[asyncio.Timeout] = set()
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
        if self._renewal is not None:
            # Taken again by who lost it: two would renew it, and the older one end it for both.
            self._renewal.cancel()
        self.lost.clear()
        self._good_until = good_until
        self._renewal = asyncio.create_task(self._renew(), name=f"lease {self._key}")
        return True

    async def wait(self) -> None:
        """Waits until the lease could be taken."""
        while True:
            with contextlib.suppress(RedisError):
                if await self.take():
                    return
            await asyncio.sleep(min(LOOK_SECONDS, self._seconds / 4))

    async def holds(self) -> bool:
        """Whether this process still holds it: asked right before an effect that must happen once."""
        return bool(self.token) and await self._call("check") == 1

    @contextlib.asynccontextmanager
    async def acting(self) -> AsyncGenerator[None]:
        """Cancels the block as soon as the lease may be another's. Raises `Lost` then.

        By our own clock, so that what waits in a process that was paused is not done when it wakes up.
        """
        bound = asyncio.timeout_at(self._good_until)
        try:
            async with bound:
                self._bounds.add(bound)
                try:
                    yield
                finally:
                    self._bounds.discard(bound)
        except TimeoutError:
            if bound.expired():
                raise Lost(self._key) from None
            raise

    async def write(self, *commands: Command, otherwise: Sequence[Command] = ()) -> bool:
        """Runs the commands in one step if the lease is still ours, else the other ones; tells which.

        All keys are of the lease's slot, and each command may run twice.
        """
        every = (*commands, *otherwise)
        arguments: list[str | bytes] = [self.claim, str(len(commands)), orjson.dumps(every)]
        return bool(await self._fenced([self._key, *(command[1] for command in every)], arguments))

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
                self._extend(asked + self._seconds)
            except (RedisError, OSError) as failed:
                _log.warning("Could not renew %s (%s).", self._key, type(failed).__name__)
        self._extend(float("-inf"))
        self.lost.set()

    def _extend(self, until: float) -> None:
        self._good_until = until
        for bound in self._bounds:
            if not bound.expired():
                bound.reschedule(until)

    @contextlib.asynccontextmanager
    async def held(self) -> AsyncGenerator[Lease]:
        """Waits for the lease, holds it in the block, gives it up after."""
        await self.wait()
        try:
            yield self
        finally:
            await self.release()

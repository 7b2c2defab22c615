"""What a show stands on: a local Discord and TikTok, the servers, and when silence is excused."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Generator, Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

from redis.asyncio import Redis

from bot import embedded
from sandbox.discord import Sandbox
from sandbox.tiktok import TikTok
from state.connection import connect


@dataclass(slots=True)
class Windows:
    """When the people of which shards may be left without an answer, since nobody is there to give one."""

    closed: list[tuple[float, float, frozenset[int]]] = field(
        default_factory=list[tuple[float, float, frozenset[int]]]
    )
    _open: list[tuple[float, frozenset[int]]] = field(default_factory=list[tuple[float, frozenset[int]]])

    @contextlib.contextmanager
    def silence(self, shards: Iterable[int]) -> Generator[None]:
        """Excuse silence on these shards for as long as the block lasts."""
        opened = (time.monotonic(), frozenset(shards))
        self._open.append(opened)
        try:
            yield
        finally:
            self._open.remove(opened)
            self.closed.append((opened[0], time.monotonic(), opened[1]))

    def excuse(self, shard: int, begin: float, end: float) -> bool:
        """Whether somebody may have been left without an answer who asked and waited then."""
        now = time.monotonic()
        every = [*self.closed, *((since, now, shards) for since, shards in self._open)]
        return any(shard in shards and since <= end and begin <= until for since, until, shards in every)


class Stage:
    """All but the processes of Skipline, whose gateways share `shards`. `stack` closes what this opens."""

    valkey: embedded.Server
    postgres: embedded.Server
    redis: Redis

    def __init__(
        self, folder: Path, stack: AsyncExitStack, sandbox: Sandbox, tiktok: TikTok, shards: int
    ) -> None:
        self.folder, self.stack = folder, stack
        self.sandbox, self.tiktok = sandbox, tiktok
        self.shards = shards
        self.windows = Windows()
        self.emptied: list[tuple[float, float]] = []
        """Since when and until when (seconds since 1970) Redis lost what was not archived."""

    async def serve(self, database: Path) -> None:
        """Start Redis in the folder, and PostgreSQL in a folder of its own or the same."""
        self.valkey = await self.stack.enter_async_context(embedded.valkey(self.folder))
        self.postgres = await self.stack.enter_async_context(embedded.postgres(database))
        self.redis = connect(self.valkey.url)
        self.stack.push_async_callback(self.redis.aclose)

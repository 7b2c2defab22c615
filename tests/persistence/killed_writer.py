"""A process that archives and is killed, as by kill -9, at the point its last argument names."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncGenerator, Sequence

from persistence.archive import Archive
from persistence.archive_writer import ArchiveWriter
from persistence.events import Event
from persistence.pool import Connection, Pool, open_pool
from state.connection import connect

REDIS_URL, DATABASE_URL, GUILD, POINT = sys.argv[1:]


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class DyingPool(Pool):
    @contextlib.asynccontextmanager
    async def transaction(self, *, readonly: bool = False) -> AsyncGenerator[Connection]:
        async with super().transaction(readonly=readonly) as connection:
            yield connection
            if not readonly and POINT == "in transaction":
                die()


class DyingArchive(Archive):
    async def append(self, guild_id: int, events: Sequence[Event]) -> int:
        if guild_id == int(GUILD) and POINT == "read":
            die()
        archived = await super().append(guild_id, events)
        if guild_id == int(GUILD) and POINT == "committed":
            die()
        return archived


async def main() -> None:
    pool = await open_pool(DATABASE_URL)
    await ArchiveWriter(connect(REDIS_URL), DyingArchive(DyingPool(pool._driver))).run()


asyncio.run(main())

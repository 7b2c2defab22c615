"""What the backup commands work with: Redis, the database where there is one, and a line to write to."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Final

from redis.asyncio import Redis
from redis.exceptions import RedisError
from rich.console import Console

from bot import embedded
from bot.errors import StartupError
from bot.progress import Progress
from bot.settings import Settings
from persistence import migrations
from persistence.archive import Archive
from persistence.backups import Backups, BackupStore
from persistence.errors import PersistenceError
from persistence.pool import Pool, open_pool
from state.connection import connect

PATIENT_SECONDS: Final = 60.0
"""A restore of thousands of songs keeps Redis busy for longer than a press of a button may wait."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What the commands work with. `trouble` says why there is no database."""

    settings: Settings
    redis: Redis
    archive: Archive | None
    backups: Backups
    store: BackupStore
    progress: Progress
    out: Console
    trouble: str | None

    def say(self, line: str = "") -> None:
        """One line of the answer."""
        self.out.print(line, markup=False, highlight=False, soft_wrap=True)

    def warn(self) -> None:
        """Say that the database is missing from the answer, where it is."""
        if self.trouble is not None:
            self.say(f"PostgreSQL cannot be reached, so only files are looked at. ({self.trouble})")


@contextlib.asynccontextmanager
async def open_desk(settings: Settings, progress: Progress, *, redis: bool) -> AsyncGenerator[Desk]:
    """Open what the settings name; with `redis`, its server must answer. A missing database is a `trouble`.

    Raises `StartupError` with one sentence.
    """
    async with contextlib.AsyncExitStack() as stack:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        client = await _open_redis(settings, stack, progress, needed=redis)
        pool, trouble = await _open_database(settings, stack, progress)
        store = BackupStore(settings.data_dir, pool)
        yield Desk(
            settings=settings,
            redis=client,
            archive=None if pool is None else Archive(pool),
            backups=Backups(client, store),
            store=store,
            progress=progress,
            out=Console(),
            trouble=trouble,
        )


async def _open_redis(
    settings: Settings, stack: contextlib.AsyncExitStack, progress: Progress, *, needed: bool
) -> Redis:
    """A client that waits as long as a restore takes; it connects when it is needed."""
    url = "redis://127.0.0.1:6379"
    if settings.redis_url is not None:
        url = settings.redis_url.get_secret_value()
    elif needed:
        progress("Starting the embedded Valkey")
        url = (await stack.enter_async_context(embedded.valkey(settings.data_dir))).url
    client = connect(url, patience=PATIENT_SECONDS)
    stack.push_async_callback(client.aclose)
    if needed:
        try:
            await client.ping()
        except RedisError as error:
            raise StartupError(f"Redis cannot be used ({type(error).__name__}). Check REDIS_URL.") from error
    return client


async def _open_database(
    settings: Settings, stack: contextlib.AsyncExitStack, progress: Progress
) -> tuple[Pool | None, str | None]:
    """The pool, or why there is none: backups go on as files."""
    try:
        if settings.database_url is not None:
            url = settings.database_url.get_secret_value()
        else:
            progress("Starting the embedded PostgreSQL")
            url = (await stack.enter_async_context(embedded.postgres(settings.data_dir))).url
        progress("Connecting to PostgreSQL")
        await migrations.upgrade(url)
        pool = await open_pool(url)
    except (PersistenceError, StartupError, OSError) as error:
        return None, str(error)
    stack.push_async_callback(pool.close)
    return pool, None

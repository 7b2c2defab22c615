"""The servers Skipline brings along, Valkey and PostgreSQL, for whoever sets no REDIS_URL and DATABASE_URL.

They live in sub-directories of the data directory and are reached through unix sockets only, so they open no
port and need no password. They outlive a bot that was killed: the next start finds and reuses them. Several
processes on one data directory share them, and the last one out stops them; see `sharing`.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.errors import SettingsError

__all__ = ["Server", "find", "postgres", "valkey"]


@dataclass(frozen=True)
class Server:
    """A running embedded server: how to reach it from Python (`url`), from a shell, and where its log is."""

    url: str
    shell: str
    log: Path
    version: str
    pid: int


@asynccontextmanager
async def valkey(data_dir: Path, *, durable: bool = True, keep: bool = False) -> AsyncGenerator[Server]:
    """Run Valkey on `<data_dir>/valkey`, or join the one that already runs there.

    Durable means every acknowledged write is on disk (AOF, fsync always), at about 1 ms a write; otherwise
    nothing is kept, for tests. With `keep` one that dies meanwhile is started again. Raises `SettingsError`
    where no server is bundled, else `StartupError`.
    """
    try:
        from bot.embedded import valkey_server as server
    except ImportError:
        raise SettingsError(
            f"No Redis server is bundled for this platform ({sys.platform}); "
            "set REDIS_URL to a Redis 7 or Valkey 8 server or newer."
        ) from None
    async with server.run(data_dir, durable=durable, keep=keep) as running:
        yield running


def find(data_dir: Path) -> str | None:
    """Give the URL of the Valkey that runs on `<data_dir>/valkey` now, or None; nothing is started for it.

    Raises `StartupError` where its socket would lie in a directory of somebody else.
    """
    try:
        from bot.embedded import valkey_server as server
    except ImportError:
        return None
    return server.find(data_dir)


@asynccontextmanager
async def postgres(
    data_dir: Path, *, durable: bool = True, database: str = "skipline", keep: bool = False
) -> AsyncGenerator[Server]:
    """Run PostgreSQL 18 on `<data_dir>/postgres`, or join the one that already runs there.

    The first start creates `database` (a plain lower-case name). Its superuser has no password, and only who
    may open the socket gets in. Not durable means no fsync, for tests. `keep` is as for `valkey`, and so is
    what it raises.
    """
    try:
        from bot.embedded import postgres_server as server
    except ImportError:
        raise SettingsError(
            f"No PostgreSQL server is bundled for this platform ({sys.platform}); "
            "set DATABASE_URL to a PostgreSQL 14 server or newer."
        ) from None
    async with server.run(data_dir, durable=durable, database=database, keep=keep) as running:
        yield running

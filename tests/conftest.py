"""Real servers for the whole run: one Valkey, one PostgreSQL; each test has its own guilds and database."""

from __future__ import annotations

import itertools
import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest
from redis.asyncio import Redis

from bot import embedded
from persistence import migrations
from state.connection import connect
from state.scripts import Scripts
from tests.databases import fresh_database, with_database
from tests.valkeys import cluster


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--cluster",
        action="store_true",
        help="give the tests a cluster in place of one server",
    )


@pytest.fixture(scope="session")
def servers() -> Iterator[Path]:
    """The data directory of the run; short, since unix sockets live below it."""
    folder = Path(tempfile.mkdtemp(prefix="sl-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
async def redis_url(servers: Path, request: pytest.FixtureRequest) -> AsyncIterator[str]:
    """A Valkey of the run. Tests share it and stay apart by their guilds."""
    if request.config.getoption("--cluster"):
        async with cluster(servers / "cluster") as running:
            yield running.url
        return
    async with embedded.valkey(servers, durable=False) as server:
        yield server.url


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    client = connect(redis_url)
    yield client
    await client.aclose()


@pytest.fixture(scope="session")
async def postgres_url(servers: Path) -> AsyncIterator[str]:
    """A PostgreSQL of the run, for whoever creates databases in it."""
    async with embedded.postgres(servers, durable=False) as server:
        yield server.url


@pytest.fixture(scope="session")
async def migrated_template(postgres_url: str) -> str:
    """The name of a database that has every migration: cloning it is far cheaper than migrating again."""
    connection = await asyncpg.connect(postgres_url)
    await connection.execute("CREATE DATABASE skipline_template")
    await connection.close()
    await migrations.upgrade(with_database(postgres_url, "skipline_template"))
    return "skipline_template"


@pytest.fixture
async def database_url(postgres_url: str, migrated_template: str) -> AsyncIterator[str]:
    """A fresh, migrated database."""
    async for url in fresh_database(postgres_url, migrated_template):
        yield url


pytest_plugins = [
    "tests.tallies",
    "tests.schema_plugin",
    "tests.drives_plugin",
    "tests.browser_plugin",
    "tests.order_plugin",
    "tests.stage",
]

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

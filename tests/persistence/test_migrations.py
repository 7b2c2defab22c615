"""Migrations: from empty, again, by several processes at once, and from a newer program."""

from __future__ import annotations

import asyncio
import sys
import time
from typing import Any

import asyncpg
import pytest

from persistence import migrations
from persistence.errors import SchemaUnknown, Unavailable
from persistence.pool import open_pool

UPGRADE = (
    "import asyncio, sys; from persistence import migrations; asyncio.run(migrations.upgrade(sys.argv[1]))"
)


async def _tables(url: str) -> set[str]:
    connection = await asyncpg.connect(url)
    rows = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    await connection.close()
    return {row["tablename"] for row in rows}


async def test_upgrade_from_empty_and_again(empty_database_url: str) -> None:
    assert await migrations.status(empty_database_url) == (None, migrations.head())
    assert await migrations.upgrade(empty_database_url) == (None, migrations.head())
    assert await migrations.status(empty_database_url) == (migrations.head(), migrations.head())
    assert {"guilds", "events", "live", "submissions", "gaps"} <= await _tables(empty_database_url)
    assert await migrations.upgrade(empty_database_url) == (migrations.head(), migrations.head())


async def test_processes_that_migrate_at_once_all_succeed(empty_database_url: str) -> None:
    processes = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", UPGRADE, empty_database_url)
        for _ in range(3)
    ]
    assert [await process.wait() for process in processes] == [0, 0, 0]
    assert await migrations.status(empty_database_url) == (migrations.head(), migrations.head())


async def test_a_newer_database_is_refused(empty_database_url: str) -> None:
    await migrations.upgrade(empty_database_url)
    connection = await asyncpg.connect(empty_database_url)
    await connection.execute("UPDATE alembic_version SET version_num = '9999'")
    await connection.close()
    for look in (migrations.upgrade, migrations.status):
        with pytest.raises(SchemaUnknown, match="9999, made by a newer Skipline"):
            await look(empty_database_url)


async def test_no_server_is_unavailable(tmp_path: object) -> None:
    url = f"postgresql://postgres:@/skipline?host={tmp_path}"
    with pytest.raises(Unavailable):
        await migrations.upgrade(url)
    with pytest.raises(Unavailable):
        await open_pool(url)


async def test_a_start_on_a_current_database_loads_no_alembic(empty_database_url: str) -> None:
    await migrations.upgrade(empty_database_url)
    unloaded = f"{UPGRADE}; assert not {{'alembic', 'sqlalchemy'}} & set(sys.modules)"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", unloaded, empty_database_url)
    assert await process.wait() == 0


async def test_a_migration_that_stands_still_gives_way(
    empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that is paused in the middle of it: the server ends its transaction."""
    monkeypatch.setattr("persistence.pool.IDLE_SECONDS", 0.5)
    inside, gate, real = asyncio.Event(), asyncio.Event(), migrations._current

    async def paused(connection: Any) -> str | None:
        found = await real(connection)
        if connection.is_in_transaction():
            inside.set()
            await gate.wait()
        return found

    monkeypatch.setattr(migrations, "_current", paused)
    sleeper = asyncio.create_task(migrations.upgrade(empty_database_url))
    await inside.wait()
    monkeypatch.setattr(migrations, "_current", real)
    async with asyncio.timeout(10):
        assert await migrations.upgrade(empty_database_url) == (None, migrations.head())
    gate.set()
    with pytest.raises(Unavailable):
        await sleeper
    assert await migrations.status(empty_database_url) == (migrations.head(), migrations.head())


async def test_a_machine_that_takes_long_to_load_alembic_migrates_all_the_same(
    empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("persistence.pool.IDLE_SECONDS", 0.2)
    real = migrations._render

    def slowly(current: str | None) -> str:
        time.sleep(1)
        return real(current)

    monkeypatch.setattr(migrations, "_render", slowly)
    assert await migrations.upgrade(empty_database_url) == (None, migrations.head())

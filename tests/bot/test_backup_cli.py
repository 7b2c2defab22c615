"""Backups at the terminal: taken, listed, checked, restored; and what is said when something is away."""

from __future__ import annotations

import asyncio
import io
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from redis.asyncio import Redis
from rich.console import Console

from bot.progress import Progress
from persistence.backups import Cause
from persistence.pool import Pool, open_pool
from tests.persistence.backing import Show
from tests.stage import until

Run = Callable[..., Awaitable[tuple[int, str, str]]]


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    opened = await open_pool(database_url)
    yield opened
    await opened.close()


@pytest.fixture
async def show(redis: Redis, pool: Pool, guild: int, tmp_path: Path) -> Show:
    show = Show(redis, pool, guild, tmp_path / "data")
    await show.play_on(12)
    return show


@pytest.fixture
def skipline(redis_url: str, database_url: str, tmp_path: Path) -> Run:
    async def run(*arguments: str, **environment: str) -> tuple[int, str, str]:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot.cli", *arguments,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path,
            env={
                "PYTHONPATH": str(Path(__file__).parents[2]),
                "PATH": "/usr/bin:/bin",
                "DISCORD_BOT_TOKEN": "MTIz.a.b",
                "REDIS_URL": redis_url,
                "DATABASE_URL": database_url,
                **environment,
            },
        )  # fmt: skip
        out, err = await asyncio.wait_for(process.communicate(), 30)
        assert process.returncode is not None and "Traceback" not in err.decode()
        return process.returncode, out.decode(), err.decode()

    return run


async def test_a_backup_is_taken_listed_checked_and_restored(show: Show, skipline: Run) -> None:
    guild = str(show.guild)
    code, out, err = await skipline("backup", "now", "--guild", guild)
    assert (code, err) == (0, "")
    assert re.fullmatch(rf"Server {guild}: \d+ songs, move \d+, in /.*-r\d+\.json\.\n", out)
    code, out, _ = await skipline("backup", "now", "--guild", guild)
    assert code == 0 and "nothing has moved since" in out
    code, out, _ = await skipline("backup", "list")
    assert code == 0 and re.match(rf"{guild}  20\S+Z-r\d+ +\d+ songs +\S+ KiB  asked for\n", out)
    code, out, _ = await skipline("backup", "verify")
    assert (code, out) == (0, "1 of 1 backups are good.\n")

    order = await show.redis.zrange(f"sl:{{{guild}}}:queue", 0, -1, withscores=True)
    await show.next()
    late = await show.submit(77, claimed=25)
    code, out, err = await skipline("restore", "--guild", guild)
    assert code == 0 and err == ""
    assert "Songs that come back: 1" in out and "Songs that go: 1" in out
    assert (
        f"#{late} Ärtist 🎵 - Song 77 by user77: pending, tier 25, position " in out
        and " → removed, tier 25\n" in out
    )
    assert out.endswith("Add --yes to do it; a backup of what is there now is taken first.\n")
    assert await show.redis.zrange(f"sl:{{{guild}}}:queue", 0, -1, withscores=True) != order

    code, out, _ = await skipline("restore", "--guild", guild, "--yes")
    assert code == 0 and "First: Server" in out and "Restored as move" in out
    assert f"To take that back: skipline restore --guild {guild} --revision " in out
    assert await show.redis.zrange(f"sl:{{{guild}}}:queue", 0, -1, withscores=True) == order
    await show.agrees()
    assert len(await show.store.entries(show.guild)) == 2


async def test_into_an_emptied_redis(show: Show, skipline: Run, pool: Pool) -> None:
    guild = str(show.guild)
    await skipline("backup", "now", "--guild", guild)
    before = await show.queue.board(show.guild, count=50, pending=50, held=50)
    await show.lose()
    await show.forget(pool)
    code, out, err = await skipline("restore", "--yes")
    assert code == 0, err
    assert "Restored as move" in out and "First:" not in out
    after = await show.queue.board(show.guild, count=50, pending=50, held=50)
    assert (after.songs, after.playing) == (before.songs, before.playing)
    assert after.pending_songs == before.pending_songs and after.held_songs == before.held_songs


async def test_a_flipped_byte_is_refused_by_name(show: Show, skipline: Run, tmp_path: Path) -> None:
    await skipline("backup", "now", "--guild", str(show.guild))
    (entry,) = await show.store.entries(show.guild)
    assert entry.path is not None
    content = bytearray(entry.path.read_bytes())
    content[len(content) // 2] ^= 4
    entry.path.write_bytes(content)
    code, out, _ = await skipline("backup", "verify")
    assert code == 1 and out.startswith(f"{entry.path} cannot be used: ")
    assert "Its other copy is good" in out and out.endswith("0 of 1 backups are good.\n")
    code, out, err = await skipline("restore", "--file", str(entry.path), "--yes")
    assert (code, out) == (1, "")
    assert err.startswith(f"skipline: {entry.path} cannot be used: ") and err.count("\n") == 1
    code, out, _ = await skipline("restore", "--yes")  # from the row
    assert code == 0 and "already as in the backup" in out
    nowhere = str(tmp_path / "nothing.json")
    code, _, err = await skipline("restore", "--file", nowhere)
    assert code == 1 and err.startswith(f"skipline: {nowhere} cannot be used: it cannot be read")


async def test_the_newest_good_one_or_the_one_that_is_named(show: Show, skipline: Run, pool: Pool) -> None:
    guild, taken = str(show.guild), list[str]()
    for _ in range(3):
        await show.next()
        show.clock.pass_()
        taken.append((await show.backups.take(show.guild, Cause.HOURLY)).entry.name)
    async with pool.connection() as connection:
        await connection.execute("DELETE FROM backups WHERE guild_id = $1", show.guild)
    newest = show.store.files.path(show.guild, taken[2])
    newest.write_bytes(newest.read_bytes()[:-100])
    _, out, _ = await skipline("restore")
    assert f"{newest} cannot be used" in out and f"backup {taken[1]} (hourly)" in out
    _, out, _ = await skipline("restore", "--at", "2026-11-21 15:30")
    assert f"backup {taken[0]}" in out
    _, out, _ = await skipline("restore", "--revision", taken[1].rpartition("r")[2], "--guild", guild)
    assert f"backup {taken[1]}" in out
    code, _, err = await skipline("restore", "--at", "2020-01-01")
    assert code == 2 and "There is no backup up to 2020-01-01 00:00:00 UTC" in err
    code, _, err = await skipline("restore", "--at", "yesterday")
    assert code == 2 and '"yesterday" is no time' in err
    code, _, err = await skipline("restore", "--guild", "5")
    assert code == 1 and "There is no backup of server 5." in err
    _, out, _ = await skipline("backup", "list")
    assert out.count("NOT IN DATABASE, file only") == 3


async def test_without_postgres_the_file_is_written_and_said(show: Show, skipline: Run) -> None:
    away = {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/skipline"}
    code, out, _ = await skipline("backup", "now", "--guild", str(show.guild), **away)
    assert code == 0 and ".json. It is not in the database: " in out
    code, out, _ = await skipline("backup", "list", **away)
    assert code == 0 and out.startswith("PostgreSQL cannot be reached, so only files are looked at.")
    await show.next()
    code, out, _ = await skipline("restore", "--yes", **away)
    assert code == 0 and "Restored as move" in out
    await show.lose()
    code, _, err = await skipline("restore", **away)
    assert code == 1 and f"Redis knows nothing of guild {show.guild}" in err


async def test_an_unknown_server_has_no_backup(skipline: Run) -> None:
    code, out, _ = await skipline("backup", "now", "--guild", "42")
    assert (code, out) == (1, "Server 42: no backup. Redis holds no live state of guild 42.\n")
    code, out, _ = await skipline("backup", "list")
    assert (code, out) == (0, "There are no backups yet. skipline backup now takes one.\n")
    code, _, err = await skipline("backup", "now", REDIS_URL="redis://127.0.0.1:1/0")
    assert code == 1 and err.startswith("skipline: Redis cannot be used (ConnectionError).")
    code, out, _ = await skipline("backup", "verify", REDIS_URL="redis://127.0.0.1:1/0")
    assert code == 0  # nothing in Redis is needed for it


async def told(said: io.StringIO, text: str) -> bool:
    return text in said.getvalue()


@pytest.mark.parametrize("terminal", [True, False])
async def test_steps_are_told_once_they_take_long(terminal: bool) -> None:
    said, nothing = io.StringIO(), io.StringIO()
    async with Progress(Console(file=said, force_terminal=terminal, width=80), patience=0) as progress:
        progress("Reading [the] queue")
        await until(lambda: told(said, "Reading [the] queue …"))
        progress("Writing")
    async with Progress(Console(file=nothing, force_terminal=terminal), patience=60) as progress:
        progress("Reading")
    assert nothing.getvalue() == ""

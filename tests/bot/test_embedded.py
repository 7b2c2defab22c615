"""The embedded servers keep what they were given, whoever is killed, and are shared, not doubled."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import psutil
import pytest
from redis.asyncio import Redis

from bot import embedded
from bot.embedded.processes import ended, is_running
from bot.embedded.sharing import create_directory, shared
from bot.errors import StartupError

USES_BOTH = """
import asyncio, sys
from pathlib import Path
from bot import embedded

async def main() -> None:
    data_dir = Path(sys.argv[1])
    async with embedded.valkey(data_dir) as live, embedded.postgres(data_dir) as archive:
        print(live.pid, archive.pid, flush=True)
        await asyncio.to_thread(sys.stdin.readline)

asyncio.run(main())
"""


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A short path, as a data directory usually has; pytest's own are too long for a socket."""
    with tempfile.TemporaryDirectory(prefix="skipline-test-") as path:
        yield Path(path)


@asynccontextmanager
async def redis(server: embedded.Server) -> AsyncGenerator[Any]:
    async with Redis.from_url(server.url, decode_responses=True) as client:
        yield client


@asynccontextmanager
async def database(server: embedded.Server) -> AsyncGenerator[Any]:
    connection: Any = await asyncpg.connect(server.url)
    try:
        yield connection
    finally:
        await connection.close()


async def kill(server: embedded.Server) -> None:
    os.kill(server.pid, signal.SIGKILL)
    assert await ended(server.pid, "", 10)


@asynccontextmanager
async def another_process(data_dir: Path) -> AsyncGenerator[tuple[asyncio.subprocess.Process, int, int]]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", USES_BOTH, str(data_dir), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout
    try:
        live, archive = (await asyncio.wait_for(process.stdout.readline(), 30)).split()
        yield process, int(live), int(archive)
    finally:
        if process.returncode is None:
            assert process.stdin
            process.stdin.write(b"\n")
            await process.stdin.drain()
        await asyncio.wait_for(process.wait(), 30)


async def test_valkey_keeps_writes_over_kill_9_of_the_server(data_dir: Path) -> None:
    async with embedded.valkey(data_dir) as server:
        async with redis(server) as client:
            await client.set("song", "12")
        await kill(server)
        async with embedded.valkey(data_dir) as again, redis(again) as client:
            assert again.pid != server.pid
            assert await client.get("song") == "12"
            kept = {
                name: (await client.config_get(name))[name] for name in ("appendonly", "appendfsync", "save")
            }
            assert kept == {"appendonly": "yes", "appendfsync": "always", "save": ""}
            assert (await client.config_get("maxmemory-policy"))["maxmemory-policy"] == "noeviction"
    assert await ended(again.pid, str(data_dir), 5)


async def test_postgres_keeps_commits_over_kill_9_of_the_server(data_dir: Path) -> None:
    async with embedded.postgres(data_dir) as server:
        async with database(server) as connection:
            await connection.execute("CREATE TABLE played (song int)")
            await connection.execute("INSERT INTO played VALUES (12)")
        await kill(server)
        async with embedded.postgres(data_dir) as again, database(again) as connection:
            assert again.pid != server.pid
            assert await connection.fetchval("SELECT song FROM played") == 12
    assert await ended(again.pid, str(data_dir), 5)


async def test_the_servers_of_a_killed_bot_are_found_again(data_dir: Path) -> None:
    async with another_process(data_dir) as (process, live, archive):
        process.kill()
    async with embedded.valkey(data_dir) as valkey, embedded.postgres(data_dir) as postgres:
        assert (valkey.pid, postgres.pid) == (live, archive)
    assert await ended(live, str(data_dir), 5)
    assert await ended(archive, str(data_dir), 5)


async def test_a_running_valkey_is_found_and_none_is_started_for_it(data_dir: Path) -> None:
    place = data_dir / "new"
    assert embedded.find(place) is None
    assert not place.exists()
    async with embedded.valkey(place, durable=False) as server:
        assert embedded.find(place) == server.url
        await kill(server)
        assert embedded.find(place) is None
    deep = data_dir / ("long" * 25)
    async with embedded.valkey(deep, durable=False) as server:
        assert embedded.find(deep) == server.url
    assert embedded.find(deep) is None


async def test_a_valkey_that_is_about_to_end_is_replaced(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with embedded.valkey(data_dir) as server:

        def found(pid: int, mark: str) -> bool:
            running = is_running(pid, mark)
            if pid == server.pid and running:
                os.kill(pid, signal.SIGKILL)
            return running

        monkeypatch.setattr("bot.embedded.valkey_server.is_running", found)
        async with embedded.valkey(data_dir) as again, redis(again) as client:
            assert again.pid != server.pid and await client.ping()


@pytest.mark.skipif(not hasattr(os, "posix_spawn"), reason="only systems with POSIX spawn return so early")
def test_a_process_runs_from_its_first_moment() -> None:
    """The caller is back as soon as the new program is there, before its command line can be read."""
    tail = shutil.which("tail")
    assert tail is not None
    for _ in range(100):
        pid = os.posix_spawn(tail, [tail, "-f", os.devnull], {})
        try:
            assert is_running(pid, os.devnull)
        finally:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        assert not is_running(pid, os.devnull)


async def test_two_processes_share_and_the_last_one_out_stops(data_dir: Path) -> None:
    async with another_process(data_dir) as (_, live, archive):
        async with embedded.valkey(data_dir) as valkey, embedded.postgres(data_dir) as postgres:
            assert (valkey.pid, postgres.pid) == (live, archive)
        assert is_running(live, str(data_dir))
        assert is_running(archive, str(data_dir))
    assert await ended(live, str(data_dir), 5)
    assert await ended(archive, str(data_dir), 5)


async def test_ten_at_once_get_one_server(data_dir: Path) -> None:
    arrived = asyncio.Barrier(10)

    async def use() -> int:
        async with embedded.valkey(data_dir, durable=False) as server:
            await arrived.wait()
            return server.pid

    pids = await asyncio.gather(*(use() for _ in range(10)))
    assert len(set(pids)) == 1
    assert await ended(pids[0], str(data_dir), 5)


async def test_a_stopping_postgres_is_awaited_not_joined(data_dir: Path) -> None:
    async with embedded.postgres(data_dir, durable=False) as server:
        async with database(server) as connection:
            # A smart shutdown waits for this session, so the postmaster lives but takes nobody in.
            os.kill(server.pid, signal.SIGTERM)
            joining = asyncio.create_task(_pid_of_a_new_user(data_dir))
            await connection.execute("SELECT 1")
        assert await joining != server.pid


async def _pid_of_a_new_user(data_dir: Path) -> int:
    async with embedded.postgres(data_dir, durable=False) as server:
        return server.pid


async def test_a_reused_process_id_is_no_server(data_dir: Path) -> None:
    async with embedded.valkey(data_dir) as valkey, embedded.postgres(data_dir, durable=False) as postgres:
        await kill(valkey)
        await kill(postgres)
        (data_dir / "valkey" / "valkey.pid").write_text(str(os.getpid()))
        pid_file = data_dir / "postgres" / "data" / "postmaster.pid"
        pid_file.write_text(pid_file.read_text().replace(str(postgres.pid), str(os.getpid()), 1))
        async with embedded.valkey(data_dir) as live, embedded.postgres(data_dir, durable=False) as archive:
            assert os.getpid() not in (live.pid, archive.pid)


async def test_a_long_path_gets_a_short_socket(data_dir: Path) -> None:
    deep = data_dir / ("a long name, with spaces " * 4) / "data"
    async with embedded.valkey(deep) as valkey, embedded.postgres(deep, durable=False) as postgres:
        async with redis(valkey) as client:
            assert await client.ping()
        async with database(postgres) as connection:
            assert await connection.fetchval("SELECT current_database()") == "skipline"
        assert str(deep) not in valkey.url
        short = Path(valkey.url.removeprefix("unix://")).parent
        assert stat.S_IMODE(short.stat().st_mode) == 0o700
    assert not short.exists()


async def test_the_shell_lines_work(data_dir: Path) -> None:
    spaced = data_dir / "my data"
    async with embedded.postgres(spaced, durable=False) as server:
        shell = await asyncio.create_subprocess_shell(
            f"{server.shell} -Atc 'SELECT 6 * 7'", stdout=subprocess.PIPE
        )
        answer, _ = await shell.communicate()
    assert answer == b"42\n"
    async with embedded.valkey(spaced, durable=False) as live:
        assert live.shell == f"redis-cli -s '{spaced}/valkey/valkey.sock'"


@pytest.mark.parametrize("server", [embedded.valkey, embedded.postgres])
async def test_what_cannot_be_written_is_one_sentence(data_dir: Path, server: Any) -> None:
    (data_dir / "file").write_text("")
    with pytest.raises(StartupError, match=r"^The data directory .* cannot be written \(.*\)\.$"):
        async with server(data_dir / "file"):
            pass


async def test_a_failed_start_names_the_log(data_dir: Path) -> None:
    async with embedded.valkey(data_dir), embedded.postgres(data_dir, durable=False):
        pass
    (data_dir / "valkey" / "appendonlydir" / "appendonly.aof.manifest").write_text("nonsense\n")
    with pytest.raises(StartupError, match=r"stopped while starting; its log says why: .*valkey\.log\.$"):
        async with embedded.valkey(data_dir):
            pass
    (data_dir / "postgres" / "data" / "postgresql.conf").write_text("nonsense\n")
    with pytest.raises(StartupError, match=r"stopped while starting; its log says why: .*postgres\.log\.$"):
        async with embedded.postgres(data_dir, durable=False):
            pass
    (data_dir / "postgres" / "data" / "PG_VERSION").write_text("16\n")
    with pytest.raises(StartupError, match=r"is PostgreSQL 16's and Skipline now brings 18"):
        async with embedded.postgres(data_dir, durable=False):
            pass


async def test_nothing_of_our_environment_reaches_a_server(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISCORD_BOT_TOKEN", "hunter2")
    async with embedded.valkey(data_dir, durable=False) as server:
        assert "DISCORD_BOT_TOKEN" not in psutil.Process(server.pid).environ()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may leave a directory closed to its own servers")
async def test_as_root_below_a_private_home(data_dir: Path) -> None:
    home = data_dir / "home"
    home.mkdir(mode=0o700)
    async with (
        embedded.postgres(home / "skipline" / "data", durable=False) as server,
        database(server) as connection,
    ):
        assert await connection.fetchval("SELECT 1") == 1
    assert home.stat().st_mode & 0o777 == 0o701
    assert (home / "skipline" / "data" / "postgres" / "data").stat().st_uid != 0


async def test_who_is_stopped_while_a_server_starts_leaves_none_behind(tmp_path: Path) -> None:
    directory = create_directory(tmp_path, "server")
    begun, go, told = asyncio.Event(), asyncio.Event(), list[str]()

    async def start(alone: bool) -> None:
        assert alone
        begun.set()
        await go.wait()
        told.append("launched")

    async def stop() -> None:
        told.append("stopped")

    async def use() -> None:
        async with shared(directory, start, stop):
            raise AssertionError("it never came up")

    using = asyncio.create_task(use())
    await begun.wait()
    using.cancel()
    go.set()
    with pytest.raises(asyncio.CancelledError):
        await using
    assert told == ["launched", "stopped"]


async def test_a_server_that_dies_is_started_again_for_who_keeps_it(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.embedded.sharing._LOOK_EVERY", 0.05)
    async with (
        embedded.valkey(data_dir, keep=True) as valkey,
        embedded.postgres(data_dir, keep=True) as postgres,
    ):
        async with redis(valkey) as client:
            await client.set("song", "12")
        for server in (valkey, postgres):
            await kill(server)
        async with asyncio.timeout(20):
            # Only who looks under the lock of the starts sees one that answers.
            async with embedded.valkey(data_dir) as again, redis(again) as client:
                assert again.pid != valkey.pid and await client.get("song") == "12"
            async with embedded.postgres(data_dir) as again, database(again) as connection:
                assert again.pid != postgres.pid and await connection.fetchval("SELECT 1") == 1
    assert embedded.find(data_dir) is None


async def test_a_server_that_cannot_be_started_again_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("bot.embedded.sharing._LOOK_EVERY", 0.01)
    directory = create_directory(tmp_path, "server")
    answers = iter([None, StartupError("The disk is full."), None])
    there, back = [True], asyncio.Event()

    async def start(_: bool) -> None:
        answer = next(answers)
        if answer is not None:
            raise answer
        if not there[0]:
            there[0] = True
            back.set()

    async def stop() -> None:
        pass

    async with shared(directory, start, stop, lambda: there[0]):
        there[0] = False
        await asyncio.wait_for(back.wait(), 10)
    assert "The disk is full." in caplog.text

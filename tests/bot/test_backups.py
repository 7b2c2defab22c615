"""The hourly runner: each guild once an hour, in one process, through whatever fails."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from redis.asyncio import Redis

from bot.backups import LEASE, HourlyBackups
from bot.errors import Reporter
from persistence.backups import Backups, BackupStore
from persistence.pool import Pool, open_pool
from state import keys
from state.lease import Lease
from tests.stage import until


class TurnedClock:
    def __init__(self) -> None:
        self.time = datetime(2026, 11, 21, 14, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return self.time.timestamp()


class OneGuild(Backups):
    """Looks at the guild of the test alone, on a Redis that other tests share."""

    guild = 0

    async def guilds(self) -> list[int]:
        return [self.guild]


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    opened = await open_pool(database_url)
    yield opened
    await opened.close()


@pytest.fixture
def clock() -> TurnedClock:
    return TurnedClock()


@pytest.fixture
def backups(redis: Redis, pool: Pool, guild: int, clock: TurnedClock, tmp_path: Path) -> OneGuild:
    made = OneGuild(redis, BackupStore(tmp_path, pool), clock.now)
    made.guild = guild
    return made


@pytest.fixture
async def lease(redis: Redis, guild: int) -> AsyncIterator[Lease]:
    held = Lease(redis, keys.common_lease(f"test:{guild}"))
    await held.take()
    yield held
    await held.release()


async def move(redis: Redis, guild: int) -> None:
    """Changes something and raises the revision, as a move does."""
    await redis.hincrby(f"sl:{{{guild}}}:now", "turn", 1)
    await redis.incr(f"sl:{{{guild}}}:rev")


async def test_each_guild_once_an_hour_if_it_moved(
    redis: Redis, backups: OneGuild, guild: int, clock: TurnedClock, lease: Lease
) -> None:
    runner = HourlyBackups(redis, backups, Reporter(), clock)
    assert await runner.round(lease) == 0  # nobody has opened the guild yet
    runner = HourlyBackups(redis, backups, Reporter(), clock)
    await move(redis, guild)
    assert await runner.round(lease) == 1
    await move(redis, guild)
    clock.time += timedelta(minutes=59)
    assert await runner.round(lease) == 0
    assert await HourlyBackups(redis, backups, Reporter(), clock).round(lease) == 0  # a restart
    clock.time += timedelta(minutes=1)
    assert await runner.round(lease) == 1
    clock.time += timedelta(hours=1)
    assert await runner.round(lease) == 0  # nothing moved
    await move(redis, guild)
    assert await HourlyBackups(redis, backups, Reporter(), clock).round(lease) == 1
    assert len(await backups.store.entries(guild)) == 3


async def test_a_guild_that_comes_later_is_backed_up_after_an_hour(
    redis: Redis, backups: OneGuild, guild: int, clock: TurnedClock, lease: Lease
) -> None:
    runner = HourlyBackups(redis, backups, Reporter(), clock)
    await runner.round(lease)
    await move(redis, guild)
    assert await runner.round(lease) == 0
    clock.time += timedelta(hours=1)
    assert await runner.round(lease) == 1


async def test_whoever_lost_the_lease_takes_none(
    redis: Redis, backups: OneGuild, guild: int, clock: TurnedClock, lease: Lease
) -> None:
    await move(redis, guild)
    await lease.release()
    assert await HourlyBackups(redis, backups, Reporter(), clock).round(lease) == 0
    assert await backups.store.entries(guild) == []


async def test_a_database_that_is_away_is_told_once_and_made_up_for(
    redis: Redis,
    backups: OneGuild,
    guild: int,
    clock: TurnedClock,
    lease: Lease,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    runner = HourlyBackups(redis, backups, Reporter(), clock)
    await move(redis, guild)
    with monkeypatch.context() as broken:
        broken.setattr(backups.store._rows, "_given", None)
        assert await runner.round(lease) == 1
        clock.time += timedelta(hours=1)
        await runner.round(lease)
        assert "PostgreSQL cannot be asked" in runner.troubles[guild]
    assert caplog.text.count(f"Backup of guild {guild}: ") == 1
    clock.time += timedelta(hours=1)
    assert await runner.round(lease) == 0 and not runner.troubles
    (entry,) = await backups.store.entries(guild)
    assert entry.whole


async def test_a_fault_is_reported_and_tried_again(
    redis: Redis,
    backups: OneGuild,
    guild: int,
    clock: TurnedClock,
    lease: Lease,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def broken_read(*_: object) -> None:
        raise ValueError("a fault of ours")

    runner = HourlyBackups(redis, backups, Reporter(), clock)
    await move(redis, guild)
    with monkeypatch.context() as broken:
        broken.setattr("persistence.backups.moment.read", broken_read)
        assert await runner.round(lease) == 0
    assert "a fault of ours" in caplog.text and runner.troubles[guild] == "ValueError"
    assert await HourlyBackups(redis, backups, Reporter(), clock).round(lease) == 1


async def test_one_of_two_processes_works_and_the_other_takes_over(
    redis: Redis, backups: OneGuild, guild: int, clock: TurnedClock
) -> None:
    await move(redis, guild)
    runners = [HourlyBackups(redis, backups, Reporter(), clock, look_seconds=0.05) for _ in range(2)]
    tasks = [asyncio.create_task(runner.run()) for runner in runners]

    async def taken(count: int) -> bool:
        return len(await backups.store.entries(guild)) == count

    await until(lambda: taken(1))
    holder = await redis.get(LEASE)
    assert holder is not None
    tasks[0].cancel()
    await asyncio.wait([tasks[0]])
    clock.time += timedelta(hours=1)
    await move(redis, guild)
    await until(lambda: taken(2), timeout=10)
    tasks[1].cancel()
    await asyncio.wait(tasks)
    assert await redis.get(LEASE) is None

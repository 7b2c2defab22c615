"""The hourly round: every guild that moved, through whatever fails."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from redis.asyncio import Redis

from bot.backups import EVERY_SECONDS, RETRY_SECONDS, HourlyBackups
from bot.errors import Reporter
from persistence.backups import Backups, BackupStore
from persistence.pool import Pool, open_pool


class TurnedClock:
    def __init__(self) -> None:
        self.time = datetime(2026, 11, 21, 14, 0, tzinfo=UTC)

    def now(self) -> datetime:
        self.time += timedelta(hours=1)
        return self.time


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


async def move(redis: Redis, guild: int) -> None:
    """Changes something and raises the revision, as a move does."""
    await redis.hincrby(f"sl:{{{guild}}}:now", "turn", 1)
    await redis.incr(f"sl:{{{guild}}}:rev")


async def test_each_guild_once_a_round_if_it_moved(redis: Redis, backups: OneGuild, guild: int) -> None:
    runner = HourlyBackups(backups, Reporter())

    async def taken() -> int:
        assert await runner.round() == EVERY_SECONDS
        return len(await backups.store.entries(guild))

    assert await taken() == 0  # nobody has opened the guild yet
    await move(redis, guild)
    assert await taken() == 1
    assert await taken() == 1  # nothing moved
    await move(redis, guild)
    assert await taken() == 2
    assert not runner.troubles


async def test_a_database_that_is_away_is_told_once_and_made_up_for(
    redis: Redis,
    backups: OneGuild,
    guild: int,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    runner = HourlyBackups(backups, Reporter())
    await move(redis, guild)
    with monkeypatch.context() as broken:
        broken.setattr(backups.store._rows, "_given", None)
        for _ in range(2):
            assert await runner.round() == EVERY_SECONDS
        assert "PostgreSQL cannot be asked" in runner.troubles[guild]
    assert caplog.text.count(f"Backup of guild {guild}: ") == 1
    assert await runner.round() == EVERY_SECONDS and not runner.troubles
    (entry,) = await backups.store.entries(guild)
    assert entry.whole


async def test_a_fault_is_reported_and_tried_again_soon(
    redis: Redis,
    backups: OneGuild,
    guild: int,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def broken_read(*_: object) -> None:
        raise ValueError("a fault of ours")

    runner = HourlyBackups(backups, Reporter())
    await move(redis, guild)
    with monkeypatch.context() as broken:
        broken.setattr("persistence.backups.moment.read", broken_read)
        assert await runner.round() == RETRY_SECONDS
    assert "a fault of ours" in caplog.text and runner.troubles[guild] == "ValueError"
    assert await runner.round() == EVERY_SECONDS and not runner.troubles
    assert len(await backups.store.entries(guild)) == 1

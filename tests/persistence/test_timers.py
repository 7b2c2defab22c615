"""Timers that moves set come back with a rebuilt Redis and with a restored backup, as they were due."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from redis.asyncio import Redis

from persistence import recovery
from persistence.backups import Cause, restore
from persistence.pool import open_pool
from state import timer_keys
from state.live import Live
from state.timers import Timers
from tests.persistence.backing import Show

HOST = "dj_mara"


@pytest.fixture
async def show(redis: Redis, guild: int, database_url: str, tmp_path: Path) -> AsyncIterator[Show]:
    pool = await open_pool(database_url)
    yield Show(redis, pool, guild, tmp_path)
    await pool.close()


async def left(show: Show) -> int:
    """A session whose host went away just now."""
    live, at = Live(show.redis, show.scripts), time.time_ns() // 10**6
    session = (await live.begin(show.guild, HOST, 7, 71, at)).session
    await live.away(show.guild, session, at + 1, "dropped")
    return session


async def test_a_rebuilt_redis_has_them_at_their_moment(show: Show) -> None:
    session, timers = await left(show), Timers(show.scripts)
    await timers.set(show.guild, "display:public", 600)
    await show.agrees()
    due = await show.redis.zscore(timer_keys.timers(show.guild), f"session:{session}")
    await show.lose()
    restored = await recovery.restore(show.guild, show.redis, show.archive)
    assert restored.exact
    claims, following = await timers.claim(show.guild, ["session", "display"])
    assert not claims and following == pytest.approx(600, abs=5)
    assert await show.redis.zrange(timer_keys.due(show.guild), 0, -1, withscores=True) == [
        (f"session:{session}", due)
    ]
    # One whose time passed while Redis was lost is due now, once.
    await show.redis.zadd(timer_keys.timers(show.guild), {f"session:{session}": 5})
    await show.redis.delete(timer_keys.due(show.guild))
    (claim,), _ = await timers.claim(show.guild, ["session"])
    assert claim.timer == f"session:{session}"
    assert (await timers.claim(show.guild, ["session"]))[0] == []


async def test_a_backup_brings_back_what_was_to_be_done_and_takes_away_what_was_not(show: Show) -> None:
    live, timers = Live(show.redis, show.scripts), Timers(show.scripts)
    session = await left(show)
    await show.archive_all()
    taken = await show.backups.take(show.guild, Cause.ASKED)
    backup = await show.store.load(taken.entry)
    due = await show.redis.zscore(timer_keys.timers(show.guild), f"session:{session}")
    await live.end(show.guild, session, time.time_ns() // 10**6)
    await live.begin(show.guild, "dj_theo", 8, 72, time.time_ns() // 10**6)
    assert await timers.claim(show.guild, ["session"]) == ([], pytest.approx(600, abs=5))
    show.clock.pass_()
    assert (await restore(backup, show.way)).revision is not None
    await show.agrees()
    await timers.claim(show.guild, ["session"])
    assert await show.redis.zrange(timer_keys.due(show.guild), 0, -1, withscores=True) == [
        (f"session:{session}", due)
    ]

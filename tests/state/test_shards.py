"""Shards between processes: turns to identify, and sessions that only their holder writes."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis.asyncio import Redis

from state import identify, shards
from state.connection import connect
from state.identify import IdentifyTurn
from state.keys import common_lease
from state.lease import Lease
from state.shard_keys import identify_turn, shard_session
from state.shards import ShardSession, ShardSessions

SESSION = ShardSession("abc", 41, "wss://gateway.discord.gg", 7, 513)


@pytest.fixture
def bucket(guild: int) -> int:
    """A bucket nobody used before."""
    return guild


async def test_one_of_many_identifies_and_the_next_when_its_time_has_run(redis: Redis, bucket: int) -> None:
    turns = [IdentifyTurn(redis, f"{number}/9", bucket) for number in range(9)]
    waits = await asyncio.gather(*(turn.claim() for turn in turns))
    assert sorted(waits)[0] == 0 and all(4 < wait <= 5.1 for wait in sorted(waits)[1:])
    chosen = turns[waits.index(0)]
    other = next(turn for turn in turns if turn is not chosen)
    # Its answer may have been lost: the same turn is given again. Once it is used, there is no other soon.
    assert await chosen.claim() == 0
    await chosen.used()
    assert await chosen.claim() > 4
    assert str(await redis.get(identify_turn(bucket))).startswith(f"{waits.index(0)}/9 ")
    # Whoever crashes frees it: nothing but time is between the next one and its turn.
    await redis.pexpire(identify_turn(bucket), 30)
    async with asyncio.timeout(5):
        await other.wait()


async def test_without_redis_a_shard_says_so_and_waits(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[None] = []
    caplog.set_level("INFO")
    monkeypatch.setattr(identify, "_AWAY", (0.01, 0.02))
    away = connect(f"unix://{tmp_path}/nothing.sock")
    turn = IdentifyTurn(away, "0/1", 0)
    claim = turn.claim

    async def counted() -> float:
        asked.append(None)
        return 0.0 if len(asked) > 3 else await claim()

    monkeypatch.setattr(turn, "claim", counted)
    async with asyncio.timeout(10):
        await turn.wait()
    assert len(asked) == 4
    assert [record.levelname for record in caplog.records if "0/1" in record.message] == ["WARNING", "INFO"]
    await away.aclose()


@pytest.fixture
def shard(guild: int) -> str:
    return f"0/{guild}"


async def test_only_who_holds_a_shard_writes_its_session(redis: Redis, shard: str) -> None:
    key, sessions = common_lease(f"shard:{shard}"), ShardSessions(redis)
    old, new = Lease(redis, key), Lease(redis, key)
    assert await sessions.holder(shard) is None and await sessions.read(shard) is None
    assert await old.take()
    assert await sessions.keep(shard, old.claim, SESSION)
    assert await sessions.read(shard) == SESSION
    assert await sessions.holder(shard) == old.claim
    assert not await new.take()
    assert await sessions.hand_over(shard, old.claim, SESSION)
    assert await new.take() and new.token > old.token
    stale = ShardSession("stale", 1, "wss://x", 7, 1)
    assert not await sessions.keep(shard, old.claim, stale)
    assert not await sessions.hand_over(shard, old.claim, None)
    assert await sessions.read(shard) == SESSION and await new.holds()
    assert await sessions.keep(shard, new.claim, None)
    assert await sessions.read(shard) is None
    await redis.hset(shard_session(shard), mapping={"session": "half"})  # type: ignore[misc]
    assert await sessions.read(shard) is None
    await old.release()
    await new.release()


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    """A process that lives until it is killed."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        yield child
        child.kill()


def killed(child: subprocess.Popen[bytes]) -> None:
    """Ends it, and leaves it unwaited for."""
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)


async def test_the_lease_of_a_process_that_died_on_this_machine_is_free_at_once(
    redis: Redis, shard: str, monkeypatch: pytest.MonkeyPatch, child: subprocess.Popen[bytes]
) -> None:
    key, sessions = common_lease(f"shard:{shard}"), ShardSessions(redis)
    lease, heir = Lease(redis, key, seconds=60), Lease(redis, key)
    assert await lease.take()
    as_child = f"{shards._machine()} {child.pid} {shards._started(child.pid)}"
    monkeypatch.setattr(shards, "_process", lambda: as_child)
    await sessions.keep(shard, lease.claim, SESSION)
    assert await sessions.holder(shard) == lease.claim, "it lives"
    killed(child)
    assert await sessions.holder(shard) is None, "dead, though nobody has waited for it"
    child.wait()
    assert await heir.take()
    # The session of another holder than the one that stands there says nothing of it.
    assert await sessions.holder(shard) == heir.claim
    monkeypatch.setattr(shards, "_process", lambda: f"another machine {child.pid} 1")
    await sessions.keep(shard, heir.claim, SESSION)
    assert await sessions.holder(shard) == heir.claim
    await lease.release()
    await heir.release()

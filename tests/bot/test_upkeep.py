"""Upkeep of the guilds: by one process at a time, after every change, and over at once when it is closed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import ClassVar

import pytest
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisGone

from bot import upkeep
from bot.errors import Reporter
from bot.upkeep import Upkeep
from state import keys
from state.connection import connect
from state.feed import Feed
from state.lease import Lease
from tests.stage import until

GUILD = 4711


class Rounds(Upkeep):
    """Counts its rounds; `during` is what a test has happen in one."""

    subject: ClassVar[str] = "rounds"
    settle: ClassVar[float] = 0.01
    lease_seconds: ClassVar[float] = 0.6

    def __init__(self, redis: Redis, reporter: Reporter | None = None) -> None:
        super().__init__(redis, Feed(redis), reporter or Reporter())
        self.count = 0
        self.pause = 0.0
        self.begun, self.ended = asyncio.Event(), asyncio.Event()
        self.during: Callable[[], None] = lambda: None
        self.gate = asyncio.Event()
        self.gate.set()

    async def _round(self, guild: int, lease: Lease) -> float:
        self.count += 1
        self.begun.set()
        self.during()
        try:
            await self.gate.wait()
        finally:
            self.ended.set()
        return self.pause


def tasks() -> list[str]:
    return [each.get_name() for each in asyncio.all_tasks() if "rounds" in each.get_name()]


@pytest.fixture
async def client(stage_redis_url: str):
    redis = connect(stage_redis_url)
    yield redis
    await redis.delete(keys.lease(GUILD, "rounds"), f"{keys.lease(GUILD, 'rounds')}:token")
    await redis.aclose()


@pytest.fixture
async def rounds(client: Redis):
    kept = Rounds(client)
    await kept.open()
    await asyncio.wait_for(_idle(), 5)
    kept.begun.clear()
    kept.count = 0
    yield kept
    kept.gate.set()
    await kept.close()


async def _idle() -> None:
    async def none() -> bool:
        return not tasks()

    await until(none)


async def test_a_change_heard_in_a_round_makes_another(rounds: Rounds) -> None:
    rounds.during = lambda: rounds.mark(GUILD) if rounds.count == 1 else None
    rounds.mark(GUILD)
    await _idle()
    assert rounds.count == 2


@pytest.mark.parametrize("pause", [0.0, 60.0])
async def test_closing_finishes_the_round_in_flight_and_leaves_no_task(rounds: Rounds, pause: float) -> None:
    rounds.pause = pause
    rounds.gate.clear()
    rounds.mark(GUILD)
    await rounds.begun.wait()
    rounds.mark(GUILD)
    closing = asyncio.create_task(rounds.close())
    await asyncio.sleep(0)
    assert not closing.done()
    rounds.gate.set()
    await asyncio.wait_for(closing, 2)
    assert rounds.count == 1 and not tasks()
    rounds.mark(GUILD)
    assert not tasks()


async def test_a_round_that_never_ends_is_cancelled(rounds: Rounds, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "CLOSE_SECONDS", 0.05)
    rounds.gate.clear()
    rounds.mark(GUILD)
    await rounds.begun.wait()
    await asyncio.wait_for(rounds.close(), 2)
    assert not tasks()


async def test_another_process_waits_for_the_lease_and_looks_again(rounds: Rounds, client: Redis) -> None:
    lease = Lease(client, keys.lease(GUILD, "rounds"))
    assert await lease.take()
    rounds.mark(GUILD)
    other = Rounds(client)
    # Long enough for a look, which finds the lease taken.
    async with asyncio.timeout(5):
        while not await client.exists(keys.lease(GUILD, "rounds")):  # noqa: ASYNC110 - another program's key
            await asyncio.sleep(0.01)
    assert rounds.count == 0 and other.closed
    await lease.release()
    await asyncio.wait_for(rounds.begun.wait(), 5)
    await _idle()
    assert rounds.count == 1


@pytest.mark.parametrize("failure", [RedisGone("away"), RuntimeError("unknown")])
async def test_what_failed_is_tried_again(
    rounds: Rounds,
    failure: Exception,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(upkeep, "RETRY_SECONDS", 0.01)
    monkeypatch.setattr(upkeep, "REDIS_SECONDS", 0.01)

    def fail() -> None:
        if rounds.count == 1:
            raise failure

    rounds.during = fail
    with caplog.at_level(logging.WARNING):
        rounds.mark(GUILD)
        await _idle()
    assert rounds.count == 2
    said = "Rounds of guild 4711 wait for Redis" if isinstance(failure, RedisGone) else "rounds of guild 4711"
    assert said in caplog.text


async def test_a_round_whose_lease_went_is_cancelled_and_made_again(rounds: Rounds, client: Redis) -> None:
    rounds.gate.clear()
    rounds.mark(GUILD)
    await asyncio.wait_for(rounds.begun.wait(), 5)
    rounds.begun.clear()
    heir = Lease(client, keys.lease(GUILD, "rounds"))
    await client.delete(keys.lease(GUILD, "rounds"))
    assert await heir.take()
    # It would stand still for ever: only its end lets it be made again.
    async with asyncio.timeout(5):
        await rounds.ended.wait()
    await heir.release()
    rounds.gate.set()
    await asyncio.wait_for(rounds.begun.wait(), 5)
    await _idle()
    assert rounds.count == 2


async def test_a_round_that_ends_without_its_lease_is_made_again(rounds: Rounds, client: Redis) -> None:
    """By its own clock it still held it: so does a process that another one was faster than."""
    rounds.gate.clear()
    rounds.mark(GUILD)
    await asyncio.wait_for(rounds.begun.wait(), 5)
    heir = Lease(client, keys.lease(GUILD, "rounds"), seconds=60)
    await client.delete(keys.lease(GUILD, "rounds"))
    assert await heir.take()
    rounds.gate.set()
    await asyncio.wait_for(rounds.ended.wait(), 5)
    assert rounds.count == 1
    await heir.release()
    await _idle()
    assert rounds.count == 2

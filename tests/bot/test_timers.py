"""The loop that does what is due: in one process of several, at its time, through what breaks meanwhile."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from bot import embedded
from bot.errors import Reporter
from bot.tasks import background
from bot.timers import TimerLoop
from state import keys, timer_keys
from state.connection import connect
from state.feed import Feed
from state.scripts import Scripts
from state.timers import Timers
from tests.conftest import open_blank
from tests.stage import until


class Process:
    """What a process has of it: a client, the feed, the loop. `done` is what it did."""

    def __init__(self, redis: Redis) -> None:
        self.feed = Feed(redis)
        self.timers = Timers(Scripts(redis, lambda guild: open_blank(redis, guild)))
        self.loop = TimerLoop(redis, self.timers, self.feed, Reporter())
        self.done: list[str] = []
        self.begun, self.ended = asyncio.Event(), asyncio.Event()
        self.gate = asyncio.Event()
        self.gate.set()
        self.again: float | None = None
        self.seconds = 0.0
        self.fails = 0
        self.loop.register("test", self._work)

    async def _work(self, _: int, what: str) -> float | None:
        self.begun.set()
        try:
            await self.gate.wait()
            await asyncio.sleep(self.seconds)
            if self.fails:
                self.fails -= 1
                raise ValueError("a fault of ours")
            self.done.append(what)
            return self.again
        finally:
            self.ended.set()


Begin = Callable[[], Any]


def maker(stack: AsyncExitStack, url: str) -> Begin:
    """Begins processes, which end with the stack or with the one it gives."""

    async def begin() -> tuple[Process, AsyncExitStack]:
        own = await stack.enter_async_context(AsyncExitStack())
        redis = connect(url)
        own.push_async_callback(redis.aclose)
        process = Process(redis)
        await process.feed.open()
        own.push_async_callback(process.feed.close)
        await own.enter_async_context(background(process.loop.run(), "test timers", Reporter()))
        return process, own

    return begin


@pytest.fixture
async def begin(redis_url: str) -> AsyncIterator[Begin]:
    async with AsyncExitStack() as stack:
        yield maker(stack, redis_url)


async def test_of_two_processes_one_does_it_and_at_its_time(
    begin: Begin, redis: Redis, guild: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    await open_blank(redis, guild)
    (one, _), (other, _) = await begin(), await begin()
    # Neither asks the clock of its own machine.
    monkeypatch.setattr("time.time", lambda: 5.0)
    began = time.monotonic()
    await one.timers.set(guild, "test:late", 30)
    for number in range(20):
        await one.timers.set(guild, f"test:{number}", 0.3)
    await until(lambda: _none(redis, guild, "test:late"))
    assert time.monotonic() - began >= 0.3
    assert sorted(one.done + other.done, key=int) == [str(number) for number in range(20)]
    # An earlier moment is heard of while a later one is waited for.
    await other.timers.set(guild, "test:late", 0)
    await until(lambda: _none(redis, guild))
    assert len(one.done + other.done) == 21


async def _none(redis: Redis, guild: int, *but: str) -> bool:
    return await redis.zrange(timer_keys.due(guild), 0, -1) == list(but)


async def test_it_is_done_again_when_it_says_so_or_fails(
    begin: Begin, redis: Redis, guild: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("bot.timers.RETRY_SECONDS", 0.05)
    await open_blank(redis, guild)
    process, _ = await begin()
    process.again, process.fails = 0.05, 1
    await process.timers.set(guild, "test:a", 0)

    async def thrice() -> bool:
        return len(process.done) >= 3

    await until(thrice)
    process.again = None
    await until(lambda: _none(redis, guild))
    assert caplog.text.count("ValueError: a fault of ours") == 1


async def test_a_guild_whose_timers_cannot_be_read_keeps_no_other_waiting(
    begin: Begin, redis: Redis, guild: int, caplog: pytest.LogCaptureFixture
) -> None:
    process, _ = await begin()
    wrong = guild + 1
    for each in (wrong, guild):
        await open_blank(redis, each)
    process.loop.register("\udcff", process._work)
    await process.timers.set(wrong, "test:never", 0)

    async def reported() -> bool:
        return f"timers of guild {wrong}" in caplog.text

    await until(reported)
    del process.loop._works["\udcff"]
    await process.timers.set(guild, "test:a", 0)
    await until(lambda: _none(redis, guild))
    assert process.done == ["a"]
    await redis.delete(timer_keys.due(wrong), keys.revision(wrong))


async def test_what_a_dead_process_began_is_done_by_another(
    begin: Begin, redis: Redis, guild: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.timers.CLAIM_SECONDS", 0.6)
    await open_blank(redis, guild)
    dead = Timers(Scripts(redis, lambda each: open_blank(redis, each)))
    await dead.set(guild, "test:a", 0)
    (claim,), _ = await dead.claim(guild, ["test"], 0.6)
    process, _ = await begin()
    await process.timers.set(guild, "test:b", 0)
    await asyncio.wait_for(process.begun.wait(), 5)
    await until(lambda: _none(redis, guild))
    assert sorted(process.done) == ["a", "b"]
    assert not await dead.done(claim, 0)


async def test_whoever_is_outdated_while_working_stops(
    begin: Begin, redis: Redis, guild: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.timers.CLAIM_SECONDS", 0.3)
    await open_blank(redis, guild)
    process, own = await begin()
    process.gate.clear()
    await process.timers.set(guild, "test:a", 0)
    await asyncio.wait_for(process.begun.wait(), 5)
    await process.timers.cancel(guild, "test:a")
    await asyncio.wait_for(process.ended.wait(), 5)
    assert not process.done and await _none(redis, guild)
    # A process that ends lets what it does come to its end, and does nothing new.
    process.begun.clear()
    await process.timers.set(guild, "test:b", 0)
    await asyncio.wait_for(process.begun.wait(), 5)
    closing = asyncio.create_task(own.aclose())
    process.gate.set()
    await closing
    assert process.done == ["b"] and await _none(redis, guild)


async def test_whoever_was_paused_for_longer_than_a_claim_lasts_does_nothing_more(
    begin: Begin, redis: Redis, guild: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.timers.CLAIM_SECONDS", 0.3)
    monkeypatch.setattr("bot.timers.RETRY_SECONDS", 0.0)
    await open_blank(redis, guild)
    process, _ = await begin()
    process.seconds = 0.5
    await process.timers.set(guild, "test:a", 0)
    await asyncio.wait_for(process.begun.wait(), 5)
    process.begun.clear()
    time.sleep(0.7)  # noqa: ASYNC251 - the whole process stands still
    await asyncio.wait_for(process.ended.wait(), 5)
    assert not process.done
    # It is to be done again, and lasts longer than a claim that nobody renews.
    await until(lambda: _none(redis, guild))
    assert process.done == ["a"]


async def test_a_redis_that_was_killed_has_them_when_it_is_back(
    folder: Path, guild: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.timers.RETRY_SECONDS", 0.1)
    async with AsyncExitStack() as stack:
        valkey = await stack.enter_async_context(embedded.valkey(folder))
        begin = maker(stack, valkey.url)
        (one, _), (other, _) = await begin(), await begin()
        redis = connect(valkey.url)
        stack.push_async_callback(redis.aclose)
        await open_blank(redis, guild)
        await redis.sadd(keys.GUILDS, str(guild))
        one.gate.clear()
        other.gate.clear()
        for name in ("now", "then"):
            await one.timers.set(guild, f"test:{name}", 0 if name == "now" else 2)

        async def begun() -> bool:
            return one.begun.is_set() or other.begun.is_set()

        await until(begun)
        os.kill(valkey.pid, signal.SIGKILL)
        one.gate.set()
        other.gate.set()

        async def gone() -> bool:
            try:
                os.kill(valkey.pid, 0)
            except ProcessLookupError:
                return True
            return False

        await until(gone)
        await stack.enter_async_context(embedded.valkey(folder))

        async def then() -> bool:
            return await redis.zscore(timer_keys.due(guild), "test:then") is None

        await until(then, 30)
        # What was done as Redis died may be done again, since nobody could note it.
        assert set(one.done + other.done) == {"now", "then"} and (one.done + other.done).count("then") == 1


async def test_a_redis_that_was_emptied_has_its_standing_ones_again(
    begin: Begin, redis: Redis, guild: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.timers.LOOK_SECONDS", 0.05)
    process, _ = await begin()
    done = asyncio.Event()

    async def standing(*_: object) -> float:
        done.set()
        return 3600.0

    name = f"standing{guild}"
    process.loop.register(name, standing, standing=True)
    client: Any = redis

    async def settled() -> bool:
        return (await client.zscore(timer_keys.due(0), name) or 0) > (time.time() + 3000) * 1000

    for _ in range(2):
        await asyncio.wait_for(done.wait(), 5)
        await until(settled)
        done.clear()
        await client.zrem(timer_keys.due(0), name)
    await asyncio.wait_for(done.wait(), 5)

"""Requests that wait for their turn: some are cancelled, and clocks are wrong."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable
from random import Random

import pytest
from hikari.errors import RateLimitTooLongError
from hikari.impl import buckets, rate_limits
from hikari.impl.buckets import RESTBucket, RESTBucketManager
from hikari.impl.rate_limits import ManualRateLimiter
from hikari.internal import routes

from bot import hikari_compat

hikari_compat.mend_rate_limits()

PERIOD = 0.4
PATIENCE = 5.0
Acquire = Callable[[RESTBucket], Awaitable[None]]


def spent(limit: int, everybody: ManualRateLimiter | None = None) -> RESTBucket:
    """A bucket of which nothing is left for a moment."""
    route = routes.PATCH_CHANNEL_MESSAGE.compile(channel=1, message=2)
    bucket = RESTBucket("unknown", route, everybody or ManualRateLimiter(), 15.0)
    bucket.resolve("known", 0, limit, buckets.time.time() + PERIOD, PERIOD)
    return bucket


async def cancelled(acquire: Acquire, bucket: RESTBucket) -> None:
    """Somebody who waits for their turn, and is cancelled before it comes."""
    waiting = asyncio.ensure_future(acquire(bucket))
    for _ in range(3):  # a task of its own waits, after a turn of the loop each
        await asyncio.sleep(0)
    assert not waiting.done(), "there was nothing to wait for"
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting


@pytest.mark.parametrize("limit", [1, 5])
async def test_who_comes_after_a_cancelled_one_gets_a_turn(limit: int) -> None:
    bucket = spent(limit)
    for _ in range(2 * limit):
        await cancelled(RESTBucket.acquire, bucket)
    async with asyncio.timeout(PATIENCE):
        for _ in range(limit + 1):
            async with bucket:
                pass


async def test_who_waited_behind_a_cancelled_one_gets_a_turn() -> None:
    bucket = spent(5)
    first = asyncio.create_task(RESTBucket.acquire(bucket))
    second = asyncio.create_task(RESTBucket.acquire(bucket))
    await asyncio.sleep(0)
    first.cancel()
    async with asyncio.timeout(PATIENCE):
        await second


async def test_a_limit_of_everything_outlives_a_cancelled_request() -> None:
    everybody = ManualRateLimiter()
    bucket = spent(5, everybody)
    bucket.remaining = 5
    everybody.throttle(PERIOD)
    await cancelled(RESTBucket.acquire, bucket)
    async with asyncio.timeout(PATIENCE), bucket:
        pass
    assert everybody.throttle_task is None


async def test_hikari_still_needs_it() -> None:
    bucket = spent(1)
    await cancelled(hikari_compat.HIKARIS_ACQUIRE, bucket)
    assert bucket.throttle_task is not None
    with pytest.raises(asyncio.InvalidStateError):
        await bucket.throttle_task


async def edited_twice(discord_ahead: float) -> None:
    """Two requests of a bucket for one at a time, of a Discord whose clock differs from ours."""
    route = routes.PATCH_CHANNEL_MESSAGE.compile(channel=1, message=2)
    manager = RESTBucketManager(max_rate_limit=PATIENCE)
    manager.start()
    try:
        for _ in range(2):
            async with manager.acquire_bucket(route, None):
                reset_at = time.time() + discord_ahead + PERIOD
                manager.update_rate_limits(route, None, "known", 0, 1, reset_at, PERIOD)
    finally:
        await manager.close()


@pytest.mark.parametrize("ahead", [-7200.0, -90.0, 0.0, 90.0, 7200.0])
async def test_a_limit_is_over_when_discord_says_so_whatever_our_clock_says(ahead: float) -> None:
    began = time.monotonic()
    async with asyncio.timeout(PATIENCE):
        await edited_twice(ahead)
    assert time.monotonic() - began >= PERIOD * 0.9


async def test_discords_clock_is_followed_by_one_that_goes_wrong_for_weeks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Ours:
        """Set wrong by two hours, and too fast by 4 seconds a day."""

        passed = 0.0

        @classmethod
        def monotonic(cls) -> float:
            return cls.passed * (1 + 4 / 86400)

        @classmethod
        def time(cls) -> float:
            return 7200.0 + cls.monotonic()

    monkeypatch.setattr(hikari_compat, "time", Ours)
    route = routes.PATCH_CHANNEL_MESSAGE.compile(channel=1, message=2)
    manager = RESTBucketManager(max_rate_limit=PATIENCE)
    manager.start()
    began, trips = 1e9, itertools.cycle((0.3, 0.02, 5.0, 0.1))
    for minutes in range(14 * 24 * 60):
        Ours.passed = minutes * 60.0
        answered = began + Ours.passed - next(trips)
        manager.update_rate_limits(route, None, "known", 0, 1, answered + PERIOD, PERIOD)
        assert abs(buckets.time.time() - (began + Ours.passed)) < 0.5
    await manager.close()


class Far:
    """A Discord whose answers are on their way for a while, with windows of a limit of five in 5 s."""

    WAY, WINDOW, LIMIT = 0.3, 5.0, 5

    def __init__(self, bucket: RESTBucket) -> None:
        self.bucket, self.now, self.opened, self.used = bucket, 1e9, 0.0, 0

    def monotonic(self) -> float:
        return self.now - 1e6

    async def request(self, after: float) -> None:
        """One that is answered; whoever has to wait longer than a moment for a turn is stuck."""
        self.now += after
        async with asyncio.timeout(PATIENCE), self.bucket:
            told = self.now
            if told >= self.opened + self.WINDOW:
                self.opened, self.used = told, 0
            self.used += 1
            assert self.used <= self.LIMIT, "Discord refuses it"
            left = self.opened + self.WINDOW - told
            self.now += self.WAY
            if self.bucket.is_unknown:
                self.bucket.resolve("known", self.LIMIT - self.used, self.LIMIT, told + left, left)
            else:
                self.bucket.update_rate_limit(self.LIMIT - self.used, self.LIMIT, told + left, left)


def far(monkeypatch: pytest.MonkeyPatch) -> Far:
    route = routes.PATCH_CHANNEL_MESSAGE.compile(channel=1, message=2)
    world = Far(RESTBucket("unknown", route, ManualRateLimiter(), 15.0))
    monkeypatch.setattr(hikari_compat, "time", world)
    return world


async def paced(world: Far) -> None:
    """Requests at a pace that the limit allows: none has to wait."""
    random = Random(1)
    for _ in range(200):
        await world.request(after=random.uniform(1.1, 1.6))
        assert not world.bucket.is_rate_limited(buckets.time.time())


async def test_a_limit_of_a_far_discord_stays_what_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    await paced(far(monkeypatch))


async def test_hikari_still_takes_it_for_another_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    def update(self: RESTBucket, remaining: int, limit: int, reset_at: float, reset_after: float) -> None:
        hikari_compat.HIKARIS_UPDATE(self, remaining, limit, reset_at, reset_after)

    world = far(monkeypatch)
    monkeypatch.setattr(RESTBucket, "update_rate_limit", update)
    with pytest.raises(AssertionError):
        await paced(world)


async def test_hikari_still_takes_our_clock_for_discords(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (buckets, rate_limits):
        monkeypatch.setattr(module, "time", hikari_compat.HIKARIS_CLOCK)
    monkeypatch.setattr(RESTBucket, "update_rate_limit", hikari_compat.HIKARIS_UPDATE)
    monkeypatch.setattr(RESTBucket, "resolve", hikari_compat.HIKARIS_RESOLVE)
    monkeypatch.setattr(RESTBucket, "acquire", hikari_compat.HIKARIS_ACQUIRE)
    with pytest.raises(RateLimitTooLongError):
        await edited_twice(90.0)

"""Mends how hikari keeps Discord's rate limits, for every client of this process.

In hikari 2.7 a request that is cancelled while it waits for its turn spoils its bucket for ever: the task
that wakes up whoever waits fails on the one that is gone, and its place among those under way is never given
back. Every later request of that bucket in that process then waits without end, e.g. every edit in a channel,
under a lease that goes on being renewed. Work whose lease may be another's is cancelled here, so this
happens. One method is replaced: a request that is cancelled leaves its place in the line standing, and gives
its turn on when that comes.

It also holds the moment at which a limit of Discord is over against the clock of this machine. Where that is
minutes behind, or was ahead for a while, no message is edited for as long as the clock was off. Here the
clock of Discord is followed: each answer tells what it says, and the one that was on its way for the shortest
time tells best how far it is from a clock that nobody sets. That is still behind by the way of that answer: a
request which Discord counts for its next window while ours goes on made hikari believe that the limit had
changed its kind, and let one message through in five seconds.

`tests/bot/test_hikari_compat.py` fails as soon as hikari makes this module unnecessary.
"""

from __future__ import annotations

import asyncio
import time
from functools import partial
from typing import Any, Final, cast

from hikari.impl import buckets, rate_limits
from hikari.impl.buckets import RESTBucket

__all__ = ["HIKARIS_ACQUIRE", "HIKARIS_CLOCK", "HIKARIS_RESOLVE", "HIKARIS_UPDATE", "mend_rate_limits"]

HIKARIS_ACQUIRE: Final = RESTBucket.acquire
HIKARIS_UPDATE: Final = RESTBucket.update_rate_limit
HIKARIS_RESOLVE: Final = RESTBucket.resolve
HIKARIS_CLOCK: Final = buckets.time  # pyright: ignore[reportPrivateImportUsage] - where it is replaced
"""What is replaced."""

_STEPPED_SECONDS: Final = 60.0
"""No answer is on its way for so long: Discord's clock was set."""

_SPAN_SECONDS: Final = 600.0
"""From one to two of these an answer counts: a clock that nobody sets goes wrong by seconds a day."""


class _DiscordsClock:
    """What hikari asks for the time: Discord's clock, as far as it is known, else that of this machine."""

    ahead: float | None = None
    """Seconds by which it is ahead of the clock that nobody sets: the most that an answer said of late."""
    _before = _latest = _since = float("-inf")

    @classmethod
    def time(cls) -> float:
        return time.time() if cls.ahead is None else time.monotonic() + cls.ahead

    @classmethod
    def hear(cls, told: float) -> None:
        """Takes in what it said when an answer that comes just now was sent."""
        if told <= 0:
            return  # hikari takes a header that is missing for 0
        now = time.monotonic()
        ahead = told - now
        if cls.ahead is None or cls.ahead - ahead >= _STEPPED_SECONDS:
            cls._before, cls._latest, cls._since = ahead, ahead, now
        elif now - cls._since > _SPAN_SECONDS:
            cls._before, cls._latest, cls._since = cls._latest, ahead, now
        else:
            cls._latest = max(cls._latest, ahead)
        cls.ahead = max(cls._before, cls._latest)


def mend_rate_limits() -> None:
    """Replaces the methods and the clock; again does nothing more."""
    RESTBucket.acquire = _acquire
    RESTBucket.resolve = _resolve
    RESTBucket.update_rate_limit = _update
    clock = cast("Any", _DiscordsClock)
    buckets.time = clock  # pyright: ignore[reportPrivateImportUsage] - nothing else has this name
    rate_limits.time = clock  # pyright: ignore[reportPrivateImportUsage] - nothing else has this name


def _resolve(
    self: RESTBucket,
    real_bucket_hash: str,
    remaining: int,
    limit: int,
    reset_at: float,
    reset_after: float,
) -> None:
    _DiscordsClock.hear(reset_at - reset_after)
    HIKARIS_RESOLVE(self, real_bucket_hash, remaining, limit, reset_at, reset_after)


def _update(self: RESTBucket, remaining: int, limit: int, reset_at: float, reset_after: float) -> None:
    told = reset_at - reset_after
    _DiscordsClock.hear(told)
    if told >= self.move_at:
        self.move_window(told)
        # This request was the first of that window.
        self.remaining = min(self.remaining, self.limit - 1)
    HIKARIS_UPDATE(self, remaining, limit, reset_at, reset_after)


async def _acquire(self: RESTBucket) -> None:
    if _free(self):
        # Nothing is waited for, so nothing can be cancelled.
        await HIKARIS_ACQUIRE(self)
        return
    turn = asyncio.create_task(HIKARIS_ACQUIRE(self), name="turn at a rate limit")
    try:
        await asyncio.shield(turn)
    except asyncio.CancelledError:
        turn.add_done_callback(partial(_give_on, self))
        raise


def _free(bucket: RESTBucket) -> bool:
    if bucket._in_transit >= bucket.limit:  # pyright: ignore[reportPrivateUsage] - told in no other way
        return False
    if bucket.is_unknown:
        return True
    everybody = bucket._global_ratelimit  # pyright: ignore[reportPrivateUsage] - told in no other way
    waits = bucket.throttle_task is not None or everybody.throttle_task is not None
    return not waits and not bucket.is_rate_limited(_DiscordsClock.time())


def _give_on(bucket: RESTBucket, turn: asyncio.Task[None]) -> None:
    if not turn.cancelled() and turn.exception() is None:
        bucket.release()

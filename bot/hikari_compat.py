"""Lets a request to Discord be cancelled while it waits for its turn at a rate limit.

In hikari 2.7 the bucket of such a request is spoilt for ever: the task that wakes up whoever waits fails on
the one that is gone, and its place among those under way is never given back. Every later request of that
bucket in that process then waits without end, e.g. every edit in a channel, under a lease that goes on being
renewed. Work whose lease may be another's is cancelled here, so this happens. One method is replaced: a
request that is cancelled leaves its place in the line standing, and gives its turn on when that comes.

`tests/bot/test_hikari_compat.py` fails as soon as hikari makes this module unnecessary.
"""

from __future__ import annotations

import asyncio
import time
from functools import partial
from typing import Final

from hikari.impl.buckets import RESTBucket

__all__ = ["HIKARIS_OWN", "let_requests_be_cancelled"]

HIKARIS_OWN: Final = RESTBucket.acquire
"""The method that is replaced."""


def let_requests_be_cancelled() -> None:
    """Replaces it, for every client of this process."""
    RESTBucket.acquire = _acquire


async def _acquire(self: RESTBucket) -> None:
    if _free(self):
        # Nothing is waited for, so nothing can be cancelled.
        await HIKARIS_OWN(self)
        return
    turn = asyncio.create_task(HIKARIS_OWN(self), name="turn at a rate limit")
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
    return not waits and not bucket.is_rate_limited(time.time())


def _give_on(bucket: RESTBucket, turn: asyncio.Task[None]) -> None:
    if not turn.cancelled() and turn.exception() is None:
        bucket.release()

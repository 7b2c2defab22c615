"""The client every part of the state uses."""

from __future__ import annotations

from typing import cast

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff


def connect(url: str) -> Redis:
    """A client for a Redis (>= 7.0) or Valkey (>= 8) server; connects on first use.

    A lost reply is retried, which is safe because every move carries its request id. The waits add up to
    less than the three seconds Discord allows for an answer.
    """
    return Redis.from_url(
        url,
        decode_responses=True,
        socket_timeout=2.0,
        socket_connect_timeout=1.0,
        health_check_interval=30,
        retry=Retry(ExponentialBackoff(cap=0.2, base=0.02), retries=3),
    )


async def fields_of(redis: Redis, key: str) -> dict[str, str]:
    """All fields of a hash. redis-py types every answer for bytes and text at once; here it is text."""
    return cast("dict[str, str]", await redis.hgetall(key))


async def members_of(redis: Redis, key: str) -> list[str]:
    """All members of a sorted set, in its order."""
    answer = redis.zrange(key, 0, -1)
    return cast("list[str]", await answer)

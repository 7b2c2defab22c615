"""The client every part of the state uses."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Final, cast

import redis.exceptions
from redis.asyncio import Connection, ConnectionPool, Redis, SSLConnection, UnixDomainSocketConnection
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff


class _Cancellable(AbstractConnection):
    """A connection that hears every cancellation.

    redis-py 8.1 writes through `asyncio.wait_for`, which in Python 3.11 swallows a cancellation that comes
    as the write ends: whoever waits for the cancelled task then waits for ever.
    """

    __slots__ = ()

    async def send_packed_command(
        self, command: bytes | str | Iterable[bytes], check_health: bool = True
    ) -> None:
        """Sends within the socket's time-out, as redis-py does, but without `wait_for`."""
        limit, self.socket_timeout = self.socket_timeout, None
        try:
            async with asyncio.timeout(limit):
                await super().send_packed_command(command, check_health)
        except TimeoutError:
            raise redis.exceptions.TimeoutError("Timeout writing to socket") from None
        finally:
            self.socket_timeout = limit


class _Tcp(_Cancellable, Connection):
    __slots__ = ()


class _Tls(_Cancellable, SSLConnection):
    __slots__ = ()


class _Unix(_Cancellable, UnixDomainSocketConnection):
    __slots__ = ()


_OURS: Final[dict[type[AbstractConnection], type[AbstractConnection]]] = {
    Connection: _Tcp,
    SSLConnection: _Tls,
    UnixDomainSocketConnection: _Unix,
}


PATIENCE: Final = 2.0
"""Seconds until a reply counts as lost: with the retries less than the three Discord allows for an answer."""


def connect(url: str, *, patience: float = PATIENCE) -> Redis:
    """A client for a Redis (>= 7.0) or Valkey (>= 8) server; connects on first use.

    A reply that takes longer than `patience` seconds is asked for again, which is safe because every move
    carries its request id.
    """
    pool = ConnectionPool.from_url(
        url,
        decode_responses=True,
        socket_timeout=patience,
        socket_connect_timeout=1.0,
        health_check_interval=30,
        retry=Retry(ExponentialBackoff(cap=0.2, base=0.02), retries=3),
    )
    pool.connection_class = _OURS[pool.connection_class]
    return Redis.from_pool(pool)


async def fields_of(redis: Redis, key: str) -> dict[str, str]:
    """All fields of a hash. redis-py types every answer for bytes and text at once; here it is text."""
    return cast("dict[str, str]", await redis.hgetall(key))


async def members_of(redis: Redis, key: str) -> list[str]:
    """All members of a sorted set, in its order."""
    answer = redis.zrange(key, 0, -1)
    return cast("list[str]", await answer)

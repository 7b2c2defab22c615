"""The client every part of the state uses."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any, Final, cast

import redis.exceptions
from redis.asyncio import (
    BlockingConnectionPool,
    Connection,
    ConnectionPool,
    Redis,
    SSLConnection,
    UnixDomainSocketConnection,
)
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import (
    Sentinel,
    SentinelConnectionPool,
    SentinelManagedConnection,
    SentinelManagedSSLConnection,
)
from redis.backoff import ExponentialBackoff, NoBackoff

from state.address import Address, Form, parse
from state.cluster import Cluster, OwnersOnly


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


class _NodeTcp(OwnersOnly, _Tcp):
    __slots__ = ()


class _NodeTls(OwnersOnly, _Tls):
    __slots__ = ()


class _Found(_Cancellable, SentinelManagedConnection):
    __slots__ = ()


class _FoundTls(_Cancellable, SentinelManagedSSLConnection):
    __slots__ = ()


PATIENCE: Final = 2.0
"""Seconds until a reply counts as lost: with the retries less than the three Discord allows for an answer."""

_CONNECT_SECONDS: Final = 1.0
_SENTINEL_SECONDS: Final = 0.5
_CONNECTIONS: Final = 100
_RETRIES: Final = 3


def connect(url: str, *, patience: float = PATIENCE) -> Redis:
    """A client for a Redis (>= 7.0) or Valkey (>= 8); connects on first use. `state.address` has the forms.

    A reply that takes longer than `patience` seconds is asked for again, which is safe because every move
    carries its request id. Raises `BadAddress` for what is no address.
    """
    address = parse(url)
    options: dict[str, Any] = {
        "decode_responses": True,
        "socket_timeout": patience,
        "socket_connect_timeout": _CONNECT_SECONDS,
        "health_check_interval": 30,
        "retry": Retry(ExponentialBackoff(cap=0.2, base=0.02), retries=_RETRIES),
        **address.options,
    }
    match address.form:
        case Form.SENTINEL:
            return _through_sentinels(address, options)
        case Form.CLUSTER:
            cluster = Cluster(
                address.nodes,
                tls=address.tls,
                connection_class=_NodeTls if address.tls else _NodeTcp,
                **options,
            )
            # Not a Redis to redis-py, but with the methods of one that are used here.
            return cast("Redis", cluster)
        case Form.SOCKET:
            return _pooled(_Unix, patience, **options)
        case Form.SERVER:
            host, port = address.nodes[0]
            return _pooled(_Tls if address.tls else _Tcp, patience, host=host, port=port, **options)


def _pooled(kind: type[AbstractConnection], patience: float, **options: Any) -> Redis:
    # Many guilds are looked at in the same moment, e.g. when Redis is back: whoever finds every connection in
    # use waits for one, where redis-py's other pool fails.
    pool = BlockingConnectionPool(
        connection_class=kind, max_connections=_CONNECTIONS, timeout=patience, **options
    )
    return Redis.from_pool(pool)


class _Watched(Redis):
    """The client of whichever server the Sentinels name; it also closes the connections to them."""

    async def aclose(self, close_connection_pool: bool | None = None) -> None:
        await super().aclose(close_connection_pool)
        pool = self.connection_pool
        if isinstance(pool, SentinelConnectionPool):
            await pool.sentinel_manager.aclose()


def _through_sentinels(address: Address, options: dict[str, Any]) -> Redis:
    # The next one is asked when one does not answer, so none is asked twice.
    asking: dict[str, Any] = {
        "socket_timeout": _SENTINEL_SECONDS,
        "socket_connect_timeout": _SENTINEL_SECONDS,
        "retry": Retry(NoBackoff(), retries=0),
        "decode_responses": True,
        **address.sentinel,
    }
    sentinels = Sentinel([], sentinel_kwargs=asking)
    sentinels.sentinels = [
        Redis.from_pool(ConnectionPool(_Tls if address.tls else _Tcp, host=host, port=port, **asking))
        for host, port in address.nodes
    ]
    kind = _FoundTls if address.tls else _Found
    return sentinels.master_for(address.service, redis_class=_Watched, connection_class=kind, **options)


async def fields_of(redis: Redis, key: str) -> dict[str, str]:
    """All fields of a hash. redis-py types every answer for bytes and text at once; here it is text."""
    return cast("dict[str, str]", await redis.hgetall(key))


async def members_of(redis: Redis, key: str) -> list[str]:
    """All members of a sorted set, in its order."""
    answer = redis.zrange(key, 0, -1)
    return cast("list[str]", await answer)

"""The client: a task that is cancelled in the middle of a command ends."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import pytest
from redis.asyncio import Redis, SSLConnection
from redis.exceptions import ConnectionError, TimeoutError

from state.connection import connect

STEPS = 25
"""Turns of the loop after which a command is cancelled; one takes fewer."""


async def swallowed(client: Redis) -> list[int]:
    """At which steps of a command a cancellation was not heard."""
    lost: list[int] = []
    for steps in range(1, STEPS):
        ended = asyncio.Event()

        async def work(ended: asyncio.Event = ended) -> None:
            await client.ping()
            # What a loop does after each command; a cancellation that was heard never gets here.
            await ended.wait()

        task = asyncio.create_task(work())
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task], timeout=0.05)
        if not task.done():
            lost.append(steps)
            ended.set()
            await task
    return lost


async def test_every_cancellation_is_heard(quiet_redis_url: str) -> None:
    ours = connect(quiet_redis_url)
    await ours.ping()
    assert await swallowed(ours) == []
    await ours.aclose()


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="Python 3.12 mended wait_for")
async def test_redis_py_still_swallows_some(quiet_redis_url: str, request: pytest.FixtureRequest) -> None:
    """Once this fails, `state.connection` may use redis-py's own connections again."""
    if request.config.getoption("--cluster"):
        pytest.skip("redis-py has no URL for a cluster")
    stock = Redis.from_url(quiet_redis_url, socket_timeout=2.0)
    await stock.ping()
    assert await swallowed(stock)
    await stock.aclose()


def test_all_the_ways_through_sentinels_are_over_tls() -> None:
    pool: Any = connect("rediss+sentinel://one,two/shows?ssl_cert_reqs=none").connection_pool
    pools = [pool, *(sentinel.connection_pool for sentinel in pool.sentinel_manager.sentinels)]
    assert len(pools) == 3
    for each in pools:
        assert issubclass(each.connection_class, SSLConnection)
        assert each.connection_kwargs["ssl_cert_reqs"] == "none"


@pytest.mark.parametrize("scheme", ["redis", "rediss"])
async def test_a_server_that_is_not_there_is_an_error_of_redis(unused_tcp_port: int, scheme: str) -> None:
    client = connect(f"{scheme}://127.0.0.1:{unused_tcp_port}")
    with pytest.raises((ConnectionError, TimeoutError)):
        await client.ping()
    await client.aclose()


async def test_a_write_that_nobody_reads_is_given_up(unused_tcp_port: int) -> None:
    done = asyncio.Event()

    async def deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await done.wait()
        writer.close()

    server = await asyncio.start_server(deaf, "127.0.0.1", unused_tcp_port, limit=1024)
    client = connect(f"redis://127.0.0.1:{unused_tcp_port}?protocol=2", patience=0.2)
    with pytest.raises(TimeoutError):
        await client.set("key", "x" * 50_000_000)
    done.set()
    await client.aclose()
    server.close()
    await server.wait_closed()


async def test_more_may_ask_at_once_than_there_are_connections(
    quiet_redis_url: str, request: pytest.FixtureRequest
) -> None:
    if request.config.getoption("--cluster"):
        pytest.skip("each server of a cluster has a pool of its own, which refuses whoever comes too many")
    async with connect(quiet_redis_url) as redis:
        client: Any = redis
        asked = [client.blpop("nothing comes", timeout=0.1) for _ in range(300)]
        assert await asyncio.gather(*asked) == [None] * 300

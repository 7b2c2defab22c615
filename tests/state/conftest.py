"""A server of these tests' own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from redis.asyncio import Redis

from bot import embedded
from state.connection import connect
from tests.valkeys import Cluster, cluster


@pytest.fixture(scope="session")
async def quiet_redis_url(servers: Path, request: pytest.FixtureRequest) -> AsyncIterator[str]:
    """A Valkey that no bot of the run works on: none archives, trims or rebuilds these guilds."""
    if request.config.getoption("--cluster"):
        async with cluster(servers / "quiet cluster") as running:
            yield running.url
        return
    async with embedded.valkey(servers / "quiet", durable=False) as server:
        yield server.url


@pytest.fixture
async def redis(quiet_redis_url: str) -> AsyncIterator[Redis]:
    client = connect(quiet_redis_url)
    yield client
    await client.aclose()


@pytest.fixture(scope="session")
async def calm(servers: Path) -> AsyncIterator[Cluster]:
    """A cluster to which nothing bad happens."""
    async with cluster(servers / "calm", appendonly="yes", appendfsync="always") as running:
        yield running

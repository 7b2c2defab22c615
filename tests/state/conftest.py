"""A server of these tests' own, and a line on how much the queue's rules were played."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from redis.asyncio import Redis

from bot import embedded
from state.connection import connect


@pytest.fixture(scope="session")
async def quiet_redis_url(servers: Path) -> AsyncIterator[str]:
    """A Valkey that no bot of the run works on: none archives, trims or rebuilds these guilds."""
    async with embedded.valkey(servers / "quiet", durable=False) as server:
        yield server.url


@pytest.fixture
async def redis(quiet_redis_url: str) -> AsyncIterator[Redis]:
    client = connect(quiet_redis_url)
    yield client
    await client.aclose()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    table = sys.modules.get("tests.state.table")
    if table is not None:
        for what, count in table.played.items():
            terminalreporter.write_line(f"queue against its model: {count} {what}")

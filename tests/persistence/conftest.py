"""The archive on a fresh database of the run's PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from persistence.archive import Archive
from persistence.pool import Pool, open_pool
from tests.databases import fresh_database


@pytest.fixture
async def empty_database_url(postgres_url: str) -> AsyncIterator[str]:
    """A fresh database without any table."""
    async for url in fresh_database(postgres_url, "template0"):
        yield url


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    opened = await open_pool(database_url)
    yield opened
    await opened.close()


@pytest.fixture
def archive(pool: Pool) -> Archive:
    return Archive(pool)

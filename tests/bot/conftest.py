"""Servers of a test's own, which it may kill."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from bot import embedded


@pytest.fixture
def folder() -> Iterator[Path]:
    """A short path: unix sockets live below it."""
    folder = Path(tempfile.mkdtemp(prefix="sl-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
async def valkey(folder: Path) -> AsyncIterator[embedded.Server]:
    """A durable Valkey that a test may kill."""
    async with embedded.valkey(folder) as server:
        yield server

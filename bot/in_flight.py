"""Knows how many answers are in the making, so that a stopping process can finish them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Generator


class InFlight:
    """Counts answers in the making. One instance serves a process."""

    def __init__(self) -> None:
        self._count = 0
        self._idle = asyncio.Event()
        self._idle.set()

    @contextlib.contextmanager
    def answering(self) -> Generator[None]:
        """Counts one answer for as long as the block takes."""
        self._count += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._count -= 1
            if not self._count:
                self._idle.set()

    async def drained(self) -> None:
        """Waits until every answer begun so far is given; put a time-out around it."""
        quiet = 0
        # miru runs a view's callback in a task of its own that starts a turn of the loop later: look again.
        while quiet < 3:
            if not self._idle.is_set():
                await self._idle.wait()
                quiet = 0
            await asyncio.sleep(0)
            quiet += 1

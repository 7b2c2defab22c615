"""A process that is paused right before it sends something to Discord."""

from __future__ import annotations

import asyncio
from typing import Any


class Slow:
    """A way to Discord on which calls of one kind wait at a gate before they are sent."""

    def __init__(self, rest: Any, method: str) -> None:
        self._rest, self._method = rest, method
        self.reached, self.gate = asyncio.Event(), asyncio.Event()

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._rest, name)
        if name != self._method:
            return found

        async def late(*args: Any, **kwargs: Any) -> Any:
            self.reached.set()
            await self.gate.wait()
            return await found(*args, **kwargs)

        return late

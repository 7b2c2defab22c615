"""The gate before the sign service: every connection start of a process passes it, one after the other."""

from __future__ import annotations

import asyncio
from typing import Protocol

__all__ = ["Gate", "SignGate"]


class Gate(Protocol):
    """Who may ask the sign service for a signature, and when. May be shared by several processes."""

    async def pass_(self) -> None:
        """Wait until it is one's turn. Each pass is good for one signature."""
        ...

    async def limited(self, seconds: float) -> None:
        """Let nobody pass for that long: the service said so."""
        ...

    async def closed_for(self) -> float:
        """Seconds for which nobody passes because the service said so; 0 when the gate is open."""
        ...


class SignGate:
    """The gate of one process. Passes are `spacing` seconds apart, in the order they were asked for."""

    def __init__(self, spacing: float = 2.0) -> None:
        self._spacing = spacing
        self._turn = asyncio.Lock()
        self._next = 0.0
        self._closed_until = 0.0

    async def pass_(self) -> None:
        """Wait until it is one's turn."""
        loop = asyncio.get_running_loop()
        async with self._turn:
            while (wait := max(self._next, self._closed_until) - loop.time()) > 0:  # noqa: ASYNC110 - it may close longer meanwhile
                await asyncio.sleep(wait)
            self._next = loop.time() + self._spacing

    async def limited(self, seconds: float) -> None:
        """Let nobody pass for that long. A shorter time never opens the gate earlier."""
        self._closed_until = max(self._closed_until, asyncio.get_running_loop().time() + seconds)

    async def closed_for(self) -> float:
        """Seconds until the gate opens again."""
        return max(0.0, self._closed_until - asyncio.get_running_loop().time())

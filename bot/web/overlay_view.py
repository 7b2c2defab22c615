"""What overlays show of a guild, and which addresses admit to it."""

from __future__ import annotations

import orjson

from bot.web.audience import Sight
from components.overlay import ROWS, snapshot
from state.overlays import Overlays
from state.queue import Queue


class OverlayView:
    """The queue as overlays show it; its keys are the digests of the addresses."""

    name = "Overlays"
    pause = 0.25

    def __init__(self, queue: Queue, overlays: Overlays) -> None:
        self._queue = queue
        self._overlays = overlays

    async def keys(self, guild: int) -> frozenset[str]:
        """The digests of a guild's addresses."""
        return await self._overlays.digests(guild)

    async def look(self, guild: int) -> Sight:
        """One snapshot, and the digests it is for."""
        digests = await self._overlays.digests(guild)
        board = await self._queue.board(guild, count=ROWS)
        return Sight(orjson.dumps(snapshot(board)), digests)

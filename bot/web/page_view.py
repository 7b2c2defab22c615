"""What the public page shows of a guild: the same for all who watch, read once for each change."""

from __future__ import annotations

import asyncio
from typing import Final

import orjson

from bot.web.audience import Sight
from bot.web.last_shown import LastShown
from components.public_page import ROWS, snapshot, songs
from state.board import Board
from state.public_page import PublicPages
from state.queue import Queue

_KEPT: Final = 256
"""Parts of long queues of which the newest message is kept."""
_AT_ONCE: Final = 2


class PageView:
    """The queue as everybody may see it; its key is the token of the link, while the page is on.

    The revision in a message is that of the last move that changed what is shown: viewers are sent nothing
    for a like that moves no song.
    """

    name = "The page"
    pause = 0.75

    def __init__(self, queue: Queue, pages: PublicPages) -> None:
        self._queue = queue
        self._pages = pages
        self._shown = LastShown()
        self._parts: dict[tuple[int, int], tuple[Board, bytes]] = {}
        self._doors = asyncio.Semaphore(_AT_ONCE)

    async def keys(self, guild: int) -> frozenset[str]:
        """The token that opens the page of a guild, if one does."""
        return (await self._pages.find(guild)).keys

    async def look(self, guild: int) -> Sight:
        """What plays and the first songs."""
        # The board first: it opens a guild that Redis lost, which would pass for one whose page is closed.
        board = await self._queue.board(guild, count=ROWS)
        keys = await self.keys(guild)
        if not keys:
            return Sight(b"", keys)
        return Sight(self._shown.message(guild, board.revision, snapshot(board)), keys)

    async def part(self, guild: int, offset: int) -> bytes:
        """`ROWS` more songs of a long queue, as JSON. Raises what `look` raises."""
        async with self._doors:
            board = await self._queue.board(guild, offset=offset, count=ROWS)
        kept = self._parts.pop((guild, offset), None)
        if kept is None or kept[0] is not board:
            kept = (board, orjson.dumps({"revision": board.revision, "songs": songs(board)}))
        self._parts[guild, offset] = kept
        if len(self._parts) > _KEPT:
            del self._parts[next(iter(self._parts))]
        return kept[1]

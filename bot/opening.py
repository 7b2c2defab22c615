"""Opening a guild whose live state is unknown: once at a time in each process, however many people ask."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from functools import partial

from state.scripts import Opener


def together(opened: Opener) -> Opener:
    """Has all who want a guild opened at the same time wait for one who does it; each gets its error, if any.

    One by one each would take the lease of the rebuilding after those before it, only to find that the guild
    is there again; who presses in a busy guild would wait for a second, on a slow machine for half a minute.
    """
    under_way: dict[int, asyncio.Task[None]] = {}

    def over(guild: int, opening: asyncio.Task[None]) -> None:
        del under_way[guild]
        if not opening.cancelled():
            opening.exception()  # seen, should nobody wait any more

    async def opener(guild: int) -> None:
        if guild not in under_way:
            opening = asyncio.create_task(_work(opened(guild)), name=f"opening of {guild}")
            under_way[guild] = opening
            opening.add_done_callback(partial(over, guild))
        await asyncio.shield(under_way[guild])

    return opener


async def _work(work: Awaitable[None]) -> None:
    await work

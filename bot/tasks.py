"""Work that runs beside other work and ends with it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Coroutine
from typing import Any

from bot.errors import Reporter


@contextlib.asynccontextmanager
async def background(
    work: Coroutine[Any, Any, None], name: str, reporter: Reporter
) -> AsyncGenerator[asyncio.Task[None]]:
    """Runs work beside the block; its failure is reported, its end is the block's end."""

    async def reported() -> None:
        try:
            await work
        except Exception as error:
            reporter.report(error, name)

    task = asyncio.create_task(reported(), name=name)
    try:
        yield task
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        # A block that ends before the loop had a turn leaves work that never began.
        work.close()

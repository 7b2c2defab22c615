"""A line to Redis that can be cut for a while: what came through is booked, what did not waits."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from types import TracebackType
from typing import Self


class Line:
    """Passes a unix socket on to another. `cut` breaks what is open and refuses; `mend` ends that."""

    def __init__(self, listen: Path, target: Path) -> None:
        self.url = f"unix://{listen}"
        self._listen, self._target = listen, target
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        await self.mend()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.cut()

    async def mend(self) -> None:
        self._server = await asyncio.start_unix_server(self._accept, self._listen)

    async def cut(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        self._listen.unlink(missing_ok=True)
        tasks = tuple(self._open)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        there_reader, there_writer = await asyncio.open_unix_connection(self._target)
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(_pass(reader, there_writer))
                both.create_task(_pass(there_reader, writer))
        finally:
            self._open.discard(task)
            writer.transport.abort()
            there_writer.transport.abort()


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
    writer.transport.abort()

"""A wire between one process and one server: it may be slow, be cut, lose answers, or set off a trap."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self


@dataclass(slots=True, eq=False)
class Trap:
    """Springs once, at the next request that contains `pattern`; `after` lets the server do it first.

    Neither the request (before) nor its answer (after) goes on; `spring` is called in that very moment. With
    `hold` it is not lost: it waits on the wire until `released` is set, or the wire is mended.
    """

    pattern: bytes
    after: bool
    spring: Callable[[], None]
    hold: bool = False
    sprung: asyncio.Event = field(default_factory=asyncio.Event)
    released: asyncio.Event = field(default_factory=asyncio.Event)

    async def catch(self) -> None:
        """Spring, and come back when what was caught may go on. Raises ConnectionResetError if it is lost."""
        self.spring()
        self.sprung.set()
        if not self.hold:
            raise ConnectionResetError
        await self.released.wait()


class Wire:
    """Listens on one unix socket and passes everything to another. Whole until a fault says otherwise."""

    def __init__(self, listen: Path, target: Path) -> None:
        self.listen, self.target = listen, target
        self.delay = 0.0
        """Seconds for which everything is held, each way."""
        self._deaf = False
        self._trap: Trap | None = None
        self._held: list[Trap] = []
        self._server: asyncio.Server | None = None
        self._pipes: set[asyncio.Task[None]] = set()
        self.lost = 0
        """Answers that were lost on the way."""

    async def __aenter__(self) -> Self:
        await self.mend()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.cut()

    async def mend(self) -> None:
        """Make it whole again: connections are taken, nothing is held or lost."""
        self.delay, self._deaf, self._trap = 0.0, False, None
        while self._held:
            self._held.pop().released.set()
        if self._server is None:
            self.listen.unlink(missing_ok=True)
            self._server = await asyncio.start_unix_server(self._accept, self.listen)

    async def cut(self) -> None:
        """Drop every connection and take no other."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self.listen.unlink(missing_ok=True)
        await self.drop()

    async def drop(self) -> None:
        """Drop every connection; the next is taken."""
        for pipe in tuple(self._pipes):
            pipe.cancel()
        await asyncio.gather(*self._pipes, return_exceptions=True)

    def lose_answers(self) -> None:
        """From now on requests arrive, and instead of an answer the connection ends."""
        self._deaf = True

    def trap(self, pattern: bytes, spring: Callable[[], None], *, after: bool, hold: bool = False) -> Trap:
        """Set a trap for the next request that contains these bytes."""
        self._trap = Trap(pattern, after, spring, hold)
        if hold:
            self._held.append(self._trap)
        return self._trap

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._pipes.add(task)
        task.add_done_callback(self._pipes.discard)
        armed: list[Trap] = []
        with contextlib.suppress(OSError, asyncio.CancelledError, ExceptionGroup):
            there_reader, there_writer = await asyncio.open_unix_connection(self.target)
            try:
                async with asyncio.TaskGroup() as both:
                    both.create_task(self._requests(reader, there_writer, armed))
                    both.create_task(self._answers(there_reader, writer, armed))
            finally:
                there_writer.transport.abort()
        writer.transport.abort()

    async def _requests(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, armed: list[Trap]
    ) -> None:
        while data := await reader.read(65536):
            trap = self._trap
            if trap is not None and trap.pattern in data:
                self._trap = None
                if trap.after:
                    armed.append(trap)
                else:
                    await trap.catch()
            if self.delay:
                await asyncio.sleep(self.delay)
            writer.write(data)
            await writer.drain()
        raise ConnectionResetError

    async def _answers(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, armed: list[Trap]
    ) -> None:
        while data := await reader.read(65536):
            if armed:
                await armed.pop().catch()
            if self._deaf:
                self.lost += 1
                break
            if self.delay:
                await asyncio.sleep(self.delay)
            writer.write(data)
            await writer.drain()
        raise ConnectionResetError

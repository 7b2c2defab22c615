"""A wire to Redis that loses the reply of a script after the server has carried it out."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import TracebackType
from typing import Self


class Wire:
    """Passes a unix socket on to another; each `lose` drops one script's reply and cuts its connection.

    `lost` are the replies that were dropped, `passed` the scripts' replies that went through.
    """

    def __init__(self, listen: Path, target: Path) -> None:
        self.url = f"unix://{listen}"
        self._listen, self._target = listen, target
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._between: list[Callable[[], Awaitable[object]]] = []
        self.lost: list[bytes] = []
        self.passed: list[bytes] = []

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_unix_server(self._accept, self._listen)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._listen.unlink(missing_ok=True)

    def lose(self, between: Callable[[], Awaitable[object]] | None = None) -> None:
        """Loses the next script's reply; `between` is awaited after the server is done, before the cut."""

        async def nothing() -> None: ...

        self._between.append(between or nothing)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        there_reader, there_writer = await asyncio.open_unix_connection(self._target)
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                await self._converse(reader, writer, there_reader, there_writer)
        finally:
            writer.transport.abort()
            there_writer.transport.abort()

    async def _converse(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        there_reader: asyncio.StreamReader,
        there_writer: asyncio.StreamWriter,
    ) -> None:
        """Commands and replies take turns: the clients of these tests do not pipeline through the wire."""
        while command := await _whole(reader):
            there_writer.write(command)
            reply = await _whole(there_reader)
            if b"EVALSHA" in command and not reply.startswith(b"-NOSCRIPT"):
                if self._between:
                    self.lost.append(reply)
                    await self._between.pop(0)()
                    return
                self.passed.append(reply)
            writer.write(reply)


async def _whole(reader: asyncio.StreamReader) -> bytes:
    """One RESP value; empty at the end of the connection."""
    head = await reader.readline()
    if not head:
        return b""
    kind, rest = head[:1], head[1:-2]
    if kind in (b"$", b"=") and rest != b"-1":
        return head + await reader.readexactly(int(rest) + 2)
    parts = 0
    if kind in (b"*", b"~", b">") and rest != b"-1":
        parts = int(rest)
    elif kind == b"%":
        parts = 2 * int(rest)
    return head + b"".join([await _whole(reader) for _ in range(parts)])

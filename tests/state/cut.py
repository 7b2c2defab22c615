"""A wire to Redis that loses the reply of a script after the server has carried it out."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from redis.asyncio import Redis

from state.address import Form, parse
from state.connection import connect

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Wire:
    """Stands before a server at a unix socket, or each of a cluster.

    Each `lose` drops one script's reply and cuts its connection; `lost` are the replies that were dropped,
    `passed` the scripts' replies that went through.
    """

    def __init__(self, url: str, folder: Path) -> None:
        self._address, self._listen = parse(url), folder / "wire.sock"
        self._servers: list[asyncio.Server] = []
        # Of a cluster: where a server says it is, and where the wire to it is.
        self._ways: dict[tuple[str, int], tuple[str, int]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._between: list[Callable[[], Awaitable[object]]] = []
        self.lost: list[bytes] = []
        self.passed: list[bytes] = []

    async def __aenter__(self) -> Self:
        if self._address.form is Form.SOCKET:
            self._servers.append(await asyncio.start_unix_server(self._to_socket, self._listen))
            return self
        for node in self._address.nodes:
            server = await asyncio.start_server(partial(self._to_node, node), "127.0.0.1")
            self._servers.append(server)
            self._ways[node] = server.sockets[0].getsockname()
        return self

    def connect(self) -> Redis:
        """A client whose replies may be lost."""
        if self._address.form is Form.SOCKET:
            return connect(f"unix://{self._listen}")
        client: Any = connect(
            "redis+cluster://" + ",".join(f"{host}:{port}" for host, port in self._ways.values())
        )
        client.nodes_manager.address_remap = lambda node: self._ways[node]
        return client

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for server in self._servers:
            server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._listen.unlink(missing_ok=True)

    def lose(self, between: Callable[[], Awaitable[object]] | None = None) -> None:
        """Loses the next script's reply; `between` is awaited after the server is done, before the cut."""

        async def nothing() -> None: ...

        self._between.append(between or nothing)

    async def _to_socket(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._pass_on(reader, writer, asyncio.open_unix_connection(self._address.options["path"]))

    async def _to_node(
        self, node: tuple[str, int], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await self._pass_on(reader, writer, asyncio.open_connection(*node))

    async def _pass_on(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, there: Awaitable[Streams]
    ) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        there_reader, there_writer = await there
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
            if b"EVAL" in command and not reply.startswith(b"-NOSCRIPT"):
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

"""The viewers of an overlay, in a process of their own: `python -m benchmarks.overlay.clients`."""

from __future__ import annotations

import asyncio
import re
import time
from urllib.parse import urlsplit

from benchmarks.served import answer, orders

_TITLE = re.compile(rb"Change (\d+)")


class Client(asyncio.Protocol):
    """One connection to the stream. `begun` is its first snapshot, `shown` when (s) it had which change."""

    def __init__(self, request: bytes) -> None:
        self._request = request
        self._rest = b""
        self.begun = asyncio.get_running_loop().create_future()
        self.shown: list[tuple[float, int]] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Asks for the stream."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """Takes down what came; an event ends with an empty line."""
        *events, self._rest = (self._rest + data).split(b"\n\n")
        for event in events:
            if not self.begun.done():
                self.begun.set_result(None)
            if numbers := _TITLE.findall(event):
                self.shown.append((time.time(), max(map(int, numbers))))

    def connection_lost(self, exc: Exception | None) -> None:
        """An end that nobody asked for before anything came is an error."""
        if not self.begun.done():
            self.begun.set_exception(ConnectionError(f"The stream was refused: {self._rest[:80]!r}"))


async def serve() -> None:
    """Does as it is told.

    `open <count> <address>`: connects them, and answers when each has its first snapshot; `close`: answers
    with a line a client, what it was shown, and lets them go.
    """
    answer({})
    clients: list[Client] = []
    async for verb, *rest in orders():
        if verb == "open":
            clients = await opened(int(rest[0]), rest[1])
            answer(len(clients))
            continue
        for client in clients:
            client.transport.close()
            answer(client.shown)


async def opened(count: int, address: str) -> list[Client]:
    """So many clients that have all seen what is shown now."""
    parts = urlsplit(address)
    request = f"GET {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode()
    loop = asyncio.get_running_loop()
    clients: list[Client] = []
    for _ in range(count):
        _, client = await loop.create_connection(
            lambda: Client(request), parts.hostname or "", parts.port or 80
        )
        clients.append(client)
    await asyncio.gather(*(client.begun for client in clients))
    return clients


if __name__ == "__main__":
    asyncio.run(serve())

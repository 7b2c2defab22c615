"""A bot's session at the gateway, and the connection it has at the moment."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from aiohttp import ClientConnectionError, web

if TYPE_CHECKING:
    from collections.abc import Callable

_REPLAY: Final = 5000


class Connection:
    """One websocket. What is sent goes out in order, from a task of its own, so that nobody waits for it.

    The heartbeats of a `zombie` are not acknowledged.
    """

    def __init__(
        self,
        socket: web.WebSocketResponse,
        transport: asyncio.Transport | None,
        encode: Callable[[bytes], bytes] | None,
    ) -> None:
        self.session: Session | None = None
        self.closed_by_client: int | None = None
        self.zombie = False
        self._socket = socket
        self._transport = transport
        self._encode = encode
        self._closing = False
        self._outbox: asyncio.Queue[bytes | tuple[int, str]] = asyncio.Queue()
        self._writer = asyncio.create_task(self._write(), name="sandbox gateway writer")

    def send(self, payload: bytes) -> None:
        """Send one payload."""
        self._outbox.put_nowait(payload)

    def close(self, code: int, reason: str = "") -> None:
        """Close with a code once all that was sent before is out."""
        self._closing = True
        self._outbox.put_nowait((code, reason))

    def abort(self) -> None:
        """Cut the TCP connection without a word."""
        if self._transport is not None:
            self._transport.abort()

    async def finish(self) -> None:
        """Stop writing, after the close frame where one is on its way."""
        if not self._closing:
            self._writer.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._writer

    async def _write(self) -> None:
        with contextlib.suppress(ConnectionError, ClientConnectionError):
            while True:
                item = await self._outbox.get()
                if isinstance(item, tuple):
                    await self._socket.close(code=item[0], message=item[1].encode())
                    return
                if self._encode is None:
                    await self._socket.send_str(item.decode())
                else:
                    await self._socket.send_bytes(self._encode(item))


@dataclass(eq=False)
class Session:
    """What the gateway keeps of a shard: enough to resume it on another connection."""

    shard_id: int
    shard_count: int
    intents: int
    id: str = field(default_factory=lambda: secrets.token_hex(16))
    seq: int = 0
    replay: deque[tuple[int, bytes]] = field(default_factory=lambda: deque(maxlen=_REPLAY))
    connection: Connection | None = None
    left_at: float = 0.0
    resumes: int = 0

    def covers(self, guild_id: int | None) -> bool:
        """Whether events of this guild, or direct ones where None, belong to this shard."""
        return (0 if guild_id is None else (guild_id >> 22) % self.shard_count) == self.shard_id

    def dispatch(self, event: str, data: bytes) -> None:
        """Send an event, or keep it for a resume."""
        self.seq += 1
        payload = b'{"op":0,"s":%d,"t":"%s","d":%s}' % (self.seq, event.encode(), data)
        self.replay.append((self.seq, payload))
        if self.connection is not None:
            self.connection.send(payload)

    def can_resume_from(self, seq: int) -> bool:
        """Whether every event after `seq` is still here."""
        if not 0 <= seq <= self.seq:
            return False
        return seq == self.seq or (bool(self.replay) and self.replay[0][0] <= seq + 1)

    def attach(self, connection: Connection) -> None:
        """Take over a connection; an older one is closed."""
        if self.connection is not None and self.connection is not connection:
            self.connection.session = None
            self.connection.close(4000, "Session resumed elsewhere")
        self.connection = connection
        connection.session = self

    def detach(self, connection: Connection) -> None:
        """Lose a connection."""
        if self.connection is connection:
            self.connection = None
            self.left_at = time.monotonic()

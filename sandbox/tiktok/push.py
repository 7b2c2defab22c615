"""The push socket: admission by signature, frames out, acknowledgements and heartbeats in."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import time
from collections import deque
from typing import TYPE_CHECKING, Final

from aiohttp import WSCloseCode, WSMsgType, web

from sandbox.tiktok.books import Delivery
from sandbox.tiktok.frames import ClientFrame, push_frame
from sandbox.tiktok.wire import read

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sandbox.tiktok.live import Live
    from sandbox.tiktok.server import TikTok

# How long a connection that shall be closed waits for acknowledgements, in seconds.
_GRACE: Final = 2.0


def abort(request: web.BaseRequest) -> None:
    """Cut the TCP connection of a request with a reset."""
    transport = request.transport
    if transport is None:
        return
    peer = transport.get_extra_info("socket")
    if peer is not None:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


class Connection:
    """One client on the push socket of a room. `stalled` keeps it open and silent."""

    def __init__(
        self, live: Live, delivery: Delivery, request: web.Request, ws: web.WebSocketResponse, compress: bool
    ) -> None:
        self.live = live
        self.delivery = delivery
        self.compress = compress
        self.stalled = False
        self._request = request
        self._ws = ws
        self._queue: deque[tuple[int, bytes, Sequence[int]]] = deque()
        self._frames: dict[int, Sequence[int]] = {}
        self._changed: set[asyncio.Future[None]] = set()
        self._wake = asyncio.Event()
        self._closing: int | None = None

    @property
    def open(self) -> bool:
        """Whether the client is still there."""
        return self.delivery.closed_at is None

    @property
    def settled(self) -> bool:
        """Whether everything sent is acknowledged."""
        return not self._queue and not self._frames

    def push(self, log_id: int, frame: bytes, ids: Sequence[int]) -> None:
        """Put a frame in line. One that stalls loses it."""
        if not self.stalled and self._closing is None:
            self._queue.append((log_id, frame, ids))
            self._wake.set()

    def finish(self, code: int = WSCloseCode.OK) -> None:
        """Close with a code once everything in line is written, and acknowledged if that comes soon."""
        self._closing = code
        self._wake.set()

    def reset(self) -> None:
        """Cut the TCP connection without a word."""
        self._queue.clear()
        self.delivery.ending = self.delivery.ending or "reset"
        abort(self._request)

    async def wait_until(self, condition: Callable[[Connection], bool], timeout: float = 15.0) -> None:
        """Wait until a condition on this connection holds. Raises TimeoutError."""
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(timeout):
            while not condition(self):
                waiter: asyncio.Future[None] = loop.create_future()
                self._changed.add(waiter)
                try:
                    await waiter
                finally:
                    self._changed.discard(waiter)

    async def acknowledged(self, timeout: float = 15.0) -> None:
        """Wait until everything sent so far is acknowledged. Raises TimeoutError."""
        self.live.flush()
        await self.wait_until(lambda self: self.settled, timeout)

    async def run(self) -> None:
        """Write frames and read what the client says until either end closes."""
        writer = asyncio.create_task(self._write())
        try:
            async for message in self._ws:
                if message.type is WSMsgType.BINARY:
                    try:
                        self._hear(message.data)
                    except ValueError as wrong:
                        self.delivery.ending = f"the client sent no push frame: {wrong}"
                        await self._ws.close(code=WSCloseCode.INVALID_TEXT)
                        break
                    self._tell()
        finally:
            writer.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await writer
            code = self._ws.close_code
            self.delivery.ending = self.delivery.ending or f"closed {code}"
            self.delivery.closed_at = time.time()
            self._tell()

    async def _write(self) -> None:
        while True:
            while self._queue:
                log_id, frame, ids = self._queue.popleft()
                if ids:
                    self._frames[log_id] = ids
                    self.delivery.written.extend(ids)
                try:
                    await self._ws.send_bytes(frame)
                except (ConnectionError, RuntimeError):
                    return
            if self._closing is not None:
                with contextlib.suppress(TimeoutError):
                    await self.wait_until(lambda self: self.stalled or self.settled, _GRACE)
                self.delivery.ending = f"closed {self._closing} by TikTok"
                await self._ws.close(code=self._closing)
                return
            self._wake.clear()
            await self._wake.wait()

    def _hear(self, data: bytes) -> None:
        frame = ClientFrame.parse(data)
        match frame.kind:
            case "ack":
                self.delivery.acks += 1
                self.delivery.acked.update(self._frames.pop(frame.log_id, ()))
            case "hb":
                self.delivery.heartbeats += 1
                if not self.stalled:
                    self._queue.append((0, push_frame(0, "hb", frame.payload), ()))
                    self._wake.set()
            case "im_enter_room":
                self.delivery.entered = read(frame.payload).get(1) == [self.live.room]
            case _:
                pass

    def _tell(self) -> None:
        for waiter in tuple(self._changed):
            if not waiter.done():
                waiter.set_result(None)


async def serve(tiktok: TikTok, request: web.Request) -> web.StreamResponse:
    """Answer a websocket request: 200 or 400 with a reason for a bad one, as TikTok does."""
    query = request.query
    grant, reason = tiktok.signer.redeem(query.get("imprp", ""), query.get("room_id", ""), request.cookies)
    if grant is None:
        return web.Response(status=200, headers={"Handshake-Msg": reason})
    live = grant.live
    ws = web.WebSocketResponse(protocols=("echo-protocol",), max_msg_size=2**16)
    ws.headers["Handshake-Options"] = f"ping-interval={tiktok.ping_interval:g}"
    ws.headers["Handshake-Msg"] = "success"
    await ws.prepare(request)
    delivery = Delivery(len(tiktok.books.deliveries) + 1, live.host.name, live.room, time.time())
    delivery.history = grant.history
    tiktok.books.deliveries.append(delivery)
    connection = Connection(live, delivery, request, ws, query.get("compress") == "gzip")
    live.flush()
    missed = live.since(grant.cursor)
    if missed:
        log_id = live.next_frame()
        frame = live.encode(missed, log_id, compress=connection.compress)
        connection.push(log_id, frame, [message.id for message, _ in missed])
    live.connections.append(connection)
    tiktok.changed()
    try:
        await connection.run()
    finally:
        live.connections.remove(connection)
        tiktok.changed()
    return ws

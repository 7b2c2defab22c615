"""One attempt with TikTokLive: the only module that imports the library, which takes 4 s and 65-95 MB.

What the library is known to do wrong is met here: it is started by `start()` alone and never told to run,
connect or close; each attempt has a client of its own; the sign service is asked with a timeout and with TLS
checks; its refusals are read from the answer itself; what the library leaves behind after an abnormal end is
collected.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
import warnings
from collections import Counter
from collections.abc import AsyncIterator
from functools import cache
from types import TracebackType
from typing import Any, Final, Self, cast

import betterproto2
import httpx

with warnings.catch_warnings():
    # websockets deprecated the classes the library is built on.
    warnings.simplefilter("ignore", DeprecationWarning)
    # It works the types of a message out anew for each of its fields, which is a sixth of the import below.
    _message = cast(Any, betterproto2.Message)
    _message._type_hints = classmethod(cache(_message._type_hints.__func__))
    from pyee.asyncio import AsyncIOEventEmitter
    from TikTokLive import TikTokLiveClient
    from TikTokLive.client.errors import (
        InitialCursorMissingError,
        SignAPIError,
        UserOfflineError,
        WebcastBlockedError,
        WebsocketURLMissingError,
    )
    from TikTokLive.client.web.web_client import TikTokWebClient
    from TikTokLive.events.custom_events import UnknownEvent
    from TikTokLive.events.proto_events import EVENT_MAPPINGS
    from TikTokLive.proto import ProtoMessageFetchResult, WebcastPushFrame
    from websockets.exceptions import ConnectionClosedOK, WebSocketException
    from websockets.legacy.client import WebSocketClientProtocol

from integrations.tiktok.decoders import Decoded
from integrations.tiktok.events import LiveEvent
from integrations.tiktok.frames import CorruptFrame, Inbox
from integrations.tiktok.source import (
    Dropped,
    Endpoints,
    HostOffline,
    SignDown,
    SourceBlocked,
    SourceDown,
    SourceError,
)

__all__ = ["EVENT_MAPPINGS", "Attempt", "TikTokWebClient", "warm", "web_client"]

_log = logging.getLogger(__name__)

_LARGEST_FRAME: Final = 16 << 20  # bytes; the library's default of 1 MiB ends a busy live
_CLOSING: Final = 1.0  # seconds for a polite close
_NO_CLOSE_FRAME: Final = 1006


def warm() -> None:
    """Let the library's parsers build now what they else build, in some 100 ms, while a live waits."""
    result = ProtoMessageFetchResult(cursor="-", internal_ext="-", need_ack=True, is_first=True)
    ProtoMessageFetchResult().parse(bytes(result))
    WebcastPushFrame().parse(bytes(WebcastPushFrame(log_id=1, payload_type="msg", payload=bytes(result))))


def web_client(endpoints: Endpoints, tls: ssl.SSLContext, timeout: float) -> TikTokWebClient:
    """A client for TikTok's pages and API that looks like the library's."""
    return TikTokWebClient(
        httpx_kwargs={"timeout": timeout, "verify": tls},
        signer_kwargs={"sign_api_base": endpoints.sign, "sign_api_key": endpoints.key},
    )


class _Socket(WebSocketClientProtocol):
    """The library's websocket, read by an inbox: the library sees what a connection begins with."""

    def __init__(self, *args: Any, inbox: Inbox, **options: Any) -> None:
        super().__init__(*args, **options)
        self._inbox = inbox

    async def __aiter__(self) -> AsyncIterator[str | bytes]:
        self._inbox.opened.set()
        try:
            while not self._inbox.ended:
                data = await self.recv()
                receipt = await self._inbox.accept(data.encode() if isinstance(data, str) else data)
                # What came before a close is still to be read, though nothing can be sent any more.
                if receipt.acknowledgement is not None and self.open:
                    await self.send(receipt.acknowledgement)
                if receipt.for_library is not None:
                    yield receipt.for_library
        except ConnectionClosedOK:
            return


class Attempt:
    """A connection to one live, from the signature on. It is the stream of that connection.

    `timeout` is in seconds, for the signature and then for the websocket.
    """

    def __init__(
        self,
        handle: str,
        room: int,
        inbox: Inbox,
        endpoints: Endpoints,
        sign: httpx.AsyncClient,
        tls: ssl.SSLContext,
        timeout: float,
    ) -> None:
        self.room = room
        self._timeout = timeout
        self._inbox = inbox
        self._sockets: list[_Socket] = []
        self._client = TikTokLiveClient(
            unique_id=handle,
            web_kwargs={
                "httpx_kwargs": {"verify": tls},
                "signer_kwargs": {"sign_api_base": endpoints.sign, "sign_api_key": endpoints.key},
            },
            ws_kwargs={
                "create_protocol": self._socket,
                "max_size": _LARGEST_FRAME,
                "max_queue": 4,
                "open_timeout": timeout,
                "close_timeout": timeout,
            },
        )
        self._client.web.signer.sdk_client.set_async_httpx_client(sign)
        self._client.add_listener(cast(Any, Decoded), inbox.add_decoded)
        self._client.add_listener(UnknownEvent, self._unknown)
        AsyncIOEventEmitter.add_listener(self._client, "error", self._failed)
        self._task: asyncio.Task[None] | None = None
        self._end: asyncio.Task[None] | None = None
        self._closing: asyncio.Task[None] | None = None

    def _socket(self, *args: Any, **options: Any) -> _Socket:
        socket = _Socket(*args, inbox=self._inbox, **options)
        self._sockets.append(socket)
        return socket

    def _unknown(self, event: UnknownEvent) -> None:
        self._inbox.reader.skip("unknown", "in the first answer")

    def _failed(self, error: Exception) -> None:
        _log.error("A message of the first answer could not be handled", exc_info=error)
        self._inbox.reader.skip("unparsable", "in the first answer")

    async def start(self) -> Self:
        """Get the signature, open the websocket, and wait until it is up.

        Raises:
            SourceError: any of those that `LiveSource.open` names.
        """
        try:
            async with asyncio.timeout(self._timeout):
                self._task = await self._client.start(room_id=self.room, fetch_live_check=False)
            self._task.add_done_callback(lambda _: self._inbox.opened.set())
            async with asyncio.timeout(self._timeout + 1):
                await self._inbox.opened.wait()
            if self._task.done():
                self._task.result()
        except BaseException as error:
            await self.aclose()
            if isinstance(error, Exception):
                raise _understood(error, signed=self._task is not None) from error
            raise
        self._end = asyncio.create_task(self._watch(self._task))
        return self

    async def _watch(self, task: asyncio.Task[None]) -> None:
        """Wait for the end, and say how it came."""
        await asyncio.wait({task})
        error = None if task.cancelled() else task.exception()
        try:
            await self._read_rest()
        except CorruptFrame as corrupt:
            error = corrupt
        code = next((socket.close_code for socket in self._sockets), None)
        if self._inbox.ended:
            self._inbox.finish(None)
        elif isinstance(error, CorruptFrame):
            self._inbox.finish(Dropped(f"TikTok sent what cannot be read: {error}"))
        elif code is not None and code != _NO_CLOSE_FRAME:
            self._inbox.finish(Dropped(f"TikTok closed the connection ({code})"))
        else:
            self._inbox.finish(Dropped("the connection to TikTok broke"))

    async def _read_rest(self) -> None:
        """Read the frames that came before the close: the library stops as soon as it sees that one."""
        for socket in self._sockets:
            with contextlib.suppress(WebSocketException):
                while not self._inbox.ended:
                    data = await socket.recv()
                    await self._inbox.accept(data.encode() if isinstance(data, str) else data)

    @property
    def skipped(self) -> Counter[str]:
        """What could not be read, by kind."""
        return self._inbox.skipped

    @property
    def depth(self) -> int:
        """Events that wait to be taken."""
        return self._inbox.depth

    @property
    def last_frame(self) -> float:
        """When anything last arrived, on the event loop's clock."""
        return self._inbox.last_frame

    @property
    def last_message(self) -> float:
        """When messages last arrived, on the event loop's clock."""
        return self._inbox.last_message

    def take(self) -> list[LiveEvent]:
        """Take what waits, without waiting."""
        return self._inbox.take()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> list[LiveEvent]:
        return await self._inbox.next()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the socket, politely for a second, and collect everything, even when cancelled."""
        if self._closing is None:
            self._closing = asyncio.create_task(self._close())
        await asyncio.shield(self._closing)

    async def _close(self) -> None:
        self._inbox.finish(None)
        # The library keeps the task of its heartbeats to itself, and leaves it behind when a socket breaks.
        beat = cast("asyncio.Task[None] | None", self._client._ws._ping_loop)  # pyright: ignore[reportPrivateUsage]
        tasks: set[asyncio.Task[Any]] = {task for task in (self._task, self._end, beat) if task is not None}
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=_CLOSING)
        for socket in self._sockets:
            if (transport := getattr(socket, "transport", None)) is not None:
                transport.abort()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_CLOSING):
                        await socket.wait_closed()
        if tasks:
            await asyncio.wait(tasks, timeout=_CLOSING)
        for task in tasks:
            if task.done() and not task.cancelled():
                task.exception()  # seen: it is not reported as never retrieved
        self._client.remove_all_listeners()
        with contextlib.suppress(httpx.HTTPError):
            await self._client.web.close()


def _understood(error: Exception, *, signed: bool) -> SourceError:
    """Say in our words why a connection did not come about. `signed`: the signature was had."""
    if isinstance(error, SourceError):
        return error
    if isinstance(error, UserOfflineError):
        return HostOffline("the host is not live")
    if isinstance(error, WebcastBlockedError | InitialCursorMissingError | WebsocketURLMissingError):
        return SourceBlocked(f"TikTok refused the connection: {error}")
    if isinstance(error, SignAPIError):
        return SignDown(f"the sign service gave no signature: {error.reason.name.lower().replace('_', ' ')}")
    if signed:
        if isinstance(error, WebSocketException):
            return SourceDown(f"TikTok did not open the connection: {error}")
        return SourceDown(f"TikTok cannot be reached: {error!r}")
    if isinstance(error, httpx.TimeoutException | TimeoutError):
        return SignDown("the sign service did not answer in time")
    if isinstance(error, httpx.HTTPError):
        return SignDown(f"the sign service cannot be reached: {error!r}")
    return SignDown(f"the sign service answered with what cannot be read: {error!r}")

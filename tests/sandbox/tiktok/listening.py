"""The real TikTokLive client, pointed at a double, with all it hears in order."""

from __future__ import annotations

import asyncio
import contextlib
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from TikTokLive import TikTokLiveClient
from TikTokLive.client.web.web_settings import WebDefaults
from TikTokLive.events import ConnectEvent
from TikTokLive.events.base_event import BaseEvent
from TikTokLive.events.custom_events import WebsocketResponseEvent

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from sandbox.tiktok import TikTok


class Listener:
    """A client and what it heard. `task` is the library's own, from `start`."""

    def __init__(self, tiktok: TikTok, name: str, **kwargs: Any) -> None:
        point_at(tiktok)
        self.client = TikTokLiveClient(f"@{name}", **kwargs)
        self.heard: list[Any] = []
        self.task: asyncio.Task[None] | None = None
        self._changed = asyncio.Event()
        self._emit = self.client.emit
        self.client.emit = self._hear

    def _hear(self, event: str, *args: Any, **kwargs: Any) -> bool:
        if args and type(args[0]) is not WebsocketResponseEvent:
            self.heard.append(args[0])
            self._changed.set()
        return self._emit(event, *args, **kwargs)

    async def start(self, **options: Any) -> None:
        """Connect; the library's task runs on its own from here."""
        async with asyncio.timeout(10):
            self.task = await self.client.start(**options)

    def of(self, kind: type[BaseEvent]) -> list[Any]:
        """Give the events heard of exactly that class."""
        return [each for each in self.heard if type(each) is kind]

    async def hears(self, kind: type[BaseEvent], count: int = 1, timeout: float = 10.0) -> list[Any]:
        """Wait for so many events of exactly that class. Raises TimeoutError."""
        async with asyncio.timeout(timeout):
            while len(self.of(kind)) < count:
                self._changed.clear()
                await self._changed.wait()
        return self.of(kind)

    async def ends(self, timeout: float = 10.0) -> BaseException | None:
        """Wait for the end of the library's task and give what it raised."""
        assert self.task is not None
        await asyncio.wait([self.task], timeout=timeout)
        assert self.task.done(), "the client is still connected"
        return None if self.task.cancelled() else self.task.exception()

    async def close(self) -> None:
        """Leave nothing of the client behind."""
        # The library forgets this task when a connection breaks.
        ping: Any = self.client._ws._ping_loop  # pyright: ignore[reportPrivateUsage, reportUnknownVariableType]
        await self.client.disconnect()
        if ping is not None:
            ping.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await ping
        if self.task is not None:
            self.task.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await self.task
        await self.client.web.close()
        await self.client.web.signer.sdk_client.get_async_httpx_client().aclose()


def point_at(tiktok: TikTok) -> None:
    """Point the library's settings at a double."""
    WebDefaults.tiktok_app_url = tiktok.app_url
    WebDefaults.tiktok_webcast_url = tiktok.webcast_url
    WebDefaults.tiktok_sign_url = tiktok.sign_url
    WebDefaults.tiktok_sign_api_key = tiktok.sign_key


@asynccontextmanager
async def listening(
    tiktok: TikTok, name: str, client: dict[str, Any] | None = None, **options: Any
) -> AsyncGenerator[Listener]:
    """Connect a client, made with the settings of `client`, to a host and wait for its ConnectEvent."""
    listener = Listener(tiktok, name, **(client or {}))
    try:
        await listener.start(**options)
        await listener.hears(ConnectEvent)
        yield listener
    finally:
        await listener.close()

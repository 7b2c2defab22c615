"""Who reads a live without booking it: TikTokLive as it is installed, and our source."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from benchmarks.tiktok.double import HANDLE, Double
from integrations.tiktok.source import LiveStream
from integrations.tiktok.tiktoklive import TikTokLiveSource


async def stock(tiktok: Double, frames: int, wide: int) -> float:
    """Take that many frames with TikTokLive as it is installed, and a handler that does nothing but count."""
    from TikTokLive import TikTokLiveClient
    from TikTokLive.client.web.web_settings import WebDefaults
    from TikTokLive.events import CommentEvent, ConnectEvent, GiftEvent, JoinEvent, LikeEvent, SocialEvent

    WebDefaults.tiktok_app_url = tiktok.endpoints.app
    WebDefaults.tiktok_webcast_url = tiktok.endpoints.webcast
    WebDefaults.tiktok_sign_url = tiktok.endpoints.sign
    WebDefaults.tiktok_sign_api_key = tiktok.endpoints.key
    client: Any = TikTokLiveClient(HANDLE, ws_kwargs={"max_size": 16 << 20})
    connected, enough = asyncio.Event(), asyncio.Event()
    left = 0

    def count(_: object) -> None:
        nonlocal left
        left -= 1
        if not left:
            enough.set()

    def up(_: object) -> None:
        connected.set()

    client.add_listener(ConnectEvent, up)
    for kind in (CommentEvent, GiftEvent, JoinEvent, LikeEvent, SocialEvent):
        client.add_listener(kind, count)
    task = await client.start(room_id=tiktok.room, fetch_live_check=False)
    try:
        await connected.wait()
        for sent in (1, frames):
            left = sent * wide
            enough.clear()
            start = time.perf_counter()
            tiktok.send(sent, wide)
            await enough.wait()
        return frames * wide / (time.perf_counter() - start)
    finally:
        await client.disconnect()
        await asyncio.wait({task})
        await client.web.close()


async def ours(tiktok: Double, frames: int, wide: int) -> float:
    """Take that many frames with our source."""
    async with (
        TikTokLiveSource(tiktok.endpoints) as source,
        await source.open(HANDLE, tiktok.room) as stream,
    ):
        tiktok.send(1, wide)
        await taken(stream, wide)
        start = time.perf_counter()
        tiktok.send(frames, wide)
        await taken(stream, frames * wide)
        return frames * wide / (time.perf_counter() - start)


async def taken(stream: LiveStream, count: int) -> None:
    """Take so many events."""
    while count > 0:
        count -= len(await anext(stream))

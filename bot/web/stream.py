"""What a page listens to: the newest message whenever it has changed, notices, and signs of life."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from typing import Final

import orjson
from aiohttp import web
from redis.exceptions import RedisError

from bot.web.audience import Audiences, Crowded

HEARTBEAT: Final = 15.0
"""Seconds of silence after which a stream says that it is alive; many proxies close it after 60."""


async def stream(
    request: web.Request, guild: int, key: str, audiences: Audiences, headers: Mapping[str, str]
) -> web.StreamResponse:
    """Lets a page watch for as long as its key admits; the last event is then `gone`.

    Raises `HTTPNotFound` for a key that does not, `HTTPServiceUnavailable` while Redis is away or too
    many watch.
    """
    try:
        return await _stream(request, guild, key, audiences, headers)
    except Crowded:
        raise web.HTTPServiceUnavailable(headers={**headers, "Retry-After": "10"}) from None
    except (RedisError, OSError):
        raise web.HTTPServiceUnavailable(headers={**headers, "Retry-After": "2"}) from None


async def _stream(
    request: web.Request, guild: int, key: str, audiences: Audiences, headers: Mapping[str, str]
) -> web.StreamResponse:
    if key not in await audiences.keys(guild):
        raise web.HTTPNotFound(headers=headers)
    async with audiences.watching(guild) as audience:
        # Asked once more from within: what takes the key away from here on is heard by the audience, and a
        # key that is newer than its last look is let in.
        keys = await audiences.keys(guild)
        if key not in keys:
            raise web.HTTPNotFound(headers=headers)
        audience.show(audience.message, keys)
        response = web.StreamResponse(
            headers={
                **headers,
                "Content-Type": "text/event-stream",
                "Cache-Control": "no-store",
                # Else nginx keeps what it gets until it is much.
                "X-Accel-Buffering": "no",
            }
        )
        await response.prepare(request)
        # Whoever is cut off needs no answer.
        with contextlib.suppress(ConnectionError):
            seen = told = 0
            while key in audience.keys and not audiences.closed:
                changed = audience.changed
                if audience.version != seen:
                    seen = audience.version
                    await response.write(b"data: " + audience.message + b"\n\n")
                    continue
                if audience.notices is not None and audience.told > told:
                    told, news = audience.told, audience.notices.since(told)
                    if news:
                        await response.write(b"event: notices\ndata: " + orjson.dumps(news) + b"\n\n")
                    continue
                try:
                    await asyncio.wait_for(changed.wait(), HEARTBEAT)
                except TimeoutError:
                    await response.write(b"event: beat\ndata: 1\n\n")
            if not audiences.closed:
                await response.write(b"event: gone\ndata: 1\n\n")
        return response

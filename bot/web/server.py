"""Serves the overlays: their page, its files, and a stream of what it shows."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from importlib.resources import files
from typing import Final

from aiohttp import web
from redis.exceptions import RedisError

from bot.errors import Reporter, StartupError
from bot.settings import Settings
from bot.stores import Stores
from bot.web.audience import Audiences, Crowded
from components.overlay import VIEWS
from state.overlays import read_token

HEARTBEAT: Final = 15.0
"""Seconds of silence after which a stream says that it is alive; many proxies close it after 60."""

_CLOSING: Final = 1.0
_KINDS: Final = {"overlay.css": "text/css", "overlay.js": "text/javascript"}
# Whoever broadcasts adds styles of their own to the page, with pictures and fonts from anywhere.
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src data: https:; font-src data: https:; base-uri 'none'; form-action 'none'"
)
_HEADERS: Final = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": _POLICY,
    # The address is the key: it goes to nobody else.
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}


@contextlib.asynccontextmanager
async def serving(settings: Settings, stores: Stores, reporter: Reporter) -> AsyncGenerator[None]:
    """Serves inside the block if the settings name a port. Raises `StartupError` when it is taken."""
    if not settings.web_port:
        yield
        return
    audiences = Audiences(stores.queue, stores.overlays, stores.feed, reporter)
    runner = web.AppRunner(_application(audiences), access_log=None, shutdown_timeout=_CLOSING)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, settings.web_host, settings.web_port).start()
        except OSError as error:
            raise StartupError(
                f"Overlays cannot be served on {settings.web_host}, port {settings.web_port}: "
                f"{error.strerror or error}. Check SKIPLINE_WEB_HOST and SKIPLINE_WEB_PORT."
            ) from error
        yield
    finally:
        audiences.close()
        await runner.cleanup()


def _application(audiences: Audiences) -> web.Application:
    folder = files("bot.web") / "static"
    page = (folder / "overlay.html").read_text("utf-8")
    kept = {name: (folder / name).read_text("utf-8") for name in _KINDS}

    async def show(request: web.Request) -> web.Response:
        # Whether the token opens anything is asked by the stream alone, so that a page that was opened while
        # Redis is away, or before its guild was rebuilt, comes up by itself.
        if request.match_info["view"] not in VIEWS:
            raise web.HTTPNotFound(headers=_HEADERS)
        return web.Response(text=page, content_type="text/html", headers=_HEADERS)

    async def file(request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if name not in kept:
            raise web.HTTPNotFound(headers=_HEADERS)
        return web.Response(text=kept[name], content_type=_KINDS[name], headers=_HEADERS)

    async def events(request: web.Request) -> web.StreamResponse:
        read = read_token(request.match_info["token"])
        if read is None:
            raise web.HTTPNotFound(headers=_HEADERS)
        try:
            return await _stream(request, *read, audiences)
        except Crowded:
            raise web.HTTPServiceUnavailable(headers={**_HEADERS, "Retry-After": "10"}) from None
        except (RedisError, OSError):
            raise web.HTTPServiceUnavailable(headers={**_HEADERS, "Retry-After": "2"}) from None

    application = web.Application()
    application.add_routes(
        [
            web.get("/overlay/static/{name}", file),
            web.get("/overlay/{token}/events", events),
            web.get("/overlay/{token}/{view}", show),
        ]
    )
    return application


async def _stream(request: web.Request, guild: int, digest: str, audiences: Audiences) -> web.StreamResponse:
    if digest not in await audiences.digests(guild):
        raise web.HTTPNotFound(headers=_HEADERS)
    async with audiences.watching(guild) as audience:
        # Asked once more from within: what takes the address away from here on is heard by the audience, and
        # an address that is newer than its last look is let in.
        digests = await audiences.digests(guild)
        if digest not in digests:
            raise web.HTTPNotFound(headers=_HEADERS)
        audience.show(audience.message, digests)
        response = web.StreamResponse(
            headers={
                **_HEADERS,
                "Content-Type": "text/event-stream",
                "Cache-Control": "no-store",
                # Else nginx keeps what it gets until it is much.
                "X-Accel-Buffering": "no",
            }
        )
        await response.prepare(request)
        # Whoever is cut off needs no answer.
        with contextlib.suppress(ConnectionError):
            seen = 0
            while digest in audience.digests and not audiences.closed:
                changed = audience.changed
                if audience.version != seen:
                    seen = audience.version
                    await response.write(b"data: " + audience.message + b"\n\n")
                    continue
                try:
                    await asyncio.wait_for(changed.wait(), HEARTBEAT)
                except TimeoutError:
                    await response.write(b"event: beat\ndata: 1\n\n")
            if not audiences.closed:
                await response.write(b"event: gone\ndata: 1\n\n")
        return response

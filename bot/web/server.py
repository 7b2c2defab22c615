"""Serves the overlays: their page, its files, and a stream of what it shows."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator
from importlib.resources import files
from typing import Final

from aiohttp import web

from bot.errors import Reporter, StartupError
from bot.settings import Settings
from bot.stores import Stores
from bot.web.audience import Audiences
from bot.web.overlay_view import OverlayView
from bot.web.stream import stream
from components.overlay import VIEWS
from state.overlays import read_token

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
    audiences = Audiences(OverlayView(stores.queue, stores.overlays), stores.feed, reporter)
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
        return await stream(request, *read, audiences, _HEADERS)

    application = web.Application()
    application.add_routes(
        [
            web.get("/overlay/static/{name}", file),
            web.get("/overlay/{token}/events", events),
            web.get("/overlay/{token}/{view}", show),
        ]
    )
    return application

"""Serves the overlays and the public pages where the settings say so."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator
from typing import Final

from aiohttp import web

from bot.errors import Reporter, StartupError
from bot.settings import Settings
from bot.stores import Stores
from bot.web.audience import Audiences
from bot.web.overlay_routes import overlay_routes
from bot.web.overlay_view import OverlayView
from bot.web.page_routes import page_routes
from bot.web.page_view import PageView
from state.lifts import Lifts

_CLOSING: Final = 1.0


@contextlib.asynccontextmanager
async def serving(settings: Settings, stores: Stores, reporter: Reporter) -> AsyncGenerator[None]:
    """Serves inside the block if the settings name a port. Raises `StartupError` when it is taken."""
    if not settings.web_port:
        yield
        return
    overlay_view = OverlayView(stores.queue, stores.overlays, Lifts(stores.redis))
    page_view = PageView(stores.queue, stores.public_pages)
    overlays, readers = (Audiences(view, stores.feed, reporter) for view in (overlay_view, page_view))
    application = web.Application()
    application.add_routes(overlay_routes(overlays))
    application.add_routes(page_routes(readers, page_view, stores.public_pages))
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=_CLOSING)
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
        for audiences in (overlays, readers):
            audiences.close()
        await runner.cleanup()

"""Serves the overlays and the public pages where the settings say so."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
from collections.abc import AsyncGenerator
from typing import Final

from aiohttp import web

from bot.errors import Reporter, StartupError
from bot.settings import Role, Settings
from bot.stores import Stores
from bot.tasks import background
from bot.web.audience import Audiences
from bot.web.overlay_routes import overlay_routes
from bot.web.overlay_view import OverlayView
from bot.web.page_routes import page_routes
from bot.web.page_view import PageView
from state.lifts import Lifts

_log = logging.getLogger("skipline.web")

_CLOSING: Final = 1.0

AGAIN_SECONDS: Final = 0.5
"""How often a process looks whether a port is free that another one has."""


@contextlib.asynccontextmanager
async def serving(settings: Settings, stores: Stores, reporter: Reporter) -> AsyncGenerator[None]:
    """Serves inside the block if the settings name a port, and has all processes know where.

    Raises `StartupError` when the port cannot be had. One of several processes (role gateway or worker) waits
    for a port that is taken, so that they can be given the same one: whoever has it serves, and when that one
    ends another takes it over.
    """
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
        bound = await _bound(runner, settings)
        if not bound and settings.role is Role.ALL:
            raise _refused(settings, "another program has it")
        work = _serve(runner, settings, stores, bound=bound)
        async with background(work, "web pages", reporter):
            yield
    finally:
        for audiences in (overlays, readers):
            audiences.close()
        await runner.cleanup()


async def _serve(runner: web.AppRunner, settings: Settings, stores: Stores, *, bound: bool) -> None:
    if not bound:
        where = f"{settings.web_host}, port {settings.web_port}"
        _log.warning("Another program serves on %s; web pages are served there when it ends.", where)
    while not bound:
        await asyncio.sleep(AGAIN_SECONDS)
        bound = await _bound(runner, settings)
    _log.info("Web pages are served at %s.", settings.web_address)
    await stores.served.tell()


async def _bound(runner: web.AppRunner, settings: Settings) -> bool:
    """Begins to serve; False where another program has the port."""
    site = web.TCPSite(runner, settings.web_host, settings.web_port)
    try:
        await site.start()
    except OSError as error:
        await site.stop()
        if error.errno == errno.EADDRINUSE:
            return False
        raise _refused(settings, error.strerror or str(error)) from error
    return True


def _refused(settings: Settings, why: str) -> StartupError:
    return StartupError(
        f"Web pages cannot be served on {settings.web_host}, port {settings.web_port}: "
        f"{why}. Check SKIPLINE_WEB_HOST and SKIPLINE_WEB_PORT."
    )

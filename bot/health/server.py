"""The HTTP server of /healthz, /readyz and /metrics."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any, Final

import orjson
from aiohttp import web

from bot.errors import StartupError
from bot.health.checks import Checks
from bot.health.figures import Figures
from bot.health.process import Process

_log = logging.getLogger("skipline.health")

FRESH_SECONDS: Final = 1.0
"""For how long an answer is given again: however often it is asked, the servers are asked once a second."""


@dataclass(frozen=True)
class Server:
    """A server that answers, at `url`."""

    url: str


@contextlib.asynccontextmanager
async def serving(host: str, port: int, process: Process, figures: Figures) -> AsyncGenerator[Server]:
    """Answers inside the block; port 0 is any that is free. Raises `StartupError` when it cannot be had."""
    pages = _Pages(Checks(process), process, figures)
    app = web.Application()
    app.add_routes(
        [
            web.get("/healthz", pages.health),
            web.get("/readyz", pages.ready),
            web.get("/metrics", pages.metrics),
        ]
    )
    runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=1.0)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as taken:
            raise StartupError(
                f"Nothing can be served on {host}, port {port} ({taken.strerror or type(taken).__name__}). "
                "Check SKIPLINE_HEALTH_HOST and SKIPLINE_HEALTH_PORT."
            ) from taken
        bound = int(runner.addresses[0][1])
        url = f"http://{f'[{host}]' if ':' in host else host}:{bound}"
        _log.info("Health and figures are at %s/healthz, /readyz and /metrics.", url)
        yield Server(url)
    finally:
        await runner.cleanup()


class _Pages:
    def __init__(self, checks: Checks, process: Process, figures: Figures) -> None:
        self._checks = checks
        self._process = process
        self._figures = figures
        self._turn = asyncio.Lock()
        self._known: tuple[float, dict[str, Any]] | None = None

    async def health(self, _: web.Request) -> web.Response:
        """200 while the show can go on, else 503."""
        async with self._turn:
            if self._known is None or time.monotonic() - self._known[0] > FRESH_SECONDS:
                report = await self._checks.report()
                self._known = (time.monotonic(), report)
            report = self._known[1]
        return _json(report, 503 if report["status"] == "down" else 200)

    async def ready(self, _: web.Request) -> web.Response:
        """200 once this process does its work."""
        ready, wanted = self._checks.ready()
        return _json({"ready": ready, **wanted}, 200 if ready else 503)

    async def metrics(self, request: web.Request) -> web.Response:
        """The figures in the text format that was asked for."""
        text, content_type = await self._figures.scrape(self._process, request.headers.get("Accept", ""))
        return web.Response(body=text, headers={"Content-Type": content_type, "Cache-Control": "no-store"})


def _json(content: Any, status: int) -> web.Response:
    return web.Response(
        body=orjson.dumps(content, option=orjson.OPT_INDENT_2) + b"\n",
        status=status,
        content_type="application/json",
        headers={"Cache-Control": "no-store"},
    )

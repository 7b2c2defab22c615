"""The addresses of overlays: their pages, the settings of one, the files of both, and the stream."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from importlib.resources import files
from string import Template
from typing import Final

from aiohttp import web

from bot.web.audience import Audiences
from bot.web.demo import scenes
from bot.web.reading_language import reading_language
from bot.web.stream import stream
from components.overlay import VIEWS
from components.overlay_looks import words
from state.overlays import read_token

_KINDS: Final = {"css": "text/css", "js": "text/javascript"}
_FILES: Final = (
    *("overlay.css", "overlay.js", "stream.js", "shared_stream.js", "notices.js", "demo.js"),
    *("settings.css", "settings.js"),
)
_HEADERS: Final = {
    "Cache-Control": "no-cache",
    # Whoever broadcasts adds styles of their own to the page, with pictures and fonts from anywhere.
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; worker-src 'self'; connect-src 'self'; "
        "style-src 'self' 'unsafe-inline'; "
        "img-src data: https:; font-src data: https:; base-uri 'none'; form-action 'none'"
    ),
    # The address is the key: it goes to nobody else.
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}
_SETTINGS_HEADERS: Final = {
    **_HEADERS,
    # It depends on the reader's language, and its address is a key.
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; frame-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
}


def overlay_routes(audiences: Audiences) -> list[web.RouteDef]:
    """What is served below `/overlay/`; `demo` in the place of a token is a made-up queue, open to all."""
    folder = files("bot.web") / "static"
    page = (folder / "overlay.html").read_text("utf-8")
    settings_page = Template((folder / "settings.html").read_text("utf-8"))
    kept = {name: (folder / name).read_text("utf-8") for name in _FILES}

    async def show(request: web.Request) -> web.Response:
        # Whether the token opens anything is asked by the stream alone, so that a page that was opened while
        # Redis is away, or before its guild was rebuilt, comes up by itself.
        if request.match_info["view"] not in VIEWS:
            raise web.HTTPNotFound(headers=_HEADERS)
        return web.Response(text=page, content_type="text/html", headers=_HEADERS)

    async def settings(request: web.Request) -> web.Response:
        filled = settings_page.substitute(_escaped(words(reading_language(request))))
        return web.Response(text=filled, content_type="text/html", headers=_SETTINGS_HEADERS)

    async def file(request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if name not in kept:
            raise web.HTTPNotFound(headers=_HEADERS)
        kind = _KINDS[name.rpartition(".")[2]]
        return web.Response(text=kept[name], content_type=kind, headers=_HEADERS)

    async def demo(request: web.Request) -> web.Response:
        return web.json_response(scenes(reading_language(request)), headers=_HEADERS)

    async def events(request: web.Request) -> web.StreamResponse:
        read = read_token(request.match_info["token"])
        if read is None:
            raise web.HTTPNotFound(headers=_HEADERS)
        return await stream(request, *read, audiences, _HEADERS)

    return [
        web.get("/overlay/static/{name}", file),
        web.get("/overlay/demo/scenes", demo),
        web.get("/overlay/{token}/events", events),
        web.get("/overlay/{token}/settings", settings),
        web.get("/overlay/{token}/{view}", show),
    ]


def _escaped(texts: Mapping[str, str]) -> dict[str, str]:
    return {name: escape(text) for name, text in texts.items()}

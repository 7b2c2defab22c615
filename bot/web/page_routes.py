"""The address of a public page: the page, its files, its stream, and the rest of a long queue."""

from __future__ import annotations

from html import escape
from importlib.resources import files
from string import Template
from typing import Final

import orjson
from aiohttp import web
from redis.exceptions import RedisError

from bot.web.audience import Audiences
from bot.web.page_view import PageView
from bot.web.reading_language import reading_language
from bot.web.stream import stream
from components.public_page import MOST, ROWS, words
from components.texts import language_of, say
from state.public_page import PublicPages, guild_of
from state.refusal import Unopened

_FILES: Final = {"page.css": "text/css", "page.js": "text/javascript", "page.svg": "image/svg+xml"}
_HEADERS: Final = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    # It is for those who were given the link.
    "X-Robots-Tag": "noindex",
}
_PASSING: Final = {**_HEADERS, "Cache-Control": "no-store"}
_ASKED: Final = ("title", "about", "search", "search_hint", "no_script", "gone", "gone_about", "more")


def page_routes(audiences: Audiences, view: PageView, pages: PublicPages) -> list[web.RouteDef]:
    """What is served below `/queue/`."""
    folder = files("bot.web") / "static"
    page, gone = (Template((folder / name).read_text("utf-8")) for name in ("page.html", "page_gone.html"))
    kept = {name: (folder / name).read_text("utf-8") for name in _FILES}

    async def file(request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if name not in kept:
            raise web.HTTPNotFound(headers=_HEADERS)
        return _packed(web.Response(text=kept[name], content_type=_FILES[name], headers=_HEADERS))

    async def show(request: web.Request) -> web.Response:
        token, guild = _asked(request)
        language, opens = reading_language(request), guild is not None
        try:
            if guild is not None:
                found = await pages.find(guild)
                opens = token in found.keys
                language = language_of(found.language) if opens else language
        except (RedisError, OSError):
            # The page waits for its stream, and comes up by itself.
            pass
        filled = (page if opens else gone).substitute(_words(language))
        return _packed(
            web.Response(
                text=filled, status=200 if opens else 404, content_type="text/html", headers=_PASSING
            )
        )

    async def bare(request: web.Request) -> web.Response:
        raise web.HTTPPermanentRedirect(f"../{request.match_info['token']}", headers=_PASSING)

    async def events(request: web.Request) -> web.StreamResponse:
        token, guild = _asked(request)
        if guild is None:
            raise web.HTTPNotFound(headers=_PASSING)
        return await stream(request, guild, token, audiences, _PASSING)

    async def songs(request: web.Request) -> web.Response:
        token, guild = _asked(request)
        first = request.query.get("from", "")
        if guild is None or first not in _PARTS:
            raise web.HTTPNotFound(headers=_PASSING)
        try:
            if token not in await audiences.keys(guild):
                raise web.HTTPNotFound(headers=_PASSING)
            part = await view.part(guild, int(first) - 1)
        except (RedisError, OSError, Unopened):
            raise web.HTTPServiceUnavailable(headers={**_PASSING, "Retry-After": "2"}) from None
        return _packed(web.Response(body=part, content_type="application/json", headers=_PASSING))

    return [
        web.get("/queue/static/{name}", file),
        web.get("/queue/{token}", show),
        web.get("/queue/{token}/", bare),
        web.get("/queue/{token}/events", events),
        web.get("/queue/{token}/songs", songs),
    ]


_PARTS: Final = frozenset(str(first) for first in range(ROWS + 1, MOST + 1, ROWS))
"""Places at which a further part of a queue begins."""


def _asked(request: web.Request) -> tuple[str, int | None]:
    """The token in an address, whose case no app is trusted with, and the guild that it names."""
    token = request.match_info["token"].lower()
    return token, guild_of(token)


def _packed(response: web.Response) -> web.Response:
    response.enable_compression()
    return response


def _words(language: str) -> dict[str, str]:
    filled = {word: escape(say(f"page.{word}", language)) for word in _ASKED}
    return {**filled, "language": language, "words": escape(orjson.dumps(words(language)).decode())}

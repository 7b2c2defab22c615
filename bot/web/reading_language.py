"""Which language whoever asks for a page reads, as far as their browser tells."""

from __future__ import annotations

from aiohttp import web

from components.texts import FALLBACK, language_named


def reading_language(request: web.Request) -> str:
    """The first of the reader's languages that there are texts in."""
    for wanted in request.headers.get("Accept-Language", "").split(","):
        tag = wanted.partition(";")[0].strip()
        found = language_named(tag) or language_named(tag.partition("-")[0])
        if found is not None:
            return found
    return FALLBACK

"""Asks a process how it is, as whoever watches it does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aiohttp

if TYPE_CHECKING:
    from bot.app import App


async def healthz(app: App) -> tuple[int, dict[str, Any]]:
    return await get_json(app, "/healthz")


async def get_json(app: App, path: str) -> tuple[int, dict[str, Any]]:
    assert app.health is not None
    async with aiohttp.ClientSession() as session, session.get(app.health.url + path) as answer:
        assert answer.content_type == "application/json"
        return answer.status, await answer.json()

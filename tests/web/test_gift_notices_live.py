"""A streak on a live, from TikTok's messages to the line that viewers of the overlay read."""

from __future__ import annotations

import secrets
from typing import Any

import aiohttp
import orjson

from sandbox.tiktok import ROSE, TikTok
from tests.live.acts import ARTIST, connected
from tests.live.conftest import Start, listen, settings, tiktok
from tests.stage import Stage
from tests.web.test_overlay import made, submit, watching

__all__ = ["listen", "settings", "tiktok"]


async def test_ten_messages_of_a_streak_are_one_notice(
    stage: Stage, tiktok: TikTok, listen: Start, session: aiohttp.ClientSession
) -> None:
    await listen()
    host = await connected(stage, tiktok)
    await submit(stage, "Glass Harbour", user=77, name="Bruno")
    anna = tiktok.viewer("anna_x")
    link = stage.app.stores.points.link
    await link(stage.id, secrets.token_hex(8), ARTIST, anna.id, 77, name=anna.name)
    told: dict[str, Any] = {}
    async with watching(stage, session, await made(stage)) as stream:
        await stream.shown()
        assert host.live is not None
        streak = anna.streak(host.live, ROSE, 500)
        for _ in range(9):
            streak.more(500)
        streak.end()
        while "20 Skip" not in str(told):
            name, data = await stream.event()
            if name == "notices":
                told.update((each["id"], each["text"]) for each in orjson.loads(data))
    assert len(told) == 1 and "Bruno" in str(told) and "anna" not in str(told)

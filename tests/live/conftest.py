"""A local TikTok, and the process that listens to it working for the staged bot."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest
from pydantic import SecretStr

from bot.live.__main__ import listening
from integrations.tiktok.status import Pace
from sandbox.discord import Sandbox
from sandbox.tiktok import TikTok
from tests.stage import Stage

PACE = Pace(
    poll=0.1, poll_late=0.1, poll_refused=0.2, silence=2.0, backoff=0.05, backoff_cap=0.5, refused=0.5
)


@pytest.fixture
async def tiktok() -> AsyncIterator[TikTok]:
    double = await TikTok.start()
    yield double
    await double.close()


Start = Callable[[], Awaitable[AsyncExitStack]]


@pytest.fixture
async def listen(stage: Stage, tiktok: TikTok, discord: Sandbox) -> AsyncIterator[Start]:
    """Starts processes that listen; each is ended by closing what it gives."""
    opened: list[AsyncExitStack] = []
    settings = stage.app.settings.model_copy(
        update={
            "tiktok_url": f"http://127.0.0.1:{tiktok.port}",
            "tiktok_sign_url": tiktok.sign_url,
            "tiktok_sign_key": SecretStr(tiktok.sign_key),
        }
    )

    async def start() -> AsyncExitStack:
        stack = AsyncExitStack()
        await stack.enter_async_context(listening(settings, pace=PACE, spacing=0.01))
        opened.append(stack)
        return stack

    yield start
    for stack in opened:
        await stack.aclose()

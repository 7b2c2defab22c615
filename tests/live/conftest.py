"""A local TikTok, and processes that listen to it, working for the staged bot."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Protocol

import pytest
from pydantic import SecretStr

from bot.live.__main__ import listening
from bot.settings import Settings
from integrations.tiktok.status import Pace
from sandbox.tiktok import TikTok
from state import host_keys
from state.hosts import wanted
from state.scripts import Actor
from tests.stage import Stage

PACE = Pace(
    poll=0.1, poll_late=0.1, poll_refused=0.2, silence=2.0, backoff=0.05, backoff_cap=0.5, refused=0.5
)
PATIENCE = 1.0


@pytest.fixture(autouse=True)
async def quiet(stage: Stage) -> None:
    """Nobody wants the hosts of earlier tests any more, and the gate before signatures is open."""
    stores = stage.app.stores
    await stores.redis.delete(host_keys.SIGN_CLOSED)
    for handle, guilds in (await wanted(stores.redis)).items():
        for guild in guilds:
            await stores.hosts.disconnect(guild, secrets.token_hex(8), Actor(1, "test"), handle)


@pytest.fixture
async def tiktok() -> AsyncIterator[TikTok]:
    double = await TikTok.start()
    yield double
    await double.close()


@pytest.fixture
def settings(stage: Stage, tiktok: TikTok) -> Settings:
    """Those of a process that listens to the local TikTok."""
    return stage.app.settings.model_copy(
        update={
            "tiktok_url": f"http://127.0.0.1:{tiktok.port}",
            "tiktok_sign_url": tiktok.sign_url,
            "tiktok_sign_key": SecretStr(tiktok.sign_key),
        }
    )


class Start(Protocol):
    """Starts to listen in this process, as another one would; closing what it gives ends it in good order."""

    async def __call__(self, **settings: object) -> AsyncExitStack: ...


@pytest.fixture
async def listen(settings: Settings) -> AsyncIterator[Start]:
    opened: list[AsyncExitStack] = []

    async def start(**more: object) -> AsyncExitStack:
        stack = AsyncExitStack()
        its = settings.model_copy(update=more)
        await stack.enter_async_context(listening(its, pace=PACE, spacing=0.01, patience=PATIENCE))
        opened.append(stack)
        return stack

    yield start
    for stack in opened:
        await stack.aclose()


Spawn = Callable[[], Awaitable[asyncio.subprocess.Process]]


@pytest.fixture
async def spawn(settings: Settings, stage: Stage, tmp_path: Path) -> AsyncIterator[Spawn]:
    """Starts `python -m bot.live`; it ends by a signal, or when its standard input does.

    It runs where a .env names the file of a secret, which whoever starts it has read by then.
    """
    (tmp_path / ".env").write_text("DISCORD_BOT_TOKEN_FILE=/run/secrets/token\n")
    children: list[asyncio.subprocess.Process] = []
    environment = {
        "PATH": os.environ["PATH"],
        **settings.to_environment(),
        **stage.app.stores.addresses,
    }

    async def start() -> asyncio.subprocess.Process:
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-W", "ignore", "-m", "bot.live"),
            env=environment,
            cwd=tmp_path,
            stdin=asyncio.subprocess.PIPE,
        )
        children.append(child)
        return child

    yield start
    for child in children:
        with contextlib.suppress(ProcessLookupError):
            child.kill()
        await child.wait()

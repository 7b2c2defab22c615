"""A sandbox, people in a guild of it, and a real hikari bot connected to it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest

from sandbox.discord import Channel, Guild, Person, Sandbox
from tests.sandbox.connections import COMMANDS, Api, Bot, Clock, running
from tests.schema_plugin import watch


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
async def sandbox(clock: Clock) -> AsyncIterator[Sandbox]:
    sandbox = await Sandbox.start(clock=clock, max_concurrency=16, identify_window=0.0)
    sandbox.commands.put(None, COMMANDS)
    watch(sandbox)
    yield sandbox
    await sandbox.close()


@pytest.fixture
async def strict() -> AsyncIterator[Callable[..., Awaitable[Sandbox]]]:
    """Start sandboxes of one's own, with settings of one's own."""
    started: list[Sandbox] = []

    async def start(**settings: Any) -> Sandbox:
        sandbox = await Sandbox.start(**settings)
        sandbox.commands.put(None, COMMANDS)
        watch(sandbox)
        started.append(sandbox)
        return sandbox

    yield start
    for sandbox in started:
        await sandbox.close()


@pytest.fixture(scope="module")
async def shared_bot(sandbox: Sandbox) -> AsyncIterator[Bot]:
    async with running(Bot(sandbox)) as bot:
        yield bot


@pytest.fixture
def bot(shared_bot: Bot) -> Bot:
    """A bot that is connected and answers nothing yet."""
    shared_bot.handle = None
    return shared_bot


@pytest.fixture
def guild(sandbox: Sandbox) -> Guild:
    return sandbox.create_guild("Late Night Reviews", owner="Olga")


@pytest.fixture
def channel(guild: Guild) -> Channel:
    return guild.create_channel("submissions")


@pytest.fixture
def mia(guild: Guild) -> Person:
    return guild.join("Mia")


@pytest.fixture
async def api(sandbox: Sandbox) -> AsyncIterator[Api]:
    async with aiohttp.ClientSession() as session:
        yield Api(sandbox, session)

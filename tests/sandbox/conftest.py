"""A sandbox and real hikari bots connected to it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import hikari
import pytest

from sandbox.discord import Sandbox

Listener = Callable[[Any], Awaitable[None]]

COMMANDS: list[dict[str, Any]] = [
    {"name": "ping", "description": "Answer"},
    {"name": "secret", "description": "For moderators", "default_member_permissions": "8192"},
    {"name": "here", "description": "In guilds only", "contexts": [0]},
    {
        "name": "queue",
        "description": "The queue",
        "options": [
            {
                "type": 1,
                "name": "show",
                "description": "Show it",
                "options": [
                    {"type": 4, "name": "page", "description": "Page", "min_value": 1, "max_value": 9},
                    {
                        "type": 3,
                        "name": "tier",
                        "description": "Tier",
                        "choices": [{"name": "Free", "value": "0"}],
                    },
                    {"type": 3, "name": "song", "description": "Song", "autocomplete": True},
                ],
            },
            {
                "type": 1,
                "name": "add",
                "description": "Add a song",
                "options": [
                    {"type": 11, "name": "file", "description": "File", "required": True},
                    {"type": 6, "name": "artist", "description": "Artist"},
                    {"type": 8, "name": "role", "description": "Role"},
                    {"type": 7, "name": "where", "description": "Channel"},
                ],
            },
        ],
    },
    {"type": 3, "name": "Submit this"},
    {"type": 2, "name": "Points of"},
]


class Clock:
    """The system's time plus what a test adds."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


class Bot(hikari.GatewayBot):
    """A hikari bot for one sandbox."""

    def __init__(
        self, sandbox: Sandbox, intents: hikari.Intents = hikari.Intents.ALL, token: str | None = None
    ):
        super().__init__(
            token or sandbox.token,
            rest_url=sandbox.rest_url,
            intents=intents,
            banner=None,
            logs=None,
            suppress_optimization_warning=True,
            http_settings=hikari.impl.HTTPSettings(force_close_transports=False),
            max_rate_limit=5.0,
        )
        self.app_id = sandbox.application_id
        self.seen: list[Any] = []

    def on_interaction(self, callback: Listener) -> None:
        """Call `callback` with every interaction."""

        async def listener(event: hikari.InteractionCreateEvent) -> None:
            await callback(event.interaction)

        self.subscribe(hikari.InteractionCreateEvent, listener)


@contextlib.asynccontextmanager
async def running(bot: Bot, **options: Any) -> AsyncIterator[Bot]:
    """Run a bot until the block ends."""
    await bot.start(check_for_updates=False, **options)
    try:
        yield bot
    finally:
        await bot.close()


@pytest.fixture
async def clock() -> Clock:
    return Clock()


@pytest.fixture
async def sandbox(clock: Clock) -> AsyncIterator[Sandbox]:
    sandbox = await Sandbox.start(clock=clock, deadline=1.0, max_concurrency=16)
    yield sandbox
    await sandbox.close()


@pytest.fixture
async def bot(sandbox: Sandbox) -> AsyncIterator[Bot]:
    sandbox.commands.put(None, COMMANDS)
    async with running(Bot(sandbox)) as bot:
        yield bot

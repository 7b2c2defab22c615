"""Ways to a sandbox: real hikari bots, REST by hand, the gateway by hand."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import hikari
import orjson

from sandbox.discord import Sandbox

Handler = Callable[[Any], Awaitable[Any]]

COMMANDS: list[dict[str, Any]] = [
    {"name": "ping", "description": "Answer"},
    {"name": "secret", "description": "For moderators", "default_member_permissions": "8192"},
    {"name": "admin", "description": "For administrators", "default_member_permissions": "0"},
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
                        "choices": [{"name": "Free", "value": "0"}, {"name": "5 Skip", "value": "5"}],
                    },
                    {"type": 3, "name": "song", "description": "Song", "autocomplete": True},
                    {"type": 5, "name": "all", "description": "All"},
                    {"type": 10, "name": "ratio", "description": "Ratio"},
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
                    {"type": 7, "name": "channel", "description": "Channel", "channel_types": [0]},
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
    """A hikari bot that gives every interaction to `handle`."""

    def __init__(
        self, sandbox: Sandbox, intents: hikari.Intents = hikari.Intents.ALL, token: str | None = None
    ) -> None:
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
        self.handle: Handler | None = None
        self.subscribe(hikari.InteractionCreateEvent, self._on_interaction)

    async def _on_interaction(self, event: hikari.InteractionCreateEvent) -> None:
        if self.handle is not None:
            await self.handle(event.interaction)


@contextlib.asynccontextmanager
async def running(bot: Bot, **options: Any) -> AsyncIterator[Bot]:
    """Run a bot until the block ends."""
    await bot.start(check_for_updates=False, **options)
    try:
        yield bot
    finally:
        await bot.close()


class Expected:
    """Takes the events of one type a bot gets from now on."""

    def __init__(self, bot: Bot, kind: type[Any]) -> None:
        self._bot, self._kind = bot, kind
        self._events: asyncio.Queue[Any] = asyncio.Queue()

    async def __aenter__(self) -> Expected:
        self._bot.subscribe(self._kind, self._take)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._bot.unsubscribe(self._kind, self._take)

    async def _take(self, event: Any) -> None:
        self._events.put_nowait(event)

    async def next(self) -> Any:
        """The next event; raises TimeoutError after five seconds."""
        return await asyncio.wait_for(self._events.get(), 5)


class Api:
    """REST by hand: what a library would not send can be sent."""

    def __init__(self, sandbox: Sandbox, session: aiohttp.ClientSession) -> None:
        self._sandbox = sandbox
        self._session = session

    async def __call__(
        self, method: str, path: str, json: Any = None, *, token: str | None = None, data: Any = None
    ) -> tuple[int, Any]:
        headers = {"Authorization": f"Bot {token or self._sandbox.token}"}
        async with self._session.request(
            method, self._sandbox.rest_url + path, json=json, data=data, headers=headers
        ) as response:
            self.headers = response.headers
            raw = await response.read()
            return response.status, orjson.loads(raw) if raw else None


class Socket:
    """The gateway by hand, uncompressed."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket

    async def send(self, op: int, data: Any) -> None:
        await self.socket.send_json({"op": op, "d": data})

    async def receive(self) -> dict[str, Any]:
        return await self.socket.receive_json(timeout=5)

    async def event(self, name: str) -> dict[str, Any]:
        """Read on to the next event of this name."""
        while True:
            payload = await self.receive()
            if payload.get("t") == name:
                return payload

    async def event_of(self, op: int) -> dict[str, Any]:
        """Read on to the next payload with this opcode."""
        while True:
            payload = await self.receive()
            if payload["op"] == op:
                return payload

    async def code(self) -> int | None:
        """Read on to the close frame and give its code."""
        async with asyncio.timeout(5):
            async for _ in self.socket:
                pass
        return self.socket.close_code

    async def identify(self, sandbox: Sandbox, **fields: Any) -> dict[str, Any]:
        """Say hello; returns what came back, READY if all is well."""
        assert (await self.receive())["op"] == 10
        body = {"token": sandbox.token, "intents": 1, "properties": {}, **fields}
        await self.send(2, body)
        return await self.receive()


@contextlib.asynccontextmanager
async def gateway(sandbox: Sandbox, query: str = "?v=10&encoding=json") -> AsyncIterator[Socket]:
    """Connect to a sandbox's gateway."""
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(sandbox.gateway_url + query) as socket,
    ):
        yield Socket(socket)

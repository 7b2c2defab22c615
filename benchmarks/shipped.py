"""The bot as it ships, in a process of its own on a sandbox Discord, and somebody who calls it."""

from __future__ import annotations

import asyncio
import contextlib
import math
import tempfile
import time
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from pathlib import Path

from redis.asyncio import Redis

from benchmarks.rig import declared, process, room
from bot import embedded
from sandbox.discord import Channel, Guild, Person, Sandbox
from state.configure import Configuration
from state.connection import connect
from state.feed import Feed
from state.queue import Queue
from state.scripts import Scripts


@dataclass
class Shipped:
    """A bot that runs, its Redis, and the guild in which it is measured."""

    sandbox: Sandbox
    where: Guild
    person: Person
    channel: Channel
    redis: Redis
    scripts: Scripts = field(init=False)
    feed: Feed = field(init=False)
    queue: Queue = field(init=False)
    configuration: Configuration = field(init=False)

    def __post_init__(self) -> None:
        self.scripts = Scripts(self.redis, lambda _: asyncio.sleep(0))
        self.feed = Feed(self.redis)
        self.queue = Queue(self.redis, self.scripts)
        self.configuration = Configuration(self.redis, self.scripts, self.feed)

    @property
    def guild(self) -> int:
        """The id of the guild."""
        return int(self.where.id)

    async def call(self, taken: list[float], seconds: float) -> None:
        """Calls `/queue show` for that long; takes down the seconds to each answer, infinity for none."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            reply = await self.person.command("queue show", channel=self.channel)
            taken.append(reply.latency if reply.ok else math.inf)
            # Not measured: a person's pause, so that calls do not make the load themselves.
            await asyncio.sleep(0.02)


@contextlib.asynccontextmanager
async def shipped(**environment: str) -> AsyncGenerator[Shipped]:
    """Starts it with its embedded servers and these settings; ends it with the block."""
    async with contextlib.AsyncExitStack() as stack:
        sandbox = await Sandbox.start(keep_requests=1_000)
        stack.push_async_callback(sandbox.close)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sl-bench-")))
        valkey = await stack.enter_async_context(embedded.valkey(folder))
        guild, person, channel = room(sandbox)
        environment["SKIPLINE_DATA_DIR"] = str(folder)
        await stack.enter_async_context(
            process(sandbox, "-m", "bot.cli", "run", stdin=DEVNULL, **environment)
        )
        await declared(person, channel, "queue show")
        redis = connect(valkey.url)
        stack.push_async_callback(redis.aclose)
        yield Shipped(sandbox, guild, person, channel, redis)

"""A bot in a room of its own: its Discord, its servers, and people who do the same again and again."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import tempfile
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from redis.asyncio import Redis

from benchmarks.inspected import PATIENCE, Inspected, inspected
from benchmarks.rig import ACTOR, archived, declared, moves, room, still
from bot import embedded
from bot.embedded import Server
from sandbox.discord import Channel, Guild, Message, Person, Reply, Sandbox
from state.configure import Configuration
from state.connection import connect
from state.queue import Queue
from state.song import NewSong

PEOPLE: Final = 20
"""In each guild: what is kept for each person would be seen to grow."""


@dataclass(eq=False)
class Room:
    """One guild: who is there, and the panel once it is up."""

    guild: Guild
    owner: Person
    channel: Channel
    people: list[Person]
    panel: Message | None = None

    @property
    def id(self) -> int:
        """The guild's id."""
        return int(self.guild.id)


@dataclass(eq=False)
class Rooms:
    """A bot with its Discord and its servers, and the guilds it is in."""

    sandbox: Sandbox
    bot: Inspected
    valkey: Server
    postgres: Server
    redis: Redis
    queue: Queue
    configuration: Configuration
    all: list[Room] = field(default_factory=list[Room])
    turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(50))
    unanswered: int = 0
    """How often the bot was too late, as happens on a machine that is busy with something else."""

    def look(self, reply: Reply) -> bool:
        """Whether somebody was answered."""
        self.unanswered += not reply.ok
        return reply.ok

    async def enter(self, guilds: int, songs: int) -> None:
        """Brings the bot into that many guilds more, each with a panel, a list and songs that wait."""
        turns = asyncio.Semaphore(16)

        async def one(number: int) -> None:
            async with turns:
                guild, owner, channel = room(self.sandbox, f"Bench {number}")
                people = [guild.join(f"Person {number} {each}") for each in range(PEOPLE)]
                made = Room(guild, owner, channel, people)
                self.all.append(made)
                if not number:
                    await declared(owner, channel, "queue show")
                await self.configuration.change(
                    made.id, secrets.token_hex(8), ACTOR, {"limit:0": "0", "double_press_ms": "0"}
                )
                await self.wait_in(made, songs)
                for kind, name in (("public", "list"), ("reviewer", "review")):
                    where = guild.create_channel(name)
                    place = (int(where.id), 0)
                    await self.configuration.set_display(made.id, secrets.token_hex(8), ACTOR, kind, place)
                    shown = await where.wait_for(bool, timeout=60)
                    assert shown
                    made.panel = where.messages[-1]

        await asyncio.gather(*map(one, range(len(self.all), len(self.all) + guilds)))

    async def wait_in(self, where: Room, songs: int) -> None:
        """Lets songs wait in a guild."""

        async def one(number: int) -> None:
            async with self.turns:
                song = NewSong(f"Song {number}", f"Artist {number}", 10**6 + number, f"user{number}")
                await self.queue.submit(where.id, secrets.token_hex(8), ACTOR, song)

        for start in range(0, songs, 1000):
            await asyncio.gather(*map(one, range(start, min(songs, start + 1000))))

    async def archived(self) -> None:
        """Waits until every move is in PostgreSQL."""
        await archived(self.redis, (each.id for each in self.all))

    async def still(self) -> None:
        """Waits for that, and until the bot has asked nothing of Discord for two seconds."""
        await self.archived()
        await still(self.sandbox, 2.0)


def environment(folder: Path) -> dict[str, str]:
    """What a bot is given whose data are there; nothing else of ours, as settings may be among it."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "SKIPLINE_DATA_DIR": str(folder),
    }


@contextlib.asynccontextmanager
async def rooms(*arguments: str) -> AsyncGenerator[Rooms]:
    """Starts a bot with its embedded servers, as it ships; ended with the block."""
    async with contextlib.AsyncExitStack() as stack:
        sandbox = await Sandbox.start(keep_requests=100)
        stack.push_async_callback(sandbox.close)
        sandbox.gateway.session_limit = sandbox.gateway.starts_left = 10**6
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sl-bench-")))
        valkey = await stack.enter_async_context(embedded.valkey(folder))
        postgres = await stack.enter_async_context(embedded.postgres(folder))
        bot = await stack.enter_async_context(inspected(sandbox, *arguments, environment=environment(folder)))
        queue, configuration = await stack.enter_async_context(moves(valkey.url))
        redis = connect(valkey.url)
        stack.push_async_callback(redis.aclose)
        await sandbox.connected(timeout=PATIENCE)
        yield Rooms(sandbox, bot, valkey, postgres, redis, queue, configuration)

"""What one worker does of a live: reads it, books it in Redis, and archives it in PostgreSQL."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.rig import ACTOR
from benchmarks.tiktok.double import ACTS, HANDLE, Double
from bot.errors import Reporter
from bot.live.__main__ import books_of
from bot.live.listener import Listener
from bot.settings import load
from bot.stores import Stores, open_stores
from integrations.tiktok.connection import Connection
from integrations.tiktok.events import LiveEvent
from integrations.tiktok.gate import SignGate
from integrations.tiktok.status import State, Status
from integrations.tiktok.tiktoklive import TikTokLiveSource
from persistence.archive_writer import ArchiveWriter
from state import keys
from state.scripts import Fence
from state.song import NewSong

GUILD = 10**17
LINKED = 10  # viewers who are known here; each has a song that waits


@dataclass
class Books:
    """A guild where what is heard is booked, and its archive."""

    stores: Stores
    writer: ArchiveWriter

    @classmethod
    @contextlib.asynccontextmanager
    async def open(cls, tiktok: Double) -> AsyncGenerator[Books]:
        """Starts the embedded servers, and lets songs wait whose artists are among the viewers."""
        with tempfile.TemporaryDirectory(prefix="sl-bench-") as folder:
            settings = load(None, token="MTA.bench.mark", data_dir=Path(folder))
            async with open_stores(settings) as stores:
                for user, handle in enumerate(tiktok.viewers[:LINKED], 1):
                    song = NewSong(f"Song {user}", f"Artist {user}", user, f"user{user}")
                    await stores.queue.submit(GUILD, f"submit {user}", ACTOR, song)
                    await stores.points.link(GUILD, f"link {user}", ACTOR, handle, user, name=f"@{user}")
                yield cls(stores, ArchiveWriter(stores.redis, stores.archive))

    def listener(self) -> Listener:
        """What the worker has for a host."""
        books = books_of(self.stores, Fence(f"tiktok:{HANDLE}", 1))
        listener = Listener(HANDLE, books.live, books.hosts, books.chat, Reporter())
        listener.guilds.add(GUILD)
        return listener

    async def booked(self) -> int:
        """How much of what was sent stands in the sessions, of what they count by the message."""
        sessions = await self.stores.live.open(GUILD)
        return sum(each.comments + each.joins + each.shares for each in sessions)

    async def archived(self) -> None:
        """Waits until PostgreSQL has every move that Redis has."""
        await self.writer.settled(GUILD, int(await self.stores.redis.get(keys.revision(GUILD)) or 0))

    @contextlib.asynccontextmanager
    async def archiving(self) -> AsyncGenerator[None]:
        """Archives in this process for as long as the block lasts, beginning with what was left so far."""
        running = asyncio.create_task(self.writer.run())
        try:
            await self.archived()
            yield
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


async def accounted(books: Books, tiktok: Double, frames: int, wide: int) -> float:
    """Books that many frames, or a few more, as the worker does; gives events a second."""
    return await _booked(books, tiktok, frames, wide)


async def archived(books: Books, tiktok: Double, frames: int, wide: int) -> float:
    """The same until they are in PostgreSQL, by an archive writer in this very process."""
    async with books.archiving():
        return await _booked(books, tiktok, frames, wide, books.archived)


async def _booked(
    books: Books, tiktok: Double, frames: int, wide: int, done: Callable[[], Awaitable[None]] | None = None
) -> float:
    frames += -frames % ACTS
    await tiktok.prepare(frames, wide)
    listener, left, all_booked, up = books.listener(), frames * wide, asyncio.Event(), asyncio.Event()
    before = await books.booked()

    async def heard(room: int, events: list[LiveEvent]) -> None:
        nonlocal left
        await listener.heard(room, events)
        left -= len(events)
        if not left:
            all_booked.set()

    async def turned(status: Status) -> None:
        await listener.turned(status)
        if status.state is State.LIVE:
            up.set()

    async with TikTokLiveSource(tiktok.endpoints) as source:
        connection = Connection(HANDLE, source, SignGate(0.01), heard, turned)
        running = asyncio.create_task(connection.run())
        await up.wait()
        start = time.perf_counter()
        tiktok.go()
        await all_booked.wait()
        if done is not None:
            await done()
        took = time.perf_counter() - start
        await connection.stop()
        await running
    if await books.booked() - before != frames * wide * 3 // ACTS:
        raise RuntimeError("Not all that was sent was booked.")
    return frames * wide / took

"""Events of a live a second: our source, and our books, against TikTokLive's dispatch to an empty handler.

    python -m benchmarks.tiktok [--chunks 5] [--seconds 1.0] [--json FILE]

A local TikTok in a process of its own sends gzipped frames of gifts, comments, likes, joins and shares of
6 KB to all, over a real socket. The clients take turns, chunk by chunk, so noise meets all of them; ours
is measured twice, which shows how much of a ratio is noise (the A/A column). Time runs from the order to send
to the last event: read, or in the accounted row booked in an embedded Valkey as it ships (every batch is on
disk before the next), through the connection and the listener of the worker, in a guild with songs that wait
and viewers whose gifts lift them. What is to be booked is new every time: what is known is not booked again.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import functools
import json
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from redis.asyncio import Redis
from rich.console import Console
from rich.table import Table

from benchmarks.rig import ACTOR, Bar, conclude
from bot import embedded
from bot.errors import Reporter
from bot.live.chat import Chat
from bot.live.listener import Listener
from integrations.tiktok.connection import Connection
from integrations.tiktok.events import LiveEvent
from integrations.tiktok.gate import SignGate
from integrations.tiktok.source import Endpoints, LiveStream
from integrations.tiktok.status import State, Status
from integrations.tiktok.tiktoklive import TikTokLiveSource
from state import keys
from state.asked import Asked
from state.configure import Configuration
from state.connection import connect
from state.feed import Feed
from state.handles import Handles
from state.hosts import Hosts
from state.live import Live
from state.points import Points
from state.queue import Queue
from state.scripts import Scripts
from state.song import NewSong

if TYPE_CHECKING:
    from sandbox.tiktok import Live as Room
    from sandbox.tiktok import Message, TikTok

LIMIT = 5.0
VIEWERS, ACTS = 40, 5  # each does five things
STOCK_GUESS, OUR_GUESS, BOOKED_GUESS = 150.0, 4_000.0, 1_500.0  # events a second, for the first chunk
GUILD = 10**17
LINKED = 10  # viewers who are known here; each has a song that waits
HANDLE = "bench"


def act(tiktok: TikTok, live: Room, number: int) -> None:
    """Let a viewer give, write, like, come in and share."""
    from sandbox.tiktok import GIFTS

    viewer = tiktok.viewer(f"viewer{number % VIEWERS}")
    viewer.gift(live, GIFTS[number % len(GIFTS)], 1 + number % VIEWERS, end=False)
    viewer.comment(live, f"this is comment number {number}")
    viewer.like(live, 15)
    viewer.join(live)
    viewer.share(live)


def prepared(tiktok: TikTok, live: Room, rounds: int, wide: int) -> list[tuple[bytes, list[int]]]:
    """Frames of what a viewer does in each round, which nobody was sent before; nobody may be connected."""
    messages: list[tuple[Message, bytes]] = []
    for number in range(rounds):
        newest = live.recent[-1][0].id
        act(tiktok, live, number)
        live.flush()
        messages += live.since(newest)
    frames: list[tuple[bytes, list[int]]] = []
    for first in range(0, len(messages), wide):
        part = messages[first : first + wide]
        frames.append((live.encode(part, first + 1, compress=True), [message.id for message, _ in part]))
    return frames


async def serve() -> None:
    """The local TikTok, told on its standard input what to send.

    `<frames> <messages a frame>`: the same ones again; `new <rounds> <messages a frame>`: make what a
    viewer does in so many rounds, and say when that is done; `go`: send that.
    """
    from sandbox.tiktok import Size, TikTok

    tiktok = await TikTok.start(size=Size.LARGE, history_depth=0)
    live = tiktok.host(HANDLE).go_live()
    for number in range(VIEWERS):
        act(tiktok, live, number)
    live.flush()
    messages = live.since(0)
    size = statistics.mean(len(message) for _, message in messages)
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    viewers = [tiktok.viewer(f"viewer{number}") for number in range(VIEWERS)]
    urls = {
        "app": tiktok.app_url,
        "webcast": tiktok.webcast_url,
        "sign": tiktok.sign_url,
        "key": tiktok.sign_key,
    }
    told = {"urls": urls, "room": live.room, "size": round(size), "viewers": [each.id for each in viewers]}
    print(json.dumps(told), flush=True)
    frames: dict[int, list[bytes]] = {}
    fresh: list[tuple[bytes, list[int]]] = []
    while line := await lines.readline():
        verb, *numbers = line.split()
        if verb == b"new":
            fresh = prepared(tiktok, live, *(int(number) for number in numbers))
            print(flush=True)
            continue
        if verb == b"go":
            for number, (frame, ids) in enumerate(fresh):
                for connection in live.connections:
                    connection.push(number + 1, frame, ids)
            continue
        count, wide = int(verb), int(numbers[0])
        if wide not in frames:
            frames[wide] = [
                live.encode(messages[first : first + wide], first + 1, compress=True)
                for first in range(0, len(messages), wide)
            ]
        for number in range(count):
            for connection in live.connections:
                connection.push(number, frames[wide][number % len(frames[wide])], ())


@dataclass
class Double:
    """The local TikTok, as the measuring process sees it."""

    endpoints: Endpoints
    room: int
    size: int
    viewers: list[int]
    child: asyncio.subprocess.Process

    async def prepare(self, frames: int, wide: int) -> None:
        """Have frames of messages made that nobody knows."""
        assert self.child.stdin is not None and self.child.stdout is not None
        self.child.stdin.write(f"new {frames * wide // ACTS} {wide}\n".encode())
        await self.child.stdout.readline()

    def go(self) -> None:
        """Order what was prepared."""
        assert self.child.stdin is not None
        self.child.stdin.write(b"go\n")

    def send(self, frames: int, wide: int) -> None:
        """Order frames of so many messages each."""
        assert self.child.stdin is not None
        self.child.stdin.write(f"{frames} {wide}\n".encode())


@contextlib.asynccontextmanager
async def served(module: str) -> AsyncGenerator[tuple[asyncio.subprocess.Process, dict[str, Any]]]:
    """What a benchmark serves in a process of its own, and what that told of itself in its first line."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", module, "--serve"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert child.stdout is not None
    try:
        yield child, json.loads(await child.stdout.readline())
    finally:
        child.terminate()
        await child.wait()


@contextlib.asynccontextmanager
async def double() -> AsyncGenerator[Double]:
    """A local TikTok in a process of its own."""
    async with served("benchmarks.tiktok") as (child, told):
        yield Double(Endpoints(**told["urls"]), told["room"], told["size"], told["viewers"], child)


@dataclass
class Arm:
    """One client and what it reached, in events a second for each chunk."""

    name: str
    guess: float
    reached: list[float] = field(default_factory=list[float])

    def frames(self, seconds: float, wide: int) -> int:
        """How many frames a chunk of about that length has."""
        return max(2, round((self.reached[-1] if self.reached else self.guess) * seconds / wide))

    @property
    def rate(self) -> float:
        """Events a second: the median of the chunks."""
        return statistics.median(self.reached)


async def ours(tiktok: Double, frames: int, wide: int) -> float:
    """Take that many frames with our source."""
    async with (
        TikTokLiveSource(tiktok.endpoints) as source,
        await source.open(HANDLE, tiktok.room) as stream,
    ):
        tiktok.send(1, wide)
        await taken(stream, wide)
        start = time.perf_counter()
        tiktok.send(frames, wide)
        await taken(stream, frames * wide)
        return frames * wide / (time.perf_counter() - start)


@dataclass
class Books:
    """A guild where what is heard is booked."""

    redis: Redis
    scripts: Scripts

    @classmethod
    @contextlib.asynccontextmanager
    async def open(cls, tiktok: Double) -> AsyncGenerator[Books]:
        """Start a Valkey, open a guild in it, and let songs wait whose artists are among the viewers."""
        with tempfile.TemporaryDirectory(prefix="sl-bench-") as folder:
            async with embedded.valkey(Path(folder)) as server:
                redis = connect(server.url)

                async def opener(guild: int) -> None:
                    await redis.set(keys.revision(guild), "0", nx=True)

                books = cls(redis, Scripts(redis, opener))
                queue, points = Queue(redis, books.scripts), Points(redis, books.scripts)
                for user, handle in enumerate(tiktok.viewers[:LINKED], 1):
                    song = NewSong(f"Song {user}", f"Artist {user}", user, f"user{user}")
                    await queue.submit(GUILD, f"submit {user}", ACTOR, song)
                    await points.link(GUILD, f"link {user}", ACTOR, handle, user, name=f"@{user}")
                yield books
                await redis.aclose()

    def listener(self) -> Listener:
        """What the worker has for a host."""
        live, scripts = Live(self.redis, self.scripts), self.scripts
        chat = Chat(
            Configuration(self.redis, scripts, Feed(self.redis)),
            Handles(self.redis, scripts, Points(self.redis, scripts)),
            live,
            Queue(self.redis, scripts),
            Asked(self.redis, scripts),
        )
        listener = Listener(HANDLE, live, Hosts(self.redis, scripts), chat, Reporter())
        listener.guilds.add(GUILD)
        return listener

    async def booked(self) -> int:
        """How much of what was sent stands in the sessions, of what they count by the message."""
        live = Live(self.redis, self.scripts)
        sessions = await live.open(GUILD)
        return sum(each.comments + each.joins + each.shares for each in sessions)


async def accounted(books: Books, tiktok: Double, frames: int, wide: int) -> float:
    """Book that many frames, or a few more, as the worker does."""
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
        took = time.perf_counter() - start
        await connection.stop()
        await running
    if await books.booked() - before != frames * wide * 3 // ACTS:
        raise RuntimeError("Not all that was sent was booked.")
    return frames * wide / took


async def taken(stream: LiveStream, count: int) -> None:
    """Take so many events."""
    while count > 0:
        count -= len(await anext(stream))


async def stock(tiktok: Double, frames: int, wide: int) -> float:
    """Take that many frames with TikTokLive as it is installed, and a handler that does nothing but count."""
    from TikTokLive import TikTokLiveClient
    from TikTokLive.client.web.web_settings import WebDefaults
    from TikTokLive.events import CommentEvent, ConnectEvent, GiftEvent, JoinEvent, LikeEvent, SocialEvent

    WebDefaults.tiktok_app_url = tiktok.endpoints.app
    WebDefaults.tiktok_webcast_url = tiktok.endpoints.webcast
    WebDefaults.tiktok_sign_url = tiktok.endpoints.sign
    WebDefaults.tiktok_sign_api_key = tiktok.endpoints.key
    client: Any = TikTokLiveClient(HANDLE, ws_kwargs={"max_size": 16 << 20})
    connected, enough = asyncio.Event(), asyncio.Event()
    left = 0

    def count(_: object) -> None:
        nonlocal left
        left -= 1
        if not left:
            enough.set()

    def up(_: object) -> None:
        connected.set()

    client.add_listener(ConnectEvent, up)
    for kind in (CommentEvent, GiftEvent, JoinEvent, LikeEvent, SocialEvent):
        client.add_listener(kind, count)
    task = await client.start(room_id=tiktok.room, fetch_live_check=False)
    try:
        await connected.wait()
        for sent in (1, frames):
            left = sent * wide
            enough.clear()
            start = time.perf_counter()
            tiktok.send(sent, wide)
            await enough.wait()
        return frames * wide / (time.perf_counter() - start)
    finally:
        await client.disconnect()
        await asyncio.wait({task})
        await client.web.close()


async def measure(
    chunks: int, seconds: float, wide: int, tiktok: Double, books: Books
) -> tuple[Arm, Arm, Arm, Arm]:
    """Let the clients take turns, with so many messages a frame."""
    arms = (
        Arm("TikTokLive 7.0.1", STOCK_GUESS),
        Arm("ours", OUR_GUESS),
        Arm("ours again", OUR_GUESS),
        Arm("ours, accounted", BOOKED_GUESS),
    )
    runs = (stock, ours, ours, functools.partial(accounted, books))
    for _ in range(chunks):
        for arm, run in zip(arms, runs, strict=True):
            # The last events gather before they are booked, which is latency: short chunks were mostly that
            length = seconds * 3 if arm is arms[-1] else seconds
            arm.reached.append(await run(tiktok, arm.frames(length, wide), wide))
    return arms


async def compare(chunks: int, seconds: float, console: Console) -> list[Bar]:
    """Measure frames of ten messages, as busy lives send them, and of one."""
    bars: list[Bar] = []
    async with double() as tiktok, Books.open(tiktok) as books:
        async with TikTokLiveSource(tiktok.endpoints):
            pass  # imports the library before anything is measured
        for wide in (10, 1):
            base, first, again, counted = await measure(chunks, seconds, wide, tiktok, books)
            table = Table(title=f"{tiktok.size} bytes an event, {wide} a frame")
            for column in ("client", "events/s", "ratio", "A/A"):
                table.add_column(column, justify="left" if column == "client" else "right")
            table.add_row(base.name, f"{base.rate:.0f}", "1.0", "")
            table.add_row(first.name, f"{first.rate:.0f}", f"{first.rate / base.rate:.1f}", "")
            table.add_row(again.name, f"{again.rate:.0f}", "", f"{again.rate / first.rate:.2f}")
            table.add_row(counted.name, f"{counted.rate:.0f}", f"{counted.rate / base.rate:.1f}", "")
            console.print(table)
            bars += (
                Bar.at_least(f"{what} events/s over stock, {wide} a frame", arm.rate / base.rate, LIMIT)
                for what, arm in (("decoded", first), ("accounted", counted))
            )
    return bars


def main() -> int:
    """Measures and reports; exit code 1 when a bar does not hold."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--chunks", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--json")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        asyncio.run(serve())
        return 0
    console = Console()
    return conclude(console, asyncio.run(compare(options.chunks, options.seconds, console)), options.json)


if __name__ == "__main__":
    sys.exit(main())

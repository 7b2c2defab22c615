"""How soon viewers of an overlay have a change, and what people in Discord feel of them.

    python -m benchmarks.overlay [--chunks 8] [--seconds 5] [--clients 200] [--json FILE]

The bot runs as a process of its own on a sandbox Discord, with its embedded servers and its overlays as they
ship; the clients are connections of another process. Chunks without clients, with all of them and three
changes a second, and without them again take turns; in each somebody calls `/queue show` all the time. The
two idle chunks of a round are compared as well, which shows how much of a ratio is noise (the A/A column). A
change counts as made before its move is sent, and as there when a client has all of a snapshot with it or
with a later one.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import re
import secrets
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from redis.asyncio import Redis
from rich.console import Console
from rich.table import Table

from benchmarks.rig import ACTOR, Bar, conclude, declared, free_port, percentile, process, room
from benchmarks.tiktok import served
from bot import embedded
from sandbox.discord import Channel, Person, Sandbox
from state.configure import Configuration
from state.connection import connect
from state.feed import Feed
from state.overlays import Overlays
from state.queue import Queue
from state.scripts import Scripts
from state.song import NewSong

RATE = 3
SONGS = 20
REACHED_MS, RATIO = 1_000.0, 1.3
LAST_SECONDS = 2.0
"""How long the last change of a chunk may take to arrive before it counts as never arrived."""

_TITLE = re.compile(rb"Change (\d+)")


class Client(asyncio.Protocol):
    """One connection to the stream. `begun` is its first snapshot, `shown` when (s) it had which change."""

    def __init__(self, request: bytes) -> None:
        self._request = request
        self._rest = b""
        self.begun = asyncio.get_running_loop().create_future()
        self.shown: list[tuple[float, int]] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Asks for the stream."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """Takes down what came; an event ends with an empty line."""
        *events, self._rest = (self._rest + data).split(b"\n\n")
        for event in events:
            if not self.begun.done():
                self.begun.set_result(None)
            if numbers := _TITLE.findall(event):
                self.shown.append((time.time(), max(map(int, numbers))))

    def connection_lost(self, exc: Exception | None) -> None:
        """An end that nobody asked for before anything came is an error."""
        if not self.begun.done():
            self.begun.set_exception(ConnectionError(f"The stream was refused: {self._rest[:80]!r}"))


async def serve() -> None:
    """The clients, told on the standard input.

    `open <count> <address>`: connects them, and answers when each has its first snapshot; `close`: answers
    with a line a client, what it was shown, and lets them go.
    """
    print(json.dumps({}), flush=True)
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    clients: list[Client] = []
    while line := await lines.readline():
        verb, *rest = line.decode().split()
        if verb == "open":
            clients = await opened(int(rest[0]), rest[1])
            print(len(clients), flush=True)
            continue
        for client in clients:
            client.transport.close()
            print(json.dumps(client.shown))
        sys.stdout.flush()


async def opened(count: int, address: str) -> list[Client]:
    """So many clients that have all seen what is shown now."""
    parts = urlsplit(address)
    request = f"GET {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode()
    loop = asyncio.get_running_loop()
    clients: list[Client] = []
    for _ in range(count):
        _, client = await loop.create_connection(
            lambda: Client(request), parts.hostname or "", parts.port or 80
        )
        clients.append(client)
    await asyncio.gather(*(client.begun for client in clients))
    return clients


@dataclass
class Show:
    """The guild that is watched, and what was measured in it, in seconds."""

    guild: int
    person: Person
    channel: Channel
    queue: Queue
    address: str
    clients: asyncio.subprocess.Process
    songs: list[int] = field(default_factory=list[int])
    made: list[float] = field(default_factory=list[float])
    idle: list[float] = field(default_factory=list[float])
    again: list[float] = field(default_factory=list[float])
    watched: list[float] = field(default_factory=list[float])
    waits: list[float] = field(default_factory=list[float])

    async def fill(self, configuration: Configuration) -> None:
        """Lets songs wait, and one play."""
        await configuration.change(self.guild, "bench", ACTOR, {"limit:0": "0"})
        for number in range(SONGS):
            song = NewSong(f"Song {number}", f"Artist {number}", ACTOR.id, ACTOR.name)
            self.songs.append((await self.queue.submit(self.guild, f"s{number}", ACTOR, song)).song.number)
        await self.queue.next(self.guild, "next", ACTOR)

    async def call(self, taken: list[float], seconds: float) -> None:
        """Calls `/queue show` for that long."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            reply = await self.person.command("queue show", channel=self.channel)
            if not reply.ok:
                raise RuntimeError(f"/queue show was refused: {reply.refusal}")
            taken.append(reply.latency)
            # Not measured: a person's pause, so that calls do not make the load themselves.
            await asyncio.sleep(0.02)

    async def change(self, seconds: float) -> None:
        """Makes `RATE` changes a second, at even times, each to a song that all clients are shown."""
        loop = asyncio.get_running_loop()
        started = loop.time()
        for turn in range(int(seconds * RATE)):
            await asyncio.sleep(max(0.0, started + turn / RATE - loop.time()))
            title: dict[str, str | None] = {"title": f"Change {len(self.made)}"}
            self.made.append(time.time())
            song = self.songs[1 + turn % 5]
            await self.queue.edit(self.guild, secrets.token_hex(8), ACTOR, song, title)

    async def watch(self, count: int, seconds: float) -> None:
        """A chunk with clients and changes: what they waited, and what the caller did."""
        assert self.clients.stdin is not None and self.clients.stdout is not None
        self.clients.stdin.write(f"open {count} {self.address}\n".encode())
        if int(await self.clients.stdout.readline()) != count:
            raise RuntimeError("Not all clients were let in.")
        first = len(self.made)
        await asyncio.gather(self.call(self.watched, seconds), self.change(seconds))
        await asyncio.sleep(LAST_SECONDS)
        self.clients.stdin.write(b"close\n")
        for _ in range(count):
            shown = json.loads(await self.clients.stdout.readline())
            for number in range(first, len(self.made)):
                at = min((at for at, seen in shown if seen >= number), default=float("inf"))
                self.waits.append(at - self.made[number])


async def measure(chunks: int, seconds: float, clients: int) -> Show:
    """Runs the chunks in turn; gives what was measured."""
    async with contextlib.AsyncExitStack() as stack:
        sandbox = await Sandbox.start(keep_requests=1_000)
        stack.push_async_callback(sandbox.close)
        crowd, _ = await stack.enter_async_context(served("benchmarks.overlay"))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sl-bench-")))
        valkey = await stack.enter_async_context(embedded.valkey(folder))
        guild, person, channel = room(sandbox)
        port = free_port()
        environment = {"SKIPLINE_DATA_DIR": str(folder), "SKIPLINE_WEB_PORT": str(port)}
        await stack.enter_async_context(process(sandbox, "-m", "bot.cli", "run", **environment))
        await declared(person, channel, "queue show")
        redis: Redis = connect(valkey.url)
        stack.push_async_callback(redis.aclose)
        scripts = Scripts(redis, lambda _: asyncio.sleep(0))
        token = await Overlays(redis, scripts).create(int(guild.id), "bench overlay", ACTOR, "Bench")
        address = f"http://127.0.0.1:{port}/overlay/{token}/events"
        show = Show(int(guild.id), person, channel, Queue(redis, scripts), address, crowd)
        await show.fill(Configuration(redis, scripts, Feed(redis)))
        # Connections, imports and scripts are warm before anything counts.
        await show.call([], seconds)
        await show.watch(clients, seconds)
        show.watched.clear()
        show.waits.clear()
        for _ in range(chunks):
            await show.call(show.idle, seconds)
            await show.watch(clients, seconds)
            await show.call(show.again, seconds)
        return show


def report(show: Show, clients: int, path: str | None) -> int:
    """Prints the table and the bars; gives the exit code."""
    table = Table(
        title=f"{clients} clients of one overlay, {RATE} changes a second, ms",
        caption=f"Load average: {os.getloadavg()[0]:.1f}",
    )
    for heading in ("", "count", "p50", "p99", "most", "against idle", "A/A"):
        table.add_column(heading, justify="right" if heading else "left")
    idle = [*show.idle, *show.again]
    ratio = percentile(show.watched, 0.5) / percentile(idle, 0.5)
    noise = percentile(show.again, 0.5) / percentile(show.idle, 0.5)
    for name, taken, against, same in (
        ("/queue show, idle", show.idle, "1.00", ""),
        ("/queue show, idle again", show.again, "", f"{noise:.2f}"),
        ("/queue show, watched", show.watched, f"{ratio:.2f}", ""),
        ("from a move to each client", show.waits, "", ""),
    ):
        figures = (
            f"{each * 1000:.1f}" for each in (percentile(taken, 0.5), percentile(taken, 0.99), max(taken))
        )
        table.add_row(name, str(len(taken)), *figures, against, same)
    console = Console()
    console.print(table)
    bars = [
        Bar.at_most("ms from a move to a client, p99", percentile(show.waits, 0.99) * 1000, REACHED_MS),
        Bar.at_most("p50 of /queue show, watched / idle", ratio, RATIO),
    ]
    return conclude(console, bars, path)


def main() -> int:
    """Measures and reports; exit code 1 when a bar does not hold."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--chunks", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=5.0, help="of each chunk")
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--json")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        asyncio.run(serve())
        return 0
    if min(options.chunks, options.clients) < 1 or options.seconds < 1:
        parser.error("Measure at least one chunk of one second with one client.")
    show = asyncio.run(measure(options.chunks, options.seconds, options.clients))
    return report(show, options.clients, options.json)


if __name__ == "__main__":
    sys.exit(main())

"""How soon viewers of an overlay have a change, and what people in Discord feel of them.

    python -m benchmarks.overlay [--chunks 8] [--seconds 5] [--clients 200] [--short]

The bot runs as a process of its own on a sandbox Discord, with its embedded servers and its overlays as they
ship; the clients are connections of another process. Chunks without clients, with all of them and three
changes a second, and without them again take turns; in each somebody calls `/queue show` all the time. The
two idle chunks of a round are compared as well, which shows how much of a ratio is noise (the A/A column). A
change counts as made before its move is sent, and as there when a client has all of a snapshot with it or
with a later one.
"""

from __future__ import annotations

import asyncio
import secrets
import sys
import time
from dataclasses import dataclass, field

from rich.console import Console

from benchmarks.latencies import tell
from benchmarks.rig import ACTOR, Bar, arguments, conclude, free_port, percentile
from benchmarks.served import Served, served
from benchmarks.shipped import Shipped, shipped
from state.overlays import Overlays
from state.song import NewSong

RATE = 3
SONGS = 20
REACHED_MS, RATIO = 1_000.0, 1.3
LAST_SECONDS = 2.0
"""How long the last change of a chunk may take to arrive before it counts as never arrived."""


@dataclass
class Show:
    """The guild that is watched, and what was measured in it, in seconds."""

    bot: Shipped
    address: str
    clients: Served
    songs: list[int] = field(default_factory=list[int])
    made: list[float] = field(default_factory=list[float])
    idle: list[float] = field(default_factory=list[float])
    again: list[float] = field(default_factory=list[float])
    watched: list[float] = field(default_factory=list[float])
    waits: list[float] = field(default_factory=list[float])

    async def fill(self) -> None:
        """Lets songs wait, and one play."""
        bot = self.bot
        await bot.configuration.change(bot.guild, "bench", ACTOR, {"limit:0": "0"})
        for number in range(SONGS):
            song = NewSong(f"Song {number}", f"Artist {number}", ACTOR.id, ACTOR.name)
            self.songs.append((await bot.queue.submit(bot.guild, f"s{number}", ACTOR, song)).song.number)
        await bot.queue.next(bot.guild, "next", ACTOR)

    async def change(self, seconds: float) -> None:
        """Makes `RATE` changes a second, at even times, each to a song that all clients are shown."""
        loop = asyncio.get_running_loop()
        started = loop.time()
        for turn in range(int(seconds * RATE)):
            await asyncio.sleep(max(0.0, started + turn / RATE - loop.time()))
            title: dict[str, str | None] = {"title": f"Change {len(self.made)}"}
            self.made.append(time.time())
            song = self.songs[1 + turn % 5]
            await self.bot.queue.edit(self.bot.guild, secrets.token_hex(8), ACTOR, song, title)

    async def watch(self, count: int, seconds: float) -> None:
        """A chunk with clients and changes: what they waited, and what the caller did."""
        if await self.clients.ask("open", count, self.address) != count:
            raise RuntimeError("Not all clients were let in.")
        first = len(self.made)
        await asyncio.gather(self.bot.call(self.watched, seconds), self.change(seconds))
        await asyncio.sleep(LAST_SECONDS)
        self.clients.say("close")
        for _ in range(count):
            shown = await self.clients.answer()
            for number in range(first, len(self.made)):
                at = min((at for at, seen in shown if seen >= number), default=float("inf"))
                self.waits.append(at - self.made[number])


async def measure(chunks: int, seconds: float, clients: int) -> Show:
    """Runs the chunks in turn; gives what was measured."""
    port = free_port()
    async with served("benchmarks.overlay.clients") as crowd, shipped(SKIPLINE_WEB_PORT=str(port)) as bot:
        token = await Overlays(bot.redis, bot.scripts).create(bot.guild, "bench overlay", ACTOR, "Bench")
        show = Show(bot, f"http://127.0.0.1:{port}/overlay/{token}/events", crowd)
        await show.fill()
        # Connections, imports and scripts are warm before anything counts.
        await bot.call([], seconds)
        await show.watch(clients, seconds)
        show.watched.clear()
        show.waits.clear()
        for _ in range(chunks):
            await bot.call(show.idle, seconds)
            await show.watch(clients, seconds)
            await bot.call(show.again, seconds)
        return show


def report(show: Show, clients: int, path: str | None, pictures: str | None) -> int:
    """Prints the table and the bars; gives the exit code."""
    console = Console()
    ratio, chart = tell(
        console,
        "overlay",
        f"{clients} clients of one overlay, {RATE} changes a second",
        {
            "/queue show, idle": show.idle,
            "/queue show, idle again": show.again,
            "/queue show, watched": show.watched,
        },
        {"from a move to each client": show.waits},
    )
    bars = [
        Bar.at_most("ms from a move to a client, p99", percentile(show.waits, 0.99) * 1000, REACHED_MS),
        Bar.at_most("p50 of /queue show, watched / idle", ratio, RATIO),
    ]
    return conclude(console, bars, path, [chart], pictures)


def main() -> int:
    """Measures and reports; exit code 1 when a bar does not hold."""
    parser = arguments(__doc__, chunks=3, seconds=2.0)
    parser.add_argument("--chunks", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=5.0, help="of each chunk")
    parser.add_argument("--clients", type=int, default=200)
    options = parser.parse_args()
    if min(options.chunks, options.clients) < 1 or options.seconds < 1:
        parser.error("Measure at least one chunk of one second with one client.")
    show = asyncio.run(measure(options.chunks, options.seconds, options.clients))
    return report(show, options.clients, options.json, options.pictures)


if __name__ == "__main__":
    sys.exit(main())

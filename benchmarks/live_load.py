"""What people feel while a live sends 300 events a second into their guild, and how soon a gift shows.

    python -m benchmarks.live_load [--chunks 6] [--seconds 5] [--rate 300] [--json FILE]

The bot runs as a process of its own on a sandbox Discord, with its embedded servers and the process that
listens to TikTok as they ship; the local TikTok is a process of its own too. Chunks without and with events
of the live take turns; in both somebody calls `/queue show` all the time. Among the viewers are some whose
points move their waiting songs. In the loaded chunks a viewer gives what lifts a song from Free above all,
again and again: the time runs from before the gift is sent to the announcement of the change in Redis, and to
Discord's answer to the edit of the public list.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import functools
import json
import os
import random
import re
import secrets
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from redis.asyncio import Redis
from rich.console import Console
from rich.table import Table

from benchmarks.rig import ACTOR, Bar, conclude, declared, percentile, process, room
from benchmarks.tiktok import served
from bot import embedded
from sandbox.discord import Channel, Exchange, Person, Sandbox
from sandbox.tiktok import TikTok, gift_named
from state import keys
from state.configure import Configuration
from state.connection import connect
from state.feed import Change, Feed
from state.hosts import Hosts
from state.live import Live
from state.points import Points
from state.queue import Queue
from state.scripts import Scripts
from state.song import NewSong

HOST = "bench"
VIEWERS, LINKED, GIVERS = 200, 20, 500
GIFT = gift_named("Galaxy")  # 1,000 coins at once: what the cheapest skip costs
EVERY = 0.4  # seconds from one song that is shown to the next gift
RATIO, CHANGED_MS, SHOWN_MS = 1.3, 500.0, 2_000.0
MISSED = 10.0  # seconds after which a gift counts as never shown

Condition = Callable[[], Awaitable[bool]]

_LIFT = re.compile(r"(?:Lift|Fan|Song) \d+")


async def serve() -> None:
    """The local TikTok, told on its standard input: `<events a second>`, or `gift <number of its giver>`."""
    tiktok = await TikTok.start(history_depth=0)
    live = tiktok.host(HOST).go_live()
    chance = random.Random(1)
    viewers = [tiktok.viewer(f"viewer{number}") for number in range(VIEWERS)]
    rate = 0.0

    async def play() -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            due = max(due, loop.time() - 0.5)
            await asyncio.sleep(due - loop.time())
            due += 1 / rate if rate else 0.02
            if rate:
                number = chance.randrange(VIEWERS)
                what = chance.choices(("like", "comment", "join", "share", "gift"), (50, 25, 15, 3, 7))[0]
                viewer = viewers[number]
                if what == "gift" and number >= LINKED:
                    viewer.gift(live, gift_named("Rose"), 3)
                elif what == "comment":
                    viewer.comment(live, "this one!")
                elif what == "join":
                    viewer.join(live)
                elif what == "share":
                    viewer.share(live)
                else:
                    viewer.like(live, 7)

    told = {
        "app": tiktok.app_url,
        "sign": tiktok.sign_url,
        "key": tiktok.sign_key,
        "viewers": [each.id for each in viewers[:LINKED]],
    }
    print(json.dumps(told), flush=True)
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    playing = asyncio.create_task(play())
    while line := await lines.readline():
        verb, *rest = line.split()
        if verb == b"gift":
            giver = tiktok.viewer(f"giver{int(rest[0])}")
            print(
                json.dumps({"at": time.time(), "id": giver.id, "connected": len(live.connections)}),
                flush=True,
            )
            if len(rest) == 1:
                giver.gift(live, GIFT)
        else:
            rate = float(verb)
    playing.cancel()


@dataclass
class Double:
    """The local TikTok, as the measuring process sees it."""

    child: asyncio.subprocess.Process
    told: dict[str, Any]

    def say(self, line: str) -> None:
        """Tell it something."""
        assert self.child.stdin is not None
        self.child.stdin.write(f"{line}\n".encode())

    async def ask(self, line: str) -> dict[str, float]:
        """Tell it something, and give its answer."""
        assert self.child.stdout is not None
        self.say(line)
        return json.loads(await self.child.stdout.readline())


@contextlib.asynccontextmanager
async def double() -> AsyncGenerator[Double]:
    """A local TikTok in a process of its own."""
    async with served("benchmarks.live_load") as (child, told):
        yield Double(child, told)


@dataclass
class Show:
    """The guild under load, and what was measured in it, in seconds."""

    guild: int
    person: Person
    channel: Channel
    public: Channel
    redis: Redis
    queue: Queue
    tiktok: Double
    lifted: int = 0
    first: str = ""
    moved: asyncio.Event = field(default_factory=asyncio.Event)
    edited: asyncio.Event = field(default_factory=asyncio.Event)
    idle: list[float] = field(default_factory=list[float])
    loaded: list[float] = field(default_factory=list[float])
    changed: list[float] = field(default_factory=list[float])
    shown: list[float] = field(default_factory=list[float])

    def heard(self, change: Change) -> None:
        """Takes a move of the guild down."""
        if change.kind == "live":
            self.moved.set()

    def saw(self, exchange: Exchange) -> None:
        """Takes down which song the public list has first."""
        if exchange.method == "PATCH" and f"/channels/{self.public.id}/messages/" in exchange.path:
            found = _LIFT.search(json.dumps(exchange.body))
            self.first = found[0] if found and exchange.ok else self.first
            self.edited.set()

    async def call(self, taken: list[float], seconds: float) -> None:
        """Calls `/queue show` for that long."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            taken.append((await self.person.command("queue show", channel=self.channel)).latency)
            # Not measured: a person's pause, so that calls do not make the load themselves.
            await asyncio.sleep(0.02)

    async def give(self, seconds: float) -> None:
        """Lets songs be lifted one after the other for that long, and takes each out once it was shown."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and self.lifted < GIVERS:
            number, self.lifted = self.lifted, self.lifted + 1
            song = NewSong(f"Lift {number}", f"Giver {number}", 2_000 + number, f"giver{number}")
            submitted = (await self.queue.submit(self.guild, secrets.token_hex(8), ACTOR, song)).song.number
            await asyncio.sleep(EVERY)
            at = (await self.tiktok.ask(f"gift {number}"))["at"]
            self.changed.append(
                await self._wait(self.moved, at, functools.partial(self._is_lifted, submitted))
            )
            self.shown.append(
                await self._wait(self.edited, at, functools.partial(self._is_first, f"Lift {number}"))
            )
            await self.queue.remove(self.guild, secrets.token_hex(8), ACTOR, submitted)

    async def _is_lifted(self, number: int) -> bool:
        tier = await self.redis.hget(keys.song(self.guild, number), "tier")  # pyright: ignore - sync or async
        return tier != "0"

    async def _is_first(self, title: str) -> bool:
        return self.first == title

    async def _wait(self, event: asyncio.Event, since: float, holds: Condition) -> float:
        """Seconds from then until the event after which it holds; infinity when that never comes."""
        try:
            async with asyncio.timeout(MISSED):
                while not await holds():
                    event.clear()
                    await event.wait()
        except TimeoutError:
            return float("inf")
        return time.time() - since


async def measure(chunks: int, seconds: float, rate: float) -> tuple[Show, float]:
    """Runs the chunks in turn; gives what was measured, and the events a second that were booked."""
    async with contextlib.AsyncExitStack() as stack:
        sandbox = await Sandbox.start(keep_requests=1_000)
        stack.push_async_callback(sandbox.close)
        tiktok = await stack.enter_async_context(double())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sl-bench-")))
        valkey = await stack.enter_async_context(embedded.valkey(folder))
        guild, person, channel = room(sandbox)
        environment = {
            "SKIPLINE_DATA_DIR": str(folder),
            "TIKTOK_URL": tiktok.told["app"],
            "TIKTOK_SIGN_URL": tiktok.told["sign"],
            "TIKTOK_SIGN_KEY": tiktok.told["key"],
        }
        await stack.enter_async_context(process(sandbox, "-m", "bot.cli", "run", **environment))
        await declared(person, channel, "queue show")
        redis = connect(valkey.url)
        stack.push_async_callback(redis.aclose)
        scripts, feed = Scripts(redis, lambda _: asyncio.sleep(0)), Feed(redis)
        show = Show(
            int(guild.id),
            person,
            channel,
            guild.create_channel("public"),
            redis,
            Queue(redis, scripts),
            tiktok,
        )
        feed.listen(show.heard)
        await feed.open()
        stack.push_async_callback(feed.close)
        await show_up(show, Configuration(redis, scripts, feed), Points(redis, scripts))
        sandbox.on_exchange.append(show.saw)
        await Hosts(redis, scripts).connect(show.guild, "bench host", ACTOR, HOST)
        async with asyncio.timeout(60):
            while not (await tiktok.ask("gift 0 nothing"))["connected"]:  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.2)
        await show.call([], seconds)
        before, loaded = await booked(show), 0.0
        for _ in range(chunks):
            await show.call(show.idle, seconds)
            tiktok.say(str(rate))
            started = time.monotonic()
            await show.call([], 1.0)
            await asyncio.gather(show.call(show.loaded, seconds), show.give(seconds))
            tiktok.say("0")
            loaded += time.monotonic() - started
            await show.call([], 1.0)
        return show, (await booked(show) - before) / loaded


async def booked(show: Show) -> int:
    """How many messages of the live are booked, of those that a session counts by the message."""
    (session,) = await Live(show.redis, Scripts(show.redis, lambda _: asyncio.sleep(0))).open(show.guild)
    return session.comments + session.joins + session.shares


async def show_up(show: Show, configuration: Configuration, points: Points) -> None:
    """Lets songs of viewers wait, gives the givers their handles, and puts up the public list."""
    await configuration.change(show.guild, "bench", ACTOR, {"limit:0": "0"})
    for number, handle in enumerate(show.tiktok.told["viewers"]):
        user = 1_000 + number
        song = NewSong(f"Fan {number}", f"Fan {number}", user, f"fan{number}")
        await show.queue.submit(show.guild, f"fan {number}", ACTOR, song)
        await points.link(show.guild, f"fan {number}", ACTOR, int(handle), user, name=f"@viewer{number}")
    for number in range(GIVERS):
        handle = int((await show.tiktok.ask(f"gift {number} nothing"))["id"])
        await points.link(
            show.guild, f"giver {number}", ACTOR, handle, 2_000 + number, name=f"@giver{number}"
        )
    await configuration.set_display(show.guild, "public", ACTOR, "public", (int(show.public.id), 0))
    await show.public.wait_for(lambda messages: bool(messages), timeout=15)


def report(show: Show, pace: float, rate: float, path: str | None) -> int:
    """Prints the table and the bars; gives the exit code."""
    table = Table(title=f"{rate:g} events a second into one guild, ms")
    for heading in ("", "count", "p50", "p95", "p99"):
        table.add_column(heading, justify="right" if heading else "left")
    rows = {
        "/queue show, idle": show.idle,
        "/queue show, loaded": show.loaded,
        "gift to changed place": show.changed,
        "gift to edited display": show.shown,
    }
    for name, taken in rows.items():
        shares = (f"{percentile(taken, share) * 1000:.1f}" for share in (0.5, 0.95, 0.99))
        table.add_row(name, str(len(taken)), *shares)
    console = Console()
    console.print(table)
    console.print(f"Comments, joins and shares, 43 of 100 events, booked a second: {pace:.0f}")
    console.print(f"Load average: {os.getloadavg()[0]:.1f}")
    ratio = percentile(show.loaded, 0.5) / percentile(show.idle, 0.5)
    bars = [
        Bar.at_most("p50 of /queue show, loaded / idle", ratio, RATIO),
        Bar.at_most("ms from gift to changed place, p99", percentile(show.changed, 0.99) * 1000, CHANGED_MS),
        Bar.at_most("ms from gift to edited display, most", max(show.shown) * 1000, SHOWN_MS),
    ]
    return conclude(console, bars, path)


def main() -> int:
    """Measures and reports; exit code 1 when a bar does not hold."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--chunks", type=int, default=6)
    parser.add_argument("--seconds", type=float, default=5.0, help="of each chunk")
    parser.add_argument("--rate", type=float, default=300.0)
    parser.add_argument("--json")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        asyncio.run(serve())
        return 0
    show, pace = asyncio.run(measure(options.chunks, options.seconds, options.rate))
    return report(show, pace, options.rate, options.json)


if __name__ == "__main__":
    sys.exit(main())

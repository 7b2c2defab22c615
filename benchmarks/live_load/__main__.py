"""What people feel while a live sends 300 events a second into their guild, and how soon a gift shows.

    python -m benchmarks.live_load [--chunks 6] [--seconds 5] [--rate 300] [--short]

The bot runs as a process of its own on a sandbox Discord, with its embedded servers and the process that
listens to TikTok as they ship; the local TikTok is a process of its own too. Chunks without events of the
live, with them, and without them again take turns; in each somebody calls `/queue show` all the time. The two
idle chunks of a round are compared as well, which shows how much of a ratio is noise (the A/A column). Among
the viewers are some whose points move their waiting songs. In the loaded chunks a viewer gives what lifts a
song from Free above all, again and again: the time runs from before the gift is sent to the announcement of
the move that books it and changes the song's place, which are one; to Discord's answer to the edit of the
public list; and to the move's row in PostgreSQL.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import re
import secrets
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial

from rich.console import Console

from benchmarks.latencies import tell
from benchmarks.live_load.double import HOST
from benchmarks.rig import ACTOR, Bar, arguments, conclude, percentile
from benchmarks.served import Served, served
from benchmarks.shipped import Shipped, shipped
from sandbox.discord import Channel, Exchange
from state import keys
from state.feed import Change
from state.hosts import Hosts
from state.live import Live
from state.points import Points
from state.song import NewSong

EVERY = 0.4  # seconds from one song that is shown to the next gift
RATIO, CHANGED_MS, SHOWN_MS = 1.3, 500.0, 2_000.0
MISSED = 10.0  # seconds after which a gift counts as never shown
LOOK = 0.01  # seconds between two looks at how far the archive is

Condition = Callable[[], Awaitable[bool]]

_LIFT = re.compile(r"(?:Lift|Fan|Song) \d+")


@dataclass
class Show:
    """The guild under load, and what was measured in it, in seconds. At most so many gifts are `left`."""

    bot: Shipped
    public: Channel
    tiktok: Served
    left: int
    lifted: int = 0
    first: str = ""
    moved: asyncio.Event = field(default_factory=asyncio.Event)
    edited: asyncio.Event = field(default_factory=asyncio.Event)
    idle: list[float] = field(default_factory=list[float])
    again: list[float] = field(default_factory=list[float])
    loaded: list[float] = field(default_factory=list[float])
    changed: list[float] = field(default_factory=list[float])
    archived: list[float] = field(default_factory=list[float])
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

    async def give(self, seconds: float) -> None:
        """Lets songs be lifted one after the other for that long, and takes each out once it was shown."""
        bot, until = self.bot, time.monotonic() + seconds
        while time.monotonic() < until and self.lifted < self.left:
            number, self.lifted = self.lifted, self.lifted + 1
            song = NewSong(f"Lift {number}", f"Giver {number}", 2_000 + number, f"giver{number}")
            submitted = (await bot.queue.submit(bot.guild, secrets.token_hex(8), ACTOR, song)).song.number
            await asyncio.sleep(EVERY)
            at = (await self.tiktok.ask("gift", number))["at"]
            self.changed.append(await self._wait(self.moved, at, partial(self._is_lifted, submitted)))
            _, shown = await asyncio.gather(
                self._archive(at), self._wait(self.edited, at, partial(self._is_first, f"Lift {number}"))
            )
            self.shown.append(shown)
            await bot.queue.remove(bot.guild, secrets.token_hex(8), ACTOR, submitted)

    async def _is_lifted(self, number: int) -> bool:
        tier = await self.bot.redis.hget(keys.song(self.bot.guild, number), "tier")  # pyright: ignore - sync or async
        return tier != "0"

    async def _is_first(self, title: str) -> bool:
        return self.first == title

    async def _archive(self, since: float) -> None:
        """Takes down when PostgreSQL had what Redis has now."""
        redis, guild = self.bot.redis, self.bot.guild
        revision = int(await redis.get(keys.revision(guild)) or 0)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(MISSED):
                # It is told nowhere else, and a look costs the server some microseconds.
                while int(await redis.get(keys.archived(guild)) or 0) < revision:  # noqa: ASYNC110 - no event
                    await asyncio.sleep(LOOK)
                self.archived.append(time.time() - since)
                return
        self.archived.append(math.inf)

    async def _wait(self, event: asyncio.Event, since: float, holds: Condition) -> float:
        """Seconds from then until the event after which it holds; infinity when that never comes."""
        try:
            async with asyncio.timeout(MISSED):
                while not await holds():
                    event.clear()
                    await event.wait()
        except TimeoutError:
            return math.inf
        return time.time() - since

    async def booked(self) -> int:
        """How many messages of the live are booked, of those that a session counts by the message."""
        (session,) = await Live(self.bot.redis, self.bot.scripts).open(self.bot.guild)
        return session.comments + session.joins + session.shares

    async def show_up(self) -> None:
        """Lets songs of viewers wait, gives the givers their handles, and puts up the public list."""
        bot = self.bot
        points = Points(bot.redis, bot.scripts)
        await bot.configuration.change(bot.guild, "bench", ACTOR, {"limit:0": "0"})
        for number, handle in enumerate(self.tiktok.told["viewers"]):
            user = 1_000 + number
            song = NewSong(f"Fan {number}", f"Fan {number}", user, f"fan{number}")
            await bot.queue.submit(bot.guild, f"fan {number}", ACTOR, song)
            await points.link(bot.guild, f"fan {number}", ACTOR, int(handle), user, name=f"@viewer{number}")
        for number in range(self.left):
            handle = int((await self.tiktok.ask("giver", number))["id"])
            await points.link(
                bot.guild, f"giver {number}", ACTOR, handle, 2_000 + number, name=f"@giver{number}"
            )
        await bot.configuration.set_display(bot.guild, "public", ACTOR, "public", (int(self.public.id), 0))
        await self.public.wait_for(lambda messages: bool(messages), timeout=15)


async def measure(chunks: int, seconds: float, rate: float) -> tuple[Show, float]:
    """Runs the chunks in turn; gives what was measured, and the events a second that were booked."""
    async with contextlib.AsyncExitStack() as stack:
        tiktok = await stack.enter_async_context(served("benchmarks.live_load.double"))
        bot = await stack.enter_async_context(
            shipped(
                TIKTOK_URL=tiktok.told["app"],
                TIKTOK_SIGN_URL=tiktok.told["sign"],
                TIKTOK_SIGN_KEY=tiktok.told["key"],
            )
        )
        show = Show(bot, bot.where.create_channel("public"), tiktok, math.ceil(chunks * seconds / EVERY))
        bot.feed.listen(show.heard)
        await bot.feed.open()
        stack.push_async_callback(bot.feed.close)
        await show.show_up()
        bot.sandbox.on_exchange.append(show.saw)
        await Hosts(bot.redis, bot.scripts).connect(bot.guild, "bench host", ACTOR, HOST)
        async with asyncio.timeout(60):
            while not (await tiktok.ask("giver", 0))["connected"]:  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.2)
        await bot.call([], seconds)
        before, loaded = await show.booked(), 0.0
        for _ in range(chunks):
            await bot.call(show.idle, seconds)
            tiktok.say("rate", rate)
            started = time.monotonic()
            await bot.call([], 1.0)
            await asyncio.gather(bot.call(show.loaded, seconds), show.give(seconds))
            tiktok.say("rate", 0)
            loaded += time.monotonic() - started
            await bot.call([], 1.0)
            await bot.call(show.again, seconds)
        return show, (await show.booked() - before) / loaded


def report(show: Show, pace: float, rate: float, path: str | None, pictures: str | None) -> int:
    """Prints the table and the bars; gives the exit code."""
    console = Console()
    ratio, chart = tell(
        console,
        "live-load",
        f"{rate:g} events of a live a second into one guild",
        {
            "/queue show, idle": show.idle,
            "/queue show, idle again": show.again,
            "/queue show, loaded": show.loaded,
        },
        {
            "gift to books and changed place": show.changed,
            "gift to PostgreSQL": show.archived,
            "gift to edited display": show.shown,
        },
    )
    console.print(f"Comments, joins and shares, 43 of 100 events, booked a second: {pace:.0f}")
    bars = [
        Bar.at_most("p50 of /queue show, loaded / idle", ratio, RATIO),
        Bar.at_most("ms from gift to changed place, p99", percentile(show.changed, 0.99) * 1000, CHANGED_MS),
        Bar.at_most("ms from gift to edited display, most", max(show.shown) * 1000, SHOWN_MS),
    ]
    return conclude(console, bars, path, [chart], pictures)


def main() -> int:
    """Measures and reports; exit code 1 when a bar does not hold."""
    parser = arguments(__doc__, chunks=3, seconds=2.5)
    parser.add_argument("--chunks", type=int, default=6)
    parser.add_argument("--seconds", type=float, default=5.0, help="of each chunk")
    parser.add_argument("--rate", type=float, default=300.0)
    options = parser.parse_args()
    show, pace = asyncio.run(measure(options.chunks, options.seconds, options.rate))
    return report(show, pace, options.rate, options.json, options.pictures)


if __name__ == "__main__":
    sys.exit(main())

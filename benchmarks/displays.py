"""The displays of a busy queue and of a quiet one: how often they are edited, and how old what they show is.

    python -m benchmarks.displays [--seconds 60] [--guilds 1] [--json FILE]

The bot runs as a process of its own on a sandbox Discord, with its embedded servers as it ships. Every guild
has the public list, the reviewer panel and the pending skips in a channel each. In the busy time another
process edits the title of a waiting and of a claimed song, so that each message has three changes a second to
show; then nothing happens for as long. A change counts as made before its move is sent, and as shown when
Discord has answered the edit.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import re
import secrets
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.rig import ACTOR, Bar, conclude, declared, moves, percentile, process, room
from bot import embedded
from bot.displays import PACE
from sandbox.discord import Channel, Exchange, Sandbox
from state.configure import Configuration
from state.queue import Queue
from state.scripts import Actor
from state.song import NewSong

RATE = 3
ARTIST = Actor(1_000_001, "Ada")
KINDS = ("public", "reviewer", "pending")
TIER = 10
FIRST_MS = 1000.0
STALE_MS = 2000.0

_TITLE = re.compile(r"Change (\d+)")


@dataclass
class Display:
    """One message: when Discord got each edit, and from when on (s) it showed which change."""

    kind: str
    channel: Channel
    edits: list[float] = field(default_factory=list[float])
    shown: list[tuple[float, int]] = field(default_factory=list[tuple[float, int]])

    def heard(self, exchange: Exchange) -> None:
        """Takes down an edit of the message."""
        if exchange.method == "PATCH" and exchange.path.startswith(f"/channels/{self.channel.id}/messages/"):
            self.edits.append(exchange.at)
            numbers = [int(number) for number in _TITLE.findall(json.dumps(exchange.body))]
            if exchange.ok and numbers:
                self.shown.append((exchange.at + exchange.seconds, max(numbers)))

    def gap(self) -> float:
        """The shortest time between two edits, in seconds."""
        return min((later - edit for edit, later in zip(self.edits, self.edits[1:], strict=False)), default=0)

    def most_within(self, seconds: float) -> int:
        """Most edits in any stretch of that length."""
        return max(
            (sum(0 <= other - edit < seconds for other in self.edits) for edit in self.edits), default=0
        )

    def waits(self, made: list[float]) -> list[float]:
        """For each change the milliseconds until it, or a later one, was shown; infinity if never."""
        return [
            min((at - since for at, shown in self.shown if shown >= number), default=float("inf")) * 1000
            for number, since in enumerate(made)
        ]


@dataclass
class Show:
    """One guild: the two songs whose titles change, the displays, and when each change was made."""

    guild: int
    waiting: int
    claimed: int
    displays: list[Display]
    made: list[float] = field(default_factory=list[float])


async def measure(seconds: float, guilds: int) -> tuple[list[Show], int]:
    """Makes the changes, then waits as long; gives the shows and the REST calls of the quiet time."""
    async with contextlib.AsyncExitStack() as stack:
        sandbox = await Sandbox.start(keep_requests=None)
        stack.push_async_callback(sandbox.close)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sl-bench-")))
        valkey = await stack.enter_async_context(embedded.valkey(folder))
        rooms = [room(sandbox, f"Bench {number}") for number in range(guilds)]
        await stack.enter_async_context(
            process(sandbox, "-m", "bot.cli", "run", SKIPLINE_DATA_DIR=str(folder))
        )
        queue, configuration = await stack.enter_async_context(moves(valkey.url))
        shows: list[Show] = []
        for guild, person, channel in rooms:
            await declared(person, channel, "queue show")
            displays = [Display(kind, guild.create_channel(kind)) for kind in KINDS]
            shows.append(await put_up(int(guild.id), displays, queue, configuration))
        await still(sandbox)
        for show in shows:
            for display in show.displays:
                sandbox.on_exchange.append(display.heard)
        await asyncio.gather(*(keep_busy(show, queue, seconds) for show in shows))
        await asyncio.gather(*(settled(show) for show in shows))
        before = len(sandbox.requests)
        await asyncio.sleep(seconds)
        return shows, len(sandbox.requests) - before


async def put_up(guild: int, displays: list[Display], queue: Queue, configuration: Configuration) -> Show:
    """Posts the displays of a guild in which one song waits and one is claimed to be paid."""
    await configuration.change(guild, "bench", ACTOR, {"limit:0": "0"})
    numbers: list[int] = []
    for title in ("Waiting", "Claimed"):
        song = NewSong(title, "Ada", ARTIST.id, ARTIST.name)
        numbers.append((await queue.submit(guild, f"bench {title}", ARTIST, song)).song.number)
    await queue.claim(guild, "bench claim", ARTIST, numbers[1], TIER)
    for display in displays:
        place = (int(display.channel.id), 0)
        await configuration.set_display(guild, f"bench {display.kind}", ACTOR, display.kind, place)
        await display.channel.wait_for(lambda messages: bool(messages), timeout=15)
    return Show(guild, numbers[0], numbers[1], displays)


async def still(sandbox: Sandbox) -> None:
    """Waits until the bot has asked nothing of Discord for twice the pace."""
    while (left := sandbox.requests[-1].at + 2 * PACE - time.time()) > 0:  # noqa: ASYNC110 - silence is no event
        await asyncio.sleep(left)


async def keep_busy(show: Show, queue: Queue, seconds: float) -> None:
    """Makes `RATE` changes a second, at even times."""
    loop = asyncio.get_running_loop()
    started = loop.time()
    for number in range(int(seconds * RATE)):
        await asyncio.sleep(max(0.0, started + number / RATE - loop.time()))
        show.made.append(time.time())
        for song in (show.waiting, show.claimed):
            title: dict[str, str | None] = {"title": f"Change {number}"}
            await queue.edit(show.guild, secrets.token_hex(8), ARTIST, song, title)


async def settled(show: Show) -> None:
    """Waits until every message shows the last change; after twice the promise it never will."""
    deadline = time.time() + 2 * STALE_MS / 1000
    while time.time() < deadline:
        if all(each.shown and each.shown[-1][1] == len(show.made) - 1 for each in show.displays):
            return
        await asyncio.sleep(0.01)


def report(shows: list[Show], calls: int, seconds: float, path: str | None) -> int:
    """Prints the table and the bars; gives the exit code."""
    table = Table(
        title="Displays",
        caption=f"{len(shows)} guilds, {RATE} changes a second for {seconds:g} s, each message",
    )
    for heading in ("", "edits", "shortest gap, s", f"most in {PACE} s", "first, ms", "p50, ms", "p99, ms"):
        table.add_column(heading, justify="right" if heading else "left")
    firsts: list[float] = []
    waits: list[float] = []
    for kind in KINDS:
        of_kind = [(each, show.made) for show in shows for each in show.displays if each.kind == kind]
        taken = [each.waits(made) for each, made in of_kind]
        firsts += [each[0] for each in taken]
        waits += (flat := [wait for each in taken for wait in each])
        table.add_row(
            kind,
            str(sum(len(each.edits) for each, _ in of_kind)),
            f"{min(each.gap() for each, _ in of_kind):.3f}",
            str(max(each.most_within(PACE) for each, _ in of_kind)),
            f"{max(each[0] for each in taken):.0f}",
            f"{percentile(flat, 0.5):.0f}",
            f"{percentile(flat, 0.99):.0f}",
        )
    displays = [each for show in shows for each in show.displays]
    console = Console()
    console.print(table)
    bars = [
        Bar.at_most(
            f"edits of a message in {PACE} s, most", max(each.most_within(PACE) for each in displays), 1
        ),
        Bar.at_least("seconds between two edits of a message, least", min(e.gap() for e in displays), PACE),
        Bar.at_most("ms until the first change is shown, most", max(firsts), FIRST_MS),
        Bar.at_most("ms until a change is shown, p99", percentile(waits, 0.99), STALE_MS),
        Bar.at_most(f"REST calls in {seconds:g} quiet seconds", calls, 0),
    ]
    return conclude(console, bars, path)


def main() -> int:
    """Measures and reports; exit code 1 when a bar does not hold."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=60.0, help="of the busy time, and of the quiet time")
    parser.add_argument("--guilds", type=int, default=1)
    parser.add_argument("--json")
    options = parser.parse_args()
    if options.seconds < 2 * PACE or options.guilds < 1:
        parser.error(f"Measure at least {2 * PACE:g} seconds and one guild.")
    shows, calls = asyncio.run(measure(options.seconds, options.guilds))
    return report(shows, calls, options.seconds, options.json)


if __name__ == "__main__":
    sys.exit(main())

"""What one more guild costs, from 1 to 1,000: memory, processor time at rest, and time to start.

    python -m benchmarks.growth [--guilds 1 10 100 1000] [--seconds 30] [--short] [--json FILE]

Each guild has 3 songs that wait and a public list. The bot is started anew with each number of guilds, on
the same data, its servers running; memory and processor time are taken twice, one after the other, which
shows the noise (A/A). What a guild costs from 100 to 1,000 is held against what it may cost, and the bot with
1,000 against what it would be if each cost as much as one of the first 100: a slope that grows would show.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from redis.asyncio import Redis
from rich.console import Console
from rich.table import Table

from benchmarks.charts import Chart
from benchmarks.inspected import PATIENCE, Inspected, inspected
from benchmarks.memory.room import environment
from benchmarks.rig import ACTOR, Bar, archived, arguments, conclude, declared, moves
from benchmarks.usage import commands, cpu_seconds, load, memory
from bot import embedded
from sandbox.discord import Channel, Sandbox
from state import keys
from state.configure import Configuration
from state.connection import connect
from state.queue import Queue
from state.song import NewSong

SONGS: Final = 3
GUILD_KIB: Final = 100.0
GUILD_MS: Final = 5.0
QUIET_SHARE: Final = 0.1
QUIET_GUILDS: Final = 100
"""Up to so many guilds it is to rest like that."""
MORE_SHARE: Final = 0.2
"""What 1,000 guilds more may add, in percent of a core."""
QUIET_SECONDS: Final = 30.0
"""All guilds are compared with the archive that often: a shorter look meets it by chance, and has no bar."""
BUSY: Final = 0.02
GROWS: Final = 1.5
"""How much more than one of the first guilds a later one may cost: more would be a slope."""


@dataclass(frozen=True)
class Rest:
    """The bot at rest: MiB, percent of a core, commands of Redis a second, REST calls."""

    mib: float
    share: float
    commands: float
    calls: int


@dataclass(frozen=True)
class Size:
    """One number of guilds: seconds until READY, until the last guild was heard of, and the bot at rest."""

    guilds: int
    ready: float
    heard: float
    once: Rest
    again: Rest

    @property
    def mib(self) -> float:
        """MiB of the bot."""
        return (self.once.mib + self.again.mib) / 2

    @property
    def share(self) -> float:
        """Percent of a core at rest."""
        return (self.once.share + self.again.share) / 2


async def settle(sandbox: Sandbox, guilds: int, queue: Queue, configuration: Configuration) -> None:
    """Brings the bot into guilds until there are so many."""
    turns = asyncio.Semaphore(32)

    async def one(number: int) -> None:
        async with turns:
            guild = sandbox.create_guild(f"Guild {number}")
            channel = guild.create_channel("list")
            for song in range(SONGS):
                new = NewSong(f"Song {song}", "Ada", 1_000_000 + song, "Ada")
                await queue.submit(int(guild.id), secrets.token_hex(8), ACTOR, new)
            place = (int(channel.id), 0)
            await configuration.set_display(int(guild.id), secrets.token_hex(8), ACTOR, "public", place)
            await channel.wait_for(bool, timeout=300)

    await asyncio.gather(*map(one, range(len(sandbox.guilds), guilds)))


async def rest(bot: Inspected, redis: Redis, sandbox: Sandbox, seconds: float) -> Rest:
    """Measures the bot while nothing happens."""
    calls = 0

    def heard(_: object) -> None:
        nonlocal calls
        calls += 1

    sandbox.on_exchange.append(heard)
    began, cpu, before = time.perf_counter(), cpu_seconds(bot.pid), await commands(redis)
    await asyncio.sleep(seconds)
    cpu, took = cpu_seconds(bot.pid) - cpu, time.perf_counter() - began
    ran = await commands(redis) - before - 1
    sandbox.on_exchange.remove(heard)
    return Rest(memory(bot.pid), cpu / took * 100, ran / took, calls)


async def settled(bot: Inspected) -> None:
    """Waits until the bot has looked at all its guilds: it uses next to nothing of a core for a second."""
    used = 1.0
    while used > BUSY:
        before = cpu_seconds(bot.pid)
        await asyncio.sleep(1.0)
        used = cpu_seconds(bot.pid) - before


async def size(
    sandbox: Sandbox,
    folder: Path,
    redis: Redis,
    guilds: int,
    seconds: float,
    moving: tuple[Queue, Configuration],
) -> Size:
    """Brings the bot into guilds, then starts it anew and measures it."""
    async with inspected(sandbox, environment=environment(folder)):
        await sandbox.connected(timeout=PATIENCE)
        await settle(sandbox, guilds, *moving)
        await archived(redis, map(int, await redis.smembers(keys.GUILDS)))
    async with inspected(sandbox, environment=environment(folder)) as bot:
        await sandbox.connected(timeout=PATIENCE)
        ready = time.time() - bot.begun
        channel: Channel = sandbox.guilds[-1].channel("list")
        await declared(sandbox.guilds[-1].owner, channel, "queue show")
        heard = time.time() - bot.begun
        await bot.count()
        await settled(bot)
        once = await rest(bot, redis, sandbox, seconds)
        again = await rest(bot, redis, sandbox, seconds)
        return Size(guilds, ready, heard, once, again)


async def measure(console: Console, guilds: list[int], seconds: float) -> list[Size]:
    """Measures every number of guilds."""
    async with contextlib.AsyncExitStack() as stack:
        sandbox = await Sandbox.start(keep_requests=100, identify_window=0.0)
        stack.push_async_callback(sandbox.close)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sl-bench-")))
        valkey = await stack.enter_async_context(embedded.valkey(folder))
        await stack.enter_async_context(embedded.postgres(folder))
        moving = await stack.enter_async_context(moves(valkey.url))
        redis = connect(valkey.url)
        stack.push_async_callback(redis.aclose)
        found: list[Size] = []
        for count in guilds:
            with console.status(f"{count:,} guilds"):
                found.append(await size(sandbox, folder, redis, count, seconds, moving))
        return found


def report(console: Console, sizes: list[Size], seconds: float) -> tuple[list[Bar], list[Chart]]:
    """Prints the table; gives the bars and the pictures."""
    table = Table(
        title="What guilds cost the bot",
        caption=f"KiB each: of those more than in the row above; A/A: MiB, % of a core; {load()}",
    )
    for heading in (
        "guilds",
        "MiB",
        "KiB each",
        "% of core",
        "A/A",
        "Redis/s",
        "READY s",
        "answers s",
    ):
        table.add_column(heading, justify="right")
    for place, each in enumerate(sizes):
        table.add_row(
            f"{each.guilds:,}",
            f"{each.mib:.1f}",
            f"{_kib(sizes[place - 1], each):.1f}" if place else "",
            f"{each.share:.3f}",
            f"{each.again.mib / each.once.mib:.2f} {each.again.share / each.once.share:.2f}",
            f"{each.once.commands:.1f}",
            f"{each.ready:.2f}",
            f"{each.heard:.2f}",
        )
    console.print(table)
    bars = [
        Bar.at_most(f"% of a core at rest, {each.guilds:,} guilds", each.share, QUIET_SHARE)
        for each in sizes
        if each.guilds <= QUIET_GUILDS and seconds >= QUIET_SECONDS
    ]
    bars.append(
        Bar.at_most("REST calls at rest", sum(each.once.calls + each.again.calls for each in sizes), 0)
    )
    if len(sizes) > 1:
        first, middle, last = sizes[0], sizes[-2], sizes[-1]
        if seconds >= QUIET_SECONDS and last.guilds >= 1000:
            added = (last.share - first.share) / (last.guilds - first.guilds) * 1000
            bars.append(Bar.at_most("% of a core that 1,000 guilds add at rest", added, MORE_SHARE))
        step = f"from {middle.guilds:,} to {last.guilds:,}"
        more = last.guilds - middle.guilds
        bars += [
            Bar.at_most(f"KiB that a guild adds, {step}", _kib(middle, last), GUILD_KIB),
            Bar.at_most(
                f"ms that a guild adds to the start, {step}",
                (last.ready - middle.ready) / more * 1000,
                GUILD_MS,
            ),
        ]
        if len(sizes) > 2:
            flat = first.mib + _kib(first, middle) / 1024 * (last.guilds - first.guilds)
            bars.append(
                Bar.at_most(
                    f"MiB with {last.guilds:,} guilds / MiB if each cost as the first", last.mib / flat, GROWS
                )
            )
    groups = [f"{each.guilds:,}" for each in sizes]
    charts = [
        Chart("growth", "Memory of the bot by guilds", "MiB", groups, {
            "once": [each.once.mib for each in sizes], "again": [each.again.mib for each in sizes],
        }),
        Chart("growth-rest", "Processor time of the bot at rest, by guilds", "% of a core", groups, {
            "once": [each.once.share for each in sizes], "again": [each.again.share for each in sizes],
        }, limits=((QUIET_SHARE, f"promised: {QUIET_SHARE} %"),)),
        Chart("growth-start", "From the start of the process, by guilds", "seconds", groups, {
            "READY": [each.ready for each in sizes], "answers": [each.heard for each in sizes],
        }),
    ]  # fmt: skip
    return bars, charts


def _kib(smaller: Size, larger: Size) -> float:
    return (larger.mib - smaller.mib) * 1024 / (larger.guilds - smaller.guilds)


def main() -> int:
    """Measures and reports; exit code 1 when a bar does not hold."""
    parser = arguments(__doc__, seconds=4.0, guilds=[1, 100, 1000])
    parser.add_argument("--guilds", type=int, nargs="+", default=[1, 10, 100, 1000])
    parser.add_argument("--seconds", type=float, default=30.0, help="of each look at the bot at rest")
    options = parser.parse_args()
    guilds = sorted(set(options.guilds))
    if guilds[0] < 1 or options.seconds < 1:
        parser.error("Measure at least one guild for a second.")
    console = Console()
    sizes = asyncio.run(measure(console, guilds, options.seconds))
    bars, charts = report(console, sizes, options.seconds)
    return conclude(console, bars, options.json, charts, options.pictures)


if __name__ == "__main__":
    sys.exit(main())

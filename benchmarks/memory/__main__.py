"""Memory: at rest, with 100 guilds, with 100,000 waiting songs; and whether anything is kept of what is over.

    python -m benchmarks.memory [--interactions 100000] [--forms 10000] [--reconnects 1000] [--songs 100000]

Skipline runs with its embedded servers as it ships, in a process that tells on demand how many pieces of
memory Python has given out, after it has collected what is garbage (`benchmarks.inspected`). Beside it stands
a hikari bot that does nothing but answer, twice, which shows the noise (A/A).

Then everything that passes is done again and again, in 16 guilds: slash commands and presses of the panel;
forms, of which half are closed and never sent; connections to Discord that are dropped or renewed, a
hundredth of them with the session lost. What is kept counts from after the first third to the end: by then
every cache there is has filled. `--trace KIND` tells where the memory is from that one of these kinds keeps.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from benchmarks.charts import Chart
from benchmarks.memory.leaks import IN_FLIGHT, KINDS, Leak, leak
from benchmarks.memory.room import Rooms, rooms
from benchmarks.rig import Bar, arguments, conclude, declared, process, room
from benchmarks.usage import family, load, memory, own_memory
from sandbox.discord import Sandbox

GUILDS = 100
GUILD_KIB, SONGS_MIB = 100.0, 5.0
"""What a guild, and 100,000 songs that wait, may cost the bot."""
KEPT, BY_CHANCE, GROWN_MIB = 1.0, 3_000, 4.0
"""Pieces of memory kept for each act, and MiB that all of them may have added, at most.

Caches hold some pieces more or less from one moment to the next, by chance: these are allowed once.
"""

FULL = {"interactions": 100_000, "forms": 10_000, "reconnects": 1_000}
"""How often everything is done in full: with less, what was kept by chance weighs more."""


@dataclass(frozen=True)
class Standing:
    """MiB at one moment: of the bot, of it alone (nothing that is shared), of its servers alone."""

    name: str
    bot: float
    own: float
    valkey: float
    postgres: float


async def standing(name: str, of: Rooms) -> Standing:
    """Measures it once all is done that was to be done."""
    await of.still()
    await of.bot.count()
    return Standing(
        name,
        memory(of.bot.pid),
        own_memory([of.bot.pid]),
        own_memory([of.valkey.pid]),
        own_memory(family(of.postgres.pid)),
    )


async def bare() -> float:
    """MiB of a hikari bot that does nothing but answer."""
    async with contextlib.AsyncExitStack() as stack:
        sandbox = await Sandbox.start()
        stack.push_async_callback(sandbox.close)
        _, person, channel = room(sandbox)
        child = await stack.enter_async_context(process(sandbox, "-m", "benchmarks.bare_hikari"))
        await declared(person, channel, "bare")
        return memory(child.pid)


async def stand(console: Console, songs: int) -> list[Standing]:
    """Measures the bot at rest, with guilds, and with songs in one of them."""
    async with rooms() as one:
        with console.status("One guild"):
            await one.enter(1, 5)
            found = [await standing("1 guild", one)]
        with console.status(f"{GUILDS} guilds"):
            await one.enter(GUILDS - 1, 5)
            found.append(await standing(f"{GUILDS} guilds", one))
        with console.status(f"{songs:,} songs"):
            await one.wait_in(one.all[0], songs)
            found.append(await standing(f"... and {songs:,} songs", one))
        return found


async def repeat(console: Console, counts: dict[str, int], trace: str | None) -> list[Leak]:
    """Does everything again and again."""
    async with rooms("--quick") as many:
        with console.status("Setting up"):
            # Boards show 25 songs: none is to grow meanwhile.
            await many.enter(IN_FLIGHT, 40)
        found: list[Leak] = []
        for kind, count in counts.items():
            if kind == trace:
                await KINDS[kind](many, max(1, count // 3))
                await many.bot.ask("trace")
                await KINDS[kind](many, count)
                await many.archived()
                for each in (await many.bot.ask("top"))["top"]:
                    console.print(each, markup=False)
            elif trace is None:
                with console.status(f"{count:,} {kind}"):
                    found.append(await leak(many, kind, count))
        return found


def report(
    console: Console, bares: list[float], standings: list[Standing], leaks: list[Leak], songs: int
) -> tuple[list[Bar], list[Chart]]:
    """Prints the tables; gives the bars and the pictures."""
    table = Table(title="Memory, MiB", caption=f"alone: without what it shares with others; {load()}")
    for heading in ("", "bot", "A/A", "alone", "Valkey alone", "PostgreSQL alone"):
        table.add_column(heading, justify="right" if heading else "left")
    table.add_row("bare hikari", f"{bares[0]:.1f}", "", "", "", "")
    table.add_row("bare hikari again", f"{bares[1]:.1f}", f"{bares[1] / bares[0]:.2f}", "", "", "")
    for each in standings:
        figures = (each.own, each.valkey, each.postgres)
        table.add_row(each.name, f"{each.bot:.1f}", "", *(f"{figure:.1f}" for figure in figures))
    console.print(table)
    one, many, full = standings
    bars = [
        Bar.at_most(
            f"KiB that each of {GUILDS} guilds adds to the bot",
            (many.bot - one.bot) / (GUILDS - 1) * 1024,
            GUILD_KIB,
        ),
        Bar.at_most(f"MiB that {songs:,} waiting songs add to the bot", full.bot - many.bot, SONGS_MIB),
    ]
    kept = Table(
        title="What is kept of what is over",
        caption="from after the first third to the end; pieces: given out by Python and not given back"
        + "".join(f"; {each.count:,} {each.kind} are few" for each in leaks if each.count < FULL[each.kind]),
    )
    for heading in ("", "count", "pieces each", "objects", "MiB", "between samples, MiB"):
        kept.add_column(heading, justify="right" if heading else "left")
    for each in leaks:
        objects = each.samples[-1].objects - each.samples[2].objects
        kept.add_row(
            each.kind,
            f"{each.count:,}",
            f"{each.blocks:.3f}",
            f"{objects:+,}",
            f"{each.mib:+.1f}",
            f"{each.noise:.1f}",
        )
        bars += [
            Bar.at_most(
                f"pieces of memory kept for each of {each.count:,} {each.kind}",
                each.blocks,
                round(KEPT + BY_CHANCE / (each.count * 2 / 3), 2),
            ),
            Bar.at_most(
                f"MiB added by the last two thirds of {each.count:,} {each.kind}", each.mib, GROWN_MIB
            ),
        ]
    console.print(kept)
    charts = [
        Chart(
            "memory", "Memory of the bot and its servers", "MiB",
            [each.name for each in standings],
            {
                "bot": [each.bot for each in standings],
                "bare hikari bot": [sum(bares) / len(bares)] * len(standings),
                "Valkey": [each.valkey for each in standings],
                "PostgreSQL": [each.postgres for each in standings],
            },
        ),
        Chart(
            "memory-kept", "Memory of the bot while the same is done again and again", "MiB",
            [f"{part}/9" for part in range(1, 10)],
            {f"{each.count:,} {each.kind}": [sample.mib for sample in each.samples] for each in leaks},
        ),
    ]  # fmt: skip
    return bars, charts


async def measure(
    console: Console, counts: dict[str, int], songs: int
) -> tuple[list[float], list[Standing], list[Leak]]:
    """Measures all of it."""
    bares = [await bare()]
    standings = await stand(console, songs)
    bares.append(await bare())
    return bares, standings, await repeat(console, counts, None)


def main() -> int:
    """Measures and reports; exit code 1 when a bar does not hold."""
    short = {"interactions": 3_600, "forms": 450, "reconnects": 45, "songs": 5_000}
    parser = arguments(__doc__, **short)

    for kind, count in FULL.items():
        parser.add_argument(f"--{kind}", type=int, default=count)
    parser.add_argument("--songs", type=int, default=100_000)
    parser.add_argument("--trace", choices=KINDS, help="tell where the memory is from that one kind keeps")
    options = parser.parse_args()
    counts: dict[str, int] = {kind: getattr(options, kind) for kind in KINDS}
    if min(counts.values()) < 9 or options.songs < 1:
        parser.error("Do everything at least 9 times, with one song.")
    console = Console()
    if options.trace:
        asyncio.run(repeat(console, counts, options.trace))
        return 0
    bares, standings, leaks = asyncio.run(measure(console, counts, options.songs))
    bars, charts = report(console, bares, standings, leaks, options.songs)
    return conclude(console, bars, options.json, charts, options.pictures)


if __name__ == "__main__":
    sys.exit(main())

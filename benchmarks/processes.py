"""Many processes on one Redis: whether every promise holds, and what a second gateway brings.

    python -m benchmarks.processes [--guilds 200] [--presses 2000] [--rounds 6] [--seconds 5] [--short]

First 4 gateways with a shard each and 4 workers serve 200 guilds, in which several people at a time press
Next and Undo and submit songs; then what `tests/faults` holds against a broken bot is held against this show:
messages, Redis and PostgreSQL are looked at from outside.

Then presses are counted a second, in chunks that take turns: of one gateway with both shards, of two with one
each, and of the first again, which shows how much of a ratio is noise (the A/A column). Each set has a worker
and servers of its own. The people and the local Discord are one process, which takes its part of the cores,
and so do the servers; few cores are full of those before a second gateway has its own. So there are chunks
in which each gateway is held to a share of a core (it is stopped while it has had more), which leaves room
for two of them: their ratio by the clock is what is promised. The free chunks tell what is reached on these
cores, who used them, and what a press costs a gateway.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import sys
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from random import Random

from rich.console import Console
from rich.table import Table

from benchmarks.bots import PATIENCE, Bots, bots
from benchmarks.charts import Chart
from benchmarks.holding import holding
from benchmarks.rig import Bar, arguments, conclude, percentile
from sandbox.discord import Exchange
from sandbox.discord.rate_limits import GLOBAL_LIMIT
from tests.faults.invariants import Findings, agree, examine
from tests.faults.proofs import unnoticed
from tests.faults.room import Act, Room

SONGS, TOGETHER, TURNS = 5, 3, 12
"""Songs that wait in a guild, people who act in one at once, and guilds that are acted in at once."""
PRESSERS = 40
"""Guilds of the second part, each with a person who presses without a pause: more than a gateway can take."""
RATIO, BUSY = 1.5, 0.8
"""What two gateways bring, and the share of a core from which on one counts as the part that is full."""
ANSWERED_MS, SHOWN_SECONDS = 3_000.0, 2.0

# Whether every promise holds


@dataclass
class Edits:
    """Calls that edited displays, when (s) the last one came, and calls of any kind that came too fast."""

    count: int = 0
    last: float = 0.0
    limited: int = 0

    def heard(self, exchange: Exchange) -> None:
        """Takes a call down."""
        self.limited += exchange.status == 429
        if exchange.method == "PATCH" and exchange.path.startswith("/channels/") and exchange.ok:
            self.count += 1
            self.last = time.monotonic()


@dataclass
class Show:
    """What came of the first part.

    `acts` is all that was done, in `seconds`; so many seconds `late` the last display was edited; `shares` is
    how many cores each part had.
    """

    acts: list[Act]
    seconds: float
    late: float
    edits: Edits
    findings: Findings
    shares: dict[str, float]


async def play(guilds: int, presses: int, seed: int) -> Show:
    """Has people press in all guilds until so many presses were made; gives what came of it."""
    async with bots("8 processes", 4, [f"{shard}/4" for shard in range(4)], 4) as eight:
        await eight.set_up(guilds, SONGS, "Setting up guilds")
        rooms, findings, edits = eight.rooms, Findings(), Edits()
        eight.stage.sandbox.on_exchange.append(edits.heard)
        order = itertools.cycle(Random(seed).sample(rooms, len(rooms)))

        async def acts(number: int) -> None:
            random = Random(f"{seed} {number}")
            while len(pressed(rooms)) < presses:
                await together(next(order), random)

        before, began = eight.spent(), time.monotonic()
        await asyncio.gather(*map(acts, range(TURNS)))
        ended = time.monotonic()
        seconds = ended - began
        shares = {name: (spent - before[name]) / seconds for name, spent in eight.spent().items()}
        _, still = await agree(rooms, PATIENCE)
        findings.hold(still is None, f"the displays are not right: {still}")
        late = max(0.0, edits.last - ended)
        done = [act for each in rooms for act in each.acts]
        await examine(eight.stage, rooms, set(), findings)
        for missing in await unnoticed(eight.stage, rooms, set()):
            findings.hold(False, f"nobody would notice: {missing}")
    return Show(done, seconds, late, edits, findings, shares)


async def together(where: Room, random: Random) -> None:
    """Has some people of a guild act at the same time, reviewers and artists."""
    people = random.sample([*where.reviewers, *where.artists], TOGETHER)
    await asyncio.gather(
        *(
            where.reviewer_acts(person, random)
            if person in where.reviewers
            else where.artist_acts(person, random)
            for person in people
        )
    )


def pressed(rooms: list[Room]) -> list[Act]:
    """Everything that was asked for; looking is not counted."""
    return [act for each in rooms for act in each.acts if act.kind != "show"]


# What a second gateway brings


@dataclass
class Arm:
    """One thing measured: the presses it took, in how many seconds, and what processor time went where."""

    name: str
    of: Bots
    held: bool
    acts: list[Act] = field(default_factory=list[Act])
    seconds: float = 0.0
    spent: defaultdict[str, float] = field(default_factory=lambda: defaultdict[str, float](float))

    @property
    def presses(self) -> int:
        """How many were answered."""
        return len(self.acts)

    @property
    def rate(self) -> float:
        """Presses a second."""
        return self.presses / self.seconds

    @property
    def cost(self) -> float:
        """Seconds of processor time its gateways took for 1,000 presses."""
        return self.spent["gateways"] / self.presses * 1000

    async def chunk(self, seconds: float, share: float) -> None:
        """Has everybody press for that long, with each gateway held to the share if this arm is."""
        first = [len(each.acts) for each in self.of.rooms]
        async with contextlib.AsyncExitStack() as stack:
            if self.held:
                gateways = self.of.pids()[: self.of.gateways]
                await stack.enter_async_context(holding(gateways, share))
            before, began = self.of.spent(), time.monotonic()
            await asyncio.gather(*(press(each, began + seconds) for each in self.of.rooms))
            self.seconds += time.monotonic() - began
            for name, spent in self.of.spent().items():
                self.spent[name] += spent - before[name]
        for each, known in zip(self.of.rooms, first, strict=True):
            self.acts += each.acts[known:]


async def press(where: Room, until: float) -> None:
    """Has somebody press Undo where the panel offers it and else Next, which leaves the queue as it was."""
    while time.monotonic() < until:
        undo = where.panels()[-1].component(None, label="Undo")
        known = len(where.acts)
        await where.press(where.reviewers[0], "Next" if undo is None or undo["disabled"] else "Undo")
        if len(where.acts) == known:
            raise RuntimeError(f"Nothing could be pressed in room {where.number}.")


async def compare(rounds: int, seconds: float, share: float) -> tuple[list[Arm], Findings]:
    """Measures one gateway against two, free and held; gives the arms, and what was found broken."""
    findings = Findings()
    async with bots("1 gateway", 2, ["0-1/2"], 1) as one, bots("2 gateways", 2, ["0/2", "1/2"], 1) as two:
        arms: list[Arm] = []
        for held in (False, True):
            arms += (Arm(one.name, one, held), Arm(two.name, two, held), Arm(f"{one.name} again", one, held))
        for each in (one, two):
            await each.set_up(PRESSERS, SONGS, each.name)
            # Connections, imports and scripts are warm before anything counts.
            await Arm("", each, held=False).chunk(seconds, share)
        for _ in range(rounds):
            for arm in arms:
                await arm.chunk(seconds, share)
        for each in (one, two):
            _, still = await agree(each.rooms, PATIENCE)
            findings.hold(still is None, f"the displays of {each.name} are not right: {still}")
            await examine(each.stage, each.rooms, set(), findings)
    return arms, findings


# What is told


def tell_show(console: Console, show: Show, guilds: int) -> tuple[list[Bar], Chart]:
    """Prints what people did and were told; gives the bars and the picture."""
    title = f"4 gateways, 4 workers, {guilds} guilds: first answer"
    table = Table(
        title=f"{title}, ms",
        caption="Cores: " + ", ".join(f"{name} {share:.2f}" for name, share in show.shares.items()),
    )
    for heading in ("", "count", "done", "refused", "looked", "p50", "p99", "most"):
        table.add_column(heading, justify="right" if heading else "left")
    kinds = sorted({act.kind for act in show.acts})
    for kind in kinds:
        acts = [act for act in show.acts if act.kind == kind]
        outcomes = Counter(act.outcome for act in acts)
        taken = [act.latency for act in acts]
        table.add_row(
            kind,
            str(len(acts)),
            *(str(outcomes[outcome]) for outcome in ("yes", "no", "seen")),
            *(f"{each * 1000:.0f}" for each in (percentile(taken, 0.5), percentile(taken, 0.99), max(taken))),
        )
    console.print(table)
    presses = [act for act in show.acts if act.kind != "show"]
    figures = show.findings.figures
    console.print(
        f"{len(presses):,} presses in {show.seconds:.1f} s, {figures['moves archived']:,} moves archived, "
        f"{figures['songs played']:,} songs played; {show.edits.count:,} edits of displays, the last "
        f"{show.late:.1f} s after the last press; {show.edits.limited} calls refused as too many."
    )
    # Discord takes so many calls of a bot a second, and each guild may have both displays to be edited.
    shown = SHOWN_SECONDS + 2 * guilds / GLOBAL_LIMIT
    bars = [
        Bar.at_most("promises broken with 8 processes", len(show.findings.broken), 0),
        Bar.at_most("ms to the slowest answer", max(act.latency for act in show.acts) * 1000, ANSWERED_MS),
        Bar.at_most("s from the last press until all displays are right", show.late, shown),
    ]
    series = {
        f"p{share * 100:.0f}": [
            percentile((act.latency for act in show.acts if act.kind == kind), share) * 1000 for kind in kinds
        ]
        for share in (0.5, 0.99)
    }
    return bars, Chart("processes", title, "ms", kinds, series, log=True)


def tell_gateways(console: Console, arms: list[Arm], share: float) -> tuple[list[Bar], list[Chart]]:
    """Prints what the gateways reached and who used the cores; gives the bars and the pictures."""
    free, held = arms[:3], arms[3:]
    cores = os.cpu_count() or 1
    ratio, able = _tell_arms(console, free, f", on {cores} cores")
    bars = [Bar.at_least("what 2 gateways can take / 1, by their CPU time", able, RATIO)]
    one, two, _ = free
    busy = one.spent["gateways"] / one.seconds
    # What everything here takes for a press, at one and a half times the rate of one gateway.
    wanted = RATIO * one.rate * sum(two.spent.values()) / two.presses
    if busy >= BUSY and wanted <= cores:
        bars.append(Bar.at_least("presses/s of 2 gateways / 1, free", ratio, RATIO))
    else:
        console.print(
            f"No bar: one gateway had {busy:.2f} of its core, and {RATIO} times its presses would take "
            f"{wanted:.1f} of {cores} cores with everything that runs here."
        )
    ratio, _ = _tell_arms(console, held, f", each gateway held to {share:.2f} of a core")
    bars.append(Bar.at_least("presses/s of 2 gateways / 1, held", ratio, RATIO))
    rates = Chart(
        "processes-rate",
        "Presses a second of one gateway and of two",
        "presses/s",
        ["free", f"each held to {share:g} of a core"],
        {of_free.name: [of_free.rate, of_held.rate] for of_free, of_held in zip(free, held, strict=True)},
    )
    parts = list(one.spent)
    cores_used = Chart(
        "processes-cores",
        "Who used the cores, free",
        "cores",
        parts,
        {arm.name: [arm.spent[part] / arm.seconds for part in parts] for arm in free},
    )
    return bars, [rates, cores_used]


def _tell_arms(console: Console, arms: list[Arm], how: str) -> tuple[float, float]:
    one, two, again = arms
    refused = sum(act.outcome == "no" for arm in arms for act in arm.acts)
    caption = (
        f"{refused} of {sum(arm.presses for arm in arms)} refused, load average {os.getloadavg()[0]:.1f}"
    )
    table = Table(title=f"Presses a second{how}", caption=caption)
    use = Table(title=f"Cores used{how}")
    parts = list(one.spent)
    for heading in ("", "presses/s", "against one", "A/A", "p99 ms", "CPU s / 1,000"):
        table.add_column(heading, justify="right" if heading else "left")
    for heading in ("", *parts, "all"):
        use.add_column(heading, justify="right" if heading else "left")
    ratio = two.rate * (one.seconds + again.seconds) / (one.presses + again.presses)
    for arm, against, same in (
        (one, "1.00", ""),
        (again, "", f"{again.rate / one.rate:.2f}"),
        (two, f"{ratio:.2f}", ""),
    ):
        late = percentile((act.latency for act in arm.acts), 0.99) * 1000
        table.add_row(arm.name, f"{arm.rate:.1f}", against, same, f"{late:.0f}", f"{arm.cost:.2f}")
        shares = [arm.spent[part] / arm.seconds for part in parts]
        use.add_row(arm.name, *(f"{each:.2f}" for each in (*shares, sum(shares))))
    console.print(table)
    console.print(use)
    cost = (one.spent["gateways"] + again.spent["gateways"]) / (one.presses + again.presses) * 1000
    return ratio, 2 * cost / two.cost


def main() -> int:
    """Measures and reports; exit code 1 when a bar does not hold."""
    parser = arguments(__doc__, guilds=20, presses=300, rounds=2, seconds=3.0)
    parser.add_argument("--guilds", type=int, default=200)
    parser.add_argument("--presses", type=int, default=2_000)
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--seconds", type=float, default=5.0, help="of each chunk")
    parser.add_argument("--share", type=float, default=0.1, help="of a core, for a gateway that is held")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    if min(options.guilds, options.presses, options.rounds) < 1 or options.seconds < 1:
        parser.error("Measure at least one guild, one press and one round of one second.")
    if not 0.05 <= options.share <= 1:
        parser.error("A share of a core is between 0.05 and 1.")
    console = Console()
    show = asyncio.run(play(options.guilds, options.presses, options.seed))
    bars, chart = tell_show(console, show, options.guilds)
    arms, findings = asyncio.run(compare(options.rounds, options.seconds, options.share))
    more, charts = tell_gateways(console, arms, options.share)
    bars += (*more, Bar.at_most("promises broken with 1 and 2 gateways", len(findings.broken), 0))
    for text in (*show.findings.broken, *findings.broken):
        console.print(f"BROKEN: {text}")
    return conclude(console, bars, options.json, [chart, *charts], options.pictures)


if __name__ == "__main__":
    sys.exit(main())

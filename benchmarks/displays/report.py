"""Tables, pictures and bars of the displays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from rich.console import Console
from rich.table import Table

from benchmarks.charts import Chart
from benchmarks.displays.arms import Busy, Use
from benchmarks.displays.shows import RATE
from benchmarks.rig import Bar
from benchmarks.usage import load
from bot.displays import PACE

FIRST_MS: Final = 1000.0
STALE_MS: Final = 2000.0
QUIET_SHARE: Final = 0.1


@dataclass(frozen=True)
class Taken:
    """What one arm took with so many guilds."""

    name: str
    guilds: int
    quiet: Use
    busy: Busy


def report(
    console: Console, taken: list[Taken], quiet: float, seconds: float
) -> tuple[list[Bar], list[Chart]]:
    """Prints the tables; gives the bars and the pictures."""
    counts = sorted({each.guilds for each in taken})
    names = list(dict.fromkeys(each.name for each in taken))
    by = {(each.name, each.guilds): each for each in taken}
    calm = Table(title=f"Quiet: {quiet:g} s in which nothing happens", caption=load())
    limited = sum(each.busy.limited for each in taken)
    rush = Table(
        title=f"Busy: {RATE} changes a second and message for {seconds:g} s",
        caption="Redis: commands a second, also those within scripts and of the changes themselves; "
        f"{limited} calls refused as too many",
    )
    for table, headings in (
        (calm, ("calls/s", "% of a core", "A/A", "Redis/s")),
        (rush, ("calls/s", "% of a core", "A/A", "Redis/s", "p50, ms", "p99, ms")),
    ):
        table.add_column("guilds", justify="right")
        table.add_column("", no_wrap=True)
        for heading in headings:
            table.add_column(heading, justify="right")
    for count in counts:
        ours = by[names[0], count]
        for name in names:
            each = by[name, count]
            bot = name != names[-1]
            again = name == names[1]
            calm.add_row(
                str(count) if name == names[0] else "",
                name,
                f"{each.quiet.calls / each.quiet.seconds:.2f}",
                f"{each.quiet.share:.3f}" if bot else "",
                f"{each.quiet.share / ours.quiet.share:.2f}" if again else "",
                f"{each.quiet.commands / each.quiet.seconds:.1f}",
                end_section=name == names[-1],
            )
            busy, use = each.busy, each.busy.use
            rush.add_row(
                str(count) if name == names[0] else "",
                name,
                f"{use.calls / use.seconds:.2f}",
                f"{use.share:.2f}" if bot else "",
                f"{use.share / ours.busy.use.share:.2f}" if again else "",
                f"{use.commands / use.seconds:.1f}",
                *((f"{busy.wait(share):.0f}" if bot else "") for share in (0.5, 0.99)),
                end_section=name == names[-1],
            )
    console.print(calm)
    console.print(rush)
    bars: list[Bar] = []
    for count in counts:
        ours, of = by[names[0], count], f"{count} guild{'s' if count > 1 else ''}"
        busy = ours.busy
        bars += [
            Bar.at_most(f"REST calls in {quiet:g} quiet seconds, {of}", ours.quiet.calls, 0),
            Bar.at_most(f"% of a core while quiet, {of}", ours.quiet.share, QUIET_SHARE),
            Bar.at_most(f"edits of a message in {PACE} s, most, {of}", busy.most, 1),
            Bar.at_least(f"seconds between two edits of a message, least, {of}", busy.gap, PACE),
            Bar.at_most(f"ms until the first change is shown, most, {of}", max(busy.firsts), FIRST_MS),
            Bar.at_most(f"ms until a change is shown, p99, {of}", busy.wait(0.99), STALE_MS),
        ]
    groups = [f"{count} guild{'s' if count > 1 else ''}" for count in counts]

    def series(figure: Callable[[Taken], float]) -> dict[str, list[float]]:
        return {name: [figure(by[name, count]) for count in counts] for name in names[:-1]}

    charts = [
        Chart(
            "displays-quiet", "Displays of quiet guilds: processor time of the bot", "% of a core", groups,
            series(lambda each: each.quiet.share), log=True,
            limits=((QUIET_SHARE, f"promised: {QUIET_SHARE} %"),),
        ),
        Chart(
            "displays-busy", "Displays of busy guilds: processor time of the bot", "% of a core", groups,
            series(lambda each: each.busy.use.share), log=True,
        ),
        Chart(
            "displays-calls", "Displays of busy guilds: calls of Discord", "calls a second", groups,
            series(lambda each: each.busy.use.calls / each.busy.use.seconds), log=True,
            limits=((50.0, "Discord takes 50"),),
        ),
        Chart(
            "displays-staleness", "From a change until it is shown, p99", "ms", groups,
            series(lambda each: each.busy.wait(0.99)), limits=((STALE_MS, "promised: 2 s"),),
        ),
    ]  # fmt: skip
    return bars, charts

"""What was measured, as tables, bars and pictures."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence

from rich.table import Table

from benchmarks.charts import Chart
from benchmarks.interactions.stands import (
    DISCORD_PY,
    FLOOR,
    FLOOR_AGAIN,
    LOCKS,
    MIRU,
    MIRU_AGAIN,
    OURS,
    TANJUN,
    TANJUN_AGAIN,
    Answer,
    Cell,
    Cells,
)
from benchmarks.rig import Bar, percentile

OF_FRAMEWORK = 1.6
OF_HIKARI = 2.0
RATE = 0.6


def first(answers: Sequence[Answer], share: float = 0.5) -> float:
    """Milliseconds below which that share of the first answers stayed."""
    return percentile((answer.first for answer in answers), share) * 1000


def seen(answers: Sequence[Answer]) -> float:
    """Median of the milliseconds until all that was asked for was to be seen."""
    return statistics.median(answer.seen for answer in answers) * 1000


def tables(cells: Cells) -> list[Table]:
    """One table for the command and one for the button."""
    return [
        _table("Slash command", cells.commands, {FLOOR_AGAIN: FLOOR, TANJUN_AGAIN: TANJUN}),
        _table("Panel button", cells.presses, {FLOOR_AGAIN: FLOOR, MIRU_AGAIN: MIRU}),
    ]


def _table(title: str, cells: dict[str, Cell], twice: dict[str, str]) -> Table:
    some = next(iter(cells.values()))
    flight = len(some.stand.seats)
    caption = (
        f"ms; {len(some.alone)} calls a cell one at a time, {some.calls} with {flight} in flight, in turns; "
        "/core s: calls for each second of the bot's own processor time; shown: until the panel shows it"
    )
    table = Table(title=title, caption=caption)
    table.add_column("", no_wrap=True)
    headings = ("p50", "p95", "shown", f"{flight}: p50", "p95", "calls/s", "/core s", "p50 / hikari", "A/A")
    for heading in headings:
        table.add_column(heading, justify="right")
    base = _base(cells, FLOOR, FLOOR_AGAIN)
    for name, cell in cells.items():
        again = twice.get(name)
        table.add_row(
            name,
            f"{first(cell.alone):.2f}",
            f"{first(cell.alone, 0.95):.2f}",
            f"{seen(cell.alone):.2f}",
            f"{first(cell.together):.1f}",
            f"{first(cell.together, 0.95):.1f}",
            f"{cell.rate:.0f}",
            f"{cell.rate_of_a_core:.0f}",
            f"{first(cell.alone) / base:.2f}",
            f"{first(cell.alone) / first(cells[again].alone):.2f}" if again else "",
        )
    return table


def _base(cells: dict[str, Cell], *names: str) -> float:
    """The p50 one at a time of something measured twice."""
    return statistics.mean(first(cells[name].alone) for name in names)


def _rate_of_a_core(cells: dict[str, Cell], *names: str) -> float:
    return statistics.mean(cells[name].rate_of_a_core for name in names)


def bars(cells: Cells) -> list[Bar]:
    """What is promised of Skipline.

    Against row locks until all is shown: these answer a press with the panel itself, and Skipline
    acknowledges it first.
    """
    found: list[Bar] = []
    flight = len(cells.commands[OURS].stand.seats)
    for what, group, library, twice in (
        ("/queue show", cells.commands, TANJUN, (TANJUN, TANJUN_AGAIN)),
        ("panel Next", cells.presses, MIRU, (MIRU, MIRU_AGAIN)),
    ):
        ours, locks, hikari = group[OURS], group[LOCKS], (FLOOR, FLOOR_AGAIN)
        p50, rate, core = first(ours.alone), ours.rate, ours.rate_of_a_core
        found += [
            Bar.at_most(f"p50 of {what} / {library}", p50 / _base(group, *twice), OF_FRAMEWORK),
            Bar.at_most(f"p50 of {what} / bare hikari", p50 / _base(group, *hikari), OF_HIKARI),
            Bar.at_least(
                f"{what} a second of the bot's core / bare hikari",
                core / _rate_of_a_core(group, *hikari),
                RATE,
            ),
            Bar.at_most(
                f"p50 of {what} until it is shown / row locks", seen(ours.alone) / seen(locks.alone), 1.0
            ),
            Bar.at_most(
                f"p50 of {what} until it is shown, {flight} in flight / row locks",
                seen(ours.together) / seen(locks.together),
                1.0,
            ),
            Bar.at_least(f"{what} a second / row locks", rate / locks.rate, 1.0),
        ]
    return found


def charts(cells: Cells) -> list[Chart]:
    """The first answers, what is shown, and the rates, side by side."""
    names = (OURS, LOCKS, FLOOR, TANJUN, MIRU, DISCORD_PY)
    groups = (cells.commands, cells.presses)
    flight = len(cells.commands[OURS].stand.seats)

    def series(*figures: Callable[[Cell], float]) -> dict[str, list[float]]:
        return {
            name: [
                figure(group[name]) if name in group else math.nan for figure in figures for group in groups
            ]
            for name in names
        }

    return [
        Chart(
            name="interactions",
            title="From press to first answer, median",
            unit="ms",
            groups=["command", "button", f"command, {flight} in flight", f"button, {flight} in flight"],
            series=series(lambda cell: first(cell.alone), lambda cell: first(cell.together)),
            log=True,
        ),
        Chart(
            name="interactions-shown",
            title="From press until the panel shows the next song, median",
            unit="ms",
            groups=["one at a time", f"{flight} in flight"],
            series={
                name: [seen(cells.presses[name].alone), seen(cells.presses[name].together)]
                for name in (OURS, LOCKS)
            },
        ),
        Chart(
            name="interactions-rate",
            title=f"Answers with {flight} in flight",
            unit="a second",
            groups=["command", "button", "command, per second of CPU", "button, per second of CPU"],
            series=series(lambda cell: cell.rate, lambda cell: cell.rate_of_a_core),
        ),
    ]

"""The tables, their pictures and the bars."""

from __future__ import annotations

import math

from rich.console import Console
from rich.table import Table

from benchmarks.charts import Chart
from benchmarks.queue.contest import Cell, Cells, Move
from benchmarks.rig import Bar
from benchmarks.usage import load

OURS, AGAIN = "Skipline", "Skipline again"
FLOOR, BULLMQ, INDEXED, PLAIN = (
    "bare commands",
    "BullMQ",
    "SKIP LOCKED, ideal index",
    "SKIP LOCKED, primary key",
)
NEXT_FLOOR, NEXT_BULLMQ, NEXT_INDEXED, PAGE_INDEXED, GROWTH = 0.6, 1.2, 1.3, 1.0, 2.5

_NAMES = (OURS, AGAIN, FLOOR, BULLMQ, INDEXED, PLAIN, "SQLite, asyncio.Lock")
Group = tuple[int, int]


def report(console: Console, cells: Cells, relaxed: Cells) -> tuple[list[Bar], list[Chart]]:
    """Prints the tables; gives the bars and the pictures. `relaxed` is with an fsync each second."""
    charts: list[Chart] = []
    for move in Move:
        charts.append(_rates(console, cells, move, f"queue-{move.value.lower().replace(' ', '-')}", ""))
    charts.append(_rates(console, relaxed, Move.NEXT, "queue-next-everysec", ", appendfsync everysec"))
    charts.append(_served(console, cells))
    console.print(f"Load {load()}. In brackets: rate of Skipline divided by theirs. Latency: p50/p99 in ms.")
    return _bars(cells), charts


def _groups(cells: Cells) -> list[Group]:
    return sorted({(depth, clients) for depth, clients, _, _ in cells})


def _named(group: Group) -> str:
    depth, clients = group
    songs = f"10^{round(math.log10(depth))}" if math.log10(depth).is_integer() else f"{depth:,}"
    return f"{songs}, {clients} client{'s' if clients > 1 else ''}"


def _rates(console: Console, cells: Cells, move: Move, name: str, how: str) -> Chart:
    """A move's calls a second; what was not measured has a dash."""
    groups = _groups(cells)
    table = Table(title=f"{move[0].upper()}{move[1:]}, calls a second{how}")
    table.add_column("")
    for group in groups:
        table.add_column(_named(group), justify="right")
    series: dict[str, list[float]] = {}
    for contestant in _NAMES:
        # To them every page is one anew.
        its = Move.PAGE if move is Move.ANEW and contestant not in (OURS, AGAIN) else move
        found = [cells.get((*group, its, contestant)) for group in groups]
        if not any(found):
            continue
        ours = [cells.get((*group, move, OURS)) for group in groups]
        table.add_row(contestant, *map(_cell, found, ours))
        series[contestant] = [cell.rate if cell else math.nan for cell in found]
    console.print(table)
    title = f"{move[0].upper()}{move[1:]} by waiting songs and clients{how}"
    return Chart(
        name,
        title,
        "calls a second",
        [_named(group).replace(", ", "\n") for group in groups],
        series,
        log=True,
    )


def _cell(cell: Cell | None, ours: Cell | None) -> str:
    if cell is None:
        return "-"
    ratio = "" if ours is None or cell is ours else f" ({ours.against(cell):.2f})"
    return f"{cell.rate:,.0f}{ratio}\n{cell.p50:.2f}/{cell.p99:.2f}"


def _served(console: Console, cells: Cells) -> Chart:
    """The server's own time for a call."""
    depths = sorted({depth for depth, _, _, _ in cells})
    table = Table(title="Time of the Valkey server for a call, µs, 1 client", caption="by INFO commandstats")
    table.add_column("")
    rows = [(name, depth) for name in (OURS, AGAIN, FLOOR, BULLMQ) for depth in depths]
    for move in Move:
        table.add_column(move.value, justify="right")
    series: dict[str, list[float]] = {}
    for name, depth in rows:
        found = [cells.get((depth, 1, move, name)) for move in Move]
        if not any(found):
            continue
        figures = [cell.served if cell else math.nan for cell in found]
        said = f"{name}, {_named((depth, 1)).partition(',')[0]}"
        table.add_row(said, *("-" if math.isnan(each) else f"{each:.1f}" for each in figures))
        if name != AGAIN:
            series[said] = figures
    console.print(table)
    return Chart(
        "queue-server-time",
        "Time of the server for a call",
        "µs",
        [move.value for move in Move],
        series,
        log=True,
    )


def _bars(cells: Cells) -> list[Bar]:
    """Each ratio where it is worst; by number of clients, since it is another question for each."""
    bars: list[Bar] = []
    groups = _groups(cells)
    for move, rival, said, limit in (
        (Move.NEXT, FLOOR, "bare ZPOPMIN", NEXT_FLOOR),
        (Move.NEXT, BULLMQ, "BullMQ", NEXT_BULLMQ),
        (Move.NEXT, INDEXED, "indexed SKIP LOCKED", NEXT_INDEXED),
        (Move.PAGE, INDEXED, "PostgreSQL's one SELECT", PAGE_INDEXED),
    ):
        for clients in sorted({clients for _, clients in groups}):
            ratios = [
                cells[(*group, move, OURS)].against(cells[(*group, move, rival)])
                for group in groups
                if group[1] == clients and {(*group, move, OURS), (*group, move, rival)} <= cells.keys()
            ]
            if ratios:
                words = f"{move.value} / {said}, {clients} at once, at the worst depth"
                bars.append(Bar.at_least(words, min(ratios), limit))
    least, most = groups[0][0], groups[-1][0]
    first, last = (cells.get((depth, 1, Move.NEXT, OURS)) for depth in (least, most))
    if first and last and most > least:
        grown = last.served / first.served
        bars.append(Bar.at_most(f"server time of Next at {most:,} songs / at {least:,}", grown, GROWTH))
    return bars

"""Bars and charts as tables: of a terminal, and of a page of docs/."""

from __future__ import annotations

import math
from collections.abc import Iterable

from rich.table import Table

from benchmarks.charts import Chart
from benchmarks.rig import Bar


def of_bars(bars: list[Bar]) -> Table:
    """All bars, for a terminal."""
    shown = Table()
    for heading in ("bar", "value", "limit", "holds"):
        shown.add_column(heading, justify="left" if heading in ("bar", "holds") else "right")
    for bar in bars:
        style = None if bar.holds else "bold red"
        holds = "yes" if bar.holds else "NO"
        shown.add_row(bar.bar, figure(bar.value), limit(bar), holds, style=style)
    return shown


def page_of_bars(bars: Iterable[Bar]) -> str:
    """The same as Markdown."""
    rows = ([_cell(bar.bar), figure(bar.value), limit(bar), "yes" if bar.holds else "**no**"] for bar in bars)
    return _page(["bar", "value", "limit", "holds"], "lrrl", rows)


def page_of_chart(chart: Chart) -> str:
    """The figures of a picture as Markdown: a row for each group, a column for each thing compared."""
    rows = (
        [_cell(group.replace("\n", " ")), *(figure(figures[place]) for figures in chart.series.values())]
        for place, group in enumerate(chart.groups)
    )
    headings = [_cell(chart.unit), *map(_cell, chart.series)]
    return _page(headings, "l" + "r" * len(chart.series), rows)


def figure(value: float) -> str:
    """A figure with as many digits as anybody reads; a dash for what never came."""
    if not math.isfinite(value):
        return "-"
    if value == round(value) or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def limit(bar: Bar) -> str:
    """The limit of a bar, with the side on which it holds, as far as that is known."""
    if not math.isfinite(bar.value):
        return figure(bar.limit)
    if bar.value == bar.limit:
        return f"= {figure(bar.limit)}" if bar.holds else figure(bar.limit)
    return f"{'≤' if (bar.value < bar.limit) == bar.holds else '≥'} {figure(bar.limit)}"


def _page(headings: list[str], sides: str, rows: Iterable[list[str]]) -> str:
    ruler = ["---:" if side == "r" else "---" for side in sides]
    return "\n".join(f"| {' | '.join(row)} |" for row in (headings, ruler, *rows))


def _cell(text: str) -> str:
    return text.replace("|", "\\|")

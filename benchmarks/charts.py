"""Pictures of what was measured: groups of columns side by side, one series for each thing compared."""

from __future__ import annotations

import json
import math
import textwrap
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot
from matplotlib.axes import Axes

_COLOURS = ("#5865f2", "#949ba4", "#f0b232", "#23a55a", "#f23f43", "#a970ff", "#17b3c1", "#d9a3c6")
_LETTERS = 140  # of a line below all groups
_INK, _FAINT = "#1e1f22", "#d5d8dc"


@dataclass(frozen=True)
class Chart:
    """One picture. Every series has a figure for each group, nan or infinity where nothing came.

    Ours comes first. `log` is for figures that are powers of ten apart, `limits` are lines with their words.
    """

    name: str
    title: str
    unit: str
    groups: list[str]
    series: dict[str, list[float]]
    log: bool = False
    limits: tuple[tuple[float, str], ...] = ()

    def to_json(self) -> str:
        """All of it; what was not measured is null."""
        series = {
            name: [each if math.isfinite(each) else None for each in figures]
            for name, figures in self.series.items()
        }
        return json.dumps(asdict(self) | {"series": series}, indent=2) + "\n"

    @classmethod
    def of_json(cls, text: str) -> Chart:
        """One that `to_json` gave."""
        told: dict[str, Any] = json.loads(text)
        told["series"] = {
            name: [math.nan if each is None else each for each in figures]
            for name, figures in told["series"].items()
        }
        told["limits"] = tuple((value, words) for value, words in told["limits"])
        return cls(**told)


def draw(chart: Chart, folder: Path) -> Path:
    """Writes `<folder>/<name>.png`, 1200 pixels wide, and its figures as `<name>.chart.json`.

    Gives the path of the picture.
    """
    with mpl.rc_context({"text.parse_math": False, "font.size": 10, "font.family": "DejaVu Sans"}):
        figure, axes = pyplot.subplots(figsize=(12, 5.2), dpi=100)
        try:
            _plot(axes, chart)
            figure.tight_layout()
            folder.mkdir(parents=True, exist_ok=True)
            path = folder / f"{chart.name}.png"
            figure.savefig(path)
            (folder / f"{chart.name}.chart.json").write_text(chart.to_json(), encoding="utf-8")
        finally:
            pyplot.close(figure)
    return path


def _plot(axes: Axes, chart: Chart) -> None:
    width = 0.84 / len(chart.series)
    crowded = len(chart.series) * len(chart.groups) > 40
    for place, (name, measured) in enumerate(chart.series.items()):
        figures = [each if math.isfinite(each) else math.nan for each in measured]
        left = [group - 0.42 + width * (place + 0.5) for group in range(len(chart.groups))]
        columns = axes.bar(left, figures, width * 0.92, label=name, color=_COLOURS[place % len(_COLOURS)])
        if not crowded:
            said = ["" if math.isnan(each) else _short(each) for each in figures]
            axes.bar_label(columns, said, fontsize=7.5, padding=2, color=_INK)
    for value, words in chart.limits:
        axes.axhline(value, color="#f23f43", linewidth=1, linestyle=(0, (4, 3)))
        axes.annotate(
            words, (1, value), xycoords=("axes fraction", "data"), xytext=(-4, 3),
            textcoords="offset points", ha="right", fontsize=8, color="#f23f43",
        )  # fmt: skip
    if chart.log:
        axes.set_yscale("log")
        # Without this they are powers of ten in TeX, which is not read here.
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.10g}")
    room = max(8, _LETTERS // len(chart.groups))
    axes.set_xticks(
        range(len(chart.groups)), [textwrap.fill(each, room, break_long_words=False) for each in chart.groups]
    )
    axes.set_title(chart.title, loc="left", fontsize=13, color=_INK, pad=30)
    axes.set_ylabel(chart.unit, color=_INK)
    axes.grid(visible=True, axis="y", color=_FAINT, linewidth=0.5)
    axes.set_axisbelow(True)
    axes.margins(y=0.12)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.legend(
        loc="lower left", bbox_to_anchor=(0, 1), ncols=len(chart.series), frameon=False, fontsize=9,
        borderaxespad=0.2, handlelength=1.2, columnspacing=1.4,
    )  # fmt: skip


def _short(value: float) -> str:
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"

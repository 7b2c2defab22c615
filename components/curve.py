"""The picture of a live: viewers and coins over time, with the songs marked.

Drawn by `python -m components.curve`, which reads a JSON object from its standard input and writes a PNG:
loading the drawing library takes a second and 60 MB, which the process that answers people is spared.
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, Protocol

_BACKGROUND: Final = "#313338"
_INK: Final = "#dbdee1"
_FAINT: Final = "#4e5058"
_VIEWERS: Final = "#7fb3a0"
_COINS: Final = "#d9a441"
_MOST_SONGS: Final = 60
_MOST_LABELS: Final = 12


@dataclass(frozen=True, slots=True)
class Curve:
    """What is drawn. `points`: (minute, viewers, coins); `songs`: (minute, title); `labels` name the axes."""

    title: str
    points: Sequence[tuple[int, int, int]]
    songs: Sequence[tuple[float, str]]
    gaps: Sequence[tuple[float, float]]
    labels: tuple[str, str, str]

    def to_json(self) -> bytes:
        """As the drawing process reads it."""
        return json.dumps(asdict(self)).encode()


class Pictures(Protocol):
    """Whoever has pictures drawn."""

    async def of(self, curve: Curve) -> bytes | None:
        """The PNG of a curve; None when there is nothing to draw or it could not be drawn."""
        ...


def draw(curve: Curve) -> bytes:
    """The picture as a PNG, 1200 by 560 pixels."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    # Names come from everybody: "$" would otherwise begin a formula.
    with mpl.rc_context({"text.parse_math": False, "font.size": 10, "font.family": "DejaVu Sans"}):
        figure, left = pyplot.subplots(figsize=(12, 5.6), dpi=100, facecolor=_BACKGROUND)
        try:
            _plot(left, curve)
            figure.tight_layout()
            out = io.BytesIO()
            figure.savefig(out, format="png", facecolor=_BACKGROUND)
        finally:
            pyplot.close(figure)
    return out.getvalue()


def _plot(left: Any, curve: Curve) -> None:
    minutes = [point[0] for point in curve.points]
    viewers_name, coins_name, minutes_name = curve.labels
    right = left.twinx()
    for axes in (left, right):
        axes.set_facecolor(_BACKGROUND)
        axes.tick_params(colors=_INK)
        for spine in axes.spines.values():
            spine.set_color(_FAINT)
    right.bar(minutes, [point[2] for point in curve.points], color=_COINS, alpha=0.75, width=0.8)
    left.plot(minutes, [point[1] for point in curve.points], color=_VIEWERS, linewidth=2.2)
    left.fill_between(minutes, [point[1] for point in curve.points], color=_VIEWERS, alpha=0.12)
    left.set_zorder(right.get_zorder() + 1)
    left.patch.set_visible(False)
    for start, end in curve.gaps:
        left.axvspan(start, end, color=_FAINT, alpha=0.5, linewidth=0)
    shown = curve.songs[:_MOST_SONGS]
    every = max(1, -(-len(shown) // _MOST_LABELS))
    for index, (minute, title) in enumerate(shown):
        left.axvline(minute, color=_INK, alpha=0.35, linewidth=0.8, linestyle=(0, (2, 3)))
        if index % every == 0:
            short = title if len(title) <= 22 else f"{title[:21]}…"
            left.text(
                minute, 1.01, short, color=_INK, fontsize=8, rotation=35, ha="left", va="bottom",
                transform=left.get_xaxis_transform(),
            )  # fmt: skip
    left.set_title(curve.title, color=_INK, loc="left", fontsize=13, pad=86 if shown else 12)
    left.set_xlabel(minutes_name, color=_INK)
    left.set_ylabel(viewers_name, color=_VIEWERS)
    right.set_ylabel(coins_name, color=_COINS)
    left.grid(visible=True, axis="y", color=_FAINT, linewidth=0.5)
    left.set_xlim(left=min(minutes, default=0) - 0.5, right=max(minutes, default=1) + 0.5)
    for axes in (left, right):
        axes.set_ylim(bottom=0)
        axes.yaxis.get_major_locator().set_params(integer=True)


def main() -> None:
    """Reads a curve from standard input and writes its picture to standard output."""
    given = json.load(sys.stdin)
    sys.stdout.buffer.write(draw(Curve(**given)))


if __name__ == "__main__":
    main()

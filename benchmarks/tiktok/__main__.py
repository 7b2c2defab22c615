"""Events of a live a second: our source, our books and our archive, against TikTokLive's own dispatch.

    python -m benchmarks.tiktok [--chunks 5] [--seconds 1.0] [--short] [--json FILE] [--pictures FOLDER]

A local TikTok in a process of its own sends gzipped frames of gifts, comments, likes, joins and shares of
6 KB to all, over a real socket. TikTokLive hands them to a handler that only counts. The clients take turns,
chunk by chunk, so noise meets all of them; ours are measured twice, which shows how much of a ratio is noise
(the A/A column). All run on uvloop, as the worker does. Time runs from the order to send to the last event:
read, or booked in an embedded Valkey as it ships (every batch is on disk before the next), through the
connection and the listener of the worker, in a guild with songs that wait and viewers whose gifts lift them,
or archived in an embedded PostgreSQL as it ships by the same process. What is to be booked is new every time:
what is known is not booked again.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial

import uvloop
from rich.console import Console
from rich.table import Table

from benchmarks.charts import Chart
from benchmarks.rig import Bar, arguments, conclude
from benchmarks.tiktok.books import Books, accounted, archived
from benchmarks.tiktok.clients import ours, stock
from benchmarks.tiktok.double import Double, double
from integrations.tiktok.tiktoklive import TikTokLiveSource

LIMIT = 5.0
WIDTHS = (10, 1)
"""Messages a frame: as busy lives send them, and as quiet ones do."""
BOOKED_LONGER = 3
"""The last events gather before they are booked, which is latency: short chunks would be mostly that."""


@dataclass
class Arm:
    """One client and what it reached, in events a second for each chunk.

    `guess` is that of the first chunk, `longer` how many times as long its chunks are; `of` is the arm that
    this one repeats.
    """

    name: str
    run: Callable[[Double, int, int], Awaitable[float]]
    guess: float
    longer: int = 1
    of: Arm | None = None
    reached: list[float] = field(default_factory=list[float])

    @property
    def rate(self) -> float:
        """Events a second: the median of the chunks."""
        return statistics.median(self.reached)

    async def chunk(self, tiktok: Double, seconds: float, wide: int) -> None:
        """Measures once, for about that long."""
        rate = self.reached[-1] if self.reached else self.guess
        frames = max(2, round(rate * seconds * self.longer / wide))
        self.reached.append(await self.run(tiktok, frames, wide))


def arms_of(books: Books) -> list[Arm]:
    """What is compared; TikTokLive first."""
    read = Arm("ours, decoded", ours, 4_000)
    booked = Arm("ours, accounted", partial(accounted, books), 1_500, BOOKED_LONGER)
    return [
        Arm("TikTokLive 7.0.1", stock, 300),
        read,
        Arm("ours, decoded again", ours, 4_000, of=read),
        booked,
        Arm("ours, accounted again", partial(accounted, books), 1_500, BOOKED_LONGER, of=booked),
        Arm("ours, accounted and archived", partial(archived, books), 1_500, BOOKED_LONGER),
    ]


async def measure(chunks: int, seconds: float) -> tuple[int, dict[int, list[Arm]]]:
    """Lets the clients take turns; gives the bytes of an event, and the arms by messages a frame."""
    async with double() as tiktok, Books.open(tiktok) as books:
        async with TikTokLiveSource(tiktok.endpoints):
            pass  # imports the library before anything is measured
        found = {wide: arms_of(books) for wide in WIDTHS}
        for _ in range(chunks):
            for wide, arms in found.items():
                for arm in arms:
                    await arm.chunk(tiktok, seconds, wide)
        return tiktok.size, found


def table(size: int, wide: int, arms: list[Arm]) -> Table:
    """What each reached with so many messages a frame."""
    shown = Table(title=f"{size} bytes an event, {wide} a frame")
    for column in ("client", "events/s", "over TikTokLive", "A/A"):
        shown.add_column(column, justify="left" if column == "client" else "right")
    for arm in arms:
        same = f"{arm.rate / arm.of.rate:.2f}" if arm.of else ""
        over = "" if arm.of else f"{arm.rate / arms[0].rate:.1f}"
        shown.add_row(arm.name, f"{arm.rate:.0f}", over, same)
    return shown


def main() -> int:
    """Measures and reports; exit code 1 when a bar does not hold."""
    parser = arguments(__doc__, chunks=3, seconds=0.5)
    parser.add_argument("--chunks", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0, help="of a chunk; those that book are longer")
    options = parser.parse_args()
    console = Console()
    size, found = uvloop.run(measure(options.chunks, options.seconds))
    bars: list[Bar] = []
    for wide, arms in found.items():
        console.print(table(size, wide, arms))
        bars += (
            Bar.at_least(
                f"{arm.name}, events/s over TikTokLive's, {wide} a frame", arm.rate / arms[0].rate, LIMIT
            )
            for arm in arms[1:]
            if arm.of is None
        )
    in_order = [[*arms[1:], arms[0]] for arms in found.values()]
    chart = Chart(
        "tiktok",
        "Events of a live that one process takes a second, frames of 10 messages and of 1",
        "events/s",
        [f"{wide} a frame" for wide in found],
        {same[0].name: [arm.rate for arm in same] for same in zip(*in_order, strict=True)},
    )
    return conclude(console, bars, options.json, [chart], options.pictures)


if __name__ == "__main__":
    sys.exit(main())

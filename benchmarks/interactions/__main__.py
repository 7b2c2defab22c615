"""From press to first answer: `/queue show` and the panel's Next, against bare bots and against row locks.

    python -m benchmarks.interactions [--short] [--chunks 20] [--size 25] [--rounds 8] [--burst 400]

All bots run as processes of their own, each on a sandbox Discord; Skipline with its embedded servers as it
ships (every move is on disk before it is answered), the bot with row locks on the same PostgreSQL with fsync
on. First somebody acts, waits, and acts again; then somebody does so in each of 50 guilds at once
(`--flight`). Chunks of the cells take turns, so noise meets all of them. The floors are measured twice, which
shows how much of a ratio is noise (the A/A column). Bare buttons stand on a copy of the panel, so that all
are sent the same press. Next counts as done when the panel shows another song, and only then is it pressed
again. Since Skipline acknowledges a press while its move is made, and the bot with row locks answers with the
panel itself, these two are held against each other by that. Nobody is told of their song by direct message
(the setting `notices`), which no other bot does.
"""

from __future__ import annotations

import asyncio
import sys
import time

from rich.console import Console
from rich.progress import Progress

from benchmarks.interactions.stands import Answer, Cell, Cells, standing
from benchmarks.interactions.tables import bars, charts, tables
from benchmarks.rig import arguments, conclude

TAIL_SECONDS = 0.3
"""How long a bot is given for what it does after its answers, which is part of their price."""


async def measure(chunks: int, size: int, rounds: int, burst: int, flight: int) -> Cells:
    """Runs all cells in turn and gives them with what they took. One more chunk of each warms up."""
    # In a rush one guild may get more turns than another.
    each = (rounds + 1) * 3 * -(-burst // flight)
    async with standing(flight, (chunks + 1) * size + each, each) as cells:
        with Progress(transient=True) as progress:
            task = progress.add_task("one at a time", total=chunks + 1)
            for chunk in range(chunks + 1):
                for cell in cells.all():
                    await _alone(cell, size, keep=chunk > 0)
                progress.advance(task)
            task = progress.add_task(f"{flight} in flight", total=rounds + 1)
            for turn in range(rounds + 1):
                for cell in cells.all():
                    await _together(cell, burst, keep=turn > 0)
                progress.advance(task)
        return cells


async def _alone(cell: Cell, size: int, *, keep: bool) -> None:
    seat = cell.stand.seats[0]
    taken: list[Answer] = []
    for _ in range(size):
        taken.append(await cell.once(seat))
        # Not measured: the bot is done with the tail of the last call once it answers this one, and no
        # process has gone to sleep meanwhile.
        await cell.after(seat)
    if keep:
        cell.alone += taken


async def _together(cell: Cell, burst: int, *, keep: bool) -> None:
    taken: list[Answer] = []
    left = iter(range(burst))

    async def act(number: int) -> None:
        for _ in left:
            taken.append(await cell.once(cell.stand.seats[number]))

    spent, began = cell.stand.spent(), time.perf_counter()
    await asyncio.gather(*map(act, range(len(cell.stand.seats))))
    elapsed = time.perf_counter() - began
    await asyncio.sleep(TAIL_SECONDS)
    if keep:
        cell.together += taken
        cell.calls += burst
        cell.elapsed += elapsed
        cell.spent += cell.stand.spent() - spent


def main() -> int:
    """Measures and reports; exit code 1 when a bar does not hold."""
    parser = arguments(__doc__, chunks=10, rounds=3, burst=250)
    parser.add_argument(
        "--chunks", type=int, default=20, help="how often the cells take turns, one at a time"
    )
    parser.add_argument("--size", type=int, default=25, help="calls of a cell in a row")
    parser.add_argument("--rounds", type=int, default=8, help="how often the cells take turns, in flight")
    parser.add_argument("--burst", type=int, default=400, help="calls of a cell in a round")
    parser.add_argument("--flight", type=int, default=50, help="guilds, and so calls in flight")
    options = parser.parse_args()
    cells = asyncio.run(measure(options.chunks, options.size, options.rounds, options.burst, options.flight))
    console = Console(width=120)
    for table in tables(cells):
        console.print(table)
    return conclude(console, bars(cells), options.json, charts(cells), options.pictures)


if __name__ == "__main__":
    sys.exit(main())

"""Moves of the queue against what people would pick instead, and against the floor.

    python -m benchmarks.queue [--rounds 12] [--size 24] [--depths 100 10000 1000000] [--short]
                               [--without bullmq ...] [--json FILE] [--pictures FOLDER]

Ours is `state.queue` as it ships: one script a move, with its event, its effects, its answer kept for a
repetition, on the embedded Valkey (every write on disk before it is answered). Against it stand bare
commands on a sorted set of the same server; BullMQ, from npm, on the same server; and tables in the embedded
PostgreSQL (fsync on) and in SQLite, where a move is one transaction that changes the song and records the
move. Rivals do no more than that: no repetition is noticed, nothing can be undone.

A queue of 10^6 songs needs 3 GB of memory and 3 GB of disk.

The first page is as the product answers it: what a process has read it keeps until the guild's revision says
that something moved. What it costs to read it then stands apart, against the same calls of the rivals.

Each depth has a Valkey of its own. Chunks of all cells take turns, so noise meets all of them; ours is
measured twice, which shows how much of a ratio is noise (the A/A column). Clients are asyncio tasks of one
process, and promises in node. A ratio is the median over the rounds.
"""

from __future__ import annotations

import gc
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path

import uvloop
from rich.console import Console

from benchmarks.queue.bare import Bare
from benchmarks.queue.bullmq import Bullmq, Missing, install
from benchmarks.queue.contest import Cells, Chunk, Contestant, Move, contest
from benchmarks.queue.postgres import Postgres
from benchmarks.queue.report import report
from benchmarks.queue.skipline import Skipline
from benchmarks.queue.sqlite import Sqlite
from benchmarks.queue.valkey import filling
from benchmarks.rig import arguments, conclude
from bot import embedded
from state.connection import connect

CLIENTS = (1, 8)


class Again(Contestant):
    """The same once more, for the A/A column."""

    def __init__(self, first: Contestant) -> None:
        self.name, self.moves = f"{first.name} again", first.moves
        self._first = first

    async def fill(self, depth: int) -> None:
        """It is filled."""

    async def chunk(self, move: Move, calls: int, clients: int) -> Chunk:
        """The same."""
        return await self._first.chunk(move, calls, clients)

    async def close(self) -> None:
        """It is closed by the first."""


async def measure(
    depths: list[int], rounds: int, size: int, without: list[str], console: Console
) -> tuple[Cells, Cells]:
    """Fills everything and has it compared; gives the figures, and those with an fsync each second."""
    found: dict[int, list[Contestant]] = {}
    with tempfile.TemporaryDirectory(prefix="sl-bench-") as folder:
        async with AsyncExitStack() as stack:
            postgres = await stack.enter_async_context(embedded.postgres(Path(folder)))
            packages = None
            try:
                packages = await install() if "bullmq" not in without else None
            except Missing as missing:
                console.print(f"BullMQ is left out: {missing}")
            valkeys: list[str] = []
            for depth in depths:
                place = Path(folder, str(depth))
                valkey = await stack.enter_async_context(embedded.valkey(place))
                valkeys.append(valkey.url)
                ours = Skipline(valkey.url)
                found[depth] = [
                    ours,
                    Bare(valkey.url),
                    *([Bullmq(valkey.url, packages)] if packages else []),
                    Postgres(postgres.url, f"ideal{depth}"),
                    Postgres(postgres.url, f"plain{depth}", like=f"ideal{depth}"),
                    Sqlite(place / "queue.sqlite"),
                    Again(ours),
                ]
                began = time.perf_counter()
                async with filling(valkey.url):
                    for each in found[depth]:
                        await each.fill(depth)
                        stack.push_async_callback(each.close)
                console.print(f"[dim]{depth:,} songs for each: {time.perf_counter() - began:.0f} s")
            # What the filling left is not looked through again and again.
            gc.freeze()
            cells = await contest(found, CLIENTS, rounds, size, Move)
            for url in valkeys:
                async with connect(url) as redis:
                    await redis.config_set("appendfsync", "everysec")
            on_redis: dict[int, list[Contestant]] = {
                depth: [each for each in contestants if isinstance(each, (Skipline, Bare, Bullmq, Again))]
                for depth, contestants in found.items()
            }
            # Submits keep the depth.
            relaxed = await contest(
                on_redis, CLIENTS, max(rounds // 2, 2), size, (Move.SUBMIT, Move.PROMOTE, Move.NEXT)
            )
    return cells, relaxed


def main() -> int:
    """Measures and reports; exit code 1 when a bar does not hold."""
    parser = arguments(__doc__, rounds=4, size=16)
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--size", type=int, default=24, help="calls in a chunk")
    parser.add_argument("--depths", type=int, nargs="+", default=[10**2, 10**4, 10**6])
    parser.add_argument("--without", nargs="+", default=[], choices=["bullmq"])
    options = parser.parse_args()
    console = Console()
    cells, relaxed = uvloop.run(
        measure(options.depths, options.rounds, options.size, options.without, console)
    )
    bars, charts = report(console, cells, relaxed)
    return conclude(console, bars, options.json, charts, options.pictures)


if __name__ == "__main__":
    sys.exit(main())

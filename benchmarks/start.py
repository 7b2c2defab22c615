"""From the start of the process to the first answer: cold and warm, and where the time goes.

    python -m benchmarks.start [--starts 10] [--short] [--json FILE] [--pictures FOLDER]

`skipline run` with its embedded servers, on a sandbox Discord whose sessions begin at once. Cold is the
first start after an installation: no compiled Python, no data, so PostgreSQL is set up and migrated. Warm is
a start on the data of the last one, its servers stopped meanwhile; it is measured twice in turns, which
shows the noise (A/A). Joining is a start while the servers run, as after a crash or beside another process.
A hikari bot that does nothing but answer stands beside them.

imports: until the program is loaded. servers: until Redis and PostgreSQL are up, migrated and compared.
gateway: until Discord has said READY. declare: until Discord has the commands and one is answered.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from benchmarks.charts import Chart
from benchmarks.inspected import PATIENCE, inspected
from benchmarks.rig import Bar, arguments, conclude, declared, process, room
from benchmarks.usage import load
from bot import embedded
from sandbox.discord import Sandbox

PHASES: Final = ("imports", "servers", "gateway", "declare")
WARM_SECONDS: Final = 5.0
COLD_SECONDS: Final = 20.0
WARM, AGAIN, JOINING, COLD, BARE = "warm", "warm again", "joining", "cold", "bare hikari"


@dataclass(frozen=True)
class Start:
    """Seconds that each phase of one start took."""

    imports: float
    servers: float
    gateway: float
    declare: float

    @property
    def ready(self) -> float:
        """Seconds until READY."""
        return self.imports + self.servers + self.gateway

    @property
    def answered(self) -> float:
        """Seconds until the first answer."""
        return self.ready + self.declare


async def start(folder: Path, *, compiled: bool = True) -> Start:
    """Starts the bot on the data in the folder, and stops it again; without `compiled` from source alone."""
    async with contextlib.AsyncExitStack() as stack:
        sandbox = await Sandbox.start(identify_window=0.0)
        stack.push_async_callback(sandbox.close)
        _, person, channel = room(sandbox)
        environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "SKIPLINE_DATA_DIR": str(folder)}
        if not compiled:
            environment["PYTHONPYCACHEPREFIX"] = str(folder / "compiled")
        bot = await stack.enter_async_context(inspected(sandbox, environment=environment))
        # The first thing it asks of Discord is which intents it has, right after its servers are there.
        asked = await sandbox.wait_for_request(lambda _: True, PATIENCE)
        await sandbox.connected(timeout=PATIENCE)
        ready = time.time()
        await declared(person, channel, "queue show")
        answered = time.time()
        return Start(bot.imported - bot.begun, asked.at - bot.imported, ready - asked.at, answered - ready)


async def bare() -> Start:
    """Starts a hikari bot that does nothing but answer."""
    async with contextlib.AsyncExitStack() as stack:
        sandbox = await Sandbox.start(identify_window=0.0)
        stack.push_async_callback(sandbox.close)
        _, person, channel = room(sandbox)
        begun = time.time()
        await stack.enter_async_context(process(sandbox, "-m", "benchmarks.bare_hikari"))
        asked = await sandbox.wait_for_request(lambda _: True, PATIENCE)
        await sandbox.connected(timeout=PATIENCE)
        ready = time.time()
        await declared(person, channel, "bare")
        return Start(asked.at - begun, 0.0, ready - asked.at, time.time() - ready)


async def measure(console: Console, starts: int, colds: int) -> dict[str, list[Start]]:
    """Measures all kinds of starts in turns."""
    taken: dict[str, list[Start]] = {kind: [] for kind in (WARM, AGAIN, JOINING, COLD, BARE)}
    with tempfile.TemporaryDirectory(prefix="sl-bench-") as made, console.status("") as status:
        folder = Path(made)
        # The first one is not counted: it makes the data, and compiles what an edit left.
        await start(folder)
        for number in range(starts):
            status.update(f"Start {number + 1} of {starts}")
            if number < colds:
                with tempfile.TemporaryDirectory(prefix="sl-bench-") as fresh:
                    taken[COLD].append(await start(Path(fresh), compiled=False))
            taken[WARM].append(await start(folder))
            taken[BARE].append(await bare())
            taken[AGAIN].append(await start(folder))
            async with embedded.valkey(folder), embedded.postgres(folder):
                taken[JOINING].append(await start(folder))
    return taken


def report(console: Console, taken: dict[str, list[Start]]) -> tuple[list[Bar], list[Chart]]:
    """Prints the table; gives the bars and the picture."""
    table = Table(title="Start, seconds (medians)", caption=load())
    for heading in ("", "of", *PHASES, "READY", "answers", "A/A"):
        table.add_column(heading, justify="right" if heading else "left", no_wrap=True)
    middle = {
        kind: {
            name: statistics.median(getattr(each, name) for each in found)
            for name in (*PHASES, "ready", "answered")
        }
        for kind, found in taken.items()
    }
    for kind, found in taken.items():
        figures = middle[kind]
        again = f"{figures['ready'] / middle[WARM]['ready']:.2f}" if kind == AGAIN else ""
        table.add_row(kind, str(len(found)), *(f"{figure:.2f}" for figure in figures.values()), again)
    console.print(table)
    bars = [
        Bar.at_most("s to READY, warm", middle[WARM]["ready"], WARM_SECONDS),
        Bar.at_most("s to READY, cold", middle[COLD]["ready"], COLD_SECONDS),
    ]
    kinds = list(taken)
    chart = Chart(
        "start", "From the start of the process to the first answer", "seconds", kinds,
        {name: [middle[kind][name] for kind in kinds] for name in (*PHASES, "answered")},
    )  # fmt: skip
    return bars, [chart]


def main() -> int:
    """Measures and reports; exit code 1 when a bar does not hold."""
    parser = arguments(__doc__, starts=1, colds=1)
    parser.add_argument("--starts", type=int, default=10)
    parser.add_argument("--colds", type=int, default=3, help="how many of the starts are cold ones as well")
    options = parser.parse_args()
    if not 1 <= options.colds <= options.starts:
        parser.error("Measure at least one start, and not more cold ones than others.")
    console = Console()
    taken = asyncio.run(measure(console, options.starts, options.colds))
    bars, charts = report(console, taken)
    return conclude(console, bars, options.json, charts, options.pictures)


if __name__ == "__main__":
    sys.exit(main())

"""A recorded live of 20,000 events through the real client, with the process that listens killed on the way.

    python -m benchmarks.recorded_live [--events 20000] [--kills 2] [--drops 4] [--seed 4] [--short]

The bot runs on a sandbox Discord with embedded servers as it ships, every move on disk before it is answered,
and starts the process that listens as it always does. A local TikTok plays two hosts as fast as the client
acknowledges: gifts, streaks whose end is lost or doubled, drops with frames under way, history told again,
renamed viewers. What was booked is reckoned once more from the messages, and every figure of the books must
be that, to the unit; what was lost must lie in gaps that the sessions own up to. A test runs the same with
servers that do not wait for the disk.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.charts import Chart
from benchmarks.rig import Bar, arguments, conclude
from bot import embedded
from bot.app import running
from sandbox.discord import Sandbox
from sandbox.tiktok import TikTok
from tests.live.recorded import Recorded, worker
from tests.stage import settings_for


async def measure(events: int, kills: int, drops: int, seed: int) -> dict[str, float]:
    """Plays it and holds the books against the reckoning; raises `AssertionError` where they differ."""
    async with contextlib.AsyncExitStack() as stack:
        sandbox, tiktok = await Sandbox.start(), await TikTok.start()
        stack.push_async_callback(sandbox.close)
        stack.push_async_callback(tiktok.close)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sl-bench-")))
        redis = await stack.enter_async_context(embedded.valkey(folder))
        postgres = await stack.enter_async_context(embedded.postgres(folder))
        settings = settings_for(sandbox, redis.url, postgres.url, folder)
        app = await stack.enter_async_context(running(settings, live=False))
        guild = sandbox.create_guild("Bench", owner="Olga")
        recorded = Recorded.of(
            tiktok, app.stores, int(guild.id), seed=seed, events=events, drops=drops, rooms=0
        )
        await recorded.prepare([int(guild.join(name).id) for name in ("Alice", "Bruno", "Carla")])
        process = await stack.enter_async_context(worker(settings, app.stores, tiktok))
        began = time.monotonic()
        await recorded.play(process, kills)
        await recorded.settled()
        took = time.monotonic() - began
        figures: dict[str, float] = dict(await recorded.check(app.stores.ledger.pool))
        return figures | {"seconds": round(took, 1)}


def main() -> int:
    """Plays and reports; exit code 1 when a figure of the books is off."""
    parser = arguments(__doc__, events=4_000, kills=1, drops=2)
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--kills", type=int, default=2)
    parser.add_argument("--drops", type=int, default=4, help="each longer to get over than the one before")
    parser.add_argument("--seed", type=int, default=4)
    options = parser.parse_args()
    console = Console()
    figures = asyncio.run(measure(options.events, options.kills, options.drops, options.seed))
    table = Table(title="A recorded live", caption=f"Load average: {os.getloadavg()[0]:.1f}")
    for heading in ("", "count"):
        table.add_column(heading, justify="right" if heading else "left")
    for name, figure in figures.items():
        table.add_row(name, f"{figure:,}")
    console.print(table)
    shown = {name: figures[name] for name in ("sent", "booked", "lost")}
    chart = Chart(
        "recorded-live",
        f"A live with {options.kills} kills and {options.drops} drops: messages sent, booked, and lost",
        "messages",
        list(shown),
        {"messages": list(shown.values())},
    )
    # What the books lack, or have too much, was raised above.
    bars = [Bar.at_least("messages sent, with books right to the unit", figures["sent"], options.events)]
    return conclude(console, bars, options.json, [chart], options.pictures)


if __name__ == "__main__":
    sys.exit(main())

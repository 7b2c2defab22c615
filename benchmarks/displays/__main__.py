"""Displays of quiet and busy queues: calls, processor time, Redis, staleness; against bots that poll.

    python -m benchmarks.displays [--guilds 1 10 100] [--seconds 60] [--quiet 60] [--short] [--json FILE]

Skipline as it ships; Skipline again, which shows the noise (A/A); a bot that looks every 5 and one that
looks every 10 seconds and edits what differs; one that edits every 5 seconds without comparing; and no bot
at all, for what the changes alone cost. Each is a process with a Discord and a Redis of its own, all of them
run at the same time and get the same changes at the same moments, so noise meets all alike. Every guild has
the public list, the reviewer panel and the pending skips in a channel each.

In the quiet time nothing happens. In the busy time the titles of a waiting and of a claimed song change, so
that each message has 3 changes a second to show. At most 10 guilds are busy at once and the others quiet:
each busy guild is edited twice a second (3 messages, once in 1.5 s each), and Discord takes 50 calls of a bot
a second, so no bot could show 100 busy guilds. An hour is scaled down to `--quiet` or `--seconds`; figures
are a second. A change counts as made before its move is sent, and as shown when Discord has answered the
edit.

The processor time of Skipline is that of the whole bot, which archives every move meanwhile; the others only
show.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from typing import Final

from rich.console import Console

from benchmarks.displays.arms import Arm, arm
from benchmarks.displays.report import Taken, report
from benchmarks.rig import arguments, conclude
from bot.displays import PACE

ON_AIR: Final = 10
PATIENCE: Final = 11.0
"""Seconds until a message will never show the last change: whoever looks every 10 had the time."""


async def measure(console: Console, guilds: list[int], quiet: float, seconds: float) -> list[Taken]:
    """Measures all arms at once, with more and more guilds."""
    taken: list[Taken] = []
    async with contextlib.AsyncExitStack() as stack:
        arms: list[Arm] = await asyncio.gather(
            *(
                stack.enter_async_context(each)
                for each in (
                    arm("Skipline"),
                    arm("Skipline again"),
                    arm("polls every 5 s", 5),
                    arm("polls every 10 s", 10),
                    arm("edits every 5 s", 5, always=True),
                    arm("changes alone", bot=False),
                )
            )
        )
        for count in guilds:
            with console.status(f"Setting up {count} guilds for each bot"):
                await asyncio.gather(*(each.grow(count) for each in arms))
                await asyncio.gather(*(each.still() for each in arms if each.polls is None and each.pid))
            with console.status(f"{count} quiet guilds"):
                quiets = await asyncio.gather(*(each.quiet(quiet) for each in arms))
            with console.status(f"{count} guilds, {min(ON_AIR, count)} of them busy"):
                busies = await asyncio.gather(
                    *(each.busy(min(ON_AIR, count), seconds, PATIENCE) for each in arms)
                )
            taken += (
                Taken(each.name, count, calm, rush)
                for each, calm, rush in zip(arms, quiets, busies, strict=True)
            )
            await asyncio.gather(*(each.still() for each in arms if each.polls is None and each.pid))
    return taken


def main() -> int:
    """Measures and reports; exit code 1 when a bar does not hold."""
    parser = arguments(__doc__, quiet=6.0, seconds=8.0)
    parser.add_argument("--seconds", type=float, default=60.0, help="of each busy time")
    parser.add_argument("--quiet", type=float, default=60.0, help="seconds of each quiet time")
    parser.add_argument("--guilds", type=int, nargs="+", default=[1, 10, 100])
    options = parser.parse_args()
    quiet, seconds = options.quiet, options.seconds
    if min(quiet, seconds) < 2 * PACE or min(options.guilds) < 1:
        parser.error(f"Measure at least {2 * PACE:g} seconds and one guild.")
    console = Console()
    taken = asyncio.run(measure(console, sorted(set(options.guilds)), quiet, seconds))
    bars, charts = report(console, taken, quiet, seconds)
    return conclude(console, bars, options.json, charts, options.pictures)


if __name__ == "__main__":
    sys.exit(main())

"""From press to first answer: `/queue show` and the panel's Next against a bare hikari listener.

    python -m benchmarks.interactions [--chunks 20] [--size 25] [--json FILE]

Both bots run as processes of their own, each on a sandbox Discord; Skipline with its embedded servers as it
ships (every move is on disk before it is answered). Chunks of the cells take turns, so noise meets all of
them; the bare cells are measured twice, which shows how much of a ratio is noise (the A/A column). The bare
button stands on a copy of the panel, so that both bots are sent the same press.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import statistics
import sys
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
from rich.console import Console
from rich.table import Table

from benchmarks.rig import ACTOR, Bar, conclude, declared, moves, percentile, process, room
from bot import embedded
from sandbox.discord import Channel, Guild, Message, Sandbox
from state.song import NewSong

LIMIT = 2.0


@dataclass
class Cell:
    """One thing measured: how to do it once (giving seconds), what to do in between, and what it took."""

    name: str
    once: Callable[[], Awaitable[float]]
    after: Callable[[], Awaitable[float]]
    taken: list[float] = field(default_factory=list[float])

    def percentile(self, share: float) -> float:
        """Milliseconds below which that share of the calls stayed."""
        return percentile(self.taken, share) * 1000


async def measure(chunks: int, size: int) -> tuple[list[Cell], float]:
    """Runs all cells in turn.

    Gives them with what they took, and the median (ms) from pressing Next to the panel showing the song.
    """
    bare_sandbox, our_sandbox = await Sandbox.start(), await Sandbox.start()
    folder = Path(tempfile.mkdtemp(prefix="sl-bench-"))
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(bare_sandbox.close)
        stack.push_async_callback(our_sandbox.close)
        valkey = await stack.enter_async_context(embedded.valkey(folder))
        _, bare_person, bare_channel = room(bare_sandbox)
        guild, person, channel = room(our_sandbox)
        await stack.enter_async_context(process(bare_sandbox, "-m", "benchmarks.bare_hikari"))
        await stack.enter_async_context(
            process(our_sandbox, "-m", "bot.cli", "run", SKIPLINE_DATA_DIR=str(folder))
        )
        await declared(bare_person, bare_channel, "bare")
        await declared(person, channel, "queue show")
        panel = await fill(valkey.url, guild, channel, chunks * size + size)
        bare_message = await copy(panel, bare_sandbox, bare_channel)

        async def bare_command() -> float:
            return (await bare_person.command("bare", channel=bare_channel)).latency

        async def bare_press() -> float:
            return (await bare_person.press(bare_message, label="Next")).latency

        async def queue_show() -> float:
            return (await person.command("queue show", channel=channel)).latency

        async def panel_next() -> float:
            loop = asyncio.get_running_loop()
            started, playing = loop.time(), panel.text
            reply = await person.press(panel, label="Next")
            await channel.wait_for(lambda _: panel.text != playing)
            shown.append(loop.time() - started)
            if not reply.ok or reply.followups:
                raise RuntimeError(f"Next was refused: {reply.refusal} {reply.followups}")
            return reply.latency

        shown: list[float] = []
        cells = [
            Cell("bare hikari, slash", bare_command, bare_command),
            Cell("bare hikari, slash again", bare_command, bare_command),
            Cell("/queue show", queue_show, queue_show),
            Cell("bare hikari, button", bare_press, bare_command),
            Cell("bare hikari, button again", bare_press, bare_command),
            Cell("panel Next", panel_next, queue_show),
        ]
        for chunk in range(chunks + 1):
            for cell in cells:
                taken: list[float] = []
                for _ in range(size):
                    taken.append(await cell.once())
                    # Not measured: the bot is done with the tail of the last call once it answers this one,
                    # and no process has gone to sleep meanwhile.
                    await cell.after()
                # The first chunk warms up connections, imports and scripts.
                if chunk:
                    cell.taken.extend(taken)
                else:
                    shown.clear()
    return cells, statistics.median(shown) * 1000


async def copy(panel: Message, sandbox: Sandbox, channel: Channel) -> Message:
    """Posts the panel in the bare bot's name: a press brings its whole message, to both bots alike."""
    body = {"embeds": panel.embeds, "components": panel.components}
    headers = {"Authorization": f"Bot {sandbox.token}"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.post(f"{sandbox.rest_url}/channels/{channel.id}/messages", json=body) as answer,
    ):
        answer.raise_for_status()
    return channel.messages[-1]


async def fill(redis_url: str, guild: Guild, channel: Channel, songs: int) -> Message:
    """Lets songs wait and puts up the panel; gives its message."""
    async with moves(redis_url) as (queue, configuration):
        guild_id = int(guild.id)
        await configuration.change(guild_id, "bench", ACTOR, {"double_press_ms": "0"})
        for number in range(songs):
            song = NewSong(f"Song {number}", f"Artist {number}", 10**6 + number, f"user{number}")
            await queue.submit(guild_id, f"bench{number}", ACTOR, song)
        await configuration.set_display(guild_id, "panel", ACTOR, "reviewer", (int(channel.id), 0))
        shown = await channel.wait_for(
            lambda messages: [m for m in messages if m.component(None, label="Next")], timeout=15
        )
        return shown[-1]


def report(cells: list[Cell], shown: float, path: str | None) -> int:
    """Prints the table and the bars; gives the exit code."""
    table = Table(title="First answer, ms", caption=f"{len(cells[0].taken)} calls a cell, in turns")
    for heading in ("", "p50", "p95", "against bare", "A/A"):
        table.add_column(heading, justify="left" if not heading else "right")
    bars: list[Bar] = []
    for first, again, ours in (cells[:3], cells[3:]):
        base = statistics.median([first.percentile(0.5), again.percentile(0.5)])
        table.add_row(first.name, f"{first.percentile(0.5):.2f}", f"{first.percentile(0.95):.2f}", "1.00", "")
        table.add_row(
            again.name,
            f"{again.percentile(0.5):.2f}",
            f"{again.percentile(0.95):.2f}",
            "",
            f"{again.percentile(0.5) / first.percentile(0.5):.2f}",
        )
        ratio = ours.percentile(0.5) / base
        table.add_row(
            ours.name, f"{ours.percentile(0.5):.2f}", f"{ours.percentile(0.95):.2f}", f"{ratio:.2f}", ""
        )
        bars.append(Bar.at_most(f"p50 of {ours.name} / bare hikari", ratio, LIMIT))
    console = Console()
    console.print(table)
    console.print(f"From pressing Next to the panel showing the next song: p50 {shown:.2f} ms")
    return conclude(console, bars, path)


def main() -> int:
    """Measures and reports; exit code 1 when a bar does not hold."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--chunks", type=int, default=20)
    parser.add_argument("--size", type=int, default=25)
    parser.add_argument("--json")
    options = parser.parse_args()
    cells, shown = asyncio.run(measure(options.chunks, options.size))
    return report(cells, shown, options.json)


if __name__ == "__main__":
    sys.exit(main())

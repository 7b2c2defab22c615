"""What the benchmarks stand on: bots in processes of their own, rooms to meet them in, and the bars."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import math
import os
import socket
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from redis.asyncio import Redis
from rich.console import Console

from benchmarks.charts import Chart, draw
from sandbox.discord import Channel, Guild, Person, Sandbox
from state import keys
from state.configure import Configuration
from state.connection import connect
from state.feed import Feed
from state.queue import Queue
from state.scripts import Actor, Scripts
from tests.signals import end_as_interrupted

ACTOR = Actor(1, "bench")
UP_SECONDS = 90.0
"""What a bot is given to start: on a busy machine it takes ten times as long as on a quiet one."""


@dataclass(frozen=True)
class Bar:
    """A figure that was promised, and what was measured."""

    bar: str
    value: float
    limit: float
    holds: bool

    @classmethod
    def at_most(cls, bar: str, value: float, limit: float) -> Bar:
        """One that holds up to its limit."""
        return cls(bar, round(value, 3), limit, value <= limit)

    @classmethod
    def at_least(cls, bar: str, value: float, limit: float) -> Bar:
        """One that holds from its limit on."""
        return cls(bar, round(value, 3), limit, value >= limit)


class _Short(argparse.Action):
    """Sets the options given as `const`; whatever stands behind it still counts."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: object,
        option: object = "",
    ) -> None:
        namespace.short = True
        for name, value in self.const.items():
            setattr(namespace, name, value)


def arguments(description: str | None, **short: object) -> argparse.ArgumentParser:
    """A parser of the options that every benchmark has; give its module's docstring.

    Also has SIGTERM end the benchmark with its servers, as Ctrl-C does.
    `short` is what `--short` makes of the options of these names; `options.short` says whether it was given.
    """
    end_as_interrupted()
    parser = argparse.ArgumentParser(description=(description or "").partition("\n")[0])
    parser.add_argument("--json", metavar="FILE", help="write the bars")
    parser.add_argument("--pictures", metavar="FOLDER", help="draw a picture of each table")
    parser.add_argument(
        "--short", action=_Short, nargs=0, const=short, default=False, help="the length of `make bench`"
    )
    return parser


def conclude(
    console: Console,
    bars: list[Bar],
    path: str | None,
    charts: Iterable[Chart] = (),
    pictures: str | None = None,
) -> int:
    """Prints the bars; writes them as JSON if a path is given, and the charts if a folder is.

    Gives 1 when a bar does not hold, else 0.
    """
    if pictures:
        for chart in charts:
            draw(chart, Path(pictures))
    for bar in bars:
        console.print(f"{bar.bar}: {bar.value} (limit {bar.limit}, holds: {bar.holds})")
    if path:
        write(bars, Path(path))
    return 0 if all(bar.holds for bar in bars) else 1


def write(bars: Iterable[Bar], path: Path) -> None:
    """Writes the bars as JSON. What never came, an infinite or no figure at all, is null there."""
    told = [asdict(bar) | {"value": bar.value if math.isfinite(bar.value) else None} for bar in bars]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")


def percentile(taken: Iterable[float], share: float) -> float:
    """What that share of the figures stays at or below; nan of none."""
    ordered = sorted(taken)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else math.nan


@contextlib.asynccontextmanager
async def process(
    sandbox: Sandbox, *arguments: str, stdin: int | None = None, **environment: str
) -> AsyncGenerator[asyncio.subprocess.Process]:
    """A bot of its own process on that sandbox; ended with the block. For `stdin` see `subprocess.Popen`.

    If something goes wrong in the block and the process has died, what it said last is told.
    """
    with tempfile.TemporaryFile() as said:
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            *arguments,
            env={
                **os.environ,
                "DISCORD_BOT_TOKEN": sandbox.token,
                "DISCORD_REST_URL": sandbox.rest_url,
                **environment,
            },
            stdin=stdin,
            stderr=said,
        )
        try:
            yield child
        except Exception:
            if child.returncode is not None:
                said.seek(0)
                print(said.read()[-4_000:].decode("utf-8", "replace"), file=sys.stderr)
            raise
        finally:
            with contextlib.suppress(ProcessLookupError):
                child.terminate()
            await child.wait()


async def declared(person: Person, channel: Channel, name: str) -> None:
    """Waits until the bot has declared a command and answers it."""
    async with asyncio.timeout(UP_SECONDS):
        while True:
            with contextlib.suppress(Exception):
                reply = await person.command(name, channel=channel)
                if reply.ok:
                    return
            await asyncio.sleep(0.1)


def free_port() -> int:
    """A port of this computer that nobody listens on now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def room(sandbox: Sandbox, name: str = "Bench") -> tuple[Guild, Person, Channel]:
    """A guild with one person who may do everything, and a channel."""
    guild = sandbox.create_guild(name, owner="Olga")
    return guild, guild.owner, guild.create_channel("bench")


async def archived(redis: Redis, guilds: Iterable[int]) -> None:
    """Waits until every move of these guilds is in PostgreSQL."""
    for guild in guilds:
        while True:
            made, kept = await redis.mget(keys.revision(guild), keys.archived(guild))
            if made is None or made == kept:
                break
            await asyncio.sleep(0.1)


async def still(sandbox: Sandbox, seconds: float) -> None:
    """Waits until nothing was asked of a Discord for that long."""
    while (  # noqa: ASYNC110 - silence is no event
        left := sandbox.requests[-1].at + seconds - time.time()
    ) > 0:
        await asyncio.sleep(left)


@contextlib.asynccontextmanager
async def moves(redis_url: str) -> AsyncGenerator[tuple[Queue, Configuration]]:
    """The moves of a queue, made beside the bot, as by another process of it.

    A guild that nobody has used is begun from nothing: no archive is asked for it.
    """
    redis = connect(redis_url)

    async def begun(guild: int) -> None:
        # As `persistence.recovery.open_guild` does.
        await redis.sadd(keys.GUILDS, str(guild))
        await redis.set(keys.revision(guild), 0, nx=True)

    try:
        scripts = Scripts(redis, begun)
        yield Queue(redis, scripts), Configuration(redis, scripts, Feed(redis))
    finally:
        await redis.aclose()

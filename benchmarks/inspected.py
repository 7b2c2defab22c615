"""A bot that tells what it keeps: how much is allocated and how many objects live, whenever it is asked.

    python -m benchmarks.inspected [--quick] ...

It is `skipline ...` and a thread that reads a word a line from the standard input: `count` collects what is
garbage and answers with a line of JSON; `trace` begins to note where memory is allocated, and `top` tells
where most was since. The first line tells when its imports were done. With `--quick` hikari does not wait
between two connections, nor count what it sends, as it must towards Discord, where 1,000 take half an hour.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import subprocess
import sys
import threading
import time
import tracemalloc
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any, Final

from benchmarks.usage import memory
from sandbox.discord import Sandbox

PATIENCE: Final = 180.0
"""Seconds that a bot may take to connect, on a machine that is busy with something else."""


@dataclass(frozen=True)
class Count:
    """What a bot keeps: pieces of memory that Python gave out, objects of containers, MiB in memory."""

    blocks: int
    objects: int
    mib: float


@dataclass(eq=False)
class Inspected:
    """A bot that runs. `imported` is when (s since 1970) it had its program, `begun` when it was started."""

    child: asyncio.subprocess.Process
    begun: float
    imported: float = 0.0

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.child.pid

    async def ask(self, word: str) -> Any:
        """Says a word; gives its answer."""
        assert self.child.stdin is not None
        self.child.stdin.write(f"{word}\n".encode())
        await self.child.stdin.drain()
        return await self.hear()

    async def hear(self) -> Any:
        """The next line it says. Raises `RuntimeError` when it ended instead."""
        assert self.child.stdout is not None
        if line := await self.child.stdout.readline():
            return json.loads(line)
        raise RuntimeError("the bot ended")

    async def count(self) -> Count:
        """What it keeps now, without what is garbage."""
        told = await self.ask("count")
        return Count(told["blocks"], told["objects"], memory(self.pid))


@contextlib.asynccontextmanager
async def inspected(
    sandbox: Sandbox, *arguments: str, environment: dict[str, str], program: str = "benchmarks.inspected"
) -> AsyncGenerator[Inspected]:
    """Starts `skipline run` in that way, with exactly this environment; ended with the block."""
    begun = time.time()
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        program,
        *arguments,
        "run",
        env={
            **environment,
            "DISCORD_BOT_TOKEN": sandbox.token,
            "DISCORD_REST_URL": sandbox.rest_url,
        },
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        limit=2**20,
    )
    bot = Inspected(child, begun)
    try:
        bot.imported = (await bot.hear())["imported"]
        yield bot
    finally:
        with contextlib.suppress(ProcessLookupError):
            child.terminate()
        await child.wait()


def _answer(word: str) -> dict[str, Any]:
    match word:
        case "count":
            gc.collect()
            return {"blocks": sys.getallocatedblocks(), "objects": len(gc.get_objects())}
        case "trace":
            tracemalloc.start(12)
            return {}
        case "top":
            gc.collect()
            found = tracemalloc.take_snapshot().filter_traces(
                [tracemalloc.Filter(False, "*tracemalloc*"), tracemalloc.Filter(False, __file__)]
            )
            return {
                "top": [
                    "\n".join(map(str, [each, *each.traceback.format()]))
                    for each in found.statistics("traceback")[:12]
                ]
            }
        case _:
            return {"unknown": word}


def _listen() -> None:
    for line in sys.stdin:
        print(json.dumps(_answer(line.strip())), flush=True)


def main() -> int:
    """Runs it; gives the exit code."""
    import hikari.impl.shard

    from bot import app, cli

    assert app, "what `skipline run` imports"

    arguments = sys.argv[1:]
    if "--quick" in arguments:
        arguments.remove("--quick")
        hikari.impl.shard._BACKOFF_WINDOW = 0.0  # pyright: ignore
        hikari.impl.shard._TOTAL_RATELIMIT = (60.0, 10**9)  # pyright: ignore
        hikari.impl.shard._NON_PRIORITY_RATELIMIT = (60.0, 10**9)  # pyright: ignore
    print(json.dumps({"imported": time.time()}), flush=True)
    threading.Thread(target=_listen, daemon=True, name="asked").start()
    return cli.main(arguments)


if __name__ == "__main__":
    sys.exit(main())

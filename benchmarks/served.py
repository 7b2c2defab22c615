"""A part of a benchmark in a process of its own, so that it takes no time of the one that measures.

It is told lines of words on its standard input, and answers in lines of JSON; the first tells of itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any


@dataclass
class Served:
    """Such a process, as the measuring one sees it. `told` is what it told of itself."""

    child: asyncio.subprocess.Process
    told: Any = None

    def say(self, *words: object) -> None:
        """Tell it something."""
        assert self.child.stdin is not None
        self.child.stdin.write((" ".join(map(str, words)) + "\n").encode())

    async def answer(self) -> Any:
        """Its next answer."""
        assert self.child.stdout is not None
        return json.loads(await self.child.stdout.readline())

    async def ask(self, *words: object) -> Any:
        """Tell it something, and give its answer."""
        self.say(*words)
        return await self.answer()


@contextlib.asynccontextmanager
async def served(module: str) -> AsyncGenerator[Served]:
    """`python -m <module>`, ended with the block."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", module), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    process = Served(child)
    try:
        process.told = await process.answer()
        yield process
    finally:
        child.terminate()
        await child.wait()


async def orders() -> AsyncGenerator[list[str]]:
    """In that process: the words of each line it is told, until whoever started it is gone."""
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while line := await lines.readline():
        yield line.decode().split()


def answer(what: object) -> None:
    """In that process: tell something."""
    print(json.dumps(what), flush=True)

"""BullMQ on the same server as ours, in a process of node, where npm can bring it."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import orjson

from benchmarks.queue.contest import Chunk, Contestant, Move
from benchmarks.queue.valkey import filling, served
from state.connection import connect

_PACKAGES: Final = ("bullmq@6.7.0", "ioredis@6.0.0")
_SECONDS: Final = 120.0
_BATCH: Final = 2_000


class Missing(Exception):
    """BullMQ cannot be had here; the message says why."""


async def install() -> Path:
    """The folder with BullMQ in it, brought by npm at the first time; a cache, which may be deleted.

    Raises `Missing` without node, npm or network.
    """
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            raise Missing(f"{program} is not installed")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "skipline"
    folder = cache / "-".join(_PACKAGES).replace("@", "-")
    if folder.exists():
        return folder
    fresh = folder.with_suffix(f".{os.getpid()}")
    fresh.mkdir(parents=True)
    try:
        child = await asyncio.create_subprocess_exec(
            "npm", "install", "--prefix", str(fresh), "--no-audit", "--no-fund", "--no-package-lock",
            "--ignore-scripts", *_PACKAGES,
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        try:
            async with asyncio.timeout(_SECONDS):
                _, errors = await child.communicate()
        except TimeoutError:
            child.kill()
            await child.wait()
            raise Missing(f"npm did not bring it within {_SECONDS:g} s") from None
        if child.returncode:
            raise Missing("npm: " + errors.decode(errors="replace").strip().rpartition("\n")[2])
        fresh.rename(folder)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return folder


class Bullmq(Contestant):
    """A queue of prioritized jobs. It has no place of a job: that would be a search through all."""

    name = "BullMQ"
    moves = frozenset(Move) - {Move.PLACE, Move.ANEW}

    def __init__(self, redis_url: str, folder: Path) -> None:
        self._command: Sequence[str] = (
            "node",
            str(Path(__file__).with_name("bullmq.cjs")),
            str(folder),
            unquote(urlsplit(redis_url).path),
        )
        self.redis = connect(redis_url, patience=60)

    async def fill(self, depth: int) -> None:
        """Adds jobs in bulk, as BullMQ itself does."""
        self._child = await asyncio.create_subprocess_exec(
            *self._command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=1 << 24
        )
        await self._read()
        async with filling(self.redis):
            for begin in range(1, depth + 1, _BATCH):
                await self._tell("fill", begin, min(begin + _BATCH, depth + 1))

    async def close(self) -> None:
        """Ends the process."""
        assert self._child.stdin is not None
        self._child.stdin.close()
        await self._child.wait()
        await self.redis.aclose()

    async def chunk(self, move: Move, calls: int, clients: int) -> Chunk:
        """Calls of as many promises at once, over the one connection that BullMQ has."""
        return await served(self.redis, self._timed(move, calls, clients))

    async def _timed(self, move: Move, calls: int, clients: int) -> Chunk:
        found = await self._tell(move.value.lower(), calls, clients)
        return Chunk(found["taken"], found["elapsed"])

    async def _tell(self, *words: str | int) -> dict[str, Any]:
        assert self._child.stdin is not None
        self._child.stdin.write(orjson.dumps(words) + b"\n")
        return await self._read()

    async def _read(self) -> dict[str, Any]:
        assert self._child.stdout is not None
        line = await self._child.stdout.readline()
        if not line:
            raise RuntimeError("BullMQ's process ended; what it wrote stands above")
        return orjson.loads(line)

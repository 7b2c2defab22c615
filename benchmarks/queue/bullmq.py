"""BullMQ on the same server as ours, in a process of node, where npm can bring it."""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import orjson

from benchmarks.queue.contest import Chunk, Contestant, Move, entries
from benchmarks.queue.valkey import Command, flood, served
from state.connection import connect, fields_of

_PACKAGES: Final = ("bullmq@6.7.0", "ioredis@6.0.0")
_SECONDS: Final = 120.0
_SAMPLE: Final = 20
_LAST: Final = 2_097_151
"""BullMQ's highest priority, which goes last."""


_ORDER: Final = "bull:bench:prioritized"


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
        self._url = redis_url
        self.redis = connect(redis_url, patience=60)

    async def fill(self, depth: int) -> None:
        """Lets BullMQ add a few jobs, and writes all others like them: it would take minutes for 10^6.

        Raises `RuntimeError` where those few are not what was written for them.
        """
        self._child = await asyncio.create_subprocess_exec(
            *self._command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=1 << 24
        )
        await self._read()
        await self._tell("fill", _SAMPLE, depth)
        made = [await self._job(number) for number in range(1, _SAMPLE + 1)]
        await flood(self._url, _writes(depth))
        for number, job in enumerate(made, 1):
            if (found := await self._job(number)) != job:
                raise RuntimeError(f"Filled otherwise than by BullMQ: {found}, {job}")

    async def _job(self, number: int) -> dict[str, str]:
        """What is known of a job, with its place, but for when it was added."""
        fields = await fields_of(self.redis, f"bull:bench:{number}")
        return fields | {"timestamp": "", "place": str(await self.redis.zscore(_ORDER, str(number)))}

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


def _writes(depth: int) -> Iterator[Command]:
    """The jobs, their order and the counters of a queue with so many."""
    at = int(time.time() * 1000)
    for song in entries(depth):
        priority = 1 + song.number // 2 % 5 if song.tier else _LAST - 10 - song.points
        data = orjson.dumps(
            {
                "title": song.title,
                "artist": song.artist,
                "user": str(song.user),
                "user_name": song.user_name,
                "link": song.link,
                "track": song.track,
            }
        ).decode()
        yield (
            "HSET", f"bull:bench:{song.number}", "name", "song", "data", data,
            "opts", f'{{"attempts":0,"priority":{priority}}}',
            "timestamp", at, "delay", 0, "priority", priority,
        )  # fmt: skip
        # As addPrioritizedJob packs it: the counter keeps those of one priority apart.
        yield "ZADD", _ORDER, priority * 2**32 + song.number, song.number
    yield "SET", "bull:bench:id", depth
    yield "SET", "bull:bench:pc", depth

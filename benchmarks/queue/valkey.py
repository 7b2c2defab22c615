"""Writing much to a Valkey at once, and what its own statistics say."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from itertools import islice
from typing import Any, Final, cast
from urllib.parse import unquote, urlsplit

import hiredis
from redis.asyncio import Redis

from benchmarks.queue.contest import Chunk
from state.connection import connect

Command = tuple[str | int, ...]

_AT_ONCE: Final = 5_000
"""Commands sent at a time."""


async def flood(redis_url: str, commands: Iterable[Command]) -> None:
    """Sends commands through one connection of its own, past the client, which takes ten times as long.

    Takes the address of a unix socket. Raises what the server answers with if that is an error.
    """
    reader, writer = await asyncio.open_unix_connection(unquote(urlsplit(redis_url).path))
    parser, rest, owed = hiredis.Reader(), iter(commands), 0
    # Its stub knows commands of one word alone.
    pack: Callable[[Command], bytes] = cast("Any", hiredis).pack_command
    try:
        while (batch := [pack(command) for command in islice(rest, _AT_ONCE)]) or owed:
            writer.write(b"".join(batch))
            # Those of the batch before: the server works on this one while the next is packed.
            for _ in range(owed):
                while (answer := parser.gets()) is False:
                    parser.feed(await reader.read(1 << 16))
                if isinstance(answer, hiredis.HiredisError):
                    raise answer
            owed = len(batch)
    finally:
        writer.close()


@asynccontextmanager
async def filling(redis_url: str) -> AsyncGenerator[None]:
    """Has the server write nothing to its disk within the block, and all of it at the end.

    From then on the append-only file only grows: no rewriting falls into what is measured.
    """
    async with connect(redis_url, patience=60) as redis:
        client: Any = redis
        await client.config_set("appendonly", "no")
        await client.config_set("auto-aof-rewrite-percentage", 0)
        yield
        await client.config_set("appendonly", "yes")
        while True:
            found = await client.info("persistence")
            if not found["aof_rewrite_in_progress"] and not found["aof_rewrite_scheduled"]:
                break
            await asyncio.sleep(0.1)
    if found["aof_last_bgrewrite_status"] != "ok":
        raise RuntimeError("The server could not write its append-only file; is the disk full?")


async def served(redis: Redis, calls: Awaitable[Chunk]) -> Chunk:
    """The same chunk with the server's time for it, of which a script's own commands are a part."""
    before = await _microseconds(redis)
    chunk = await calls
    after = await _microseconds(redis)
    spent = {name: after[name] - before.get(name, 0) for name in after}
    return Chunk(chunk.taken, chunk.elapsed, spent.get("evalsha") or sum(spent.values()))


async def _microseconds(redis: Redis) -> dict[str, float]:
    client: Any = redis
    found: dict[str, Any] = await client.info("commandstats")
    return {name[8:]: each["usec"] for name, each in found.items() if name != "cmdstat_info"}

"""What is kept of a run in which something did not hold, so that it can be thought through afterwards."""

from __future__ import annotations

import contextlib
import gzip
import shutil
from pathlib import Path
from typing import Any, Final

import asyncpg
import orjson
from redis.exceptions import RedisError

from state import keys
from tests.faults.plant import Plant
from tests.faults.room import Room

_OF_ACTS: Final = ("kind", "who", "begin", "end", "outcome", "text", "request")


async def keep(plant: Plant, rooms: list[Room], folder: Path) -> None:
    """Write what every process said, and of each room its moves, acts and keys, as far as they can be had.

    `folder` is there already.
    """
    for name, member in plant.members.items():
        if member.process.journal is not None and member.process.journal.exists():
            shutil.copy(member.process.journal, folder / f"{name}.log")
    for room in rooms:
        _write(
            folder / f"room-{room.number}-acts.jsonl.gz",
            ({name: getattr(act, name) for name in _OF_ACTS} for act in room.acts),
        )
        with contextlib.suppress(OSError, asyncpg.PostgresError, TimeoutError):
            _write(folder / f"room-{room.number}-moves.jsonl.gz", await _moves(plant, room))
        with contextlib.suppress(OSError, RedisError):
            _write(folder / f"room-{room.number}-keys.jsonl.gz", await _keys(plant, room))


def _write(path: Path, rows: Any) -> None:
    with gzip.open(path, "wb", compresslevel=1) as out:
        for row in rows:
            out.write(orjson.dumps(row, default=str, option=orjson.OPT_APPEND_NEWLINE))


async def _moves(plant: Plant, room: Room) -> list[dict[str, Any]]:
    connection: Any = await asyncpg.connect(plant.postgres.url, timeout=10)
    try:
        rows = await connection.fetch("SELECT * FROM events WHERE guild_id = $1 ORDER BY rev", room.id)
        lives = await connection.fetch("SELECT * FROM live_sessions WHERE guild_id = $1", room.id)
    finally:
        await connection.close()
    return [dict(row) for row in (*rows, *lives)]


async def _keys(plant: Plant, room: Room) -> list[dict[str, Any]]:
    client: Any = plant.redis
    found: list[dict[str, Any]] = []
    async for key in client.scan_iter(match=keys.key(room.id, "*"), count=1000):
        kind = await client.type(key)
        if kind == "hash":
            found.append({"key": key, "value": await client.hgetall(key)})
        elif kind == "zset":
            found.append({"key": key, "value": await client.zrange(key, 0, -1, withscores=True)})
        elif kind == "string":
            found.append({"key": key, "value": await client.get(key)})
    return found

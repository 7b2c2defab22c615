"""A guild's live keys as rows, and rows as keys: reading, clearing and writing them in Redis."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from redis.asyncio import Redis

from persistence.archive import LiveRow
from persistence.keys import is_live, is_passing, key
from persistence.restore_lease import RestoreLease

_BATCH = 1000


async def read(guild_id: int, redis: Redis) -> list[LiveRow]:
    """Read everything a guild's live keys hold. The caller makes sure that nobody writes meanwhile."""
    names = [name for name in await names_of(guild_id, redis) if is_live(name)]
    rows: list[LiveRow] = []
    for start in range(0, len(names), _BATCH):
        some = names[start : start + _BATCH]
        async with redis.pipeline(transaction=False) as pipe:
            for name in some:
                pipe.type(key(guild_id, name))
            types: list[Any] = await pipe.execute()
            known = [(name, type_) for name, type_ in zip(some, types, strict=True) if type_ in _READERS]
            for name, type_ in known:
                _READERS[type_](pipe, key(guild_id, name))
            values: list[Any] = await pipe.execute()
        for (name, type_), value in zip(known, values, strict=True):
            rows.extend(_rows(name, type_, value))
    return rows


async def clear(guild_id: int, redis: Redis, lease: RestoreLease) -> None:
    """Delete whatever is left of a guild, except answers kept for retries and leases."""
    names = [name for name in await names_of(guild_id, redis) if not is_passing(name)]
    for start in range(0, len(names), _BATCH):
        async with lease.writing() as pipe:
            pipe.unlink(*(key(guild_id, name) for name in names[start : start + _BATCH]))


async def write(guild_id: int, rows: Sequence[LiveRow], lease: RestoreLease) -> None:
    """Write rows into keys that do not exist yet; scores arrive as the text they are, so none is rounded."""
    rows = [row for row in rows if is_live(row.name)]
    for start in range(0, len(rows), _BATCH):
        async with lease.writing() as pipe:
            for (name, type_), group in groupby(
                rows[start : start + _BATCH], key=lambda row: (row.name, row.type)
            ):
                target = key(guild_id, name)
                if type_ == "z":
                    pipe.execute_command(
                        "ZADD", target, *(part for row in group for part in (row.value, row.field))
                    )
                elif type_ == "h":
                    pipe.execute_command(
                        "HSET", target, *(part for row in group for part in (row.field, row.value))
                    )
                else:
                    pipe.execute_command("SET", target, *(row.value for row in group))


async def names_of(guild_id: int, redis: Redis) -> list[str]:
    """Return the names (after ``sl:{guild}:``) of all keys a guild has, sorted."""
    prefix = key(guild_id, "")
    client: Any = redis
    found: Any = client.scan_iter(f"{prefix}*", count=5000)
    return sorted({str(name).removeprefix(prefix) async for name in found})


def _rows(name: str, type_: str, value: Any) -> list[LiveRow]:
    if type_ == "zset":
        return [LiveRow(name, "z", str(member), _score(score)) for member, score in value]
    if type_ == "hash":
        return [LiveRow(name, "h", str(field), str(text)) for field, text in value.items()]
    return [] if value is None else [LiveRow(name, "s", "", str(value))]


def _score(score: float) -> str:
    return str(int(score)) if score.is_integer() else repr(score)


def _read_sorted_set(pipe: Any, name: str) -> None:
    pipe.zrange(name, 0, -1, withscores=True)


def _read_hash(pipe: Any, name: str) -> None:
    pipe.hgetall(name)


def _read_string(pipe: Any, name: str) -> None:
    pipe.get(name)


_READERS = {"zset": _read_sorted_set, "hash": _read_hash, "string": _read_string}

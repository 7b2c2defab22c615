"""Reads everything there is to know about one server from Redis, as of one moment, and changes nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

import orjson
from redis.asyncio import Redis

from bot.doctor.findings import Finding
from bot.doctor.servers import redis_durability
from state import keys
from state.board import Board
from state.ladder import SKIPS, Ladder
from state.queue import Queue
from state.refusal import Unopened
from state.scripts import DEFAULTS, Scripts
from state.song import Song

__all__ = ["Display", "Inspection", "LeaseHeld", "Missing", "Move", "Size", "inspect"]

NEXT: Final = 10
"""Songs, moves and rows of sizes that are shown."""

_TRIES: Final = 5
_BATCH: Final = 1000
_COMMON_LEASES: Final = keys.common_lease("")
# Beside them stand the counters of their tokens, and what is kept for the next holder.
_LEASES: Final = frozenset({"lease:<work>", keys.common_lease("<work>")})


class Missing(Exception):
    """Redis holds no live state of this server; the text says what that means."""


@dataclass(frozen=True, slots=True)
class Move:
    """One event of the stream; `at` in ms since 1970, `data` as in the table of events in docs/redis.md."""

    revision: int
    kind: str
    at: int
    by: int
    by_name: str
    song: int | None
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Display:
    """A registered display: where it stands, and the fields of its `painted` hash."""

    kind: str
    channel: int
    message: int
    painted: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class LeaseHeld:
    """Work that one process does now, and for how many seconds more unless it renews."""

    work: str
    token: str
    holder: str
    left: float


@dataclass(frozen=True, slots=True)
class Size:
    """A key, or all keys of a family: how many there are and how many bytes of memory they take.

    `name` is as in the table of keys; a key that is not in it stands by itself, `documented` False.
    """

    name: str
    count: int
    memory: int
    documented: bool = True


@dataclass(frozen=True, slots=True)
class Inspection:
    """Everything about one server. `clock`: the time of Redis in ms since 1970.

    `whys` says, by song number, why a waiting song is where it is. `archived` is the last move known to be
    in PostgreSQL, None when none is; `owed_since` when the oldest move after it was made. `settings` are
    (field, value, default) of what differs; `moved` says that moves went on while this was read.
    """

    guild: int
    clock: int
    board: Board
    whys: Mapping[int, str]
    moves: Sequence[Move]
    displays: Sequence[Display]
    leases: Sequence[LeaseHeld]
    archived: int | None
    owed_since: int | None
    settings: Sequence[tuple[str, str, str]]
    sizes: Sequence[Size]
    durability: Sequence[Finding]
    moved: bool


async def inspect(redis: Redis, guild: int) -> Inspection:
    """Read a server. Raises `Missing` when its live state is not there, and what redis-py raises."""

    async def refuse(_: int) -> None:
        raise Unopened(f"guild {guild}")

    # Any, because redis-py leaves the answers of its commands untyped.
    client: Any = redis
    if not await client.exists(keys.revision(guild)):
        raise Missing(await _why_missing(client, guild))
    found = None
    for attempt in range(1, _TRIES + 1):
        queue = Queue(redis, Scripts(redis, refuse))
        try:
            board = await queue.board(guild, count=NEXT, pending=NEXT, held=NEXT)
        except Unopened:
            raise Missing(await _why_missing(client, guild)) from None
        before, after, rest = await _beside(client, guild, board)
        # Every move raises the revision, so the same one before and after means one moment.
        found = Inspection(guild=guild, board=board, moved=not before == after == board.revision, **rest)
        if not found.moved or attempt == _TRIES:
            break
    assert found is not None, "the loop runs at least once"
    return found


async def _why_missing(client: Any, guild: int) -> str:
    known = sorted(int(member) for member in await client.smembers(keys.GUILDS))
    if guild in known:
        return (
            f"The live state of server {guild} is not in Redis; "
            "a bot that needs it rebuilds it from the archive."
        )
    names = ", ".join(map(str, known[:NEXT])) + (
        f" and {len(known) - NEXT} more" if len(known) > NEXT else ""
    )
    return f"This Redis knows no server {guild}; it knows {names or 'none yet'}."


async def _beside(client: Any, guild: int, board: Board) -> tuple[int, int, dict[str, Any]]:
    """The revision before, the revision after, and all that is not on the board."""
    before = int(await client.get(keys.revision(guild)) or 0)
    seconds, microseconds = await client.time()
    names = [name async for name in client.scan_iter("sl:*", count=_BATCH)]
    archived = await client.get(keys.archived(guild))
    rest = {
        "clock": int(seconds) * 1000 + int(microseconds) // 1000,
        "whys": await _whys(client, guild, board),
        "moves": [_move(*entry) for entry in await client.xrevrange(keys.events(guild), count=NEXT)],
        "displays": await _displays(client, guild),
        "leases": await _leases(client, guild, names),
        "archived": None if archived is None else int(archived),
        "owed_since": await _owed_since(client, guild, int(archived or 0)),
        "settings": _changed(await client.hgetall(keys.settings(guild)), board.ladder),
        "sizes": await _sizes(client, guild, names),
        "durability": await redis_durability(client),
    }
    return before, int(await client.get(keys.revision(guild)) or 0), rest


async def _whys(client: Any, guild: int, board: Board) -> dict[int, str]:
    async with client.pipeline(transaction=True) as pipe:
        for song in board.songs:
            pipe.hmget(keys.song(guild, song.number), ["seq", "due"])
            pipe.zscore(keys.queue(guild), f"{song.number:012d}")
        answers = await pipe.execute()
    return {
        song.number: _why(song, board, seq, due, points)
        for song, (seq, due), points in zip(board.songs, answers[::2], answers[1::2], strict=True)
    }


def _why(song: Song, board: Board, seq: str | None, due: str | None, points: float | None) -> str:
    tier = board.ladder.name(song.tier)
    if due is not None:
        turns = int(due) - board.now.turn
        return f"{tier}, bumped: due {'now' if turns <= 1 else f'in {turns} turns'}"
    if song.locked:
        return f"{tier}, locked: its place was announced"
    if song.tier == 0:
        return f"{tier}, {-int(points or 0):,} points"
    return f"{tier}, arrival {seq}"


def _move(entry_id: str, fields: Mapping[str, str]) -> Move:
    song = fields.get("song")
    return Move(
        revision=int(entry_id.partition("-")[0]),
        kind=fields.get("kind", "?"),
        at=int(fields.get("at", "0")),
        by=int(fields.get("by", "0")),
        by_name=fields.get("by_name", ""),
        song=int(song) if song else None,
        data=orjson.loads(fields.get("data") or "{}"),
    )


async def _displays(client: Any, guild: int) -> list[Display]:
    places: Mapping[str, str] = await client.hgetall(keys.displays(guild))
    found: list[Display] = []
    for kind, text in sorted(places.items()):
        place = orjson.loads(text)
        painted = await client.hgetall(keys.painted(guild, kind))
        found.append(Display(kind, int(place["channel"]), int(place["message"]), painted))
    return found


async def _leases(client: Any, guild: int, names: Sequence[str]) -> list[LeaseHeld]:
    of_guild = keys.lease(guild, "")
    candidates = sorted(
        name
        for name in names
        if name.startswith((of_guild, _COMMON_LEASES))
        and (known := keys.find(name))
        and known.name in _LEASES
    )
    # Those of the guild and those of all guilds are of different servers in a cluster.
    async with client.pipeline(transaction=False) as pipe:
        for name in candidates:
            pipe.get(name)
            pipe.pttl(name)
        answers: list[Any] = await pipe.execute()
    found: list[LeaseHeld] = []
    for name, value, left in zip(candidates, answers[::2], answers[1::2], strict=True):
        # It may run out in between.
        if value is not None and left > 0:
            token, _, holder = str(value).partition(" ")
            work = name.removeprefix(of_guild).removeprefix(_COMMON_LEASES)
            found.append(LeaseHeld(work, token, holder, left / 1000))
    return found


async def _owed_since(client: Any, guild: int, archived: int) -> int | None:
    page = await client.xrange(keys.events(guild), f"({archived}-0", "+", count=1)
    return int(page[0][1].get("at", "0")) if page else None


def _changed(fields: Mapping[str, str], ladder: Ladder) -> list[tuple[str, str, str]]:
    rows = [(name, value, _default(name)) for name, value in sorted(fields.items())]
    rows.append(("ladder", _names(ladder), _names(SKIPS)))
    return [row for row in rows if row[1] != row[2]]


def _names(ladder: Ladder) -> str:
    return ", ".join(tier.name for tier in ladder.tiers)


def _default(name: str) -> str:
    return DEFAULTS.get(name, "0" if name == "paused" or name.startswith("closed:") else "none")


async def _sizes(client: Any, guild: int, names: Sequence[str]) -> list[Size]:
    prefix = keys.key(guild, "")
    mine = [name for name in names if name.startswith(prefix)]
    taken: dict[tuple[str, bool], list[int]] = defaultdict(list)
    for start in range(0, len(mine), _BATCH):
        some = mine[start : start + _BATCH]
        async with client.pipeline(transaction=False) as pipe:
            for name in some:
                pipe.memory_usage(name)
            answers = cast("list[int | None]", await pipe.execute())
        for name, memory in zip(some, answers, strict=True):
            # None: it has expired meanwhile.
            if memory is not None:
                known = keys.find(name)
                taken[known.name if known else name.removeprefix(prefix), known is not None].append(memory)
    sizes = [Size(name, len(rows), sum(rows), known) for (name, known), rows in taken.items()]
    return sorted(sizes, key=lambda size: (-size.memory, size.name))

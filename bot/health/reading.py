"""What health and figures read from Redis, in few round trips whatever the number of guilds."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from redis.asyncio import Redis

from state import host_keys, keys, score, timer_keys
from state.hosts import Status, wanted
from state.ladder import HIGHEST_LABEL
from state.lease import HOLDER

MOST_GUILDS: Final = 500
"""How many guilds one look takes in, those with the lowest ids; figures say how many there are in all."""

MOST_TIERS: Final = 12
"""How many tiers have a depth of their own; songs of the tiers above them count as the highest of these."""

_MOST_BEHIND: Final = 50
_GUILDS_AT_ONCE: Final = 100
_RENEWAL: Final = "lease "


@dataclass(frozen=True, slots=True)
class Owed:
    """Moves that are not archived, as Redis knows: how many, of how many guilds, the oldest's age (s)."""

    moves: int
    guilds: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Overdue:
    """Timers whose moment has passed and that nobody works on: how many, the age of the oldest (s)."""

    timers: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Connection:
    """A TikTok host some guild wants; `status` None when no process looks after it."""

    handle: str
    status: Status | None


async def guilds_of(redis: Redis) -> list[int]:
    """Every guild that Redis knows."""
    return sorted(int(guild) for guild in cast("set[str]", await redis.smembers(keys.GUILDS)))


async def owed(redis: Redis) -> Owed:
    """How far the archive is behind, for a process that does not write it."""
    guilds = (await guilds_of(redis))[:MOST_GUILDS]
    async with redis.pipeline(transaction=False) as pipe:
        pipe.time()
        for guild in guilds:
            pipe.get(keys.revision(guild))
            pipe.get(keys.archived(guild))
        (seconds, micros), *answers = await pipe.execute()
    behind = [
        (guild, int(archived or 0), int(revision or 0) - int(archived or 0))
        for guild, revision, archived in zip(guilds, answers[::2], answers[1::2], strict=True)
        if int(revision or 0) > int(archived or 0)
    ]
    async with redis.pipeline(transaction=False) as pipe:
        for guild, archived, _ in behind[:_MOST_BEHIND]:
            pipe.xrange(keys.events(guild), f"({archived}-0", "+", count=1)
        pages = cast("list[list[tuple[str, dict[str, str]]]]", await pipe.execute())
    made = [int(page[0][1].get("at", "0")) / 1000 for page in pages if page]
    now = int(seconds) + int(micros) / 1e6
    return Owed(sum(count for *_, count in behind), len(behind), max(0.0, now - min(made)) if made else 0.0)


async def overdue(redis: Redis, guilds: Sequence[int]) -> Overdue:
    """What should have been done by now, for those guilds and the bot itself, by the server's clock.

    Of what moves set and no worker has taken up since Redis was rebuilt, at most 50 a guild are counted.
    """
    client: Any = redis
    seconds, micros = await client.time()
    now = int(seconds) * 1000 + int(micros) // 1000
    everybody = [timer_keys.EVERYBODY, *guilds]
    count, oldest = 0, now
    left: list[tuple[int, str, float]] = []
    async with redis.pipeline(transaction=False) as pipe:
        for guild in everybody:
            pipe.zcount(timer_keys.due(guild), "-inf", f"({now}")
            pipe.zrange(timer_keys.due(guild), 0, 0, withscores=True)
            pipe.zrangebyscore(timer_keys.timers(guild), "-inf", f"({now}", 0, _MOST_BEHIND, withscores=True)
        answers = await pipe.execute()
    for at, guild in enumerate(everybody):
        late, first, set_by_moves = answers[3 * at : 3 * at + 3]
        count += int(late)
        oldest = min([oldest, *(int(score) for _, score in first)])
        left += [(guild, timer, float(score)) for timer, score in set_by_moves]
    async with redis.pipeline(transaction=False) as pipe:
        for guild, timer, _ in left:
            pipe.zscore(timer_keys.due(guild), timer)
        known = await pipe.execute() if left else []
    missed = [int(score) for (*_, score), found in zip(left, known, strict=True) if found is None]
    return Overdue(count + len(missed), max(0.0, (now - min([oldest, *missed])) / 1000))


async def depths(redis: Redis, guilds: Sequence[int]) -> Counter[str]:
    """Songs by tier, summed over guilds: `free`, `1` to `12`, `locked`, `bumped`, `pending`, `held`."""
    bands = [("free", 0, 0), *((str(label), label, label) for label in range(1, MOST_TIERS))]
    bands.append((str(MOST_TIERS), MOST_TIERS, HIGHEST_LABEL))
    bands.append(("locked", score.LOCK, score.LOCK))
    found: Counter[str] = Counter({name: 0 for name, *_ in bands})
    for start in range(0, len(guilds), _GUILDS_AT_ONCE):
        page = guilds[start : start + _GUILDS_AT_ONCE]
        async with redis.pipeline(transaction=False) as pipe:
            for guild in page:
                for _, low, high in bands:
                    # The least score of a band is that of its highest label's first place.
                    pipe.zcount(keys.queue(guild), -(high * score.SPAN + score.SPAN - 1), -low * score.SPAN)
                pipe.zcard(keys.bumped(guild))
                pipe.zcard(keys.pending(guild))
                pipe.zcard(keys.held(guild))
            answers = cast("list[int]", await pipe.execute())
        names = [*(name for name, *_ in bands), "bumped", "pending", "held"]
        for at, count in enumerate(answers):
            found[names[at % len(names)]] += count
    return found


async def connections(redis: Redis) -> list[Connection]:
    """Every TikTok host that is wanted, by handle, with how its connection stands."""
    hosts = sorted((await wanted(redis)).items())
    async with redis.pipeline(transaction=False) as pipe:
        for handle, guilds in hosts:
            # One connection serves all guilds, and each of them is told the same.
            pipe.hgetall(host_keys.host(guilds[0], handle))
        answers = cast("list[dict[str, str]]", await pipe.execute())
    return [
        Connection(handle, Status.from_hash(fields))
        for (handle, _), fields in zip(hosts, answers, strict=True)
    ]


async def leases(redis: Redis) -> list[tuple[str, str]]:
    """The leases this process holds: key and token, as Redis confirms.

    A lease is renewed by a task that is named after it, so no search through Redis is needed.
    """
    names = {task.get_name() for task in asyncio.all_tasks()}
    claimed = sorted(name.removeprefix(_RENEWAL) for name in names if name.startswith(_RENEWAL))
    if not claimed:
        return []
    held: list[tuple[str, str]] = []
    values = cast("list[str | None]", await redis.mget(claimed))
    for key, value in zip(claimed, values, strict=True):
        token, _, holder = (value or "").partition(" ")
        if holder.startswith(f"{HOLDER}:"):
            held.append((key, token))
    return held

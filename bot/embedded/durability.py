"""What a Redis-protocol server must be set to, so that no acknowledged move of a queue is ever lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

import redis.exceptions

from state.cluster import Cluster

__all__ = ["DURABLE", "WHY", "Copies", "copies", "judged", "judged_copies", "weaknesses"]

# kill -9 and a power cut lose nothing with these; every weaker setting was measured to lose writes.
DURABLE: Final = {"appendonly": "yes", "appendfsync": "always", "maxmemory-policy": "noeviction", "save": ""}

WHY: Final = {
    "appendonly": "without it a restart of the server loses the queue",
    "appendfsync": "anything else loses acknowledged moves in a crash",
    "maxmemory-policy": "anything else lets songs vanish when memory is short",
}
"""The settings that are looked at, and what each is for."""


_LATE: Final = 10
"""Seconds without a word from a replica from which it counts as behind, as `min-replicas-max-lag` has it."""

Copies = Sequence[Mapping[str, Any]]
"""What `INFO replication` says, of each server."""


async def weaknesses(client: Any) -> list[tuple[str, str]]:
    """What is weaker on a server than promised, each with how to mend it. Some hosted ones do not tell."""
    try:
        weak = judged(await client.config_get(*WHY))
    except (redis.exceptions.RedisError, OSError):
        wanted = ", ".join(f"{name} {DURABLE[name]}" for name in WHY)
        weak = [("the server does not tell its settings", f"make sure that it has {wanted}")]
    try:
        return weak + judged_copies(await copies(client))
    except (redis.exceptions.RedisError, OSError):
        return weak  # INFO is asked for elsewhere, by whoever has to say that it is refused


async def copies(client: Any) -> Copies:
    """How the server is copied; of a cluster, each of its servers. Raises as any command does."""
    if isinstance(client, Cluster):
        return await client.replication()
    return [await client.info("replication")]


def judged(config: Mapping[str, str]) -> list[tuple[str, str]]:
    """The same, of settings that are known."""
    return [
        (f"{name} is {config.get(name) or 'not set'}", f"set it to {DURABLE[name]}: {why}")
        for name, why in WHY.items()
        if config.get(name) != DURABLE[name]
    ]


def judged_copies(found: Copies) -> list[tuple[str, str]]:
    """What a failover to a replica would lose more of than it must; nothing where there is no replica.

    A primary sends its writes on after it has acknowledged them. With `min-replicas-to-write` it takes none
    while no replica keeps up, and INFO then counts those that do; without, whatever it acknowledges meanwhile
    may be lost.
    """
    unguarded = late = refusing = 0
    for server in found:
        rows = [cast("Mapping[str, Any]", row) for row in server.values() if isinstance(row, Mapping)]
        replicas = [row for row in rows if "lag" in row]
        kept_up = server.get("min_slaves_good_slaves")
        if server.get("role") != "master":
            continue
        if kept_up is not None:
            refusing += int(kept_up) == 0
        elif replicas:
            unguarded += 1
            late += not any(row["state"] == "online" and row["lag"] <= _LATE for row in replicas)
    told = [
        (
            refusing,
            "no changes are taken, since no replica keeps up and min-replicas-to-write is set",
            "start its replicas, or set min-replicas-to-write to 0 until they run",
        ),
        (
            late,
            f"no replica kept up in the last {_LATE} seconds",
            "look at its replicas: a failover now loses every move since",
        ),
        (
            unguarded,
            "min-replicas-to-write is 0 and there is a replica",
            f"set it to 1 and min-replicas-max-lag to {_LATE}: else a failover may lose any number of "
            "acknowledged moves",
        ),
    ]
    primaries = sum(server.get("role") == "master" for server in found)
    return [
        (what if primaries == 1 else f"on {count} of {primaries} primaries {what}", mend)
        for count, what, mend in told
        if count
    ]

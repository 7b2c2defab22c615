"""What a Redis-protocol server must be set to, so that no acknowledged move of a queue is ever lost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import redis.exceptions

__all__ = ["DURABLE", "WHY", "judged", "weaknesses"]

# kill -9 and a power cut lose nothing with these; every weaker setting was measured to lose writes.
DURABLE: Final = {"appendonly": "yes", "appendfsync": "always", "maxmemory-policy": "noeviction", "save": ""}

WHY: Final = {
    "appendonly": "without it a restart of the server loses the queue",
    "appendfsync": "anything else loses acknowledged moves in a crash",
    "maxmemory-policy": "anything else lets songs vanish when memory is short",
}
"""The settings that are looked at, and what each is for."""


async def weaknesses(client: Any) -> list[tuple[str, str]]:
    """What is weaker on a server than promised, each with how to mend it. Some hosted ones do not tell."""
    try:
        return judged(await client.config_get(*WHY))
    except (redis.exceptions.RedisError, OSError):
        wanted = ", ".join(f"{name} {DURABLE[name]}" for name in WHY)
        return [("the server does not tell its settings", f"make sure that it has {wanted}")]


def judged(config: Mapping[str, str]) -> list[tuple[str, str]]:
    """The same, of settings that are known."""
    return [
        (f"{name} is {config.get(name) or 'not set'}", f"set it to {DURABLE[name]}: {why}")
        for name, why in WHY.items()
        if config.get(name) != DURABLE[name]
    ]

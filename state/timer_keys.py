"""Names of the Redis keys of what is to happen later, written down as in `state.keys`."""

from __future__ import annotations

from typing import Final

from state.keys import key
from state.keyspace import Field, Rebuilt, Type, documented

EVERYBODY: Final = 0
"""Stands for a guild in the timers of the bot itself, as of the hourly backups."""

_TIMER: Final = "<kind> or <kind>:<what>"

_CLAIMS: Final = (
    Field("<timer>", "number", "token of whoever works on it, or worked on it last and did not finish"),
    Field("token", "number", "the newest token: above all earlier ones, and not below its time in ms"),
)


@documented(
    "sl:{<guild>}:timers",
    Type.SORTED_SET,
    Rebuilt.ARCHIVE,
    "the open sessions and the outages of hosts",
    member=_TIMER,
    score="when it is due, ms since 1970, as the move said",
)
def timers(guild: int) -> str:
    """What moves left to be done later: `session:<id>` ends, `outage:<handle>` is told of."""
    return key(guild, "timers")


@documented(
    "sl:{<guild>}:due",
    Type.SORTED_SET,
    Rebuilt.RECOMPUTED,
    "as `timers`, displays that are off, and refusals of the last minute; for guild 0 one of each kind",
    member=_TIMER,
    score="when it is due or, while somebody works on it, when another may; ms since 1970",
)
def due(guild: int) -> str:
    """What is to be done later: all `timers`, and what may get lost with Redis; guild 0 is the bot itself."""
    return key(guild, "due")


@documented(
    "sl:{<guild>}:due:claims", Type.HASH, Rebuilt.RECOMPUTED, "the timers in work, and one", fields=_CLAIMS
)
def claims(guild: int) -> str:
    """Who works on a timer that is due."""
    return key(guild, "due:claims")

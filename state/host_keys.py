"""Names of the Redis keys of TikTok hosts and their connections, written down as in `state.keys`."""

from __future__ import annotations

from typing import Final

from state.keys import key
from state.keyspace import Field, Key, Rebuilt, Type, add, documented

STATUS_SECONDS: Final = 20
"""How long a status stands without being written again: then no process looks after the host."""

SIGN_TURN: Final = "sl:{sign}:turn"
"""Held between two signatures, so that no two processes ask at once."""

SIGN_CLOSED: Final = "sl:{sign}:closed"
"""Held for as long as the signing service asked for patience."""

_MS: Final = "ms since 1970"

_HOSTS: Final = (
    Field(
        "<handle>",
        "JSON",
        "{wanted: whether the guild wants it, by, by_name, at: who said so and when, id: TikTok user id, "
        "broken: {since, why} while it may be back in a moment, "
        "outage: {since, why, told} while it is lost against the guild's wish, over: {since, at} until "
        "its end is told}",
    ),
)
_HOST: Final = (
    Field(
        "state",
        "word",
        "waiting, connecting, live, reconnecting, limited, sign_down, blocked, unknown, restricted, stopped",
    ),
    Field("since", _MS, "when that began"),
    Field("reason", "text", "why, in English"),
    Field("next_try", _MS, "when it is tried again; 0 while nothing is due"),
    Field("room", "TikTok room id", "the live's room; 0 for none"),
    Field("session", "number", "the session it is booked in; 0 for none"),
    Field("last_event", _MS, "when anything was last heard"),
    Field("per_minute", "number", "events of the last minute"),
    Field("failures", "number", "tries that failed since it last worked"),
    Field("process", "text", "host and process id of who looks after it"),
)


@documented(
    "sl:{<guild>}:hosts",
    Type.HASH,
    Rebuilt.ARCHIVE,
    "at most 10 that are wanted, 25 in all",
    fields=_HOSTS,
)
def hosts(guild: int) -> str:
    """TikTok hosts the guild wants to hear, and those it wanted before; by handle in lower case."""
    return key(guild, "hosts")


@documented(
    "sl:{<guild>}:host:<handle>",
    Type.HASH,
    Rebuilt.RECOMPUTED,
    "they expire; written every 5 s while a process looks after the host",
    fields=_HOST,
    ttl=STATUS_SECONDS,
)
def host(guild: int, handle: str) -> str:
    """How the connection to a host stands."""
    return key(guild, f"host:{handle}")


add(
    Key(
        SIGN_TURN,
        Type.STRING,
        "Held between two signatures, so that no two processes ask for one at once.",
        Rebuilt.NEVER,
        "it expires",
        value="1",
        ttl=10,
    )
)
add(
    Key(
        SIGN_CLOSED,
        Type.STRING,
        "Held for as long as the service that signs connections asked for patience.",
        Rebuilt.NEVER,
        "it expires",
        value="milliseconds it was closed for",
        ttl=24 * 3600,
    )
)

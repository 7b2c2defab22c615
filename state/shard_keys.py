"""Names of the Redis keys of Discord's shards, written down as in `state.keys`."""

from __future__ import annotations

from typing import Final

from state.keys import common_lease
from state.keyspace import Field, Rebuilt, Type, documented

SESSION_SECONDS: Final = 180
"""How long a session is worth a try. Discord does not say how long it keeps one; a refusal costs a second."""

IDENTIFY_SECONDS: Final = 5.1
"""Discord's 5 seconds between two IDENTIFY of a bucket (Gateway, Session Start Limit), and the way there."""

_SESSION: Final = (
    Field("session", "text", "Discord's id of the session"),
    Field("sequence", "number", "the last event that was taken from it"),
    Field("url", "address", "where Discord wants it resumed"),
    Field("bot", "Discord id", "whose session it is"),
    Field("intents", "number", "what it was told to send; another program may want something else"),
    Field("process", "text", "machine and process that had it last, by which it is known to be dead"),
    Field("token", "number", "of the lease it was written under"),
)


@documented(
    "sl:{lease}:shard:<shard>:session",
    Type.HASH,
    Rebuilt.NEVER,
    "one a shard, and it expires; written while the shard runs",
    fields=_SESSION,
    ttl=SESSION_SECONDS,
)
def shard_session(shard: str) -> str:
    """How to go on with a shard's session in another process; `<shard>` is id and count, e.g. `0/4`."""
    return f"{common_lease(f'shard:{shard}')}:session"


@documented(
    "sl:identify:<bucket>",
    Type.STRING,
    Rebuilt.NEVER,
    "one a bucket, and it expires",
    value="`<shard> <host>:<process id>:<random>`: who identified last",
    ttl=6,
)
def identify_turn(bucket: int) -> str:
    """Until when no other shard of a bucket (shard id % Discord's max_concurrency) may identify."""
    return f"sl:identify:{bucket}"

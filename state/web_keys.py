"""Name of the Redis key that tells who serves web pages, written down as in `state.keys`."""

from __future__ import annotations

from state.keys import common_lease
from state.keyspace import Rebuilt, Type, documented

_SECONDS = 8
"""As a lease lives: `state.lease.LEASE_SECONDS`."""


@documented(
    "sl:{lease}:web",
    Type.STRING,
    Rebuilt.NEVER,
    "it expires; renewed while pages are served",
    value="`<token> <host>:<process id>:<random>:<public or local> <address>:<random>`",
    ttl=_SECONDS,
)
def web_lease() -> str:
    """A process that serves overlays and queue pages, and their address. Absent: nobody does."""
    return common_lease("web")

"""What a Redis-protocol server must be set to, so that no acknowledged move of a queue is ever lost."""

from __future__ import annotations

from typing import Final

__all__ = ["DURABLE"]

# kill -9 and a power cut lose nothing with these; every weaker setting was measured to lose writes.
DURABLE: Final = {"appendonly": "yes", "appendfsync": "always", "maxmemory-policy": "noeviction", "save": ""}

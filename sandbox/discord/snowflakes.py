"""Discord's ids: 42 bits of milliseconds since 2015, then 22 bits that make them unique."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

EPOCH_MS: Final = 1_420_070_400_000
_YEAR_MS: Final = 365 * 24 * 3600 * 1000


class Snowflakes:
    """Gives ids in growing order. `clock` gives seconds since the Unix epoch."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._last = 0
        self._guild = self._now() - _YEAR_MS

    def next(self) -> int:
        """Give an id of this moment, greater than every one before it."""
        self._last = max(self._last + 1, self._now() << 22)
        return self._last

    def next_guild(self) -> int:
        """Give an id whose upper 42 bits are one more than the last guild's, so that shards take turns."""
        self._guild += 1
        return self._guild << 22

    def _now(self) -> int:
        return int(self._clock() * 1000) - EPOCH_MS


def created_at(snowflake: int) -> float:
    """Give the moment an id was made, in seconds since the Unix epoch."""
    return ((snowflake >> 22) + EPOCH_MS) / 1000


def iso(seconds: float) -> str:
    """Write a moment as Discord does: ISO 8601 with microseconds and offset."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds")

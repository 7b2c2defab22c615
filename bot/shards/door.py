"""Between a shard and the bot: lets in what this process may still act on, and nothing that is too late."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Any, Final

import hikari

_log = logging.getLogger("skipline.shards")

ANSWERABLE_SECONDS: Final = 2.7
"""How old a press may be that comes with a resume, or after we stood still: Discord shows it as failed when
3 s have passed without an answer, and what was shown as failed must not happen."""

BEAT_SECONDS: Final = 1.0
STILL_SECONDS: Final = 1.5
"""From how long without a beat what waited in the socket may be too old.

A pause of this length is noticed wherever between two beats it begins. One that is shorter by a beat never
is: that is an ordinary busy moment. In between it depends, and matters only where the clock is wrong.
"""

_INTERACTION: Final = "INTERACTION_CREATE"
_ACTS: Final = frozenset({_INTERACTION, "MESSAGE_CREATE"})
"""Events that somebody acts on; the others only tell what Discord looks like."""


class Pulse:
    """Notices that the process stood still (paused, or starved), by a beat that was missed."""

    def __init__(self) -> None:
        self._last = time.monotonic()
        self._doubt = float("-inf")

    async def run(self) -> None:
        """Beats until it is cancelled."""
        while True:
            self.beat()
            await asyncio.sleep(BEAT_SECONDS)

    def beat(self) -> None:
        """Says that the process goes on."""
        now = time.monotonic()
        if now - self._last > STILL_SECONDS:
            self._doubt = now + 2 * STILL_SECONDS
        self._last = now

    def stood_still(self) -> bool:
        """Whether what comes in now may have waited for us."""
        now = time.monotonic()
        return now < self._doubt or now - self._last > STILL_SECONDS


class Door:
    """Stands in for hikari's event manager before one shard.

    `sure` says whether this process surely runs the shard. While it is not, what would be acted on is kept,
    until `open` lets it in or `drop` does not. `stood_still` says whether events may have waited long.
    """

    def __init__(
        self,
        events: hikari.api.EventManager,
        sure: Callable[[], bool],
        stood_still: Callable[[], bool],
    ) -> None:
        self._events = events
        self._sure = sure
        self._stood_still = stood_still
        self._kept: list[tuple[str, hikari.api.GatewayShard, Any]] = []

    def consume_raw_event(self, event_name: str, shard: hikari.api.GatewayShard, payload: Any) -> None:
        """Takes what the shard received."""
        if event_name in _ACTS:
            old = not shard.is_connected or self._stood_still()
            if old and event_name == _INTERACTION and _too_late(int(payload["id"])):
                _log.info("Interaction %s came too late to be answered; it is left alone.", payload["id"])
                return
            if not self._sure():
                self._kept.append((event_name, shard, payload))
                return
        self._events.consume_raw_event(event_name, shard, payload)

    def dispatch(self, event: hikari.Event, *, return_tasks: bool = False) -> asyncio.Future[Any] | None:
        """Passes on what the shard tells of itself."""
        if return_tasks:
            return self._events.dispatch(event, return_tasks=True)
        self._events.dispatch(event)
        return None

    def open(self) -> None:
        """Lets in what was kept."""
        kept, self._kept = self._kept, []
        for event in kept:
            self._events.consume_raw_event(*event)

    def drop(self) -> None:
        """Forgets what was kept: another process runs the shard, and has it or says nothing to it."""
        if self._kept:
            _log.warning("%d events are left to the process that took the shard over.", len(self._kept))
            self._kept.clear()


def _too_late(interaction: int) -> bool:
    return time.time() - hikari.Snowflake(interaction).created_at.timestamp() > ANSWERABLE_SECONDS

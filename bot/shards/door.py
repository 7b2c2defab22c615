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
"""How old a press may be when it comes with a resume: Discord shows it as failed when 3 s have passed without
an answer, and what was shown as failed must not happen."""

_INTERACTION: Final = "INTERACTION_CREATE"
_ACTS: Final = frozenset({_INTERACTION, "MESSAGE_CREATE"})
"""Events that somebody acts on; the others only tell what Discord looks like."""


class Door:
    """Stands in for hikari's event manager before one shard.

    `sure` says whether this process surely runs the shard. While it is not, what would be acted on is kept,
    until `open` lets it in or `drop` does not.
    """

    def __init__(self, events: hikari.api.EventManager, sure: Callable[[], bool]) -> None:
        self._events = events
        self._sure = sure
        self._kept: list[tuple[str, hikari.api.GatewayShard, Any]] = []

    def consume_raw_event(self, event_name: str, shard: hikari.api.GatewayShard, payload: Any) -> None:
        """Takes what the shard received."""
        if event_name in _ACTS:
            if event_name == _INTERACTION and not shard.is_connected and _too_late(int(payload["id"])):
                _log.info("Interaction %s came too late, with a resume; it is left alone.", payload["id"])
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

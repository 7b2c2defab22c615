"""Tells one process what changed in any guild, as soon as the script that changed it is done."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, cast

from redis.asyncio import Redis
from redis.exceptions import ConnectionError, RedisError

from state import keys

_log = logging.getLogger(__name__)

SILENCE_SECONDS: Final = 5.0
"""After so long without a word the server is asked for one, and is lost when none comes as long again."""


@dataclass(frozen=True, slots=True)
class Change:
    """One move: its guild, revision and kind (as in the guild's event stream)."""

    guild: int
    revision: int
    kind: str


TIMER: Final = "timer"
"""Announced beside the moves: a timer of the guild was set, which changes nothing that anybody sees."""

Heard = Callable[[Change], None]
Resumed = Callable[[], Awaitable[None]]


class Feed:
    """Hears every change announced on Redis and hands it to the listeners, which must not block.

    Pub/sub may lose messages while the connection is down, so after each (re)connect every `resumed`
    listener is awaited: there they look at what they may have missed. A listener that fails is logged and
    does not silence the feed for the others.
    """

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._heard: list[tuple[Heard, bool]] = []
        self._resumed: list[Resumed] = []
        self._task: asyncio.Task[None] | None = None
        self.connected = asyncio.Event()

    def listen(self, heard: Heard, resumed: Resumed | None = None, *, timers: bool = False) -> None:
        """Adds a listener for changes, with those of timers or without, and one for each (re)connect."""
        self._heard.append((heard, timers))
        if resumed is not None:
            self._resumed.append(resumed)

    async def open(self) -> None:
        """Starts to listen and returns once the first subscription stands."""
        self._task = asyncio.create_task(self._run(), name="feed")
        await self.connected.wait()

    async def close(self) -> None:
        """Stops listening."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        pause = 0.1
        while True:
            try:
                async with self._redis.pubsub() as pubsub:
                    await pubsub.subscribe(keys.CHANGES)
                    asked = False
                    while True:
                        message = cast(
                            "dict[str, str] | None", await pubsub.get_message(timeout=SILENCE_SECONDS)
                        )
                        if message is None:
                            # A server that stands still, or that another took the place of, closes nothing.
                            if asked:
                                raise ConnectionError("the server is silent")
                            asked = True
                            await pubsub.ping()
                            continue
                        asked = False
                        if message["type"] == "subscribe":
                            # The server's confirmation: nothing sent later can be missed. It comes again
                            # when redis-py has reconnected by itself, which it tells in no other way.
                            await self._resume()
                            pause = 0.1
                        elif message["type"] == "message":
                            self._hand_out(message["data"])
            except (RedisError, OSError) as lost:
                self.connected.clear()
                _log.warning("The change feed lost Redis (%s); trying again.", type(lost).__name__)
                await asyncio.sleep(pause)
                pause = min(pause * 2, 2.0)

    async def _resume(self) -> None:
        for resumed in self._resumed:
            try:
                await resumed()
            except (RedisError, OSError):
                raise
            except Exception:
                _log.exception("A listener of the change feed failed after a reconnect.")
        self.connected.set()

    def _hand_out(self, text: str) -> None:
        try:
            guild, revision, kind = text.split(" ", 2)
            change = Change(int(guild), int(revision), kind)
        except ValueError:
            _log.warning("The change feed got what no move announces: %.80r", text)
            return
        for heard, timers in self._heard:
            if change.kind == TIMER and not timers:
                continue
            try:
                heard(change)
            except Exception:
                _log.exception("A listener of the change feed failed on %s.", change)

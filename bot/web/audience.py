"""Who watches a guild on the web, and what all of them are shown: read once for each change."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Final, Protocol

from redis.exceptions import RedisError

from bot.errors import Reporter
from bot.web.gift_notices import GiftNotices
from state.feed import Change, Feed
from state.refusal import Unopened

_log = logging.getLogger("skipline.web")

MOST_WATCHERS: Final = 2000
"""Streams of a view that one process keeps open; each holds a socket and a few kB."""

# All pages of a stream come back together; the connections to Redis are there for Discord first.
_AT_ONCE: Final = 4
_SETTLE: Final = 0.05
_AGAIN: Final = 1.0


class Crowded(Exception):
    """As many watch as one process serves."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What those who watch a guild are shown: a JSON message, the keys that admit to it, perhaps notices."""

    message: bytes
    keys: frozenset[str]
    notices: GiftNotices | None = None


class View(Protocol):
    """A way to look at any guild; every view has audiences of its own.

    `name` is for logs, `pause` the seconds from one look to the next. Both methods raise `RedisError` or
    `OSError` while Redis is away, and `look` also `Unopened`.
    """

    name: str
    pause: float

    async def keys(self, guild: int) -> frozenset[str]:
        """Tells what admits to a guild now; nothing for one that is not open, and it is left so."""
        ...

    async def look(self, guild: int) -> Sight:
        """Reads this moment of the guild, for all who watch."""
        ...


class Audience:
    """Those who watch one guild. `message` is what all of them are shown, empty until it was read.

    `version` rises with each new message, `told` with each new notice; `changed` is set, and replaced,
    whenever there is something to see.
    """

    def __init__(self, guild: int) -> None:
        self.guild = guild
        self.watchers = 0
        self.message = b""
        self.version = 0
        self.keys: frozenset[str] = frozenset()
        self.notices: GiftNotices | None = None
        self.told = 0
        self.changed = asyncio.Event()
        self.stale = asyncio.Event()
        self.stale.set()
        self.keeper: asyncio.Task[None] | None = None

    def show(self, message: bytes, keys: frozenset[str]) -> None:
        """Wakes the watchers if this is news for them."""
        if message == self.message and keys == self.keys:
            return
        if message != self.message:
            self.message, self.version = message, self.version + 1
        self.keys = keys
        self.wake()

    def tell(self, notices: GiftNotices | None) -> None:
        """Wakes the watchers if these have something new to tell."""
        self.notices = notices
        if notices is not None and notices.version > self.told:
            self.told = notices.version
            self.wake()

    def wake(self) -> None:
        """Lets every watcher look again."""
        self.changed.set()
        self.changed = asyncio.Event()


class Audiences:
    """The audiences of a view in one process; a guild that nobody watches costs nothing."""

    def __init__(self, view: View, feed: Feed, reporter: Reporter) -> None:
        self._view = view
        self._reporter = reporter
        self._all: dict[int, Audience] = {}
        self._doors = asyncio.Semaphore(_AT_ONCE)
        self.closed = False
        feed.listen(self._heard, self._resumed)

    async def keys(self, guild: int) -> frozenset[str]:
        """What admits to a guild now. Raises `RedisError` while that cannot be told."""
        async with self._doors:
            return await self._view.keys(guild)

    @contextlib.asynccontextmanager
    async def watching(self, guild: int) -> AsyncGenerator[Audience]:
        """Counts somebody in for as long as the block lasts. Raises `Crowded`."""
        if sum(each.watchers for each in self._all.values()) >= MOST_WATCHERS:
            raise Crowded
        audience = self._all.get(guild)
        if audience is None:
            audience = self._all[guild] = Audience(guild)
            audience.keeper = asyncio.create_task(
                self._keep(audience), name=f"{self._view.name} of guild {guild}"
            )
        audience.watchers += 1
        try:
            yield audience
        finally:
            audience.watchers -= 1
            if not audience.watchers:
                del self._all[guild]
                assert audience.keeper is not None
                audience.keeper.cancel()

    def close(self) -> None:
        """Ends every stream."""
        self.closed = True
        for audience in self._all.values():
            audience.wake()

    def _heard(self, change: Change) -> None:
        audience = self._all.get(change.guild)
        if audience is not None:
            audience.stale.set()

    async def _resumed(self) -> None:
        for audience in self._all.values():
            audience.stale.set()

    async def _keep(self, audience: Audience) -> None:
        while True:
            await audience.stale.wait()
            # Moves that follow each other at once are shown together.
            await asyncio.sleep(_SETTLE)
            audience.stale.clear()
            try:
                sight = await self._view.look(audience.guild)
                audience.show(sight.message, sight.keys)
                audience.tell(sight.notices)
            except (RedisError, OSError, Unopened) as away:
                name, why = self._view.name, type(away).__name__
                _log.warning("%s of guild %d: waiting (%s).", name, audience.guild, why)
                audience.stale.set()
                await asyncio.sleep(_AGAIN)
            except Exception as error:
                # What is shown stays until the next change.
                self._reporter.report(error, f"{self._view.name} of guild {audience.guild}")
            await asyncio.sleep(self._view.pause)

"""Work that follows the changes of a guild: taken up soon after one, by one process at a time."""

from __future__ import annotations

import abc
import asyncio
import contextlib
import logging
from typing import ClassVar, Final, cast

from redis.asyncio import Redis
from redis.exceptions import RedisError

from bot.errors import Reporter
from state import keys
from state.feed import Change, Feed
from state.lease import LEASE_SECONDS, LOOK_SECONDS, Lease, Lost

_log = logging.getLogger("skipline.upkeep")

RETRY_SECONDS: Final = 5.0
"""Until work that failed for an unknown reason is tried again."""

REDIS_SECONDS: Final = 1.0
"""Until a Redis that does not answer is asked again."""

CLOSE_SECONDS: Final = 5.0
"""How long a closing process waits for the round it is in; then the round is cancelled."""


class Upkeep(abc.ABC):
    """Keeps something outside Redis true for every guild, from `open` to `close`.

    A change marks its guild. One task a guild then makes rounds until the mark is gone, under a lease, so
    that other processes stand by; they look again in case the holder dies. Without Redis it waits, and any
    other failure is reported; the mark stays in both cases. A subclass says what a round is.

    A round is cancelled when its lease may be another's by now, e.g. in a process that was paused. What had
    left the process by then comes late, so a round notes what it did in a way that tells who noted something
    else meanwhile (`Lease.write`, or a script that gets what was seen), and mends it: it was the later one.
    """

    subject: ClassVar[str]
    """What is kept, in the plural: the name of its lease, and how logs call it."""

    settle: ClassVar[float]
    """Seconds from the first change to the round that sees it: a burst gathers meanwhile."""

    lease_seconds: ClassVar[float] = LEASE_SECONDS
    """A process that died with a guild on its hands is replaced within this time and `LOOK_SECONDS`."""

    watched: ClassVar[frozenset[str] | None] = None
    """Kinds of events that mark their guild; None for all."""

    def __init__(self, redis: Redis, feed: Feed, reporter: Reporter) -> None:
        self._redis = redis
        self._reporter = reporter
        self._marks: dict[int, float] = {}
        self._workers: dict[int, asyncio.Task[None]] = {}
        self._closed = asyncio.Event()
        self._closed.set()
        feed.listen(self._heard, self._mark_all)

    async def open(self) -> None:
        """Starts, beginning with whatever changed while nobody looked."""
        self._closed.clear()
        await self._mark_all()

    async def close(self) -> None:
        """Finishes the rounds in flight and begins no other; when it returns, no task is left."""
        self._closed.set()
        self._marks.clear()
        workers = list(self._workers.values())
        if workers:
            _, late = await asyncio.wait(workers, timeout=CLOSE_SECONDS)
            for worker in late:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)

    @property
    def closed(self) -> bool:
        """Whether it was closed, or not opened yet: a long round then ends at its next step."""
        return self._closed.is_set()

    def mark(self, guild: int) -> None:
        """Has a guild looked at again; without effect while closed."""
        if self.closed:
            return
        self._marks.setdefault(guild, asyncio.get_running_loop().time())
        if guild not in self._workers:
            name = f"feed: {self.subject} of {guild}"
            self._workers[guild] = asyncio.create_task(self._work(guild), name=name)

    @abc.abstractmethod
    async def _round(self, guild: int, lease: Lease) -> float:
        """Does what is to be done now; gives the seconds until the next round may begin.

        The lease is kept for that time too. What could not be done is marked again.
        """

    async def _wanted(self, guild: int) -> bool:
        """Whether a marked guild is worth asking for the lease."""
        return True

    def _heard(self, change: Change) -> None:
        if self.watched is None or change.kind in self.watched:
            self.mark(change.guild)

    async def _mark_all(self) -> None:
        for guild in cast("set[str]", await self._redis.smembers(keys.GUILDS)):
            self.mark(int(guild))

    async def _work(self, guild: int) -> None:
        lease = Lease(self._redis, keys.lease(guild, self.subject), seconds=self.lease_seconds)
        try:
            while guild in self._marks:
                await self._pause(await self._attempt(guild, lease))
        finally:
            # In the same step as the last look at the mark: a later change must find no worker here.
            self._workers.pop(guild, None)

    async def _attempt(self, guild: int, lease: Lease) -> float:
        """Works a guild off if nobody else does; gives the seconds until it is to be looked at again."""
        try:
            return await self._work_off(guild, lease)
        except (RedisError, OSError) as gone:
            name = self.subject.capitalize()
            _log.warning("%s of guild %d wait for Redis (%s).", name, guild, type(gone).__name__)
            pause = REDIS_SECONDS
        except Lost:
            _log.warning("The lease of %s went while guild %d was worked on.", self.subject, guild)
            pause = 0.0
        except Exception as error:
            self._reporter.report(error, f"{self.subject} of guild {guild}")
            pause = RETRY_SECONDS
        self.mark(guild)
        return pause

    async def _work_off(self, guild: int, lease: Lease) -> float:
        since = await self._take_mark(guild)
        if since is None or not await self._wanted(guild):
            return 0.0
        if not await lease.take():
            # The holder heard the same change. Should it be dead, its lease ends soon: look again.
            self._put_back(guild, since)
            return min(LOOK_SECONDS, self.lease_seconds / 3)
        try:
            while since is not None:
                async with lease.acting():
                    pause = await self._round(guild, lease)
                if not await lease.holds():
                    # What this round did may have come later than what the next holder saw.
                    self.mark(guild)
                    break
                await self._pause(pause)
                if guild not in self._marks or not await lease.holds():
                    break
                since = await self._take_mark(guild)
        finally:
            await lease.release()
        return 0.0

    async def _take_mark(self, guild: int) -> float | None:
        """Waits until a burst has gathered and takes the mark off; None when it was closed meanwhile.

        Off before anybody looks, so that a change heard during the look marks the guild again.
        """
        since = self._marks.get(guild)
        if since is not None:
            await self._pause(since + self.settle - asyncio.get_running_loop().time())
        return self._marks.pop(guild, None)

    def _put_back(self, guild: int, since: float) -> None:
        if not self.closed:
            self._marks[guild] = since

    async def _pause(self, seconds: float) -> None:
        """Sleeps, but no longer than until it is closed."""
        if seconds > 0:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._closed.wait()

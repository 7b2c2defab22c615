"""Does what is due: each timer in one process at a time, soon after its moment, again where that one died."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from typing import Final, cast

import hikari
from redis.asyncio import Redis
from redis.exceptions import RedisError

from bot.errors import Reporter, unavailable
from state import keys
from state.feed import TIMER, Change, Feed
from state.refusal import Unopened
from state.timers import CLAIM_SECONDS, EVERYBODY, Claim, Timers

_log = logging.getLogger("skipline.timers")

LOOK_SECONDS: Final = 60.0
"""How often it is looked whether the bot's own timers are there, should Redis have been emptied."""

ALL_EVERY: Final = 10
"""At every how many of these looks all guilds are asked as well, should the word of one have been lost.

Each takes a third of a millisecond of a processor, which a thousand guilds at rest would make felt.
"""

RETRY_SECONDS: Final = 5.0
"""Until work that failed is tried again, and a guild that could not be asked is asked again."""

CLOSE_SECONDS: Final = 5.0
"""How long a closing process waits for what it does just now; the rest is done by another."""

Work = Callable[[int, str], Awaitable[float | None]]
"""Does what is due: gets the guild, or 0, and what is meant; gives the seconds until it is to be done again.

None is never. It may be done twice, where a process is lost between the work and the note that it was done.
"""

_AT_ONCE: Final = 20
_PASSING: Final = (OSError, Unopened, hikari.HTTPError)
_SET_ANEW: Final = frozenset({TIMER, "restored"})


class TimerLoop:
    """Knows when the next timer of each guild is due, and does what this process could claim.

    The moments are read from the guilds when it begins and after the feed was broken, and each guild's again
    when a timer is set there: nothing is asked while nothing is due.
    """

    def __init__(self, redis: Redis, timers: Timers, feed: Feed, reporter: Reporter) -> None:
        self._redis = redis
        self._timers = timers
        self._reporter = reporter
        self._works: dict[str, Work] = {}
        self._standing: list[str] = []
        # When each guild is to be asked, by our own monotonic clock.
        self._next: dict[int, float] = {}
        # Those that had timers when they were asked last: should Redis lose them, they are to be opened.
        self._timed: set[int] = set()
        self._news = asyncio.Event()
        self._running: set[asyncio.Task[None]] = set()
        feed.listen(self._heard, self._look_at_all, timers=True)

    def register(self, kind: str, work: Work, *, standing: bool = False) -> None:
        """Has timers of a kind done here from now on.

        A `standing` one is of the bot itself, and due at once where Redis does not know when.
        """
        self._works[kind] = work
        if standing:
            self._standing.append(kind)

    async def run(self) -> None:
        """Works until cancelled; what is being done then is finished first, within `CLOSE_SECONDS`."""
        looked, looks = float("-inf"), 0
        loop = asyncio.get_running_loop()
        try:
            while True:
                self._news.clear()
                try:
                    if loop.time() - looked >= LOOK_SECONDS:
                        await (self._look_at_own() if looks % ALL_EVERY else self._look_at_all())
                        looked, looks = loop.time(), looks + 1
                except (RedisError, OSError) as gone:
                    _log.warning("Timers wait for Redis (%s).", type(gone).__name__)
                    await asyncio.sleep(1.0)
                now = loop.time()
                asked = [guild for guild, at in self._next.items() if at <= now]
                for start in range(0, len(asked), _AT_ONCE):
                    await asyncio.gather(*map(self._look, asked[start : start + _AT_ONCE]))
                until = min([*self._next.values(), looked + LOOK_SECONDS])
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout_at(until):
                        await self._news.wait()
        finally:
            if self._running:
                _, late = await asyncio.wait(self._running, timeout=CLOSE_SECONDS)
                for task in late:
                    task.cancel()
                await asyncio.gather(*late, return_exceptions=True)

    async def _work(self, claim: Claim, bound: asyncio.Timeout) -> float | None:
        async with bound:
            return await self._works[claim.kind](claim.guild, claim.what)

    def _heard(self, change: Change) -> None:
        if change.kind in _SET_ANEW:
            self._ask(change.guild)

    def _ask(self, guild: int, seconds: float = 0.0) -> None:
        self._next[guild] = asyncio.get_running_loop().time() + seconds
        self._news.set()

    async def _look_at_own(self) -> None:
        for kind in self._standing:
            await self._timers.set(EVERYBODY, kind, 0, new=True)
        self._ask(EVERYBODY)

    async def _look_at_all(self) -> None:
        await self._look_at_own()
        for guild in cast("set[str]", await self._redis.smembers(keys.GUILDS)):
            self._ask(int(guild))

    async def _look(self, guild: int) -> None:
        """Claims what is due in a guild, and notes when more will be."""
        del self._next[guild]
        until = asyncio.get_running_loop().time() + CLAIM_SECONDS
        try:
            claims, following = await self._timers.claim(guild, self._works, opening=guild in self._timed)
        except (RedisError, OSError, Unopened) as gone:
            _log.warning("Timers of guild %d wait (%s).", guild, type(gone).__name__)
            self._ask(guild, RETRY_SECONDS)
            return
        except Exception as error:
            # One guild that cannot be read must not end it for all others.
            self._reporter.report(error, f"timers of guild {guild}")
            self._ask(guild, LOOK_SECONDS)
            return
        # One that was set while we asked is to be asked for at once, whatever we got.
        if following is None:
            self._timed.discard(guild)
        else:
            self._timed.add(guild)
            self._next.setdefault(guild, asyncio.get_running_loop().time() + following)
        for claim in claims:
            name = f"timer {claim.timer} of {claim.guild}"
            task = asyncio.create_task(self._do(claim, until), name=name)
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def _do(self, claim: Claim, until: float) -> None:
        """Works while the claim is ours, by our own clock, which goes on while we are paused."""
        loop, bound = asyncio.get_running_loop(), asyncio.timeout_at(until)
        work = asyncio.create_task(self._work(claim, bound), name=f"work on {claim.timer} of {claim.guild}")
        again: float | None = RETRY_SECONDS
        try:
            while not (await asyncio.wait([work], timeout=CLAIM_SECONDS / 3))[0]:
                until = loop.time() + CLAIM_SECONDS
                if await self._timers.renew(claim):
                    if not work.done() and not bound.expired():
                        bound.reschedule(until)
                else:
                    _log.info("%s of guild %d is no longer ours to do.", claim.timer, claim.guild)
                    return
            again = work.result()
        except Exception as error:
            if unavailable(error) is None and not isinstance(error, _PASSING):
                self._reporter.report(error, f"timer {claim.timer} of guild {claim.guild}")
            else:
                name = type(error).__name__
                _log.warning("%s of guild %d is done later (%s).", claim.timer, claim.guild, name)
        finally:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)
        try:
            await self._timers.done(claim, again)
        except (RedisError, OSError) as gone:
            # It is claimed again once our claim has run out.
            _log.warning("%s of guild %d may be done again (%s).", claim.timer, claim.guild, gone)
        self._ask(claim.guild)

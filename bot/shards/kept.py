"""One shard in the hands of one process.

A shard belongs to whoever holds its lease. A process that starts beside another one is ready when it asks for
the lease, so that a hand-over costs no more than a resume. How a shard can be gone on with is written to
Redis while it runs, for the case that its process is killed, and exactly when it is handed on.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from typing import Final, cast

import hikari
from redis.asyncio import Redis
from redis.exceptions import RedisError

from bot.errors import StartupError
from bot.shards.door import Door, Pulse
from bot.shards.limits import GatewayLimits
from bot.shards.shard import Shard, enlist, strike_off
from state.identify import IdentifyTurn
from state.keys import common_lease
from state.lease import Lease
from state.shards import ShardSession, ShardSessions

_log = logging.getLogger("skipline.shards")

WATCH_SECONDS: Final = 0.2
"""How often a process that waits for a shard asks for it: that long a hand-over may lie idle."""

LOOK_SECONDS: Final = 0.5
"""How often it looks whether the one it waits for is dead, and its lease only not run out yet."""

KEEP_SECONDS: Final = 2.0
"""How far the session kept in Redis may be behind: after a kill that much is told again."""

REFRESH_SECONDS: Final = 60.0
"""How often it is written when nothing happens, so that it does not expire."""

VERDICT_SECONDS: Final = 0.5
"""How long a press may wait for the answer whether the shard is still ours; it has 3 s in all."""

HAND_OVER_SECONDS: Final = 2.0
"""How long Redis has to take a session, and Discord to say goodbye, before the process goes on to its end."""


class KeptShard:
    """One shard: waited for, run, and handed on.

    `up` is set once it was connected; `waiting` says that another process runs it. To be closed with
    `hand_over`, after the task of `run` has ended.
    """

    def __init__(
        self,
        bot: hikari.GatewayBot,
        redis: Redis,
        token: str,
        limits: GatewayLimits,
        pulse: Pulse,
        shard_id: int,
        shard_count: int,
    ) -> None:
        self.name = f"{shard_id}/{shard_count}"
        self.up = asyncio.Event()
        self.waiting = False
        self._bot = bot
        self._redis = redis
        self._token = token
        self._limits = limits
        self._id, self._count = shard_id, shard_count
        self._sessions = ShardSessions(redis)
        self._lease = Lease(redis, common_lease(f"shard:{self.name}"))
        self._door = Door(bot.event_manager, self._may_act, pulse.stood_still)
        self._shard: Shard | None = None
        self._away = False
        self._written: tuple[ShardSession | None, float] = (None, float("-inf"))

    async def run(self) -> None:
        """Takes the shard whenever it is free. Raises what ended it for good."""
        while True:
            await self._take()
            await self._serve()

    async def hand_over(self) -> None:
        """Closes the shard and leaves its session, with what was last taken from it, to the next one."""
        shard, goodbye = self._shard, None
        if shard is not None:
            goodbye = await shard.leave()
            strike_off(self._bot, shard)
        if self._lease.token:
            session = None if shard is None else shard.session
            try:
                async with asyncio.timeout(HAND_OVER_SECONDS):
                    if await self._sessions.hand_over(self.name, self._lease.claim, session):
                        _log.info("Shard %s is handed on.", self.name)
                        # It was ours to the end, so what waited for that is ours to answer.
                        self._door.open()
            except (RedisError, OSError) as failed:
                why = type(failed).__name__
                _log.warning("Shard %s could not be handed on: Redis does not answer (%s).", self.name, why)
        await self._lease.release()
        if goodbye is not None:
            await asyncio.wait([goodbye], timeout=HAND_OVER_SECONDS)

    def _may_act(self) -> bool:
        # While Redis is away nobody can take the shard either, and people are told that it is away.
        return self._lease.sure or self._away

    async def _allowed(self) -> None:
        while not self._may_act():  # noqa: ASYNC110 - the clock is what changes it
            await asyncio.sleep(0.05)

    async def _take(self) -> None:
        looked, failures = float("-inf"), 0
        while True:
            pause = WATCH_SECONDS
            try:
                if await self._lease.take():
                    break
                if time.monotonic() - looked > LOOK_SECONDS:
                    looked = time.monotonic()
                    holder = await self._sessions.holder(self.name)
                    if holder is not None and not self.waiting:
                        self.waiting = True
                        who = holder.partition(" ")[2].rpartition(":")[0]
                        _log.info("Shard %s is run by %s; ready, and waiting for it.", self.name, who)
                failures = 0
            except (RedisError, OSError) as failed:
                if not failures:
                    why = type(failed).__name__
                    _log.warning("Shard %s waits: Redis does not answer (%s).", self.name, why)
                failures += 1
                pause = min(failures, 5)
            await asyncio.sleep(pause)
        self.waiting = False

    async def _serve(self) -> None:
        """Runs the shard until it is somebody else's. Raises what ended it for good."""
        self._away = False
        shard = self._shard = await self._prepared()
        beginning = asyncio.create_task(shard.start(), name=f"start of shard {self.name}")
        living: asyncio.Task[None] | None = None
        lost = asyncio.create_task(self._lease.lost.wait())
        try:
            while True:
                pause = 1.0 if self._away else KEEP_SECONDS
                watched = {living or beginning} if self._away else {living or beginning, lost}
                await asyncio.wait(watched, timeout=pause, return_when=asyncio.FIRST_COMPLETED)
                if living is None and beginning.done():
                    self._begun(beginning)
                    enlist(self._bot, shard)
                    living = asyncio.create_task(shard.join())
                    self.up.set()
                if living is not None and living.done():
                    living.result()
                    raise StartupError(f"Shard {self.name} was closed.")
                if not self._lease.lost.is_set():
                    await self._keep(shard)
                if self._lease.lost.is_set():
                    if await self._is_anothers():
                        break
                    if not self._away:
                        lost = asyncio.create_task(self._lease.lost.wait())
        finally:
            for task in (beginning, living, lost):
                if task is not None:
                    task.cancel()
                    with contextlib.suppress(asyncio.CancelledError, Exception):
                        await task
        _log.warning("Shard %s has been taken over by another process; closing it here.", self.name)
        self._door.drop()
        strike_off(self._bot, shard)
        await shard.leave()
        self._shard = None

    def _begun(self, beginning: asyncio.Task[None]) -> None:
        try:
            beginning.result()
        except hikari.GatewayServerClosedConnectionError as closed:
            raise StartupError(
                f"Discord refuses shard {self.name}: {closed.reason} (close code {closed.code})."
            ) from closed

    async def _prepared(self) -> Shard:
        session: ShardSession | None = None
        with contextlib.suppress(RedisError, OSError):
            session = await self._sessions.read(self.name)
        me = self._bot.get_me()
        fits = (
            session is not None
            and session.intents == int(self._bot.intents)
            and (me is None or session.bot == int(me.id))
        )
        # To go on with a session needs nothing that may have changed, and no time is to be lost.
        info = await self._limits.info(fresh=not fits)
        limit = info.session_start_limit
        if not fits and limit.remaining < 1:
            raise StartupError(f"Discord lets no further session begin until {limit.reset_at:%H:%M} UTC.")
        shard = Shard(
            self._bot,
            cast("hikari.api.EventManager", self._door),
            token=self._token,
            url=info.url,
            shard_id=self._id,
            shard_count=self._count,
            turn=IdentifyTurn(self._redis, self.name, self._id % limit.max_concurrency),
            allowed=self._allowed,
        )
        if session is not None and fits:
            shard.inherit(session)
        return shard

    async def _keep(self, shard: Shard) -> None:
        session, now = shard.session, time.monotonic()
        kept, when = self._written
        if session is None or (session == kept and now - when < REFRESH_SECONDS):
            return
        try:
            if await self._sessions.keep(self.name, self._lease.claim, session):
                self._written = (session, now)
            else:
                self._lease.lost.set()
        except (RedisError, OSError):
            # The lease is renewed at the same Redis, and says so.
            pass

    async def _is_anothers(self) -> bool:
        """Asks for the lease that was lost: True when somebody else has it."""
        try:
            async with asyncio.timeout(VERDICT_SECONDS):
                regained = await self._lease.take()
        except (RedisError, OSError):
            if not self._away:
                self._away = True
                _log.warning(
                    "Redis does not answer; shard %s stays open, so that people are told.", self.name
                )
            self._door.open()
            return False
        self._away = False
        if regained:
            self._written = (None, float("-inf"))
            self._door.open()
            _log.info("Shard %s goes on: nobody has taken it meanwhile.", self.name)
        return not regained

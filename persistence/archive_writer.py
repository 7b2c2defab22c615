"""The consumer of the guilds' event streams: brings every move into the archive within a second."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from persistence import recovery
from persistence.archive import Archive
from persistence.errors import Forked, Malformed, Unavailable
from persistence.events import Event, from_entry
from persistence.keys import CHANGES, GUILDS, entry_id, key
from persistence.recovery import TAIL, Restored

_log = logging.getLogger(__name__)
_T = TypeVar("_T")

State = Literal["starting", "running", "no redis", "no postgres"]
StillNeeded = Callable[[int], Awaitable[int | None]]

BATCH = 500
"""Moves a transaction at most: large enough to amortise the commit, small enough to take turns."""

_TRIM_EVERY = 100  # a stream node holds 100 entries, and only whole nodes are trimmed
_FINISH_SECONDS = 35.0  # a little above the pool's time-out of a command
_SILENCE_SECONDS = 15.0  # without a word: the server is asked for one, and lost after as long again
_CONNECTION_ERRORS = (RedisConnectionError, RedisTimeoutError, OSError)


@dataclass(frozen=True, slots=True)
class Lag:
    """How far the archive is behind, for health.

    `owed` moves of `guilds` guilds are not archived, the oldest for about `seconds`; `stuck` says why, by
    guild, for those that fail while the servers are fine.
    """

    state: State
    owed: int
    guilds: int
    seconds: float
    stuck: dict[int, str]


@dataclass(slots=True)
class _Guild:
    archived: int = 0
    seen: int = 0
    owed_since: float | None = None
    trimmed: int = 0
    stuck: str | None = None
    exact: bool = True


@dataclass(slots=True)
class _BackOff:
    """Seconds to wait after a failure: doubling from 0.1 to 5, with jitter so that processes spread out."""

    last: float = 0.0

    def next(self) -> float:
        self.last = min(5.0, self.last * 2 or 0.1)
        return self.last * random.uniform(0.7, 1.0)  # noqa: S311 - spreads load, guards nothing


@dataclass(slots=True)
class ArchiveWriter:
    """Archives what the streams hold. Any number may run at once; the archive takes each move once.

    `sweep_seconds`: how often every guild's revision is compared, in one round trip, for announcements that
    got lost. `look_seconds`: how often one command asks whether Redis was emptied; if so, or while a guild
    waits for its next try, they are compared as well. `linger`: seconds from an announcement to the write, in
    which a burst gathers. `still_needed`: other consumers of the stream, each called with a guild and
    answering the last revision it has dealt with (None: no opinion); nothing above the lowest is trimmed, nor
    are the newest 1000. `on_restored` is told when a guild that Redis lost was rebuilt.
    """

    redis: Redis
    archive: Archive
    sweep_seconds: float = 30.0
    look_seconds: float = 5.0
    linger: float = 0.1
    still_needed: Sequence[StillNeeded] = ()
    on_restored: Callable[[Restored], Awaitable[None]] | None = None
    _guilds: dict[int, _Guild] = field(default_factory=dict[int, _Guild], init=False)
    _dirty: dict[int, None] = field(default_factory=dict[int, None], init=False)
    _wake: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    _progress: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    _state: State = field(default="starting", init=False)
    _sweep_due: float = field(default=0.0, init=False)
    _look_due: float = field(default=0.0, init=False)
    _open: int = field(default=0, init=False)

    async def run(self) -> None:
        """Work until cancelled; the transaction in flight is finished first."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._listen(), name="archive-writer-listen")
            tasks.create_task(self._work(), name="archive-writer-work")

    def lag(self) -> Lag:
        """Say how far the archive is behind, from memory."""
        behind = {id_: guild for id_, guild in self._guilds.items() if guild.seen > guild.archived}
        since = [guild.owed_since for guild in behind.values() if guild.owed_since is not None]
        return Lag(
            state=self._state,
            owed=sum(guild.seen - guild.archived for guild in behind.values()),
            guilds=len(behind),
            seconds=_now() - min(since) if since else 0.0,
            stuck={id_: guild.stuck for id_, guild in self._guilds.items() if guild.stuck is not None},
        )

    async def settled(self, guild_id: int, revision: int) -> None:
        """Wait until a revision is archived; put a time-out around it."""
        while self._guild(guild_id).archived < revision:
            await self._progress.wait()

    async def _listen(self) -> None:
        back_off = _BackOff()
        while True:
            try:
                async with self.redis.pubsub() as opened:
                    pubsub: Any = opened
                    await pubsub.subscribe(CHANGES)
                    asked = False
                    while True:
                        message = await pubsub.get_message(timeout=_SILENCE_SECONDS)
                        if message is not None:
                            asked, back_off.last = False, 0.0
                            self._hear(message)
                        elif asked:
                            raise RedisConnectionError("the server is silent")
                        else:
                            # A server that stands still, or that another took the place of, closes nothing.
                            asked = True
                            await pubsub.ping()
            except _CONNECTION_ERRORS:
                await asyncio.sleep(back_off.next())

    def _hear(self, message: dict[str, Any]) -> None:
        if (
            message["type"] == "subscribe"
        ):  # also after the client reconnected by itself: something may be missed
            self._sweep_due = 0.0
            self._wake.set()
            return
        guild, _, rest = str(message["data"]).partition(" ")
        revision = rest.partition(" ")[0]
        if message["type"] == "message" and guild.isdecimal() and revision.isdecimal():
            self._owe(int(guild), int(revision))

    def _owe(self, guild_id: int, revision: int) -> None:
        guild = self._guild(guild_id)
        guild.seen = max(guild.seen, revision)
        if guild.seen > guild.archived and guild.owed_since is None:
            guild.owed_since = _now()
        self._dirty[guild_id] = None
        self._wake.set()

    def _guild(self, guild_id: int) -> _Guild:
        return self._guilds.setdefault(guild_id, _Guild())

    async def _work(self) -> None:
        back_off = _BackOff()
        while True:
            try:
                await self._round()
            except Unavailable as error:
                self._report("no postgres", error)
                await asyncio.sleep(back_off.next())
            except _CONNECTION_ERRORS as error:
                self._report("no redis", error)
                self._sweep_due = 0.0
                await asyncio.sleep(back_off.next())
            else:
                self._report("running")
                back_off.last = 0.0
                await self._rest()

    async def _round(self) -> None:
        if self._state != "running":
            await self._learn()
        if _now() >= self._sweep_due or (_now() >= self._look_due and await self._troubled()):
            await _finish(self._sweep())
            self._sweep_due = _now() + self.sweep_seconds
        if _now() >= self._look_due:
            self._look_due = _now() + self.look_seconds
        for guild_id in list(self._dirty):
            del self._dirty[guild_id]
            try:
                if await _finish(self._turn(guild_id)):
                    self._dirty[guild_id] = None
            except (Unavailable, *_CONNECTION_ERRORS):
                self._dirty[guild_id] = None
                raise
            except Exception as error:
                # One guild's trouble must not hold up the others; the sweep brings it up again.
                self._stick(guild_id, error)

    async def _rest(self) -> None:
        if self._dirty:
            return
        self._wake.clear()
        try:
            async with asyncio.timeout(max(0.0, min(self._sweep_due, self._look_due) - _now())):
                await self._wake.wait()
        except TimeoutError:
            return
        # Moves come in bursts, and whoever pressed is being answered now: archive them together, after.
        await asyncio.sleep(self.linger)

    async def _learn(self) -> None:
        for guild_id, cursor in (await self.archive.cursors()).items():
            self._advance(guild_id, cursor)
        for guild_id in await self.archive.inexact():
            self._guild(guild_id).exact = False

    async def _troubled(self) -> bool:
        """Whether fewer or other guilds may be open than at the last sweep, or one of them waits."""
        client: Any = self.redis
        if await client.scard(GUILDS) != self._open:
            return True
        return any(guild.stuck is not None or not guild.exact for guild in self._guilds.values())

    async def _sweep(self) -> None:
        members: Any = await self.redis.smembers(GUILDS)
        self._open = len(members)
        guild_ids = sorted({int(member) for member in members} | self._guilds.keys())
        async with self.redis.pipeline(transaction=False) as pipe:
            for guild_id in guild_ids:
                pipe.get(key(guild_id, "rev"))
            revisions: list[Any] = await pipe.execute()
        for guild_id, text in zip(guild_ids, revisions, strict=True):
            guild = self._guild(guild_id)
            revision = 0 if text is None else int(text)
            if revision != guild.archived or not guild.exact or guild.stuck is not None:
                self._owe(guild_id, revision)

    async def _turn(self, guild_id: int) -> bool:
        """Archive the next batch of one guild; tell whether there is more."""
        guild = self._guild(guild_id)
        async with self.redis.pipeline(transaction=True) as pipe:
            pipe.get(key(guild_id, "rev"))
            # The last archived move comes along: the archive checks that it is still the same one.
            pipe.xrange(key(guild_id, "events"), entry_id(guild.archived), "+", count=BATCH + 1)
            text, entries = await pipe.execute()
        if text is None or int(text) < guild.archived:
            await self._mend(guild_id)
            return False
        events, broken = _read(entries)
        try:
            archived = await self.archive.append(guild_id, events) if events else guild.archived
        except Forked:
            await self._mend(guild_id)
            return False
        guild.exact = guild.exact and _contiguous(guild.archived, events)
        self._advance(guild_id, archived)
        if broken is not None:
            raise broken
        guild.stuck = None
        await self._acknowledge(guild_id, archived)
        if len(entries) > BATCH:
            return True
        if not guild.exact and await recovery.capture(guild_id, self.redis, self.archive):
            _log.warning("Guild %s: the archive was completed from Redis as of move %s", guild_id, archived)
            guild.exact = True
        return False

    async def _mend(self, guild_id: int) -> None:
        restored = await recovery.reconcile(guild_id, self.redis, self.archive)
        guild = self._guild(guild_id)
        guild.archived = guild.seen = await self.archive.cursor(guild_id) or 0
        guild.owed_since = guild.stuck = None
        if restored is not None and self.on_restored is not None:
            await self.on_restored(restored)

    async def _acknowledge(self, guild_id: int, archived: int) -> None:
        guild = self._guild(guild_id)
        floor = archived
        for consumer in self.still_needed:
            reached = await consumer(guild_id)
            floor = floor if reached is None else min(floor, reached)
        floor = min(floor, archived - TAIL)
        async with self.redis.pipeline(transaction=False) as pipe:
            if floor >= guild.trimmed + _TRIM_EVERY:
                pipe.xtrim(key(guild_id, "events"), minid=entry_id(floor), approximate=True)
                guild.trimmed = floor
            pipe.set(key(guild_id, "archived"), archived)
            # A Redis without memory refuses the mark; what counts, the cursor, is in the archive.
            await pipe.execute(raise_on_error=False)

    def _advance(self, guild_id: int, archived: int) -> None:
        guild = self._guild(guild_id)
        guild.archived = max(guild.archived, archived)
        if guild.archived >= guild.seen:
            guild.owed_since = None
        self._progress.set()
        self._progress = asyncio.Event()

    def _stick(self, guild_id: int, error: Exception) -> None:
        guild = self._guild(guild_id)
        if guild.stuck != str(error):
            _log.error("Guild %s cannot be archived just now", guild_id, exc_info=error)
        guild.stuck = str(error)

    def _report(self, state: State, error: BaseException | None = None) -> None:
        if state != self._state:
            level = logging.INFO if state == "running" else logging.WARNING
            _log.log(level, "Archive writer: %s%s", state, f" ({error})" if error else "")
        self._state = state


def _read(entries: Iterable[Any]) -> tuple[list[Event], Malformed | None]:
    events: list[Event] = []
    for entry in entries:
        try:
            events.append(from_entry(*entry))
        except Malformed as error:
            return events, error
    return events, None


def _contiguous(cursor: int, events: Iterable[Event]) -> bool:
    for event in events:
        if event.revision > cursor + 1:
            return False
        cursor = max(cursor, event.revision)
    return True


async def _finish(work: Coroutine[Any, Any, _T]) -> _T:
    """Await `work`; when cancelled meanwhile, let it end first, so that no transaction is torn apart."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task], timeout=_FINISH_SECONDS)
        if not task.cancel() and not task.cancelled():
            task.exception()  # seen here, so that it is not reported as never retrieved
        raise


def _now() -> float:
    return asyncio.get_running_loop().time()

"""Listens to one host for every guild that wants it: what is heard is booked, how it goes is shown."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

from redis.exceptions import RedisError

from bot.errors import Reporter, unavailable
from bot.live.chat import Chat
from bot.live.translate import booked
from integrations.tiktok import events as heard
from integrations.tiktok.status import BROKEN, Resume, State, Status
from state.hosts import Hosts
from state.hosts import Status as Shown
from state.lease import HOLDER
from state.live import BATCH, Live
from state.live_events import LiveEvent
from state.live_session import LiveSession
from state.refusal import Fenced, Reason, Refused, Unopened
from state.scripts import Actor

_log = logging.getLogger("skipline.live")

GATHER_SECONDS: Final = 0.2
"""Between two batches that are not full: a burst of likes is one move."""

SHOW_SECONDS: Final = 5.0
"""How often the status is written again while nothing changes."""

PATIENCE: Final = 30.0
"""A live that is back within so many seconds was no outage worth a message."""

OVER: Final = "over"
"""Why a session is away when the live itself ended: nothing was missed since."""

_BOT: Final = Actor(0, "Skipline")
_WRONG: Final = frozenset({State.UNKNOWN, State.RESTRICTED})


class Listener:
    """The books of one host. Every guild that listens has a session of its own.

    Guilds come and go while it listens (`joined`, `left`). Whatever touches the sessions takes its turn, so
    that a batch under way never opens a session anew for a guild that has just left.

    `live`, `hosts` and `chat` refuse (`Fenced`) what comes after the connection went to another process. Only
    what was heard is still booked for some minutes, each message once whoever books it; so nothing is lost
    that waited for Redis while the connection went over.
    """

    def __init__(
        self,
        handle: str,
        live: Live,
        hosts: Hosts,
        chat: Chat,
        reporter: Reporter,
        patience: float = PATIENCE,
    ) -> None:
        self.handle = handle
        self.guilds: set[int] = set()
        self._live = live
        self._hosts = hosts
        self._chat = chat
        self._reporter = reporter
        self.patience = patience
        """Seconds an outage lasts before it is told."""
        self.unread: Callable[[], int] = lambda: 0
        """How many messages of the open stream could not be read so far."""
        self._sessions: dict[int, int] = {}
        self._away: dict[int, int] = {}
        self._turn = asyncio.Lock()
        self._status: Status | None = None
        self._host_id = 0
        self._broken_since: int | None = None
        self._began_at = _now()
        self._skipped = 0
        self._replaced = False

    async def adopt(self, guild: int) -> Resume | None:
        """Takes a guild on; gives where the live stood that another process left, if it may still be on.

        Raises `Fenced`. From here on that other process is refused, should it be alive.
        """
        await self._hosts.take_over(guild, self.handle)
        self.guilds.add(guild)
        session = await self._left_open(guild)
        if session is None or session.away_why == OVER:
            return None
        return Resume(session.room, session.last_at or session.connected_at)

    async def _left_open(self, guild: int) -> LiveSession | None:
        for session in await self._live.open(guild):
            if session.host == self.handle:
                self._host_id = self._host_id or session.host_id
                if session.state == "live":
                    self._sessions[guild] = session.id
                elif session.away_why != OVER:
                    self._away[guild] = session.id
                return session
        return None

    async def joined(self, guild: int) -> None:
        """Takes on a guild that wants the host from now on; a live that is on begins for it at once."""
        async with self._turn:
            self.guilds.add(guild)
            now = _now()

            async def join() -> None:
                await self._hosts.take_over(guild, self.handle)
                await self._left_open(guild)
                if self._status is not None:
                    await self._follow(guild, None, self._status, now)

            await self._insist(guild, join)
        if self._status is not None:
            await self.show(self._status)

    async def left(self, guild: int) -> None:
        """A guild wants the host no more: its session is over now, by its own wish."""
        self.guilds.discard(guild)
        async with self._turn:
            self._away.pop(guild, None)
            session = self._sessions.pop(guild, None)
            if session is None:
                return
            try:
                await self._quietly(self._live.end(guild, session, at := _now(), now=at))
            except (RedisError, OSError, Unopened, Fenced) as gone:
                # Whoever keeps the sessions ends those of hosts that nobody wants, too.
                _log.warning("The session of @%s is ended later (%s).", self.handle, type(gone).__name__)

    def replaced(self) -> None:
        """Another process may listen by now: what it says of the host is not to be contradicted."""
        self._replaced = True

    async def heard(self, room: int, events: list[heard.LiveEvent]) -> None:
        """Books a batch in every guild before it returns, so that a slow Redis slows the reading down.

        Raises `Fenced` when another process listens by now, which ends the connection.
        """
        rows = booked(events)
        async with self._turn:
            unread, now = self.unread(), _now()
            batches = [rows[start : start + BATCH] for start in range(0, len(rows), BATCH)]
            skipped = 0
            if batches:
                skipped, self._skipped = max(0, unread - self._skipped), max(unread, self._skipped)
            for guild in sorted(self.guilds):
                for batch in batches:
                    told = skipped if batch is batches[0] else 0
                    book = partial(self._book, guild, room, batch, told, now)
                    await self._insist(guild, book)
                await self._insist(guild, partial(self._chat.read, guild, events))
        if self._replaced:
            raise Fenced(f"@{self.handle}")
        if len(events) < BATCH:
            # What comes meanwhile waits in the stream and is the next batch.
            await asyncio.sleep(GATHER_SECONDS)

    async def _book(self, guild: int, room: int, batch: list[LiveEvent], skipped: int, now: int) -> None:
        session = self._sessions.get(guild) or await self._begin(guild, room, now)
        try:
            await self._live.ingest(guild, session, batch, skipped=skipped)
        except Refused as refused:
            if refused.reason is not Reason.NO_SESSION:
                raise
            del self._sessions[guild]
            if await self._still_wanted(guild):
                # Somebody closed it, e.g. by a restored backup: what happens now is a new one.
                session = await self._begin(guild, room, _now())
                await self._live.ingest(guild, session, batch, skipped=skipped)

    async def _still_wanted(self, guild: int) -> bool:
        return any(host.wanted and host.handle == self.handle for host in await self._hosts.all(guild))

    async def _begin(self, guild: int, room: int, at: int) -> int:
        began = await self._live.begin(guild, self.handle, self._host_id, room, at, now=_now())
        self._sessions[guild] = began.session
        self._away.pop(guild, None)
        return began.session

    async def turned(self, status: Status) -> None:
        """Takes up what became of the connection."""
        if self._replaced:
            return
        async with self._turn:
            before, self._status = self._status, status
            now = _now()
            if before is None or before.state is not status.state:
                reason = f" ({status.reason})" if status.reason else ""
                _log.info("@%s is %s%s.", self.handle, status.state.value.replace("_", " "), reason)
            self._host_id = status.host_id or self._host_id
            if status.state is State.LIVE:
                self._skipped = 0
            self._broken_since = self._judged(status)
            for guild in sorted(self.guilds):
                await self._insist(guild, partial(self._follow, guild, before, status, now))
        await self.show(status)

    def _judged(self, status: Status) -> int | None:
        """Since when (ms) the connection has been broken against everybody's wish; None while it is not."""
        if status.state in BROKEN or (status.state is State.CONNECTING and status.failures):
            # What was lost before this process began was another one's to tell.
            return self._broken_since or max(status.lost_at or status.since, self._began_at)
        if status.state in (State.WAITING, State.CONNECTING) and status.failures:
            # TikTok cannot be asked: whatever was wrong still is.
            return self._broken_since
        return None

    async def _follow(self, guild: int, before: Status | None, status: Status, now: int) -> None:
        if status.host_id and (before is None or before.host_id != status.host_id):
            await self._quietly(self._hosts.known(guild, "", _BOT, self.handle, status.host_id))
        if status.state is State.LIVE:
            if guild not in self._sessions or (before is not None and before.room != status.room):
                await self._begin(guild, status.room, now)
        elif guild in self._sessions:
            if status.lost_at is not None:
                at, why = status.lost_at, status.reason
            elif status.state is State.STOPPED:
                at, why = now, "stopped"
            else:
                # It was over when it was found again, or it ended before our eyes.
                gap = status.gap
                at, why = (gap.since, gap.why) if gap is not None else (now, OVER)
            await self._quietly(self._live.away(guild, self._sessions[guild], at, why, now=_now()))
            self._away[guild] = self._sessions.pop(guild)
        if status.gap is not None and guild in self._away:
            # It was over before it was found again: what was missed until then is told all the same.
            since, until, why = status.gap.since, status.gap.until, status.gap.why
            await self._quietly(self._live.gap(guild, self._away[guild], since, until, why, now=_now()))
        if status.state is State.WAITING:
            self._away.pop(guild, None)
        await self._tell(guild, status, now)

    async def _tell(self, guild: int, status: Status, now: int) -> None:
        """Notes the beginning and the end of an outage; each once, whoever else notes it."""
        since = self._broken_since
        if status.state in _WRONG:
            await self._lost(guild, status.state, status.since)
        elif since is not None:
            why = status.state if status.state in BROKEN else State.RECONNECTING
            left = self.patience - (now - since) / 1000
            broke = self._hosts.broke(guild, "", _BOT, self.handle, why.value, since, left)
            await self._quietly(broke)
        elif status.state is State.LIVE or (status.state is State.WAITING and not status.failures):
            await self._quietly(self._hosts.back(guild, "", _BOT, self.handle))

    async def _lost(self, guild: int, state: State, since: int) -> None:
        await self._quietly(self._hosts.lost(guild, "", _BOT, self.handle, state.value, since))

    async def look(self, status: Status) -> None:
        """Shows how it goes, and notes an outage anew, should Redis have lost that."""
        for guild in sorted(self.guilds) if self._broken_since is not None and not self._replaced else ():
            await self._tell(guild, status, _now())
        await self.show(status)

    async def show(self, status: Status) -> None:
        """Writes the status where `/tiktok status` reads it."""
        for guild in () if self._replaced else sorted(self.guilds):
            shown = Shown(
                state=status.state.value,
                since=status.since,
                reason=status.reason,
                next_try=status.next_try or 0,
                room=status.room,
                session=self._sessions.get(guild) or self._away.get(guild, 0),
                last_event=status.last_event_at or 0,
                per_minute=status.per_minute,
                failures=status.failures,
                process=HOLDER,
            )
            try:
                await self._hosts.show_status(guild, self.handle, shown)
            except Fenced:
                self.replaced()
                return
            except (RedisError, OSError):
                _log.debug("The status of @%s could not be written.", self.handle)

    async def _insist(self, guild: int, act: Callable[[], Awaitable[None]]) -> None:
        """Does it until Redis took it: nothing that was heard is dropped while Redis is away."""
        pause = 0.1
        while guild in self.guilds:
            try:
                await act()
                return
            except Fenced:
                self.replaced()
                return
            except Exception as error:
                if not _passes(error):
                    # What cannot be booked must not end the connection for all that comes after it.
                    self._reporter.report(error, f"the live of @{self.handle} in guild {guild}")
                    return
                _log.warning("@%s waits for Redis (%s).", self.handle, type(error).__name__)
            await asyncio.sleep(pause)
            pause = min(pause * 2, 2.0)

    async def _quietly(self, move: Awaitable[None]) -> None:
        """Makes a move that may have been made already."""
        try:
            await move
        except Refused as refused:
            if refused.reason not in (Reason.UNCHANGED, Reason.NO_SESSION):
                raise


def _passes(error: Exception) -> bool:
    """Whether it is worth trying again; a fault in a script would stay for ever."""
    return isinstance(error, OSError | Unopened) or unavailable(error) is not None


def _now() -> int:
    return time.time_ns() // 1_000_000

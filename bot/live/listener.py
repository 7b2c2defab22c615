"""Listens to one host for every guild that wants it: what is heard is booked, how it goes is shown."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Final

from redis.exceptions import RedisError

from bot.errors import Reporter
from bot.live.chat import Chat
from bot.live.translate import booked
from integrations.tiktok import events as heard
from integrations.tiktok.status import Resume, State, Status
from state.hosts import Hosts
from state.hosts import Status as Shown
from state.lease import HOLDER
from state.live import BATCH, Live
from state.refusal import Reason, Refused, Unopened
from state.scripts import Actor

_log = logging.getLogger("skipline.live")

GATHER_SECONDS: Final = 0.2
"""How long events gather before they are booked: a burst of likes is one move."""

SHOW_SECONDS: Final = 15.0
"""How often the status is written again while nothing changes."""

PATIENT_FAILURES: Final = 2
"""A live that is back before so many tries failed was no outage worth a message."""

_BOT: Final = Actor(0, "Skipline")
_BROKEN: Final = frozenset({State.RECONNECTING, State.SIGN_DOWN, State.LIMITED, State.BLOCKED})
_WRONG: Final = frozenset({State.UNKNOWN, State.RESTRICTED})


class Listener:
    """The books of one host. `guilds` may change while it listens; every guild has its own session."""

    def __init__(self, handle: str, live: Live, hosts: Hosts, chat: Chat, reporter: Reporter) -> None:
        self.handle = handle
        self.guilds: set[int] = set()
        self._live = live
        self._hosts = hosts
        self._chat = chat
        self._reporter = reporter
        self.unread: Callable[[], int] = lambda: 0
        """How many messages of the open stream could not be read so far."""
        self._sessions: dict[int, int] = {}
        self._status: Status | None = None
        self._skipped = 0
        self._booked_at = 0.0

    async def adopt(self, guild: int) -> Resume | None:
        """Takes a guild on, with the session another process left open; gives where that stood."""
        self.guilds.add(guild)
        for session in await self._live.open(guild):
            if session.host == self.handle:
                if session.state == "live":
                    self._sessions[guild] = session.id
                return Resume(session.room, session.last_at)
        return None

    async def joined(self, guild: int) -> None:
        """Takes on a guild that wants the host from now on; a live that is on begins for it at once."""
        await self.adopt(guild)
        status = self._status
        if status is not None:
            await self._insist(guild, lambda: self._follow(guild, None, status))
            await self.show(status)

    async def heard(self, room: int, events: list[heard.LiveEvent]) -> None:
        """Books a batch in every guild before it returns, so that a slow Redis slows the reading down."""
        clock = asyncio.get_running_loop()
        # What comes meanwhile waits in the stream and is the next batch.
        await asyncio.sleep(self._booked_at + GATHER_SECONDS - clock.time())
        unread = self.unread()
        skipped = unread - self._skipped if unread >= self._skipped else unread
        self._skipped = unread
        for guild in sorted(self.guilds):
            await self._insist(guild, lambda guild=guild: self._book(guild, room, events, skipped))
        self._booked_at = clock.time()

    async def _book(self, guild: int, room: int, events: list[heard.LiveEvent], skipped: int) -> None:
        session = self._sessions.get(guild)
        if session is None:
            session = await self._begin(guild, room)
        rows = booked(events)
        for start in range(0, len(rows), BATCH):
            try:
                await self._live.ingest(guild, session, rows[start : start + BATCH], skipped=skipped)
            except Refused as refused:
                if refused.reason is not Reason.NO_SESSION:
                    raise
                # Somebody closed it, e.g. by a restored backup: what happens now is a new one.
                session = await self._begin(guild, room)
                await self._live.ingest(guild, session, rows[start : start + BATCH], skipped=skipped)
            skipped = 0
        await self._chat.read(guild, events)

    async def _begin(self, guild: int, room: int) -> int:
        status = self._status
        host = status.host_id if status is not None else 0
        began = await self._live.begin(guild, self.handle, host, room, _now())
        self._sessions[guild] = began.session
        return began.session

    async def turned(self, status: Status) -> None:
        """Takes up what became of the connection."""
        before, self._status = self._status, status
        for guild in sorted(self.guilds):
            await self._insist(guild, lambda guild=guild: self._follow(guild, before, status))
        await self.show(status)

    async def _follow(self, guild: int, before: Status | None, status: Status) -> None:
        if status.host_id and (before is None or before.host_id != status.host_id):
            await self._quietly(self._hosts.known(guild, "", _BOT, self.handle, status.host_id))
        if status.state is State.LIVE:
            if guild not in self._sessions or (before is not None and before.room != status.room):
                await self._begin(guild, status.room)
        elif guild in self._sessions:
            why = status.reason if status.lost_at is not None else "over"
            at = status.lost_at or (status.gap.since if status.gap is not None else _now())
            await self._quietly(self._live.away(guild, self._sessions[guild], at, why))
            del self._sessions[guild]
        await self._tell(guild, status)

    async def _tell(self, guild: int, status: Status) -> None:
        """Notes the beginning and the end of an outage; each once, whoever else notes it."""
        if status.state in _WRONG or (status.state in _BROKEN and status.failures >= PATIENT_FAILURES):
            since = status.lost_at or status.since
            await self._quietly(self._hosts.lost(guild, "", _BOT, self.handle, status.state.value, since))
        elif status.state in (State.LIVE, State.WAITING):
            await self._quietly(self._hosts.back(guild, "", _BOT, self.handle))

    async def left(self, guild: int) -> None:
        """A guild wants the host no more: its session is over now, by its own wish."""
        session = self._sessions.pop(guild, None)
        if session is not None:
            await self._insist(guild, lambda: self._quietly(self._live.end(guild, session, _now())))

    async def show(self, status: Status) -> None:
        """Writes the status where `/tiktok status` reads it."""
        for guild in sorted(self.guilds):
            shown = Shown(
                state=status.state.value,
                since=status.since,
                reason=status.reason,
                next_try=status.next_try or 0,
                room=status.room,
                session=self._sessions.get(guild, 0),
                last_event=status.last_event_at or 0,
                per_minute=status.per_minute,
                failures=status.failures,
                process=HOLDER,
            )
            try:
                await self._hosts.show_status(guild, self.handle, shown)
            except (RedisError, OSError):
                _log.debug("The status of @%s could not be written.", self.handle)

    async def _insist(self, guild: int, act: Callable[[], Awaitable[None]]) -> None:
        """Does it until Redis took it: nothing that was heard is dropped while Redis is away."""
        pause = 0.1
        while guild in self.guilds or pause == 0.1:
            try:
                await act()
                return
            except (RedisError, OSError, Unopened) as gone:
                _log.warning("@%s waits for Redis (%s).", self.handle, type(gone).__name__)
            except Exception as error:
                # A batch that cannot be booked must not end the connection for all that come after it.
                self._reporter.report(error, f"the live of @{self.handle} in guild {guild}")
                return
            await asyncio.sleep(pause)
            pause = min(pause * 2, 2.0)

    async def _quietly(self, move: Awaitable[None]) -> None:
        """Makes a move that may have been made already."""
        try:
            await move
        except Refused as refused:
            if refused.reason not in (Reason.UNCHANGED, Reason.NO_SESSION):
                raise


def _now() -> int:
    return time.time_ns() // 1_000_000

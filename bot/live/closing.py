"""After a live: the session ends once its host stayed away, goes into PostgreSQL, and its table is posted."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import ClassVar, Final

import hikari
from redis.asyncio import Redis

from bot.errors import Reporter
from bot.live.tables import Tables
from bot.upkeep import RETRY_SECONDS, Upkeep
from components.curve import Pictures
from persistence.errors import Unavailable
from persistence.sessions import Sessions
from state import live_records as kept
from state.configure import Configuration
from state.feed import Feed
from state.hosts import Hosts
from state.lease import Lease
from state.live import Live
from state.live_session import LiveSession
from state.refusal import Reason, Refused
from state.timers import Timers

_log = logging.getLogger("skipline.live")

LOOK_SECONDS: Final = 15.0
"""How often a quiet live is looked at: should its process die, the session ends at most so late."""


class Closing(Upkeep):
    """Ends, keeps and shows the sessions of every guild this process holds the lease for."""

    subject: ClassVar[str] = "sessions"
    settle: ClassVar[float] = 0.2
    watched: ClassVar[frozenset[str] | None] = frozenset(
        {"session", "host_disconnected", "restored", "restored_backup"}
    )

    def __init__(
        self,
        *,
        rest: hikari.api.RESTClient,
        redis: Redis,
        live: Live,
        hosts: Hosts,
        sessions: Sessions,
        configuration: Configuration,
        pictures: Pictures,
        timers: Timers,
        feed: Feed,
        reporter: Reporter,
    ) -> None:
        super().__init__(redis, feed, reporter)
        self._live = live
        self._hosts = hosts
        self._sessions = sessions
        self._configuration = configuration
        self._timers = timers
        self._tables = Tables(rest, redis, sessions, configuration, pictures)

    async def _round(self, guild: int, lease: Lease) -> float:
        """Ends what nobody wants, and stores what has ended."""
        await self._look_through(guild)
        for number in await self._live.ended(guild):
            if self.closed or not await lease.holds():
                self.mark(guild)
                return 0.0
            session = await self._live.session(guild, number)
            if session is None:
                continue
            try:
                await self._keep(guild, session)
            except Unavailable as away:
                _log.warning("A session of guild %d waits for PostgreSQL (%s).", guild, away)
                self.mark(guild)
                return RETRY_SECONDS
            except hikari.HTTPError as passing:
                name = type(passing).__name__
                _log.warning("The table of a live of guild %d is posted later (%s).", guild, name)
                self.mark(guild)
                return RETRY_SECONDS
        return 0.0

    async def look(self, guild: int, number: str) -> float | None:
        """Ends a session whose host stayed away for long enough; gives in how many seconds to look again."""
        session = await self._live.session(guild, int(number))
        if session is None or session.state == "ended":
            return None
        if session.state == "away":
            away = session.away_at or session.last_at
            await self._end(guild, session, away, left=away)
            return None
        grace = (await self._configuration.settings(guild)).live_grace
        heard = max(session.last_at, session.connected_at)
        seconds, _ = await self._redis.time()
        left = heard / 1000 + grace - seconds
        if left > 0:
            return min(left, grace)
        if await self._hosts.status(guild, session.host) is not None:
            return LOOK_SECONDS
        # Nothing came for all that time, and no process listens that could know better.
        await self._end(guild, session, heard, left=heard)
        return None

    async def _look_through(self, guild: int) -> None:
        """Ends sessions of hosts that the guild listens to no more; the others end by their timers."""
        sessions = await self._live.open(guild)
        if not sessions:
            return
        wanted = {host.handle for host in await self._hosts.all(guild) if host.wanted}
        grace = (await self._configuration.settings(guild)).live_grace
        for session in sessions:
            if session.host in wanted:
                # One from before there were timers, e.g. of an old backup, has none.
                await self._timers.set(guild, f"session:{session.id}", grace, new=True)
            else:
                seconds, micros = await self._redis.time()
                away = session.away_at if session.state == "away" else None
                await self._end(guild, session, away or seconds * 1000 + micros // 1000)

    async def _end(self, guild: int, session: LiveSession, at: int, *, left: int | None = None) -> None:
        try:
            await self._live.end(guild, session.id, at, left=left)
        except Refused as refused:
            if refused.reason is not Reason.NO_SESSION:
                raise

    async def _keep(self, guild: int, session: LiveSession) -> None:
        """Puts a session into PostgreSQL, posts it, and lets Redis forget it; each step may be made again."""
        record, viewers = await self._record(guild, session)
        await self._sessions.save(guild, record, viewers)
        await self._tables.post(guild, record)
        try:
            await self._live.stored(guild, session.id)
        except Refused as refused:
            if refused.reason is not Reason.NO_SESSION:
                raise

    async def _record(self, guild: int, session: LiveSession) -> tuple[kept.LiveSession, list[kept.Viewer]]:
        rows = await self._live.viewers(guild, session.id)
        handles = [row.handle for row in rows]
        names = await self._live.names(guild, handles)
        owners = await self._live.owners(guild, handles)
        minutes = await self._live.curve(guild, session.id)
        started = session.started_at
        viewers = [
            kept.Viewer(
                handle_id=row.handle,
                name=names.get(row.handle, str(row.handle)),
                user_id=owners.get(row.handle),
                likes=row.likes,
                comments=row.comments,
                shares=row.shares,
                follows=row.follows,
                subscribes=row.subscribes,
                gifts=row.gifts,
                coins=row.coins,
                points=row.points,
                active_ms=row.active_ms,
                first_at=_moment(row.first_at),
                last_at=_moment(row.last_at),
            )
            for row in rows
        ]
        record = kept.LiveSession(
            session=session.id,
            host=session.host,
            host_id=session.host_id,
            rooms=list(session.rooms),
            started_at=_moment(started),
            ended_at=_moment(max(session.ended_at or session.last_at, started)),
            likes=session.likes,
            likes_seen=session.likes_seen,
            comments=session.comments,
            shares=session.shares,
            follows=session.follows,
            subscribes=session.subscribes,
            gifts=session.gifts,
            coins=session.coins,
            joins=session.joins,
            viewers_peak=session.viewers_peak,
            viewer_ms=session.viewer_ms,
            watched_ms=session.measured_ms,
            skipped=session.skipped,
            gaps=[list(gap) for gap in session.gaps],
            curve=[[max(0, (each.at - started) // 60_000), each.viewers, each.coins] for each in minutes],
        )
        return record, viewers


def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)

"""Lives on TikTok once they are over: their totals, their viewers, their curve."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any, Final

from persistence.pool import Pool
from state.live_records import LiveSession, PlayedSong, Viewer

_COUNTS: Final = (
    *("likes", "likes_seen", "comments", "shares", "follows", "subscribes", "gifts", "coins", "joins"),
    *("viewers_peak", "viewer_ms", "watched_ms", "skipped"),
)
_VIEWER_COUNTS: Final = (
    *("likes", "comments", "shares", "follows", "subscribes", "gifts", "coins", "points", "active_ms"),
)
_SESSION_COLUMNS: Final = ("host", "host_id", "rooms", "started_at", "ended_at", *_COUNTS, "gaps", "curve")
_VIEWER_COLUMNS: Final = ("handle_id", "name", "user_id", *_VIEWER_COUNTS, "first_at", "last_at")

# Write a session; a repetition writes the same again.
SAVE_SESSION = f"""
INSERT INTO live_sessions (guild_id, session, {", ".join(_SESSION_COLUMNS)})
SELECT $1, $2, {", ".join(_SESSION_COLUMNS)} FROM jsonb_populate_record(NULL::live_sessions, $3)
ON CONFLICT (guild_id, session) DO UPDATE
SET {", ".join(f"{name} = excluded.{name}" for name in _SESSION_COLUMNS)}
"""  # noqa: S608 - built from the constants above
# Write viewers of a session, each replacing what is there.
SAVE_VIEWERS = f"""
INSERT INTO session_viewers (guild_id, session, {", ".join(_VIEWER_COLUMNS)})
SELECT $1, $2, {", ".join(_VIEWER_COLUMNS)} FROM jsonb_populate_recordset(NULL::session_viewers, $3)
ON CONFLICT (guild_id, session, handle_id) DO UPDATE
SET {", ".join(f"{name} = excluded.{name}" for name in _VIEWER_COLUMNS[1:])}
"""  # noqa: S608 - built from the constants above
# Read one session.
SESSION = "SELECT * FROM live_sessions WHERE guild_id = $1 AND session = $2"
# Read the newest sessions, of one host or of all.
SESSIONS = """
SELECT * FROM live_sessions WHERE guild_id = $1 AND ($2::text IS NULL OR host = $2)
ORDER BY started_at DESC, session DESC LIMIT $3
"""
# Read viewers of a session, the most engaged first.
VIEWERS = """
SELECT * FROM session_viewers WHERE guild_id = $1 AND session = $2
ORDER BY points DESC, coins DESC, active_ms DESC, handle_id OFFSET $3 LIMIT $4
"""
# Count them.
COUNT_VIEWERS = "SELECT count(*) FROM session_viewers WHERE guild_id = $1 AND session = $2"
# Read what played while a session ran, in order.
SONGS = """
SELECT number, title, artist, started_at, ended_at FROM submissions
WHERE guild_id = $1 AND started_at >= $2 AND started_at < $3 ORDER BY started_at
"""
# Add up every session for each handle since a moment; the newest name counts.
LEADERS = f"""
SELECT handle_id, (array_agg(name ORDER BY last_at DESC))[1] AS name,
       (array_agg(user_id ORDER BY last_at DESC))[1] AS user_id, count(*) AS sessions,
       {", ".join(f"sum({name})::bigint AS {name}" for name in _VIEWER_COUNTS)},
       min(first_at) AS first_at, max(last_at) AS last_at
FROM session_viewers WHERE guild_id = $1 AND ($2::timestamptz IS NULL OR last_at >= $2)
GROUP BY handle_id ORDER BY points DESC, coins DESC, active_ms DESC, handle_id OFFSET $3 LIMIT $4
"""  # noqa: S608 - built from the constants above
# Count the handles of that list.
COUNT_LEADERS = """
SELECT count(DISTINCT handle_id) FROM session_viewers
WHERE guild_id = $1 AND ($2::timestamptz IS NULL OR last_at >= $2)
"""

_AT_ONCE: Final = 1000


class Sessions:
    """The lives of all guilds. Every method raises `Unavailable` while PostgreSQL is away."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def save(self, guild_id: int, session: LiveSession, viewers: Sequence[Viewer]) -> None:
        """Keep a session with all its viewers, in one transaction; the same again changes nothing."""
        async with self._pool.transaction() as connection:
            await connection.execute(
                SAVE_SESSION, guild_id, session.session, _record(session, _SESSION_COLUMNS)
            )
            for start in range(0, len(viewers), _AT_ONCE):
                rows = [_record(viewer, _VIEWER_COLUMNS) for viewer in viewers[start : start + _AT_ONCE]]
                await connection.execute(SAVE_VIEWERS, guild_id, session.session, rows)

    async def session(self, guild_id: int, session: int) -> LiveSession | None:
        """One session, None when there is none of that number."""
        async with self._pool.connection() as connection:
            row = await connection.fetchrow(SESSION, guild_id, session)
        return _session(row) if row is not None else None

    async def newest(self, guild_id: int, *, host: str | None = None, limit: int = 25) -> list[LiveSession]:
        """The newest sessions of a guild, of one host or of all."""
        async with self._pool.connection() as connection:
            rows = await connection.fetch(SESSIONS, guild_id, host, limit)
        return [_session(row) for row in rows]

    async def viewers(
        self, guild_id: int, session: int, *, offset: int = 0, limit: int = 25
    ) -> tuple[list[Viewer], int]:
        """A part of a session's viewers, the most engaged first, and how many there are."""
        async with self._pool.transaction(readonly=True) as connection:
            rows = await connection.fetch(VIEWERS, guild_id, session, offset, limit)
            count = await connection.fetchval(COUNT_VIEWERS, guild_id, session)
        return [_viewer(row) for row in rows], int(count)

    async def every_viewer(self, guild_id: int, session: int) -> AsyncGenerator[Viewer]:
        """All viewers of a session in that order, read in parts."""
        offset = 0
        while True:
            rows, _ = await self.viewers(guild_id, session, offset=offset, limit=_AT_ONCE)
            for viewer in rows:
                yield viewer
            if len(rows) < _AT_ONCE:
                return
            offset += _AT_ONCE

    async def songs(self, guild_id: int, session: LiveSession) -> list[PlayedSong]:
        """What was played while it ran, as far as it is archived."""
        async with self._pool.connection() as connection:
            rows = await connection.fetch(SONGS, guild_id, session.started_at, session.ended_at)
        return [
            PlayedSong(
                row["number"], row["title"] or "", row["artist"] or "", row["started_at"], row["ended_at"]
            )
            for row in rows
        ]

    async def leaders(
        self, guild_id: int, *, since: datetime | None = None, offset: int = 0, limit: int = 25
    ) -> tuple[list[Viewer], int]:
        """Handles by what they did over all sessions, the most engaged first, and how many there are."""
        async with self._pool.transaction(readonly=True) as connection:
            rows = await connection.fetch(LEADERS, guild_id, since, offset, limit)
            count = await connection.fetchval(COUNT_LEADERS, guild_id, since)
        return [_viewer(row, sessions=row["sessions"]) for row in rows], int(count)


def _record(row: LiveSession | Viewer, columns: Sequence[str]) -> dict[str, Any]:
    values = {name: getattr(row, name) for name in columns}
    return {
        name: value.isoformat() if isinstance(value, datetime) else value for name, value in values.items()
    }


def _session(row: Mapping[str, Any]) -> LiveSession:
    return LiveSession(**{each.name: row[each.name] for each in fields(LiveSession)})


def _viewer(row: Mapping[str, Any], sessions: int = 1) -> Viewer:
    known = (each.name for each in fields(Viewer) if each.name != "sessions")
    return Viewer(**{name: row[name] for name in known}, sessions=sessions)

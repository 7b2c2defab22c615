"""The archive: every move of every guild, exactly once, with what it left behind, in PostgreSQL."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NamedTuple

from persistence import archive_rows, ledger, submissions
from persistence.errors import Forked
from persistence.events import Effect, Event, from_entry, milliseconds, to_entry
from persistence.pool import Connection, Pool
from persistence.replay import replay
from persistence.submissions import Submission, Wanted

_log = logging.getLogger(__name__)

# Take the guild's row for this transaction: whoever appends to the guild at the same time waits here.
LOCK_GUILD = """
SELECT archived_rev, last_event_at, last_request FROM guilds WHERE guild_id = $1 FOR UPDATE
"""
# Make the row on a guild's first move, unless somebody else just did.
ADD_GUILD = "INSERT INTO guilds (guild_id) VALUES ($1) ON CONFLICT DO NOTHING"
# Move the cursor, in the same transaction as the moves it vouches for.
SET_CURSOR = """
UPDATE guilds SET archived_rev = $2, last_event_at = $3, last_request = $4, live_exact = live_exact AND $5
WHERE guild_id = $1
"""
# Note revisions that never arrived, or moves that Redis made in place of archived ones.
INSERT_GAP = "INSERT INTO gaps (guild_id, first_rev, last_rev, kind, entries) VALUES ($1, $2, $3, $4, $5)"
# Whether the same moves were set aside before, by somebody who then died or slept.
GAP_KNOWN = """
SELECT EXISTS (SELECT 1 FROM gaps
WHERE guild_id = $1 AND first_rev = $2 AND last_rev = $3 AND kind = 'forked' AND entries = $4)
"""
# Read what a guild's keys hold, key by key.
LIVE = "SELECT name, type, field, value FROM live WHERE guild_id = $1 ORDER BY name, field"
# Find the songs that Redis still has and that ended before a moment.
ENDED = """
SELECT name FROM live
WHERE guild_id = $1 AND name LIKE 'song:%' AND name > $2 AND field = 'ended_at'
  AND CASE WHEN value ~ '^[0-9]{1,15}$' THEN value::bigint < $3 ELSE false END
ORDER BY name LIMIT $4
"""
# Read moves in order.
EVENTS = "SELECT * FROM events WHERE guild_id = $1 AND rev > $2 ORDER BY rev LIMIT $3"
# Read the newest moves of some kinds or people.
LATEST = """
SELECT * FROM events
WHERE guild_id = $1 AND rev < $2
  AND ($3::text[] IS NULL OR kind = ANY($3)) AND ($4::bigint IS NULL OR by_id = $4)
  AND (NOT $5 OR by_id <> 0)
ORDER BY rev DESC LIMIT $6 OFFSET $7
"""
# Read one move.
EVENT = "SELECT * FROM events WHERE guild_id = $1 AND rev = $2"
# Read all that is known to be missing.
GAPS = "SELECT * FROM gaps WHERE guild_id = $1 ORDER BY first_rev, found_at"


@dataclass(frozen=True, slots=True)
class LiveRow:
    """One field of one key, as in an `Effect`; `field` is empty for strings."""

    name: str
    type: str
    field: str
    value: str


class LastMove(NamedTuple):
    """What identifies the last archived move of a guild; `moment` is None where there is none."""

    revision: int
    moment: datetime | None
    request: str


@dataclass(frozen=True, slots=True)
class LiveState:
    """What a guild's Redis keys held right after the move `revision`.

    `exact` is False when moves before it never reached the archive and nobody compared since.
    """

    revision: int
    at: datetime | None
    exact: bool
    rows: Sequence[LiveRow]


@dataclass(frozen=True, slots=True)
class Gap:
    """Revisions first to last that are missing, or were made twice; `entries` are the moves not archived."""

    first_rev: int
    last_rev: int
    kind: Literal["missing", "forked"]
    found_at: datetime
    entries: Sequence[Event]


class Archive:
    """The moves of all guilds. Every method raises `Unavailable` while PostgreSQL is away."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def append(self, guild_id: int, events: Sequence[Event]) -> int:
        """Archive moves in order of revision, all or none; return the guild's last archived revision.

        Moves archived before are skipped, so the same call may be repeated and several processes may append
        at once. Revisions that are missing are noted as a gap and logged. Raises `Forked` when the last
        archived move is among `events` and is not the same move.
        """
        async with self._pool.transaction() as connection:
            known = await _lock(connection, guild_id)
            cursor: int = known["archived_rev"]
            for event in events:
                if event.revision == cursor and not _same(event, known):
                    raise Forked(guild_id, cursor)
            fresh = [event for event in events if event.revision > cursor]
            if not fresh:
                return cursor
            gaps = _missing(cursor, fresh)
            for first, last in gaps:
                _log.warning("Guild %s: moves %s to %s never reached the archive", guild_id, first, last)
                await connection.execute(INSERT_GAP, guild_id, first, last, "missing", [])
            await archive_rows.insert(connection, guild_id, fresh)
            await ledger.add(connection, guild_id, fresh)
            left = await archive_rows.outcome(connection, guild_id, fresh)
            await archive_rows.apply(connection, guild_id, left)
            last = fresh[-1]
            await connection.execute(SET_CURSOR, guild_id, last.revision, last.moment, last.request, not gaps)
            return last.revision

    async def cursor(self, guild_id: int) -> int | None:
        """Return the guild's last archived revision, None when the archive has no trace of the guild."""
        async with self._pool.connection() as connection:
            return await connection.fetchval("SELECT archived_rev FROM guilds WHERE guild_id = $1", guild_id)

    async def cursors(self) -> dict[int, int]:
        """Return the last archived revision of every guild."""
        async with self._pool.connection() as connection:
            rows = await connection.fetch("SELECT guild_id, archived_rev FROM guilds")
        return {row["guild_id"]: row["archived_rev"] for row in rows}

    async def last_moves(self) -> dict[int, LastMove]:
        """Return the last archived move of every guild."""
        async with self._pool.connection() as connection:
            rows = await connection.fetch(
                "SELECT guild_id, archived_rev, last_event_at, last_request FROM guilds"
            )
        return {
            row["guild_id"]: LastMove(row["archived_rev"], row["last_event_at"], row["last_request"])
            for row in rows
        }

    async def inexact(self) -> set[int]:
        """Return the guilds of which moves are missing and nobody compared since."""
        async with self._pool.connection() as connection:
            rows = await connection.fetch("SELECT guild_id FROM guilds WHERE NOT live_exact")
        return {row["guild_id"] for row in rows}

    async def guilds(self) -> list[int]:
        """Return every guild the archive knows."""
        return sorted(await self.cursors())

    async def last_event_at(self, guild_id: int) -> datetime | None:
        """Return when the last archived move was made, by the clock of Redis."""
        async with self._pool.connection() as connection:
            return await connection.fetchval("SELECT last_event_at FROM guilds WHERE guild_id = $1", guild_id)

    async def live(self, guild_id: int) -> LiveState | None:
        """Return what the guild's Redis keys held after its last archived move; None for an unknown guild."""
        async with self._pool.transaction(readonly=True) as connection:
            known = await connection.fetchrow(
                "SELECT archived_rev, last_event_at, live_exact FROM guilds WHERE guild_id = $1", guild_id
            )
            if known is None:
                return None
            rows = await connection.fetch(LIVE, guild_id)
        return LiveState(
            revision=known["archived_rev"],
            at=known["last_event_at"],
            exact=known["live_exact"],
            rows=[LiveRow(row["name"], row["type"], row["field"], row["value"]) for row in rows],
        )

    async def ended(self, guild_id: int, before: int, limit: int, after: int = 0) -> list[int]:
        """Return numbers above `after` of songs in Redis that ended before `before` (ms since 1970).

        As of the last archived move: whoever acts on it looks again.
        """
        async with self._pool.connection() as connection:
            rows = await connection.fetch(ENDED, guild_id, f"song:{after:012d}", before, limit)
        return [int(row["name"].removeprefix("song:")) for row in rows]

    async def file_names(self) -> set[str]:
        """Return the names of the files that archived submissions of all guilds name."""
        async with self._pool.connection() as connection:
            rows = await connection.fetch(submissions.FILES)
        return {row["file"] for row in rows}

    async def replace_live(self, guild_id: int, revision: int, rows: Sequence[LiveRow]) -> bool:
        """Take `rows` for what the keys hold at `revision`, which heals the archive after a gap.

        Returns False, and changes nothing, unless `revision` is the last archived one.
        """
        effects = tuple(Effect(*_typed(row)) for row in rows)
        picture = Event(revision=revision, kind="picture", at=0, effects=effects)
        async with self._pool.transaction() as connection:
            known = await _lock(connection, guild_id)
            if known["archived_rev"] != revision:
                return False
            await connection.execute("DELETE FROM live WHERE guild_id = $1", guild_id)
            await archive_rows.apply(connection, guild_id, replay([picture], {}))
            wallet = {row.field: row.value for row in rows if row.name == "wallet"}
            await ledger.mend(connection, guild_id, revision, wallet)
            await connection.execute("UPDATE guilds SET live_exact = true WHERE guild_id = $1", guild_id)
        return True

    async def note_fork(self, guild_id: int, events: Sequence[Event]) -> None:
        """Keep moves that Redis made under revisions already taken, so that nothing vanishes unseen.

        The same moves again change nothing.
        """
        if not events:
            return
        entries = [{"revision": event.revision, **to_entry(event)} for event in events]
        async with self._pool.transaction() as connection:
            await _lock(connection, guild_id)
            first, last = events[0].revision, events[-1].revision
            if not await connection.fetchval(GAP_KNOWN, guild_id, first, last, entries):
                await connection.execute(INSERT_GAP, guild_id, first, last, "forked", entries)

    async def gaps(self, guild_id: int) -> list[Gap]:
        """Return everything known to be missing from a guild's archive, oldest first."""
        async with self._pool.connection() as connection:
            rows = await connection.fetch(GAPS, guild_id)
        return [
            Gap(
                first_rev=row["first_rev"],
                last_rev=row["last_rev"],
                kind=row["kind"],
                found_at=row["found_at"],
                entries=[from_entry(str(entry["revision"]), entry) for entry in row["entries"]],
            )
            for row in rows
        ]

    async def event(self, guild_id: int, revision: int) -> Event | None:
        """Return one move, None when it is not archived."""
        async with self._pool.connection() as connection:
            row = await connection.fetchrow(EVENT, guild_id, revision)
        return None if row is None else _event(row)

    async def events(self, guild_id: int, after: int = 0, limit: int = 100) -> list[Event]:
        """Return at most `limit` moves with a revision above `after`, in order."""
        async with self._pool.connection() as connection:
            rows = await connection.fetch(EVENTS, guild_id, after, limit)
        return [_event(row) for row in rows]

    async def latest(
        self,
        guild_id: int,
        *,
        kinds: Sequence[str] | None = None,
        by_id: int | None = None,
        people_only: bool = False,
        before: int | None = None,
        offset: int = 0,
        limit: int = 25,
    ) -> list[Event]:
        """Return at most `limit` moves, newest first, of those kinds and that account below a revision.

        `people_only` leaves out what the bot did of itself.
        """
        below = 2**63 - 1 if before is None else before
        wanted = None if kinds is None else list(kinds)
        async with self._pool.connection() as connection:
            rows = await connection.fetch(LATEST, guild_id, below, wanted, by_id, people_only, limit, offset)
        return [_event(row) for row in rows]

    async def history(
        self,
        guild_id: int,
        *,
        user_id: int | None = None,
        query: str | None = None,
        limit: int = 25,
        before: int | None = None,
    ) -> list[Submission]:
        """Return submissions, newest first, at most `limit`.

        `user_id` keeps one artist's, `query` those whose title, artist or submitter contains it in any case,
        and `before` those with a lower number (give the last number of a page to get the next).
        """
        pattern = submissions.containing(query) if query else None
        below = 2**63 - 1 if before is None else before
        async with self._pool.connection() as connection:
            rows = await connection.fetch(submissions.HISTORY, guild_id, below, user_id, pattern, limit)
        return [submissions.submission(row) for row in rows]

    async def search(
        self, guild_id: int, wanted: Wanted, *, offset: int = 0, limit: int = 10
    ) -> tuple[list[Submission], int]:
        """Return one page of the submissions that match, newest first, and how many match in all."""
        arguments = wanted.arguments(guild_id)
        async with self._pool.transaction(readonly=True) as connection:
            count: int = await connection.fetchval(submissions.COUNT_FOUND, *arguments)
            rows = await connection.fetch(submissions.FOUND, *arguments, max(offset, 0), limit)
        return [submissions.submission(row) for row in rows], count


async def _lock(connection: Connection, guild_id: int) -> Mapping[str, Any]:
    known = await connection.fetchrow(LOCK_GUILD, guild_id)
    if known is None:
        await connection.execute(ADD_GUILD, guild_id)
        known = await connection.fetchrow(LOCK_GUILD, guild_id)
    assert known is not None, "guilds are never deleted while moves arrive"
    return known


def _same(event: Event, known: Mapping[str, Any]) -> bool:
    return (event.moment, event.request) == (known["last_event_at"], known["last_request"])


def _missing(cursor: int, events: Sequence[Event]) -> list[tuple[int, int]]:
    gaps: list[tuple[int, int]] = []
    for event in events:
        if event.revision <= cursor:
            raise ValueError("events must come in order of revision")
        if event.revision > cursor + 1:
            gaps.append((cursor + 1, event.revision - 1))
        cursor = event.revision
    return gaps


def _typed(row: LiveRow) -> tuple[Literal["z", "h", "s"], str, str | None, str]:
    if row.type == "s":
        return "s", row.name, None, row.value
    return "z" if row.type == "z" else "h", row.name, row.field, row.value


def _event(row: Mapping[str, Any]) -> Event:
    return Event(
        revision=row["rev"],
        kind=row["kind"],
        at=milliseconds(row["at"]),
        by_id=row["by_id"],
        by_name=row["by_name"],
        song=row["song"],
        request=row["request"],
        data=row["data"],
        effects=tuple(Effect(*effect) for effect in row["effects"]),
    )

"""A person in the archive: found in it, and taken out of every row of one guild."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

import orjson

from persistence import ledger, submissions
from persistence.archive import Archive, LiveRow
from persistence.backups import moment
from persistence.backups.document import ACTIVE
from persistence.events import Event, from_entry, to_entry
from persistence.pool import Connection, Pool
from persistence.privacy import forgetting
from persistence.privacy import person as traces
from persistence.privacy.person import Person

_BATCH: Final = 500

# What the hash of a song calls a column of submissions.
_FIELDS: Final = {
    column: field
    for field, column in (
        ("user", "user_id"),
        ("by", "by_id"),
        ("reviewer", "reviewer_id"),
    )
}
_KEPT_COLUMNS: Final = frozenset(("guild_id", "number", "rev", "extra", "bookmarked_by", "bookmarked_at"))

# Keep everybody else who writes to the guild waiting, as the archive itself does.
LOCK = "SELECT archived_rev FROM guilds WHERE guild_id = $1 FOR UPDATE"
UPDATE_EVENTS = """
UPDATE events SET by_id = new.by_id, by_name = new.by_name, data = new.data::jsonb,
    effects = new.effects::jsonb
FROM unnest($2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::text[])
     AS new (rev, by_id, by_name, data, effects)
WHERE events.guild_id = $1 AND events.rev = new.rev
"""
LIVE = "SELECT name, type, field, value FROM live WHERE guild_id = $1 AND rev <= $2"
REMOVE_LIVE = """
DELETE FROM live USING unnest($2::text[], $3::text[]) AS gone (name, field)
WHERE live.guild_id = $1 AND live.name = gone.name AND live.field = gone.field
"""
CHANGE_LIVE = """
UPDATE live SET value = new.value FROM unnest($2::text[], $3::text[], $4::text[]) AS new (name, field, value)
WHERE live.guild_id = $1 AND live.name = new.name AND live.field = new.field
"""
SUBMISSIONS = "SELECT to_jsonb(submissions) AS row FROM submissions WHERE guild_id = $1"
FORGET_VIEWER = """
DELETE FROM session_viewers WHERE guild_id = $1 AND (user_id = $2 OR handle_id = ANY($3::bigint[]))
"""
GAPS = "SELECT ctid::text AS place, entries FROM gaps WHERE guild_id = $1"
CHANGE_GAP = "UPDATE gaps SET entries = $2 WHERE ctid = $1::text::tid"


@dataclass(frozen=True, slots=True)
class ArchivedTraces:
    """The archive's part. Every method raises `Unavailable`."""

    pool: Pool
    archive: Archive

    async def find(self, guild_id: int, user: int) -> Person:
        """All that the archive knows the person by."""
        found = Person(user)
        async with self.pool.connection() as connection:
            rows = await connection.fetch(SUBMISSIONS, guild_id)
        found |= traces.known(user, (_as_song(row["row"]) for row in rows))
        live = await self.archive.live(guild_id)
        if live is not None:
            found |= traces.in_live(user, moment.of_rows(live.rows))
        async for events in self._events(guild_id, 2**63 - 1):
            found |= traces.in_events(user, events)
        for gap in await self.archive.gaps(guild_id):
            found |= traces.in_events(user, gap.entries)
        return found

    async def forget(self, guild_id: int, revision: int, person: Person) -> None:
        """Take the person out of every row up to a revision, which must be archived. May be repeated.

        All rows or none: what is left of a person in one of them tells what to look for in the others. The
        guild's archive waits meanwhile, some ten seconds for 100,000 moves.
        """
        async with self.pool.transaction() as connection:
            await connection.execute(LOCK, guild_id)
            async for events in self._events(guild_id, revision):
                told = [(event, forgetting.forget_event(event, person)) for event in events]
                await _rewrite(connection, guild_id, [fresh for event, fresh in told if fresh != event])
            await _forget_live(connection, guild_id, revision, person)
            await _forget_submissions(connection, guild_id, revision, person)
            await _forget_gaps(connection, guild_id, person)
            await connection.execute(ledger.FORGET, guild_id, person.id, revision)
            await connection.execute(FORGET_VIEWER, guild_id, person.id, [int(id_) for id_ in person.handles])

    async def _events(self, guild_id: int, until: int) -> AsyncIterator[list[Event]]:
        reached = 0
        while events := await self.archive.events(guild_id, reached, _BATCH):
            yield [event for event in events if event.revision <= until]
            reached = events[-1].revision
            if reached >= until:
                return


async def _rewrite(connection: Connection, guild_id: int, events: list[Event]) -> None:
    await connection.execute(
        UPDATE_EVENTS,
        guild_id,
        [event.revision for event in events],
        [event.by_id for event in events],
        [event.by_name for event in events],
        [orjson.dumps(event.data).decode() for event in events],
        [orjson.dumps([list(effect) for effect in event.effects]).decode() for event in events],
    )


async def _forget_live(connection: Connection, guild_id: int, revision: int, person: Person) -> None:
    rows = await connection.fetch(LIVE, guild_id, revision)
    before = {(row["name"], row["field"]): row["value"] for row in rows}
    named = moment.of_rows(LiveRow(row["name"], row["type"], row["field"], row["value"]) for row in rows)
    after = {
        (name, field): value
        for name, key in forgetting.forget_live(named, person).items()
        for field, value in key.values.items()
    }
    gone = [place for place in before if place not in after]
    if gone:
        await connection.execute(REMOVE_LIVE, guild_id, *map(list, zip(*gone, strict=True)))
    changed = [(*place, value) for place, value in after.items() if before.get(place) != value]
    if changed:
        await connection.execute(CHANGE_LIVE, guild_id, *map(list, zip(*changed, strict=True)))


async def _forget_submissions(connection: Connection, guild_id: int, revision: int, person: Person) -> None:
    rows = await connection.fetch(SUBMISSIONS, guild_id)
    changed: list[dict[str, Any]] = []
    for found in rows:
        row = cast("dict[str, Any]", found["row"])
        if row["rev"] <= revision and (fresh := _forget_submission(row, person)) != row:
            changed.append(fresh)
    if changed:
        await connection.execute(submissions.UPSERT, guild_id, changed)


async def _forget_gaps(connection: Connection, guild_id: int, person: Person) -> None:
    for row in await connection.fetch(GAPS, guild_id):
        fresh: list[dict[str, Any]] = []
        for entry in row["entries"]:
            event = from_entry(str(entry["revision"]), entry)
            fresh.append({"revision": event.revision, **to_entry(forgetting.forget_event(event, person))})
        if fresh != row["entries"]:
            await connection.execute(CHANGE_GAP, row["place"], fresh)


def _as_song(row: Mapping[str, Any]) -> dict[str, Any]:
    return {_FIELDS.get(column, column): value for column, value in row.items() if value is not None}


def _forget_submission(row: Mapping[str, Any], person: Person) -> dict[str, Any]:
    fresh = dict(row)
    if row["number"] in person.songs:
        for column in row:
            field = _FIELDS.get(column, column)
            if field not in forgetting.SONG_KEPT and column not in _KEPT_COLUMNS:
                fresh[column] = None
        fresh |= {"user_id": 0, "user_name": forgetting.DELETED}
        fresh |= {"title": forgetting.NO_TITLE, "artist": forgetting.DELETED}
        fresh["extra"] = {name: text for name, text in row["extra"].items() if name in forgetting.SONG_KEPT}
        if row["state"] in ACTIVE:
            fresh["state"] = "removed"
    for column, value in list(fresh.items()):
        if value == person.id and column not in ("guild_id", "number", "rev"):
            fresh[column] = 0
            name = f"{column.removesuffix('_id')}_name"
            if name in fresh:
                fresh[name] = forgetting.DELETED
        elif isinstance(value, str):
            fresh[column] = person.ids.sub(forgetting.NOBODY, value)
    fresh["extra"] = forgetting.scrub(fresh["extra"], person)
    return fresh

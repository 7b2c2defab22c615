"""What moves become in PostgreSQL: rows of `events`, and what they leave in `live` and `submissions`."""

from __future__ import annotations

from collections.abc import Sequence

import orjson

from persistence import submissions
from persistence.events import Effect, Event
from persistence.pool import Connection
from persistence.replay import Outcome, replay, songs_touched

# What changes with every viewer of a live, several times a second: once the new values are in `live`, keeping
# each version of them would fill a gigabyte in a busy evening.
BULKY = frozenset({"points:handle", "coins", "earning", "streaks", "viewers", "names"})
BULKY_FAMILY = "session:"

# Write moves that are not archived yet.
INSERT_EVENTS = """
INSERT INTO events (guild_id, rev, kind, at, by_id, by_name, song, request, data, effects)
SELECT $1, rev, kind, at, by_id, by_name, song, request, data::jsonb, effects::jsonb
FROM unnest($2::bigint[], $3::text[], $4::timestamptz[], $5::bigint[], $6::text[], $7::bigint[], $8::text[],
            $9::text[], $10::text[])
     AS new (rev, kind, at, by_id, by_name, song, request, data, effects)
"""
# Read the song hashes that moves are about to change.
SONGS = "SELECT name, field, value FROM live WHERE guild_id = $1 AND name = ANY($2::text[])"
# Forget whole keys.
CLEAR_LIVE = "DELETE FROM live WHERE guild_id = $1 AND name = ANY($2::text[])"
# Forget single fields.
REMOVE_LIVE = """
DELETE FROM live USING unnest($2::text[], $3::text[]) AS gone (name, field)
WHERE live.guild_id = $1 AND live.name = gone.name AND live.field = gone.field
"""
# Write fields, each replacing what is there.
WRITE_LIVE = """
INSERT INTO live (guild_id, name, field, type, value, rev)
SELECT $1, * FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[])
ON CONFLICT (guild_id, name, field) DO UPDATE
SET type = excluded.type, value = excluded.value, rev = excluded.rev
"""


async def insert(connection: Connection, guild_id: int, events: Sequence[Event]) -> None:
    """Write moves that are not archived yet."""
    await connection.execute(
        INSERT_EVENTS,
        guild_id,
        [event.revision for event in events],
        [event.kind for event in events],
        [event.moment for event in events],
        [event.by_id for event in events],
        [event.by_name for event in events],
        [event.song for event in events],
        [event.request for event in events],
        [orjson.dumps(event.data).decode() for event in events],
        [orjson.dumps([list(effect) for effect in _kept_effects(event)]).decode() for event in events],
    )


def _kept_effects(event: Event) -> Sequence[Effect]:
    if event.kind != "live":
        return event.effects
    return [
        each for each in event.effects if each.name not in BULKY and not each.name.startswith(BULKY_FAMILY)
    ]


async def outcome(connection: Connection, guild_id: int, events: Sequence[Event]) -> Outcome:
    """Work out what moves leave behind that are not archived yet."""
    songs: dict[str, dict[str, str]] = {}
    if touched := songs_touched(events):
        for row in await connection.fetch(SONGS, guild_id, list(touched)):
            songs.setdefault(row["name"], {})[row["field"]] = row["value"]
    return replay(events, songs)


async def apply(connection: Connection, guild_id: int, left: Outcome) -> None:
    """Write what moves left behind: the last word on every key, and on every song."""
    if left.cleared:
        await connection.execute(CLEAR_LIVE, guild_id, list(left.cleared))
    if left.removed:
        names, fields = zip(*left.removed, strict=True)
        await connection.execute(REMOVE_LIVE, guild_id, names, fields)
    if left.written:
        names, fields = zip(*left.written, strict=True)
        types, values, revisions = zip(*left.written.values(), strict=True)
        await connection.execute(WRITE_LIVE, guild_id, names, fields, types, values, revisions)
    if left.submissions:
        rows = [submissions.row(number, *kept) for number, kept in left.submissions.items()]
        await connection.execute(submissions.UPSERT, guild_id, rows)

"""Everything held about a person in one guild, read from every key, table, backup and stored file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from redis.asyncio import Redis

from persistence.archive import LiveRow
from persistence.backups import BackupStore, Damaged
from persistence.backups.document import Live, LiveKey
from persistence.backups.moment import of_rows
from persistence.events import from_entry
from persistence.files import FileStore
from persistence.keys import is_live, key
from persistence.live_keys import names_of, read
from persistence.pool import Pool
from persistence.privacy import forgetting
from persistence.privacy import person as traces
from persistence.privacy.person import Person

_WHO: Final = ("user", "by", "reviewer", "mover", "undone_by", "move_by", "user_id", "by_id", "reviewer_id")

# Lists in moves of who earned, gave or got how much.
_ROWS: Final = ("rows", "wallet", "gifts", "banked", "linked", "handles")

_LIVE: Final = ("name", "type", "field", "value")

TABLES = """
SELECT table_name FROM information_schema.columns
WHERE table_schema = current_schema() AND column_name = 'guild_id' AND table_name NOT IN ('backups', 'guilds')
ORDER BY table_name
"""
# Rows that hold the id, a handle's id, or the number of a song of theirs.
ROWS = """
SELECT to_jsonb(row) AS row FROM {table} AS row WHERE guild_id = $1 AND to_jsonb(row)::text ~ $2
"""


@dataclass(frozen=True, slots=True)
class Export:
    """Collects it. What other people did with them stays out, as it is theirs."""

    redis: Redis
    pool: Pool
    backups: BackupStore
    files: FileStore

    async def collect(self, guild_id: int, person: Person) -> dict[str, Any]:
        """The whole document. Raises `Unavailable`."""
        return {
            "about": "Everything Skipline holds about this Discord account in this one server.",
            "guild": str(guild_id),
            "user": person.text,
            "names": sorted(person.names),
            "tiktok_ids": sorted(person.handles),
            "redis": await self._redis(guild_id, person),
            "postgres": await self._tables(guild_id, person),
            "backups": await self._backups(guild_id, person),
            "files": await self._files(person),
        }

    async def _redis(self, guild_id: int, person: Person) -> dict[str, Any]:
        live = of_rows(await read(guild_id, self.redis))
        found: dict[str, Any] = about(live, person)
        client: Any = self.redis
        entries = await client.xrange(key(guild_id, "events"))
        moves = [from_entry(*entry) for entry in entries]
        told = [_move(event, person) for event in moves if forgetting.forget_event(event, person) != event]
        if told:
            found["events"] = told
        for name in await names_of(guild_id, self.redis):
            full = key(guild_id, name)
            if is_live(name) or name == "events" or name.startswith(("lease:", "fence:", "posted:")):
                continue
            if name == "asked":
                if at := cast("str | None", await client.hget(full, person.text)):
                    found[name] = {person.text: at}
            elif name.startswith("told:") and person.owns(f"song:{int(name[5:])}"):
                found[name] = await client.hgetall(full)
            elif await client.type(full) == "string":
                text = cast("str | None", await client.get(full)) or ""
                if person.ids.search(text) or {person.text, *person.handles} & {*name.split(":")}:
                    found[name] = "an answer or question to you, kept for some minutes"
        return found

    async def _tables(self, guild_id: int, person: Person) -> dict[str, Any]:
        ids = "|".join(sorted({person.text, *person.handles}))
        songs = "|".join(f"song:{number:012d}" for number in sorted(person.songs))
        pattern = rf"\m({ids})\M" + (f"|{songs}" if songs else "")
        found: dict[str, Any] = {}
        async with self.pool.connection() as connection:
            for table in await connection.fetch(TABLES):
                name = str(table["table_name"])
                # The name is the database's own, read from its catalogue.
                rows = await connection.fetch(ROWS.format(table=f'"{name}"'), guild_id, pattern)
                told: Any = [_row(row["row"], person) for row in rows]
                if name == "live":
                    kept = [LiveRow(*(row["row"][column] for column in _LIVE)) for row in rows]
                    told = about(of_rows(kept), person)
                if told:
                    found[name] = told
        return found

    async def _backups(self, guild_id: int, person: Person) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for entry in await self.backups.entries(guild_id):
            try:
                keys = (await self.backups.load(entry)).keys
            except Damaged:
                continue
            held = about(keys, person | traces.in_live(person.id, keys))
            if held:
                found.append({"backup": entry.name, "keys": held})
        return found

    async def _files(self, person: Person) -> list[dict[str, Any]]:
        stored = set(self.files.names())
        return [{"file": name, "stored": name in stored} for name in sorted(person.files)]


def about(live: Live, person: Person) -> dict[str, Any]:
    """Of live keys what tells of a person: all that would change if the person were forgotten."""
    left = forgetting.forget_live(live, person)
    nothing = LiveKey("h", {})
    found: dict[str, Any] = {}
    for name, held in live.items():
        after = left.get(name, nothing).values
        if person.owns(name) or person.text in name.split(":"):
            found[name] = _own(held.values, person)
            continue
        told = {field: value for field, value in held.values.items() if after.get(field) != value}
        if name == "undo":
            told = {field: "a move that concerns you" for field in told}
        if told:
            found[name] = _own(told, person)
    return found


def _own(value: Any, person: Person) -> Any:
    """JSON without the names and ids of others."""
    if isinstance(value, list):
        kept = [_own(item, person) for item in cast("list[Any]", value)]
        return [item for item in kept if item is not None]
    if not isinstance(value, Mapping):
        return value
    fields = cast("Mapping[str, Any]", value)
    if "user" in fields and "number" in fields and str(fields["user"]) != person.text:
        return None
    foreign = {name for name in _WHO if name in fields and str(fields[name]) != person.text}
    hidden = foreign | {f"{name.removesuffix('_id')}_name" for name in foreign}
    kept = {
        name: _rows(item, person) if name in _ROWS else item
        for name, item in fields.items()
        if name not in hidden and not (name == "by" and isinstance(item, list))  # a viewer who gave
    }
    return {name: _own(item, person) for name, item in kept.items()}


def _rows(rows: Any, person: Person) -> Any:
    """Of ids, or rows that each say whose they are, those of the person."""
    if not isinstance(rows, list):
        return rows
    theirs = {person.text, *person.handles}

    def named(row: Any) -> bool:
        words = cast("list[Any]", row) if isinstance(row, list) else [row]
        return any(str(word) in theirs for word in words)

    return [row for row in cast("list[Any]", rows) if named(row)]


def _move(event: Any, person: Person) -> dict[str, Any]:
    return {
        "revision": event.revision,
        "kind": event.kind,
        "at": event.at,
        "by_you": event.by_id == person.id,
        "song": event.song if event.song in person.songs else None,
        "data": _own(event.data, person),
    }


def _row(row: Mapping[str, Any], person: Person) -> dict[str, Any]:
    kept = {name: value for name, value in row.items() if name not in ("guild_id", "effects", "entries")}
    if "user_id" in row and row["user_id"] != person.id:
        # Somebody else's song that they moved or reviewed: that they did, and no more of it.
        shown = ("number", "at", "by_id", "by_name", "reviewer_id", "reviewer_name", "score", "review_note")
        kept = {name: value for name, value in kept.items() if name in shown}
    return cast("dict[str, Any]", _own(kept, person))

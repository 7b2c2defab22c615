"""A guild's live keys as of one moment, however busy the show is."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from redis.asyncio import Redis

from persistence import live_keys
from persistence.archive import LiveRow
from persistence.backups.document import Live, LiveKey
from persistence.errors import Busy, PersistenceError
from persistence.events import FORGOTTEN, EffectType, Event, from_entry
from persistence.keys import entry_id, key

_ATTEMPTS: Final = 20
_PAUSE_SECONDS: Final = 0.25


class NotOpen(PersistenceError):
    """Redis holds no live state of this guild."""


@dataclass(frozen=True, slots=True)
class Moment:
    """The live keys right after the move `revision`."""

    revision: int
    keys: Live


async def read(guild_id: int, redis: Redis) -> Moment:
    """Read a guild's live keys as of one moment, without stopping anybody.

    Moves made during the read are applied to what was read: their effects are the exact writes, so doing one
    of them again changes nothing, and the outcome is the state after the last of them. Raises `NotOpen`, and
    `Busy` when the guild is being rebuilt for longer than a few seconds.
    """
    for _ in range(_ATTEMPTS):
        before = await _revision(guild_id, redis)
        if before is not None:
            # In a thread: a long history would hold up everything else this process does.
            keys = await asyncio.to_thread(of_rows, await live_keys.read(guild_id, redis))
            events = await since(guild_id, before, redis)
            if events is not None:
                return Moment(before + len(events), follow(keys, events))
        await asyncio.sleep(_PAUSE_SECONDS)
    raise Busy(f"Guild {guild_id} is being rebuilt; try again in a moment.")


async def catch_up(guild_id: int, before: Moment, redis: Redis) -> Moment:
    """Bring a moment up to the guild's last move; cheap when few were made. Raises as `read` does."""
    events = await since(guild_id, before.revision, redis)
    if events is None:
        return await read(guild_id, redis)
    return Moment(before.revision + len(events), follow(before.keys, events))


async def since(guild_id: int, revision: int, redis: Redis) -> list[Event] | None:
    """Read the moves after a revision, up to the guild's last one. Raises `NotOpen`.

    None when they do not tell what was written since: the guild is being rebuilt or was put back, some are no
    longer in the stream, or one of them forgot a person, which tells less than it wrote.
    """
    async with redis.pipeline(transaction=True) as pipe:
        _ask_revision(pipe, guild_id)
        pipe.xrange(key(guild_id, "events"), f"({entry_id(revision)}", "+")
        text, rebuilding, entries = await pipe.execute()
    last = _answered(guild_id, text, rebuilding)
    if last is None:
        return None
    events = [from_entry(*entry) for entry in entries]
    whole = [event.revision for event in events] == list(range(revision + 1, last + 1)) and last >= revision
    return events if whole and all(event.kind != FORGOTTEN for event in events) else None


def of_rows(rows: Iterable[LiveRow]) -> dict[str, LiveKey]:
    """Gather rows into keys."""
    gathered: dict[str, tuple[EffectType, dict[str, str]]] = {}
    for row in rows:
        type_: EffectType = "s" if row.type == "s" else "z" if row.type == "z" else "h"
        _, values = gathered.setdefault(row.name, (type_, {}))
        # As in the archive: its text cannot hold NUL.
        values[row.field] = row.value.replace("\0", "\ufffd")
    return {name: LiveKey(type_, values) for name, (type_, values) in gathered.items()}


def follow(keys: Live, events: Iterable[Event]) -> dict[str, LiveKey]:
    """Return the keys as the events leave them; those they do not touch are the same objects."""
    touched: dict[str, tuple[EffectType, dict[str, str]]] = {}
    for event in events:
        for type_, name, field, value in event.effects:
            if name not in touched:
                before = keys.get(name)
                touched[name] = (before.type, dict(before.values)) if before else (type_, {})
            held, values = touched[name]
            if held != type_:
                values = {}
            if value is not None:
                values[field or ""] = value
            elif type_ == "s" or field is None:
                values = {}
            else:
                values.pop(field, None)
            touched[name] = (type_, values)
    left = dict(keys)
    for name, (type_, values) in touched.items():
        if values:
            left[name] = LiveKey(type_, values)
        else:
            left.pop(name, None)
    return left


async def _revision(guild_id: int, redis: Redis) -> int | None:
    """The revision; None while the guild is being rebuilt. Raises `NotOpen`."""
    async with redis.pipeline(transaction=True) as pipe:
        _ask_revision(pipe, guild_id)
        text, rebuilding = await pipe.execute()
    return _answered(guild_id, text, rebuilding)


def _ask_revision(pipe: Any, guild_id: int) -> None:
    pipe.get(key(guild_id, "rev"))
    pipe.exists(key(guild_id, "lease:restore"))


def _answered(guild_id: int, text: str | None, rebuilding: int) -> int | None:
    if rebuilding:
        return None
    if text is None:
        raise NotOpen(f"Redis holds no live state of guild {guild_id}.")
    return int(text)

"""A guild's live keys as of one moment, however busy the show is."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from redis.asyncio import Redis

from persistence import live_keys, recovery
from persistence.archive import LiveRow
from persistence.backups.document import Live, LiveKey
from persistence.errors import Busy, PersistenceError
from persistence.events import EffectType, Event
from persistence.keys import key

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
            after = await _revision(guild_id, redis)
            if after is not None and after >= before:
                events = await _between(guild_id, before, after, redis)
                if events is not None:
                    return Moment(after, follow(keys, events))
        await asyncio.sleep(_PAUSE_SECONDS)
    raise Busy(f"Guild {guild_id} is being rebuilt; try again in a moment.")


async def catch_up(guild_id: int, since: Moment, redis: Redis) -> Moment:
    """Bring a moment up to the guild's last move; cheap when few were made. Raises as `read` does."""
    after = await _revision(guild_id, redis)
    if after is not None and after > since.revision:
        events = await _between(guild_id, since.revision, after, redis)
        if events is not None:
            return Moment(after, follow(since.keys, events))
    return await read(guild_id, redis)


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
    """Return the keys as the events leave them."""
    left: dict[str, tuple[EffectType, dict[str, str]]] = {
        name: (key.type, dict(key.values)) for name, key in keys.items()
    }
    for event in events:
        for type_, name, field, value in event.effects:
            held, values = left.get(name, (type_, {}))
            if held != type_:
                values = {}
            if value is not None:
                values[field or ""] = value
            elif type_ == "s" or field is None:
                values = {}
            else:
                values.pop(field, None)
            left[name] = (type_, values)
    return {name: LiveKey(type_, values) for name, (type_, values) in left.items() if values}


async def _revision(guild_id: int, redis: Redis) -> int | None:
    """The revision; None while the guild is being rebuilt. Raises `NotOpen`."""
    async with redis.pipeline(transaction=True) as pipe:
        pipe.get(key(guild_id, "rev"))
        pipe.exists(key(guild_id, "lease:restore"))
        text, rebuilding = await pipe.execute()
    if rebuilding:
        return None
    if text is None:
        raise NotOpen(f"Redis holds no live state of guild {guild_id}.")
    return int(text)


async def _between(guild_id: int, before: int, after: int, redis: Redis) -> list[Event] | None:
    """The moves from `before` to `after`; None when some are no longer in the stream."""
    if before == after:
        return []
    found: Any = await recovery.entries(guild_id, before, after - before, redis)
    events: list[Event] = [event for event in found if event.revision <= after]
    return events if [event.revision for event in events] == list(range(before + 1, after + 1)) else None

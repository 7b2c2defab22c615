"""Taking a backup of what Redis holds now."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from redis.asyncio import Redis

from persistence.backups import moment
from persistence.backups.document import Backup, Damaged
from persistence.backups.store import BackupStore, Entry, Overtaken, Step, silent
from persistence.keys import GUILDS, key


class Cause(StrEnum):
    """Why a backup was taken."""

    HOURLY = "hourly"
    ASKED = "asked for"
    BEFORE_RESTORE = "before a restore"
    BEFORE_RESET = "before a reset of points"


@dataclass(frozen=True, slots=True)
class Taken:
    """The backup that holds what is true now. `new` False: nothing has moved since that one.

    `troubles` are sentences on where it could not be kept.
    """

    entry: Entry
    songs: int
    new: bool
    troubles: tuple[str, ...] = ()


def _now() -> datetime:
    return datetime.now(UTC)


class Backups:
    """Takes backups of the guilds of one Redis and keeps them in a store."""

    def __init__(self, redis: Redis, store: BackupStore, now: Callable[[], datetime] = _now) -> None:
        self._redis = redis
        self._now = now
        self.store = store

    async def guilds(self) -> list[int]:
        """Return every guild that Redis knows."""
        members: Any = await self._redis.smembers(GUILDS)
        return sorted(int(member) for member in members)

    async def take(self, guild_id: int, cause: Cause, step: Step = silent) -> Taken:
        """Take a backup, unless the newest good one is of the same revision.

        That one is completed where one of its two copies is missing. Raises `moment.NotOpen`, `Busy`, and
        `store.NotKept` when it could be kept nowhere.
        """
        step("Looking at earlier backups")
        newest = next(iter(await self.store.entries(guild_id)), None)
        if newest is not None:
            text: Any = await self._redis.get(key(guild_id, "rev"))
            if text is not None and int(text) == newest.revision:
                standing = await self._stands(newest, step)
                if standing is not None:
                    return standing
        step("Reading the queue")
        read = await moment.read(guild_id, self._redis)
        backup = Backup(guild_id, read.revision, self._now().replace(microsecond=0), cause.value, read.keys)
        try:
            kept = await self.store.keep(backup, step, newest=cause is Cause.HOURLY)
        except Overtaken:
            entries = await self.store.entries(guild_id)
            overtaken = Entry(guild_id, backup.taken_at, backup.revision)
            return Taken(next(iter(entries), overtaken), backup.songs, new=False)
        if cause is not Cause.BEFORE_RESTORE:  # it must not push out the one that is about to be restored
            step("Deleting what need not be kept")
            await self.store.thin(guild_id)
        return Taken(kept.entry, backup.songs, new=True, troubles=kept.troubles)

    async def _stands(self, entry: Entry, step: Step) -> Taken | None:
        """The backup there is, both its copies; None when it cannot be relied on."""
        step("Checking the newest backup")
        try:
            backup = await self.store.load(entry)
            faults = await self.store.verify(entry)
        except Damaged:
            return None
        if entry.whole and not faults:
            unknown = () if entry.database else ("PostgreSQL cannot be asked whether it has it, too.",)
            return Taken(entry, backup.songs, new=False, troubles=unknown)
        kept = await self.store.keep(backup, step)
        return Taken(kept.entry, backup.songs, new=False, troubles=kept.troubles)

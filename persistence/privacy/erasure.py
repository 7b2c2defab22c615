"""Forgetting a person in one guild: in Redis, the archive, the backups and the stored files.

The order is what makes it safe: Redis first, as one move, so that no older state can be archived any more;
then the archive up to that move; then the backups. Each step may be repeated: who is told that it was not
finished asks again, and it goes on where something is left.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol, cast

from redis.asyncio import Redis
from redis.exceptions import RedisError

from persistence import recovery
from persistence.archive import Archive
from persistence.backups import BackupStore, moment
from persistence.backups.document import Live
from persistence.errors import Busy, Unavailable
from persistence.files import FileStore
from persistence.keys import is_passing, key
from persistence.live_keys import names_of
from persistence.pool import Pool
from persistence.privacy import forgetting
from persistence.privacy import person as traces
from persistence.privacy.archived import ArchivedTraces
from persistence.privacy.export import Export
from persistence.privacy.person import Person
from persistence.privacy.running import Running

_log = logging.getLogger(__name__)

_ATTEMPTS: Final = 50
_BATCH: Final = 500


class Put(Protocol):
    """Makes the move that forgets, unless the guild has moved on from `expected`; None then."""

    async def __call__(
        self,
        guild: int,
        request: str,
        *,
        expected: int,
        writes: Sequence[Sequence[str | None]],
        effects: Sequence[Sequence[str | None]],
        entries: Sequence[tuple[str, Sequence[str]]],
        songs: int,
    ) -> int | None:
        """Make the move."""
        ...


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What went: songs of the person, stored files, backups that were changed."""

    songs: int
    files: int
    backups: int


@dataclass(frozen=True, slots=True)
class Privacy:
    """What is held about people, over all stores of one installation."""

    redis: Redis
    pool: Pool
    archive: Archive
    backups: BackupStore
    files: FileStore
    put: Put

    async def export(self, guild_id: int, user: int) -> dict[str, Any]:
        """Everything held about a person in one guild, as JSON can hold it. Raises `Unavailable`."""
        person = await self.find(guild_id, user)
        return await Export(self.redis, self.pool, self.backups, self.files).collect(guild_id, person)

    async def find(self, guild_id: int, user: int) -> Person:
        """All that a person is known by in a guild. Raises `Unavailable`."""
        found = await ArchivedTraces(self.pool, self.archive).find(guild_id, user)
        with contextlib.suppress(moment.NotOpen):
            live = await moment.read(guild_id, self.redis)
            found |= traces.in_live(user, live.keys)
            found |= traces.in_events(user, await recovery.tail(guild_id, live.revision, self.redis))
            found = traces.without_foreign(found, live.keys)
        return found

    async def forget(self, guild_id: int, request: str, user: int) -> Forgotten:
        """Forget a person. Raises `Unavailable` before anything is changed, or when it is to be repeated.

        `Busy` when the guild moves all the time or is being rebuilt; `OSError` when a file cannot be changed.
        """
        await recovery.open_guild(guild_id, self.redis, self.archive)
        await self.archive.cursor(guild_id)
        person = await self.find(guild_id, user)
        revision, person = await self._forget_live(guild_id, request, person)
        await self._forget_passing(guild_id, person)
        for name in sorted(person.files):
            with contextlib.suppress(ValueError):
                await self.files.delete(name)
        await self._archive(guild_id, revision)
        await ArchivedTraces(self.pool, self.archive).forget(guild_id, revision, person)
        backups = await self._forget_backups(guild_id, person)
        # An append-only file would hold the old writes until it is next rewritten.
        with contextlib.suppress(RedisError):
            await self.redis.bgrewriteaof()
        _log.info("Guild %d forgot a person: %d songs.", guild_id, len(person.songs))
        return Forgotten(len(person.songs), len(person.files), backups)

    async def _forget_live(self, guild_id: int, request: str, person: Person) -> tuple[int, Person]:
        running = await self._running(guild_id, person)
        for attempt in range(_ATTEMPTS):
            if running.is_without:
                return running.revision, running.person
            revision = await self.put(
                guild_id,
                f"{request}.{attempt}",
                expected=running.revision,
                writes=[list(effect) for effect in running.writes],
                effects=[list(effect) for effect in running.shown],
                entries=running.entries,
                songs=len(running.person.songs),
            )
            if revision is not None:
                return revision, running.person
            events = await moment.since(guild_id, running.revision, self.redis)
            if events is None:
                running = await self._running(guild_id, running.person)
            else:
                running.follow(events)
        raise Busy(f"Guild {guild_id} moves all the time.")

    async def _running(self, guild_id: int, person: Person) -> Running:
        read = await moment.read(guild_id, self.redis)
        stream = await recovery.tail(guild_id, read.revision, self.redis)
        # In a thread: a long history would hold up everything else this process does.
        return await asyncio.to_thread(Running, read, stream, person)

    async def _forget_passing(self, guild_id: int, person: Person) -> None:
        """Answers kept for repetitions, questions and notices that name the person or a song of theirs."""
        client: Any = self.redis
        songs = {f"told:{number:012d}" for number in person.songs}
        for name in await names_of(guild_id, self.redis):
            if not is_passing(name) or name.startswith(("lease:", "fence:", "posted:")):
                continue
            full = key(guild_id, name)
            if name in songs:
                await client.delete(full)
            elif name == "owed":
                owed = [field for field in await client.hkeys(full) if _song_of(field) in person.songs]
                if owed:
                    await client.hdel(full, *owed)
            elif name == "asked":
                await client.hdel(full, person.text)
            elif name.startswith("asked:"):
                if name.endswith(f":{person.text}"):
                    await client.delete(full)
            elif name.startswith("proof:"):
                text = cast("str | None", await client.get(full))
                if {person.text, *person.handles} & {*name.split(":"), text}:
                    await client.delete(full)
            elif name.startswith(("req:", "question:")):
                text = cast("str | None", await client.get(full))
                if text is not None and (
                    person.ids.search(text) or any(f'"{n}"' in text for n in person.names)
                ):
                    await client.delete(full)

    async def _archive(self, guild_id: int, revision: int) -> None:
        """Archive all up to the move; who archives otherwise finds nothing left to do."""
        reached = await self.archive.cursor(guild_id) or 0
        while reached < revision:
            events = await recovery.entries(guild_id, reached, _BATCH, self.redis)
            if not events:
                raise Unavailable("The newest moves are not in the archive yet.")
            reached = await self.archive.append(guild_id, events)

    async def _forget_backups(self, guild_id: int, person: Person) -> int:
        def without(keys: Live) -> Live:
            return forgetting.forget_live(keys, person | traces.in_live(person.id, keys))

        changed, seen = 0, -1
        # One that was being taken meanwhile still holds what was true before.
        while (entries := len(await self.backups.entries(guild_id))) != seen:
            seen = entries
            changed += await self.backups.rewrite(guild_id, without)
        return changed


def _song_of(field: str) -> int:
    number = field.partition(":")[0]
    return int(number) if number.isdecimal() else 0

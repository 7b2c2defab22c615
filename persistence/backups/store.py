"""All backups there are, in both places: keeping, listing, checking, reading back, thinning out."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from persistence.backups.document import (
    Backup,
    Damaged,
    Live,
    checksum_of,
    from_name,
    name_of,
    parse,
    render,
)
from persistence.backups.files import BackupFiles
from persistence.backups.retention import kept
from persistence.backups.rows import BackupRows, Row, pack, unpack
from persistence.errors import PersistenceError, Unavailable
from persistence.pool import Pool

_log = logging.getLogger(__name__)

Step = Callable[[str], None]
"""Told in a few words what is being done now."""


def silent(_: str) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One backup and where it is kept. `database` is False when the database could not be asked."""

    guild_id: int
    taken_at: datetime
    revision: int
    path: Path | None = None
    row: Row | None = None
    database: bool = True

    @property
    def name(self) -> str:
        """Its name: moment and revision."""
        return name_of(self.taken_at, self.revision)

    @property
    def order(self) -> tuple[datetime, int]:
        """What newer ones have more of."""
        return self.taken_at, self.revision

    @property
    def whole(self) -> bool:
        """Whether it is kept in both places, as far as could be seen."""
        return self.path is not None and (self.row is not None or not self.database)


@dataclass(frozen=True, slots=True)
class Kept:
    """Where a backup could be kept; `troubles` are sentences on where it could not."""

    entry: Entry
    troubles: tuple[str, ...] = ()


class NotKept(PersistenceError):
    """The backup could be kept neither as a file nor in the database."""


class Overtaken(PersistenceError):
    """A newer backup was kept while this one was made, e.g. in a process that slept; it is not kept."""


class BackupStore:
    """Backups of all guilds, as files below `data_dir` and as rows. `pool` None: there is no database."""

    def __init__(self, data_dir: Path, pool: Pool | None) -> None:
        self.files = BackupFiles(data_dir)
        self._rows = BackupRows(pool)

    async def keep(self, backup: Backup, step: Step = silent, *, newest: bool = False) -> Kept:
        """Write a backup, the file first; one place is enough. Raises `NotKept` when there is none.

        With `newest` it is kept only as the guild's newest. Raises `Overtaken`.
        """
        step("Packing the backup")
        content, packed = await asyncio.to_thread(_packed, backup)
        path, row, troubles = None, None, list[str]()
        step("Writing the file")
        try:
            path = await asyncio.to_thread(self.files.write, backup.guild_id, backup.name, content)
        except OSError as error:
            troubles.append(f"The file could not be written: {error.strerror or error}.")
        step("Writing to the database")
        reached = True
        try:
            if not await self._rows.add(backup, content, packed, newest=newest):
                if path is not None:
                    await asyncio.to_thread(self.files.delete, path)
                raise Overtaken(f"Guild {backup.guild_id} has a newer backup than {backup.name}.")
            row = _row(backup, content)
        except Unavailable as error:
            reached = False
            troubles.append(f"It is not in the database: {error}")
        if path is None and row is None:
            raise NotKept(" ".join(troubles))
        entry = Entry(backup.guild_id, backup.taken_at, backup.revision, path, row, reached)
        return Kept(entry, tuple(troubles))

    async def entries(self, guild_id: int | None = None) -> list[Entry]:
        """Return one guild's backups or everybody's, by guild, newest first; files alone without database."""
        found: dict[tuple[int, datetime, int], Entry] = {}
        try:
            rows, database = await self._rows.list(guild_id), True
        except Unavailable:
            rows, database = (), False
        for path in await asyncio.to_thread(self._paths, guild_id):
            named = from_name(path.stem)
            if named is not None:
                owner = int(path.parent.name)
                found[owner, *named] = Entry(owner, *named, path=path, database=database)
        for row in rows:
            place = (row.guild_id, row.taken_at, row.revision)
            found[place] = replace(found.get(place, Entry(*place)), row=row)
        newest_first = sorted(found.values(), key=lambda entry: entry.order, reverse=True)
        return sorted(newest_first, key=lambda entry: entry.guild_id)

    def _paths(self, guild_id: int | None) -> list[Path]:
        guilds = self.files.guilds() if guild_id is None else [guild_id]
        return [path for guild in guilds for path in self.files.paths(guild)]

    async def verify(self, entry: Entry) -> list[Damaged]:
        """Check both copies of a backup; return what is wrong with them. Raises `Unavailable`."""
        faults: list[Damaged] = []
        for copy in (self._from_file, self._from_row):
            try:
                await copy(entry)
            except Damaged as damaged:
                faults.append(damaged)
        return faults

    async def load(self, entry: Entry) -> Backup:
        """Read a backup from its file, or from its row when the file is damaged or gone.

        Raises `Damaged` for the copy that was tried last, and `Unavailable`.
        """
        try:
            backup = await self._from_file(entry)
        except Damaged as damaged:
            if entry.row is None:
                raise
            _log.warning("%s The copy in the database is taken instead.", damaged)
            backup = None
        backup = backup or await self._from_row(entry)
        if backup is None:
            raise Damaged(f"The backup {entry.name} of guild {entry.guild_id}", "it is gone")
        return backup

    async def newest_good(self, entries: Sequence[Entry]) -> tuple[Backup | None, list[Damaged]]:
        """Return the newest backup that can be used, and what is wrong with the newer ones."""
        faults: list[Damaged] = []
        for entry in sorted(entries, key=lambda entry: entry.order, reverse=True):
            try:
                return await self.load(entry), faults
            except Damaged as damaged:
                faults.append(damaged)
        return None, faults

    async def open_file(self, path: Path) -> Backup:
        """Read a backup from any file. Raises `Damaged`, which names it."""
        try:
            content = await asyncio.to_thread(path.read_bytes)
        except OSError as error:
            raise Damaged(str(path), f"it cannot be read ({error.strerror})") from None
        return await asyncio.to_thread(parse, content, str(path))

    async def thin(self, guild_id: int) -> int:
        """Delete what need not be kept; return how many backups went.

        Nothing goes unless a good one stays: of damaged ones alone nothing is left to be sure of.
        """
        entries = await self.entries(guild_id)
        staying = kept(entries, lambda entry: entry.taken_at)
        going = [entry for entry in entries if entry not in staying]
        await asyncio.to_thread(self.files.sweep, guild_id)
        if not going:
            return 0
        good, _ = await self.newest_good(staying)
        if good is None:
            last, _ = await self.newest_good(going)
            going = [entry for entry in going if last is not None and entry.name != last.name]
        for entry in going:
            if entry.path is not None:
                await asyncio.to_thread(self.files.delete, entry.path)
            if entry.row is not None:
                await self._rows.delete(entry.row)
        return len(going)

    async def rewrite(self, guild_id: int, change: Callable[[Live], Live]) -> int:
        """Change what a guild's backups hold, e.g. to forget a person; return how many were changed.

        Backups keep their names and get a new checksum. Damaged ones, of which nobody can tell what they
        hold, are deleted. Raises `Unavailable` before anything is changed, and `OSError`.
        """
        await self._rows.list(guild_id)
        changed = 0
        for entry in await self.entries(guild_id):
            faults = await self.verify(entry)
            try:
                backup = await self.load(entry)
            except Damaged:
                await self._forget(entry)
                changed += 1
                continue
            keys = change(backup.keys)
            if keys == backup.keys and not faults:
                continue
            fresh = replace(backup, keys=keys)
            content, packed = await asyncio.to_thread(_packed, fresh)
            await asyncio.to_thread(self.files.write, guild_id, fresh.name, content)
            await self._rows.add(fresh, content, packed)
            changed += 1
        return changed

    async def _forget(self, entry: Entry) -> None:
        if entry.path is not None:
            await asyncio.to_thread(self.files.delete, entry.path)
        if entry.row is not None:
            await self._rows.delete(entry.row)

    async def _from_file(self, entry: Entry) -> Backup | None:
        if entry.path is None:
            return None
        return _is(await self.open_file(entry.path), entry, str(entry.path))

    async def _from_row(self, entry: Entry) -> Backup | None:
        if entry.row is None:
            return None
        where = entry.row.where
        content = await asyncio.to_thread(unpack, await self._rows.content(entry.row), where)
        backup = _is(await asyncio.to_thread(parse, content, where), entry, where)
        if checksum_of(content) != entry.row.sha256:
            raise Damaged(where, "it is not the one that was written there")
        return backup


def _is(backup: Backup, entry: Entry, where: str) -> Backup:
    """Check that a copy holds what its name says."""
    if (backup.guild_id, backup.name) != (entry.guild_id, entry.name):
        raise Damaged(
            where, f"it holds {backup.name} of guild {backup.guild_id}, which is not what its name says"
        )
    return backup


def _packed(backup: Backup) -> tuple[bytes, bytes]:
    content = render(backup)
    return content, pack(content)


def _row(backup: Backup, content: bytes) -> Row:
    return Row(
        guild_id=backup.guild_id,
        taken_at=backup.taken_at,
        revision=backup.revision,
        cause=backup.cause,
        songs=backup.songs,
        sha256=checksum_of(content),
        size=len(content),
    )

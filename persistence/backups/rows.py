"""Backups as rows of PostgreSQL: the same bytes as the files, compressed."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from persistence.backups.document import Backup, Damaged, checksum_of, name_of
from persistence.errors import Unavailable
from persistence.pool import Pool

# Keep a backup; one of the same moment and revision has the same worth. With $9 only as the guild's newest.
INSERT = """
INSERT INTO backups (guild_id, taken_at, rev, cause, songs, sha256, size, content)
SELECT $1::bigint, $2::timestamptz, $3::bigint, $4::text, $5::integer, $6::text, $7::integer, $8::bytea
WHERE NOT ($9 AND EXISTS (SELECT 1 FROM backups WHERE guild_id = $1 AND taken_at > $2 AND rev >= $3))
ON CONFLICT (guild_id, taken_at, rev) DO UPDATE
SET cause = excluded.cause, songs = excluded.songs, sha256 = excluded.sha256, size = excluded.size,
    content = excluded.content
"""
# List without reading the contents.
LIST = """
SELECT guild_id, taken_at, rev, cause, songs, sha256, size FROM backups
WHERE $1::bigint IS NULL OR guild_id = $1 ORDER BY guild_id, taken_at DESC, rev DESC
"""
CONTENT = "SELECT sha256, content FROM backups WHERE guild_id = $1 AND taken_at = $2 AND rev = $3"
DELETE = "DELETE FROM backups WHERE guild_id = $1 AND taken_at = $2 AND rev = $3"

LARGEST = 1 << 30
"""Bytes of the largest content that is unpacked: damaged bytes must not fill the memory."""


@dataclass(frozen=True, slots=True)
class Row:
    """A backup in the database, without its content. `size`: bytes of the file of the same content."""

    guild_id: int
    taken_at: datetime
    revision: int
    cause: str
    songs: int
    sha256: str
    size: int

    @property
    def where(self) -> str:
        """Its name in sentences."""
        return f"The database's backup {name_of(self.taken_at, self.revision)} of guild {self.guild_id}"


class BackupRows:
    """The table. Every method raises `Unavailable` while PostgreSQL is away, or without a pool."""

    def __init__(self, pool: Pool | None) -> None:
        self._given = pool

    @property
    def _pool(self) -> Pool:
        if self._given is None:
            raise Unavailable
        return self._given

    async def add(self, backup: Backup, content: bytes, packed: bytes, *, newest: bool = False) -> bool:
        """Keep a backup: its rendered `content`, and the same `packed`.

        With `newest` it is left, and False, when somebody has kept a newer one of the guild meanwhile: by the
        clock, which may be wrong, and by what it holds.
        """
        async with self._pool.connection() as connection:
            status = await connection.execute(
                INSERT,
                backup.guild_id,
                backup.taken_at,
                backup.revision,
                backup.cause,
                backup.songs,
                checksum_of(content),
                len(content),
                packed,
                newest,
            )
        return status != "INSERT 0 0"

    async def list(self, guild_id: int | None) -> Sequence[Row]:
        """Return one guild's rows or everybody's, newest first."""
        async with self._pool.connection() as connection:
            rows = await connection.fetch(LIST, guild_id)
        return [
            Row(
                guild_id=row["guild_id"],
                taken_at=row["taken_at"],
                revision=row["rev"],
                cause=row["cause"],
                songs=row["songs"],
                sha256=row["sha256"],
                size=row["size"],
            )
            for row in rows
        ]

    async def content(self, row: Row) -> bytes:
        """Return the packed bytes of a row. Raises `Damaged` when it has gone meanwhile."""
        async with self._pool.connection() as connection:
            found = await connection.fetchrow(CONTENT, row.guild_id, row.taken_at, row.revision)
        if found is None:
            raise Damaged(row.where, "it was deleted meanwhile")
        return bytes(found["content"])

    async def delete(self, row: Row) -> None:
        """Delete a row, if it is there."""
        async with self._pool.connection() as connection:
            await connection.execute(DELETE, row.guild_id, row.taken_at, row.revision)


def pack(content: bytes) -> bytes:
    """Compress a backup."""
    return zlib.compress(content, 6)


def unpack(packed: bytes, where: str) -> bytes:
    """Undo `pack`. Raises `Damaged` for anything else."""
    unpacker = zlib.decompressobj()
    try:
        content = unpacker.decompress(packed, LARGEST)
    except zlib.error:
        raise Damaged(where, "its compressed bytes were changed since they were written") from None
    if not unpacker.eof or unpacker.unused_data:
        raise Damaged(where, "its compressed bytes are cut short or run on")
    return content

"""Backups as files: `<data_dir>/backups/<guild>/<UTC time>-r<revision>.json`, readable by their owner alone.

A file takes its name only when it is complete and on disk, so there is never half a backup of that name.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path
from tempfile import mkstemp
from typing import Final

from persistence.backups.document import from_name

_LEFT_BEHIND_SECONDS: Final = 3600.0


class BackupFiles:
    """The files below one directory. All methods block; call them in a thread."""

    def __init__(self, data_dir: Path) -> None:
        self.folder = data_dir / "backups"

    def guilds(self) -> list[int]:
        """Return every guild that has a directory."""
        if not self.folder.is_dir():
            return []
        return sorted(int(entry.name) for entry in self.folder.iterdir() if entry.name.isdecimal())

    def paths(self, guild_id: int) -> list[Path]:
        """Return a guild's backups, oldest first."""
        folder = self.folder / str(guild_id)
        if not folder.is_dir():
            return []
        return sorted(path for path in folder.glob("*.json") if from_name(path.stem) is not None)

    def path(self, guild_id: int, name: str) -> Path:
        """Return where the backup of a name is or would be."""
        return self.folder / str(guild_id) / f"{name}.json"

    def write(self, guild_id: int, name: str, content: bytes) -> Path:
        """Write a backup, on disk when this returns. Raises `OSError`."""
        path = self.path(guild_id, name)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, incoming = mkstemp(prefix=".incoming-", dir=path.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(incoming).replace(path)
        except BaseException:
            with suppress(OSError):
                Path(incoming).unlink()
            raise
        _sync(path.parent)
        return path

    def delete(self, path: Path) -> None:
        """Delete a backup, if it is there."""
        path.unlink(missing_ok=True)

    def sweep(self, guild_id: int) -> None:
        """Delete what a process that was killed while writing left behind an hour ago or earlier."""
        folder = self.folder / str(guild_id)
        for path in folder.glob(".incoming-*") if folder.is_dir() else ():
            with suppress(OSError):
                if path.stat().st_mtime < time.time() - _LEFT_BEHIND_SECONDS:
                    path.unlink()


def _sync(folder: Path) -> None:
    """Put a directory's own entry on disk, where the system can."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

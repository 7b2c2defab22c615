"""Backups of a guild's live state: as files, as rows, and the way back into Redis."""

from persistence.backups.document import Backup, Damaged
from persistence.backups.moment import NotOpen
from persistence.backups.restoring import Restored, Way, preview, restore
from persistence.backups.store import BackupStore, Entry, NotKept
from persistence.backups.taking import Backups, Cause, Taken

__all__ = [
    "Backup",
    "BackupStore",
    "Backups",
    "Cause",
    "Damaged",
    "Entry",
    "NotKept",
    "NotOpen",
    "Restored",
    "Taken",
    "Way",
    "preview",
    "restore",
]

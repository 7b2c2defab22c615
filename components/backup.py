"""Backups in the words of `/backup`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from components.texts import say

LISTED: Final = 10
"""Backups that one answer lists."""


@dataclass(frozen=True, slots=True)
class BackupFacts:
    """A backup as people are told of it: when (seconds since 1970), what, and in which of two places.

    `songs` and `size` (bytes) are None when the database, which knows them, has not got it. `file` is about
    the machine that answers: the file may lie on the one whose process took it.
    """

    at: int
    revision: int
    songs: int | None
    size: int | None
    file: bool
    database: bool


def taken_text(facts: BackupFacts, *, new: bool, locale: str) -> str:
    """The answer to `/backup now`."""
    if new:
        size = kibibytes(facts.size or 0)
        text = say("backup.taken", locale, revision=facts.revision, songs=facts.songs or 0, size=size)
    else:
        text = say("backup.standing", locale, revision=facts.revision, at=facts.at)
    if not facts.database:
        text += "\n" + say("backup.file_only", locale)
    elif not facts.file:
        text += "\n" + say("backup.database_only", locale)
    return text


def list_text(backups: Sequence[BackupFacts], *, database: bool, locale: str) -> str:
    """The answer to `/backup list`; `database` False: it could not be asked."""
    if not backups:
        return say("backup.none", locale) + ("" if database else "\n" + say("backup.unseen", locale))
    lines = [say("backup.listed", locale, count=len(backups))]
    if not database:
        lines.append(say("backup.unseen", locale))
    lines += [_line(facts, locale) for facts in backups[:LISTED]]
    return "\n".join(lines)


def _line(facts: BackupFacts, locale: str) -> str:
    if not facts.database:
        return say("backup.line_file", locale, at=facts.at, revision=facts.revision)
    return say(
        "backup.line" if facts.file else "backup.line_database",
        locale,
        at=facts.at,
        revision=facts.revision,
        songs=facts.songs or 0,
        size=kibibytes(facts.size or 0),
    )


def kibibytes(size: int) -> str:
    """Bytes as kibibytes, one digit after the point."""
    return f"{size / 1024:.1f}"

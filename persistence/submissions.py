"""Every submission ever made, as it last stood: the history that outlives Redis."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from persistence.events import moment

# Columns by what the text of the song hash becomes. Fields of the hash that have no column go to `extra`.
_TEXTS = (
    *("user_name", "title", "artist", "link", "file", "file_name", "note", "tier", "state", "track"),
    *("by_name", "reason", "claimed", "method", "amount", "review_note", "reviewer_name"),
)
_NUMBERS = {
    "user": "user_id",
    "by": "by_id",
    "file_size": "file_size",
    "score": "score",
    "reviewer": "reviewer_id",
    "bookmarked_by": "bookmarked_by",
}
_TIMES = (
    *("submitted_at", "entered_at", "started_at", "ended_at", "at"),
    *("reviewed_at", "bookmarked_at"),
)
_COLUMNS = (*_TEXTS, *_NUMBERS.values(), *_TIMES, "extra", "rev")

UPSERT = f"""
INSERT INTO submissions (guild_id, number, {", ".join(_COLUMNS)})
SELECT $1, number, {", ".join(_COLUMNS)} FROM jsonb_populate_recordset(NULL::submissions, $2)
ON CONFLICT (guild_id, number) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in _COLUMNS)}
"""  # noqa: S608 - built from the constants above
"""Write the rows of `row` for one guild, each replacing what is there."""

FILES = "SELECT DISTINCT file FROM submissions WHERE file IS NOT NULL"
"""The names of all files."""

HISTORY = """
SELECT * FROM submissions
WHERE guild_id = $1 AND number < $2
  AND ($3::bigint IS NULL OR user_id = $3)
  AND ($4::text IS NULL OR title ILIKE $4 OR artist ILIKE $4 OR user_name ILIKE $4)
ORDER BY number DESC
LIMIT $5
"""
"""The newest submissions below a number, of one artist or of all, whose names contain a text."""

_MATCHING = """
FROM submissions
WHERE guild_id = $1
  AND ($2::bigint IS NULL OR user_id = $2)
  AND ($3::text IS NULL OR artist ILIKE $3)
  AND ($4::text IS NULL OR title ILIKE $4)
  AND ($5::bigint IS NULL OR score >= $5)
  AND ($6::timestamptz IS NULL OR coalesce(started_at, submitted_at) >= $6)
  AND ($7::timestamptz IS NULL OR coalesce(started_at, submitted_at) < $7)
  AND (NOT $8 OR bookmarked_at IS NOT NULL)
"""
COUNT_FOUND = f"SELECT count(*) {_MATCHING}"
"""How many submissions a search finds."""

FOUND = f"SELECT * {_MATCHING} ORDER BY number DESC OFFSET $9 LIMIT $10"
"""Those of one page, newest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a search is for; None and False ask for nothing.

    `artist` and `title` are parts of the texts in any case, `least` the lowest score, `since` and `until`
    bound when it began to play, or came in if it never did (`until` itself is excluded).
    """

    user_id: int | None = None
    artist: str | None = None
    title: str | None = None
    least: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    bookmarked: bool = False

    def arguments(self, guild_id: int) -> tuple[Any, ...]:
        """The arguments $1 to $8 of `COUNT_FOUND` and `FOUND`."""
        return (
            guild_id,
            self.user_id,
            containing(self.artist) if self.artist else None,
            containing(self.title) if self.title else None,
            self.least,
            self.since,
            self.until,
            self.bookmarked,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """One submission. None: the song never had that; times are UTC; `amount` is text as the reviewer saw it.

    `at`, `by_id`, `by_name` and `reason` tell of the last move of this song; `state` is one of waiting,
    pending, held, bumped, playing, played, removed, rejected; `rev` is the guild's revision that left it so.
    `score` is 0 to 10.
    """

    guild_id: int
    number: int
    user_id: int | None
    user_name: str | None
    title: str | None
    artist: str | None
    link: str | None
    file: str | None
    file_name: str | None
    file_size: int | None
    note: str | None
    tier: str | None
    state: str | None
    track: str | None
    submitted_at: datetime | None
    entered_at: datetime | None
    started_at: datetime | None
    ended_at: datetime | None
    by_id: int | None
    by_name: str | None
    at: datetime | None
    reason: str | None
    claimed: str | None
    method: str | None
    amount: str | None
    score: int | None = None
    review_note: str | None = None
    reviewer_id: int | None = None
    reviewer_name: str | None = None
    reviewed_at: datetime | None = None
    bookmarked_at: datetime | None = None
    bookmarked_by: int | None = None
    extra: Mapping[str, str]
    rev: int


def row(number: int, hash_: Mapping[str, str], revision: int) -> dict[str, Any]:
    """Turn a song hash into a row for `UPSERT`; a number or time that cannot be read goes to `extra`."""
    values: dict[str, Any] = {"number": number, "rev": revision}
    extra: dict[str, str] = {}
    for name, text in hash_.items():
        if name in _TEXTS:
            values[name] = text
        elif name in _NUMBERS and (count := _whole(text)) is not None:
            values[_NUMBERS[name]] = count
        elif name in _TIMES and (at := _time(text)) is not None:
            values[name] = at.isoformat()
        elif name != "number":
            extra[name] = text
    values["extra"] = extra
    return values


def submission(record: Mapping[str, Any]) -> Submission:
    """Read a row of `HISTORY`."""
    return Submission(**{column.name: record[column.name] for column in fields(Submission)})


def containing(text: str) -> str:
    """Return an ILIKE pattern that finds `text` anywhere, its own wildcards taken literally."""
    return "%" + text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"


def _whole(text: str) -> int | None:
    try:
        count = int(text)
    except ValueError:
        return None
    return count if -(2**63) <= count < 2**63 else None


def _time(text: str) -> datetime | None:
    try:
        return moment(int(text))
    except (ValueError, OverflowError):
        return None

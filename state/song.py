"""A submission as it stands now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import orjson


class SongState(StrEnum):
    """Where a song is. The first five are active; the last three are the end of it, kept for ever."""

    WAITING = "waiting"
    PENDING = "pending"
    HELD = "held"
    BUMPED = "bumped"
    PLAYING = "playing"
    PLAYED = "played"
    REMOVED = "removed"
    REJECTED = "rejected"

    @property
    def is_active(self) -> bool:
        """Whether the song still waits for something or plays."""
        return self not in (SongState.PLAYED, SongState.REMOVED, SongState.REJECTED)


@dataclass(frozen=True, slots=True)
class Song:
    """One submission. Times are milliseconds since the epoch, by the Redis server's clock.

    `file` is the name in our own store, `file_name` the one the artist gave it; `claimed` the label of
    the tier an artist claimed; `by` who moved it last; `locked` whether its place is announced and fixed;
    `barred` why a song whose skip was turned away did not go on in Free (`limit` or `closed`),
    `turned_down_at` and `turned_down_for` when and why it was turned away if it did; `stake` the points that
    starting it took, as (sorted set, id, points); `score` is 0 to 10.
    """

    number: int
    title: str
    artist: str
    user: int
    user_name: str
    tier: int
    state: SongState
    link: str | None = None
    file: str | None = None
    file_name: str | None = None
    file_size: int | None = None
    note: str | None = None
    track: str | None = None
    claimed: int | None = None
    method: str | None = None
    amount: str | None = None
    reason: str | None = None
    barred: str | None = None
    turned_down_at: int | None = None
    turned_down_for: str | None = None
    locked: bool = False
    submitted_at: int = 0
    entered_at: int = 0
    started_at: int | None = None
    ended_at: int | None = None
    by: int = 0
    by_name: str = ""
    at: int = 0
    approved_by: int | None = None
    approved_by_name: str | None = None
    promoted_by: int | None = None
    promoted_by_name: str | None = None
    stake: tuple[tuple[str, int, int], ...] = ()
    score: int | None = None
    review_note: str | None = None
    reviewer: int | None = None
    reviewer_name: str | None = None
    reviewed_at: int | None = None
    bookmarked_at: int | None = None
    bookmarked_by: int | None = None
    bookmarked_by_name: str | None = None

    @classmethod
    def from_hash(cls, fields: Mapping[str, str]) -> Song:
        """A song from the fields of its hash, or of a script's answer."""

        def number(name: str) -> int | None:
            value = fields.get(name)
            return None if value is None else int(value)

        return cls(
            number=int(fields["number"]),
            title=fields["title"],
            artist=fields["artist"],
            user=int(fields["user"]),
            user_name=fields["user_name"],
            tier=int(fields["tier"]),
            state=SongState(fields["state"]),
            link=fields.get("link"),
            file=fields.get("file"),
            file_name=fields.get("file_name"),
            file_size=number("file_size"),
            note=fields.get("note"),
            track=fields.get("track"),
            claimed=number("claimed"),
            method=fields.get("method"),
            amount=fields.get("amount"),
            reason=fields.get("reason"),
            barred=fields.get("barred"),
            turned_down_at=number("turned_down_at"),
            turned_down_for=fields.get("turned_down_for"),
            locked="locked" in fields,
            submitted_at=number("submitted_at") or 0,
            entered_at=number("entered_at") or 0,
            started_at=number("started_at"),
            ended_at=number("ended_at"),
            by=number("by") or 0,
            by_name=fields.get("by_name", ""),
            at=number("at") or 0,
            approved_by=number("approved_by"),
            approved_by_name=fields.get("approved_by_name"),
            promoted_by=number("promoted_by"),
            promoted_by_name=fields.get("promoted_by_name"),
            stake=tuple(
                (name, int(id_), int(points)) for name, id_, points in orjson.loads(fields.get("stake", "[]"))
            ),
            score=number("score"),
            review_note=fields.get("review_note"),
            reviewer=number("reviewer"),
            reviewer_name=fields.get("reviewer_name"),
            reviewed_at=number("reviewed_at"),
            bookmarked_at=number("bookmarked_at"),
            bookmarked_by=number("bookmarked_by"),
            bookmarked_by_name=fields.get("bookmarked_by_name"),
        )


@dataclass(frozen=True, slots=True)
class NewSong:
    """What an artist hands in. `claimed` is the label of a paid tier, None for Free.

    Lengths are the caller's to check: title and artist 1-200, note up to 500, link up to 500 characters.
    `track` is the canonical id that tells duplicates, see `state.track`.
    """

    title: str
    artist: str
    user: int
    user_name: str
    link: str | None = None
    file: str | None = None
    file_name: str | None = None
    file_size: int | None = None
    note: str | None = None
    track: str | None = None
    claimed: int | None = None

    def to_arguments(self) -> dict[str, Any]:
        """Arguments of `submit.lua`: every value a string, absent ones left out."""
        fields = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return {name: str(value) for name, value in fields.items() if value is not None}


@dataclass(frozen=True, slots=True)
class SongFacts:
    """The short form of a song that answers and events carry."""

    number: int
    title: str
    artist: str
    user: int
    user_name: str
    tier: int
    state: SongState
    by: int
    by_name: str
    at: int

    @classmethod
    def from_answer(cls, facts: Mapping[str, Any]) -> SongFacts:
        """The facts as a script's JSON gives them."""
        return cls(
            number=int(facts["number"]),
            title=facts["title"],
            artist=facts["artist"],
            user=int(facts["user"]),
            user_name=facts["user_name"],
            tier=int(facts["tier"]),
            state=SongState(facts["state"]),
            by=int(facts["by"] or 0),
            by_name=facts["by_name"] or "",
            at=int(facts["at"] or 0),
        )

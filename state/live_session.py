"""A session of a live as it stands: its totals, its viewers, its minutes. Times are ms since 1970."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import orjson


class Gap(NamedTuple):
    """A stretch in which events were lost, and why, as a word."""

    start: int
    end: int
    why: str


@dataclass(frozen=True, slots=True)
class LiveSession:
    """One evening of one host. `state` is live, away or ended.

    `likes` and `visitors` are TikTok's own totals; `likes_seen` came with a viewer. `viewer_ms` is viewers
    times ms over the `measured_ms` that were measured; `points` what all of it was worth.
    """

    id: int
    host: str
    host_id: int
    room: int
    rooms: tuple[int, ...]
    state: str
    started_at: int
    connected_at: int
    away_at: int | None
    away_why: str | None
    ended_at: int | None
    last_at: int
    gaps: tuple[Gap, ...]
    likes: int
    likes_seen: int
    comments: int
    shares: int
    follows: int
    subscribes: int
    gifts: int
    coins: int
    points: int
    joins: int
    viewers: int
    viewers_peak: int
    visitors: int
    viewer_ms: int
    measured_ms: int
    skipped: int

    @classmethod
    def from_hash(cls, id_: int, fields: Mapping[str, str]) -> LiveSession:
        """From the fields of `session:<id>`."""
        counters = (
            *("last_at", "likes", "likes_seen", "comments", "shares", "follows", "subscribes", "gifts"),
            *("coins", "points", "joins", "viewers", "viewers_peak", "visitors", "viewer_ms", "measured_ms"),
            "skipped",
        )
        return cls(
            id=id_,
            host=fields["host"],
            host_id=int(fields["host_id"]),
            room=int(fields["room"]),
            rooms=tuple(int(room) for room in fields["rooms"].split()),
            state=fields["state"],
            started_at=int(fields["started_at"]),
            connected_at=int(fields["connected_at"]),
            away_at=int(fields["away_at"]) if "away_at" in fields else None,
            away_why=fields.get("away_why"),
            ended_at=int(fields["ended_at"]) if "ended_at" in fields else None,
            gaps=tuple(Gap(*gap) for gap in orjson.loads(fields.get("gaps", "[]"))),
            **{name: int(fields.get(name, "0")) for name in counters},
        )

    @property
    def viewers_average(self) -> float | None:
        """Over the time measured; None when none was."""
        return self.viewer_ms / self.measured_ms if self.measured_ms else None


@dataclass(frozen=True, slots=True)
class ViewerRow:
    """What one viewer did in a session; `likes` and `active_ms` are at least that. `gifts` are units."""

    handle: int
    likes: int
    comments: int
    shares: int
    follows: int
    subscribes: int
    gifts: int
    coins: int
    points: int
    active_ms: int
    first_at: int
    last_at: int

    @classmethod
    def from_field(cls, handle: str, text: str) -> ViewerRow:
        """From a field of `session:<id>:viewers`."""
        return cls(int(handle), *(int(number) for number in text.split()))


@dataclass(frozen=True, slots=True)
class CurveMinute:
    """One minute: `at` its beginning, `viewers` the most of them (0: not told), `songs` that began."""

    at: int
    viewers: int
    coins: int
    songs: tuple[int, ...]

    @classmethod
    def from_field(cls, minute: str, text: str) -> CurveMinute:
        """From a field of `session:<id>:curve`."""
        viewers, coins, songs = text.split()
        begun = () if songs == "-" else tuple(int(song) for song in songs.split(","))
        return cls(int(minute) * 60_000, int(viewers), int(coins), begun)

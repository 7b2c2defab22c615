"""What is kept of a live on TikTok once it is over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveSession:
    """A live that is over. `likes` are the room's as TikTok counts them, `likes_seen` those with a name.

    `viewer_ms` is the integral of the number of viewers over `watched_ms`, the time it was known for. `gaps`
    are [from ms, to ms, why] in which nothing was heard; `curve` is [minute, viewers, coins] from the start;
    `skipped` counts messages of TikTok that could not be read.
    """

    session: int
    host: str
    host_id: int
    rooms: Sequence[int]
    started_at: datetime
    ended_at: datetime
    likes: int = 0
    likes_seen: int = 0
    comments: int = 0
    shares: int = 0
    follows: int = 0
    subscribes: int = 0
    gifts: int = 0
    coins: int = 0
    joins: int = 0
    viewers_peak: int = 0
    viewer_ms: int = 0
    watched_ms: int = 0
    skipped: int = 0
    gaps: Sequence[Sequence[Any]] = ()
    curve: Sequence[Sequence[int]] = ()

    @property
    def viewers_average(self) -> float:
        """Viewers at a time, over the time their number was known."""
        return self.viewer_ms / self.watched_ms if self.watched_ms else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """What one TikTok handle did in a session, or in `sessions` of them.

    `likes` and `active_ms` are "at least": TikTok tells of a part only. `user_id` is the Discord account the
    handle was linked to, None for none.
    """

    handle_id: int
    name: str
    user_id: int | None
    likes: int = 0
    comments: int = 0
    shares: int = 0
    follows: int = 0
    subscribes: int = 0
    gifts: int = 0
    coins: int = 0
    points: int = 0
    active_ms: int = 0
    first_at: datetime
    last_at: datetime
    sessions: int = 1


@dataclass(frozen=True, slots=True)
class PlayedSong:
    """A song that began while a session ran; `ended_at` is None while it plays."""

    number: int
    title: str
    artist: str
    started_at: datetime
    ended_at: datetime | None

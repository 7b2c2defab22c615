"""What the model holds, and the order of play that follows from it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from tests.state.model.songs import MOST_POINTS, ModelSong, Record


@dataclass
class Board:
    """What there is, and what is read off it."""

    ladder: dict[int, str]
    ladder_set: bool = False
    songs: dict[int, ModelSong] = field(default_factory=dict[int, ModelSong])
    points: dict[tuple[str, int], int] = field(default_factory=dict[tuple[str, int], int])
    links: dict[int, int] = field(default_factory=dict[int, int])
    settings: dict[str, str] = field(default_factory=dict[str, str])
    recent: set[str] = field(default_factory=set[str])
    stack: list[Record] = field(default_factory=list[Record])
    playing: int | None = None
    turn: int = 0
    since_free: int = 0
    served: dict[tuple[int, int], tuple[int, int]] = field(
        default_factory=dict[tuple[int, int], tuple[int, int]]
    )
    revision: int = 0
    clock: int = 0
    stage_mover: tuple[int, str] = (0, "")
    undone_by: int | None = None
    rewarded: set[int] = field(default_factory=set[int])

    def setting(self, name: str, default: int) -> int:
        return int(self.settings.get(name, default))

    def in_state(self, *states: str) -> list[ModelSong]:
        return [song for song in self.songs.values() if song.state in states]

    def points_of(self, user: int) -> int:
        own = self.points.get(("user", user), 0)
        return own + sum(
            self.points.get(("handle", h), 0) for h, owner in self.links.items() if owner == user
        )

    @property
    def takes_turns(self) -> bool:
        return self.settings.get("fair:round_robin") == "1"

    def order(self) -> list[int]:
        """Numbers in order of play, found by playing: a bumped song goes on its turn, or after the last."""
        waiting = self.in_state("waiting")
        bumped = sorted(self.in_state("bumped"), key=lambda song: (song.due, song.number))
        played: list[int] = []
        since, been = self.since_free, dict[tuple[int, int], int]()
        while waiting or bumped:
            turn = self.turn + len(played) + 1
            late = bumped and (not waiting or (bumped[0].due or 0) <= turn)
            song = bumped[0] if late else self._first(waiting, since, been)
            (bumped if late else waiting).remove(song)
            played.append(song.number)
            since = since + 1 if song.tier else 0
            been[song.tier, song.user] = turn
        return played

    def _first(self, waiting: list[ModelSong], since: int, been: dict[tuple[int, int], int]) -> ModelSong:
        """Of the songs that were not bumped, `since` paid ones after a Free one; `been` were on by then."""
        locked = [song for song in waiting if song.locked is not None]
        if locked:
            return min(locked, key=lambda song: song.locked or 0)
        every = self.setting("fair:paid", 0)
        paid, free = [song for song in waiting if song.tier], [song for song in waiting if not song.tier]
        if free and (not paid or (every and since >= every)):
            paid = []
        highest = max(song.tier for song in paid or free)
        return min(
            (song for song in paid or free if song.tier == highest), key=lambda song: self._rank(song, been)
        )

    def _rank(self, song: ModelSong, been: dict[tuple[int, int], int]) -> tuple[float, float, int, int]:
        """Within its tier: points, then arrival; an artist who was on arrives anew, with no points left."""
        points = 0 if song.tier else min(self.points_of(song.user), MOST_POINTS)
        arrival = song.entered if song.tier else song.number
        if self.takes_turns:
            on = been.get((song.tier, song.user))
            if on is not None:
                return (0, math.inf, on, arrival)
            count, turn = self.served.get((song.tier, song.user), (-1, 0))
            if arrival <= count:
                return (-points, count, turn, arrival)
        return (-points, arrival, 0, 0)

    def place(self, number: int) -> int | None:
        order = self.order()
        return order.index(number) + 1 if number in order else None

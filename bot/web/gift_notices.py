"""What viewers are told of gifts that moved a song: one short notice a streak, with an id that stays."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from components.overlay import notice
from state.ladder import Ladder
from state.lifts import Lift

FRESH: Final = 5.0
"""Seconds a notice stays news, from its last lift on; so long further lifts are added to it."""

_KEPT: Final = 20


@dataclass(slots=True)
class _Notice:
    """Lifts that are told as one. `version` rises with each that was added, `until` is by `clock`."""

    id: str
    until: float
    revision: int
    version: int
    givers: dict[int, str] = field(default_factory=dict[int, str])
    songs: dict[int, Lift] = field(default_factory=dict[int, Lift])
    text: str = ""


class GiftNotices:
    """The notices of one guild. `version` rises whenever there is something to tell."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._all: list[_Notice] = []
        self.version = 0

    def add(self, lifts: Iterable[Lift], ladder: Ladder, locale: str) -> None:
        """Adds lifts, oldest first. Those of a song, or of a giver, that is told of now join that notice."""
        now = self._clock()
        self._all = [each for each in self._all if each.until > now][-_KEPT:]
        touched: dict[str, _Notice] = {}
        for lift in lifts:
            until = now + FRESH - lift.age / 1000
            if until <= now:
                continue
            found = self._joined(lift)
            if found is None:
                self.version += 1
                place = sum(each.revision == lift.revision for each in self._all)
                found = _Notice(f"{lift.revision}-{place}", until, lift.revision, self.version)
                self._all.append(found)
            found.until, found.revision = max(found.until, until), lift.revision
            found.givers[lift.promotion.handle] = lift.promotion.name
            found.songs[lift.promotion.song.number] = lift
            touched[found.id] = found
        for each in touched.values():
            self.version += 1
            each.version = self.version
            promotions = [lift.promotion for lift in each.songs.values()]
            each.text = notice(promotions, each.givers, ladder, locale)

    def since(self, version: int) -> list[dict[str, Any]]:
        """What is news to whoever was told up to that version, as JSON takes it: id, revision and text."""
        now = self._clock()
        return [
            {"id": each.id, "revision": each.revision, "text": each.text}
            for each in self._all
            if each.version > version and each.until > now
        ]

    def _joined(self, lift: Lift) -> _Notice | None:
        song, giver = lift.promotion.song.number, lift.promotion.handle
        for each in reversed(self._all):
            if song in each.songs or (giver and giver in each.givers):
                return each
        return None

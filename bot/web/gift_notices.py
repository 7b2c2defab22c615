"""What viewers are told of gifts that moved a song: one short notice a streak, with an id that stays."""

from __future__ import annotations

import itertools
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

# Of all guilds together: notices are dropped when they are old, and those that follow must be newer still.
_versions = itertools.count(1)


@dataclass(slots=True)
class _Notice:
    """Lifts that are told as one. `version` rises with each that was added, `until` is by `clock`."""

    id: str
    until: float
    revision: int
    version: int = 0
    givers: dict[str, str] = field(default_factory=dict[str, str])
    songs: dict[int, Lift] = field(default_factory=dict[int, Lift])
    text: str = ""


class GiftNotices:
    """The notices of one guild. `version` rises whenever there is something to tell.

    `looked` is the revision up to which lifts were added. What is no longer `fresh` may be dropped: nothing
    of it would be told again.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._all: list[_Notice] = []
        self._looked_at = clock()
        self.looked = self.version = 0

    @property
    def fresh(self) -> bool:
        """Whether anything may still be told, or joined by what comes."""
        return self._looked_at + FRESH > self._clock()

    @property
    def newest(self) -> int:
        """The revision of the newest lift that is told of; 0 without one."""
        return max((each.revision for each in self._all), default=0)

    def add(self, looked: int, lifts: Iterable[Lift], ladder: Ladder, locale: str) -> None:
        """Adds lifts, oldest first. Those of a song, or of a giver, that is told of now join that notice."""
        now = self._looked_at = self._clock()
        self.looked = looked
        self._all = [each for each in self._all if each.until > now][-_KEPT:]
        touched: dict[str, _Notice] = {}
        for lift in lifts:
            until = now + FRESH - lift.age / 1000
            if until <= now:
                continue
            found = self._joined(lift)
            if found is None:
                place = sum(each.revision == lift.revision for each in self._all)
                found = _Notice(f"{lift.revision}-{place}", until, lift.revision)
                self._all.append(found)
            found.until, found.revision = max(found.until, until), lift.revision
            found.givers[lift.giver] = lift.name
            found.songs[lift.song] = lift
            touched[found.id] = found
        for each in touched.values():
            self.version = each.version = next(_versions)
            each.text = notice(list(each.songs.values()), list(each.givers.values()), ladder, locale)

    def since(self, version: int) -> list[dict[str, Any]]:
        """What is news to whoever was told up to that version, as JSON takes it: id, revision and text."""
        now = self._clock()
        return [
            {"id": each.id, "revision": each.revision, "text": each.text}
            for each in self._all
            if each.version > version and each.until > now
        ]

    def _joined(self, lift: Lift) -> _Notice | None:
        for each in reversed(self._all):
            if lift.song in each.songs or (lift.giver and lift.giver in each.givers):
                return each
        return None

"""How long a fault is felt: measured by those who ask, and by what displays show."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from rich.table import Table

from tests.faults.room import Act, Room

_UNANSWERED = frozenset({"silent", "broken"})


def silence(acts: Iterable[Act], since: float, until: float) -> float:
    """The longest time in seconds in which somebody waited and nobody was answered, between two moments."""
    asked = sorted(
        (each for each in acts if each.begin <= until and each.end >= since), key=lambda a: a.begin
    )
    answers = sorted(each.begin + each.latency for each in asked if each.outcome not in _UNANSWERED)
    longest, before = 0.0, since
    for at in [each for each in answers if each >= since] or [until]:
        waiting = [
            each.begin
            for each in asked
            if each.begin <= at and (each.outcome in _UNANSWERED or each.begin + each.latency >= at)
            and each.end >= before
        ]  # fmt: skip
        if waiting:
            longest = max(longest, at - max(before, min(waiting)))
        before = at
    return longest


@dataclass(slots=True)
class Times:
    """Of one fault, each time it was let loose: seconds without any answer, and until displays agreed."""

    struck: list[float] = field(default_factory=list[float])
    silent: list[float] = field(default_factory=list[float])
    displays: list[float] = field(default_factory=list[float])


class Recovery:
    """The times of every fault."""

    def __init__(self) -> None:
        self._faults: defaultdict[str, Times] = defaultdict(Times)

    def took(self, fault: str, struck: float, silent: float, displays: float) -> None:
        """Note one time: how long it lasted, and what was felt of it."""
        times = self._faults[fault]
        times.struck.append(struck)
        times.silent.append(silent)
        times.displays.append(displays)

    def silent(self, rooms: Iterable[Room], since: float, until: float) -> float:
        """The longest silence in any of the rooms."""
        return max((silence(room.acts, since, until) for room in rooms), default=0.0)

    def table(self) -> Table:
        """All of it, least / median / most."""
        table = Table(title="Seconds: least / median / most", title_justify="left")
        table.add_column("fault")
        for heading in ("times", "lasted", "nobody answered", "displays late"):
            table.add_column(heading, justify="right")
        for name, times in sorted(self._faults.items()):
            rows = (_three(each) for each in (times.struck, times.silent, times.displays))
            told = (" / ".join(f"{value:.1f}" for value in row) for row in rows)
            table.add_row(name, str(len(times.struck)), *told)
        return table

    def as_json(self) -> dict[str, Any]:
        """The same: by fault, how often, and three numbers of each."""
        return {
            name: {
                "times": len(times.struck),
                "lasted": _three(times.struck),
                "nobody_answered": _three(times.silent),
                "displays_late": _three(times.displays),
            }
            for name, times in sorted(self._faults.items())
        }


def _three(values: list[float]) -> tuple[float, float, float]:
    return round(min(values), 3), round(median(values), 3), round(max(values), 3)

"""Which backups are kept: many of the last day, one a day after that, one a week before that."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, Final, TypeVar

_T = TypeVar("_T")

HOURLY: Final = 24
"""The newest ones are kept whatever their age; taken each hour, they reach back a day."""
DAILY: Final = 7
"""Of the days before those, the last backup of each."""
WEEKLY: Final = 4
"""Of the weeks (Monday to Sunday, UTC) before those, the last backup of each."""


def kept(backups: Iterable[_T], taken_at: Callable[[_T], datetime]) -> list[_T]:
    """Return those that are kept, newest first; everything else may go."""
    left = sorted(backups, key=taken_at, reverse=True)
    chosen, left = left[:HOURLY], left[HOURLY:]
    for count, bucket in ((DAILY, _day), (WEEKLY, _week)):
        newest: dict[Any, _T] = {}
        for backup in left:
            name = bucket(taken_at(backup))
            if name in newest or len(newest) < count:
                newest.setdefault(name, backup)
        chosen += newest.values()
        left = _older(left, list(newest.values()), taken_at)
    return chosen


def _older(left: Sequence[_T], chosen: Sequence[_T], taken_at: Callable[[_T], datetime]) -> list[_T]:
    if not chosen:
        return list(left)
    last = min(taken_at(backup) for backup in chosen)
    # What is left of the last bucket's own time is covered by it.
    return [backup for backup in left if taken_at(backup) < last and _day(taken_at(backup)) != _day(last)]


def _day(moment: datetime) -> object:
    return moment.date()


def _week(moment: datetime) -> object:
    return moment.isocalendar()[:2]

"""Songs, and the record of a move that can be taken back."""

from __future__ import annotations

from dataclasses import dataclass

WAITS = ("waiting", "held", "bumped")
ACTIVE = ("waiting", "pending", "held", "bumped", "playing")
MOST_POINTS = 10**14 - 1
UNDO_DEPTH = 25

Row = tuple[str, int, int]
"""Points of a `user` or `handle`, its id, and how many."""


class Refusal(Exception):
    """The rules forbid the move; the facts are what is to be told, of `any_song` one."""

    def __init__(self, reason: str, **facts: object) -> None:
        super().__init__(reason)
        self.reason = reason
        self.facts = facts


@dataclass
class ModelSong:
    number: int
    user: int
    tier: int
    state: str
    track: str | None
    claimed: int | None
    entered: int
    locked: int | None = None
    held: int | None = None
    due: int | None = None
    stake: list[Row] | None = None
    was_free: bool = False
    version: int = 0


@dataclass
class Record:
    """A move that can be taken back: what the touched songs and the stage were before it."""

    revision: int
    kind: str
    by: int
    song: int | None
    before: dict[int, ModelSong]
    versions: dict[int, int]
    stage: tuple[int | None, int] | None
    locked: dict[int, int]
    recent: tuple[str, bool] | None
    paid: list[Row]
    repaid: list[Row]
    fair: tuple[int, dict[tuple[int, int], tuple[int, int]]] | None = None

"""What the moves of a queue answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from state.song import SongFacts


@dataclass(frozen=True, slots=True)
class Moved:
    """Answer of a move that concerns one song. `place` counts from 1, None when it does not wait.

    `barred` is why a rejected song did not go on in Free: `limit` or `closed`.
    """

    revision: int
    kind: str
    song: SongFacts
    place: int | None = None
    waiting: int | None = None
    was: str | None = None
    barred: str | None = None
    from_tier: int | None = None

    @classmethod
    def from_answer(cls, answer: dict[str, Any]) -> Moved:
        """The answer from a script's JSON."""
        return cls(
            revision=answer["revision"],
            kind=answer["kind"],
            song=SongFacts.from_answer(answer["song"]),
            place=answer.get("place"),
            waiting=answer.get("waiting"),
            was=answer.get("was"),
            barred=answer.get("barred"),
            from_tier=answer.get("from"),
        )


@dataclass(frozen=True, slots=True)
class Advanced:
    """Answer of Next: what ended, what plays now (None: the queue is empty), how many still wait."""

    revision: int
    ended: SongFacts | None
    song: SongFacts | None
    waiting: int


@dataclass(frozen=True, slots=True)
class Undone:
    """Answer of Undo: the kind of move taken back, who had made it, the songs it concerned."""

    revision: int
    move: str
    move_by: int
    move_by_name: str
    songs: tuple[SongFacts, ...]
    playing: int | None

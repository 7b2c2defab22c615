"""What reviewers keep of a song: a score, a note, a bookmark."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from state.song import SongFacts

HIGHEST_SCORE: Final = 10
"""Scores are whole numbers from 0 to this."""


@dataclass(frozen=True, slots=True)
class Reviewed:
    """Answer of a review: the score and the note the song has now."""

    revision: int
    song: SongFacts
    score: int | None
    note: str | None

    @classmethod
    def from_answer(cls, answer: dict[str, Any]) -> Reviewed:
        """The answer from a script's JSON."""
        score = answer.get("score")
        return cls(
            revision=answer["revision"],
            song=SongFacts.from_answer(answer["song"]),
            score=None if score is None else int(score),
            note=answer.get("review_note"),
        )


@dataclass(frozen=True, slots=True)
class Bookmarked:
    """Answer of a bookmark: whether the song is marked now.

    `channel` has, or gets, its card; None when the guild chose no channel for them.
    """

    revision: int
    song: SongFacts
    marked: bool
    channel: int | None

    @classmethod
    def from_answer(cls, answer: dict[str, Any]) -> Bookmarked:
        """The answer from a script's JSON."""
        channel = answer.get("channel")
        return cls(
            revision=answer["revision"],
            song=SongFacts.from_answer(answer["song"]),
            marked=answer["marked"],
            channel=int(channel) if channel else None,
        )

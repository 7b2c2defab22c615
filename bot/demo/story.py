"""The story: its chapters in the order in which an evening has them."""

from __future__ import annotations

from typing import Final

from bot.demo import accidents, gates, ledger, live, opening, program, reviewing, skips, submissions
from bot.demo.play import Chapter

STORY: Final[tuple[Chapter, ...]] = (
    opening.CHAPTER,
    submissions.CHAPTER,
    skips.CHAPTER,
    reviewing.CHAPTER,
    program.CHAPTER,
    gates.CHAPTER,
    ledger.CHAPTER,
    accidents.CHAPTER,
    live.CHAPTER,
)

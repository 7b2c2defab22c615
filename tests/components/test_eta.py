from __future__ import annotations

import pytest

from components.eta import eta_text
from state.board import Now


def now(*durations: int, playing: bool = False) -> Now:
    fields = {"durations": ",".join(map(str, durations))}
    return Now.from_hash(fields | ({"song": "1"} if playing else {}))


@pytest.mark.parametrize(
    ("stage", "place", "text"),
    [
        (now(), 1, "not known yet (it takes three reviews to tell)"),
        (now(60, 60), 9, "not known yet (it takes three reviews to tell)"),
        (now(180, 240, 300), 1, "any moment now"),
        (now(180, 240, 300, playing=True), 1, "up to 5 min"),
        (now(240, 240, 240), 3, "about 8 min"),
        (now(180, 240, 300, playing=True), 4, "about 10–18 min"),
        (now(240, 240, 240, playing=True), 15, "about 56 min to 1 h"),
        (now(240, 300, 360), 31, "about 2 h 15 min to 2 h 45 min"),
        (now(240, 240, 240), 31, "about 2 h"),
    ],
)
def test_the_range_in_words(stage: Now, place: int, text: str) -> None:
    assert eta_text(stage, place) == text

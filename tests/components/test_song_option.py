from __future__ import annotations

from dataclasses import dataclass

import pytest

from bot.errors import UserError
from components.song_option import demand_song, demand_tier, label, matches, parse, tier_choices
from state.ladder import LINES, SKIPS


@dataclass(frozen=True)
class Listed:
    number: int
    title: str
    artist: str


SONGS = [
    Listed(1, "12 Monkeys", "Zoo"),
    Listed(12, "First light", "Alice Band"),
    Listed(120, "Alice", "Light House"),
    Listed(3, "Ohne Titel", "ÄRZTE"),
]


@pytest.mark.parametrize(
    ("typed", "numbers"),
    [
        ("", [1, 12, 120, 3]),
        ("12", [12, 120, 1]),
        ("#12", [12, 120]),
        ("alice light", [12, 120]),
        ("LIGHT", [12, 120]),
        ("ärzte", [3]),
        ("#12 First light — Alice Band", [12]),
        ("nothing", []),
    ],
)
def test_songs_are_found_by_number_title_or_artist(typed: str, numbers: list[int]) -> None:
    assert [value for _, value in matches(SONGS, typed)] == [f"#{number}" for number in numbers]


def test_at_most_25_are_offered() -> None:
    assert len(matches([Listed(n, "Same", "Same") for n in range(1, 60)], "same")) == 25


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("12", 12),
        (" #12 ", 12),
        ("#12 First light — Alice Band", 12),
        ("12 Monkeys", None),
        ("First light", None),
        ("-1", None),
        ("1" * 13, None),
        ("", None),
    ],
)
def test_a_song_is_meant_by_its_number(typed: str, number: int | None) -> None:
    assert parse(typed) == number
    if number is None:
        with pytest.raises(UserError):
            demand_song(typed)


def test_every_label_fits_a_choice_and_is_read_back() -> None:
    for title, artist in (("a" * 200, "b" * 200), ("🎵" * 200, "x"), ("x", "🎵" * 200), ("", "\u200b")):
        shown = label(Listed(10**12 - 1, title, artist))
        assert len(shown) <= 100 and parse(shown) == 10**12 - 1


def test_tiers_are_meant_by_their_displayed_name() -> None:
    assert [name for name, _ in tier_choices(LINES, "skip")] == ["DoubleSkip", "Skip"]
    assert [name for name, _ in tier_choices(SKIPS, "", paid_only=True)][-1] == "5 Skip"
    assert demand_tier(SKIPS, "25+ skip").label == 25
    with pytest.raises(UserError, match=r"25\+ Skip, 20 Skip"):
        demand_tier(SKIPS, "Gold")

"""An evening on TikTok, for the picture of it: figures that are always the same."""

from __future__ import annotations

import math

from components.curve import Curve

MINUTES = 92


def viewers(minute: int) -> int:
    """Who comes in within the first half hour stays, with a wave for every song."""
    wave = 14 * math.sin(minute / 3.1) + 9 * math.sin(minute / 1.3)
    return max(0, round(260 / (1 + math.exp((11 - minute) / 5)) + wave - max(0, minute - 74) * 4))


def coins(minute: int) -> int:
    """A few now and then, and much when somebody lifts a song."""
    return {14: 1000, 33: 2150, 47: 640, 61: 4000, 62: 820, 80: 1200}.get(minute, 37 * (minute * 7 % 5))


EVENING = Curve(
    title="@mia.live · session #12",
    points=[(minute, viewers(minute), coins(minute)) for minute in range(MINUTES) if not 52 <= minute < 55],
    songs=[
        (6.0, "Silver Line"),
        (14.5, "Paper Lanterns"),
        (22.0, "Low Tide"),
        (33.5, "Glass Harbour"),
        (41.0, "Night Bus"),
        (61.5, "Static Bloom"),
        (70.0, "Marea Baja"),
        (80.5, "Slow Motion"),
    ],
    gaps=[(52.0, 55.0)],
    labels=("viewers", "coins a minute", "minutes"),
)

"""How long a song will wait, in words."""

from __future__ import annotations

from components.texts import FALLBACK, say
from state.board import Now, waiting_time


def eta_text(now: Now, place: int, locale: str = FALLBACK) -> str:
    """The waiting time of a song at that place (from 1), as a range from real review lengths.

    The song that plays may be almost over or just begun: it counts in the longer end alone.
    """
    shortest = waiting_time(now.durations, place - 1)
    longest = waiting_time(now.durations, place - 1 + (now.song is not None))
    if shortest is None or longest is None:
        return say("eta.unknown", locale)
    low, high = shortest[0] // 60, -(-longest[1] // 60)
    if high == 0:
        return say("eta.soon", locale)
    if high < 60:
        key = "eta.at_most" if not low else "eta.minute" if low == high else "eta.minutes"
        return say(key, locale, low=low, high=high)
    low, high = _rough(low), _rough(high)
    low_text, high_text = _span(low, locale), _span(high, locale)
    return say("eta.hour" if low == high else "eta.hours", locale, low=low_text, high=high_text)


def _rough(minutes: int) -> int:
    """Steps of five minutes from an hour on: more would be a pretence."""
    return minutes if minutes < 60 else round(minutes / 5) * 5


def _span(minutes: int, locale: str) -> str:
    hours, rest = divmod(minutes, 60)
    if not hours:
        return say("eta.span_minutes", locale, minutes=rest)
    return say("eta.span_both" if rest else "eta.span_hours", locale, hours=hours, minutes=rest)

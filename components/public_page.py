"""What the public page may know of a queue: what the public display shows, and nothing else."""

from __future__ import annotations

from typing import Any, Final

from components.markdown import clean
from components.texts import language_of, number, say
from state.board import Board
from state.ladder import NAME_LIMIT
from state.song import Song

ROWS: Final = 100
"""Songs that are sent at once."""
MOST: Final = 1000
"""Songs of a queue that can be seen; of those behind them only the number is told."""

_TITLE, _ARTIST, _NAME = 150, 100, 40

_WORDS: Final = (
    *("now", "next", "silent", "empty", "live", "wait"),
    *("found", "not_found", "more", "left"),
)


def words(locale: str) -> dict[str, str]:
    """What the page itself says, in a guild's language; `{count}` is filled in there."""
    return {word: say(f"page.{word}", locale) for word in _WORDS}


def snapshot(board: Board) -> dict[str, Any]:
    """One moment of the queue for the page, as JSON takes it; `board` begins at the first place.

    Without ids, notes, links, files, scores and points. `tiers` are those of the ladder, first to play
    first, with the number that wait there; a song names its own by the label. `grouped`: the tiers play one
    after the other. Every text is one plain line: no HTML, so nothing is escaped.
    """
    locale = board.settings.language
    return {
        "language": language_of(locale),
        "now": _song(board.playing) if board.playing is not None else None,
        "waiting": board.waiting,
        "shown": min(board.waiting, MOST),
        "says": {
            "waiting": say("page.waiting", locale, count=number(board.waiting, locale)),
            "intake": _intake(board, locale),
        },
        "open": any(board.settings.takes(tier.label) for tier in board.ladder.tiers),
        "tiers": [
            {
                "label": label,
                "name": clean(board.ladder.name(label), NAME_LIMIT),
                "waiting": board.counts.get(label, 0),
            }
            for label in _labels(board)
        ],
        "grouped": not board.settings.fair_paid,
        "songs": songs(board),
    }


def songs(board: Board) -> list[dict[str, Any]]:
    """The songs of a board in order of play, at most `ROWS`, as `snapshot` has them."""
    return [_song(song) for song in board.songs[:ROWS]]


def _labels(board: Board) -> list[int]:
    """The ladder's labels, and behind them those it has lost and songs still have."""
    known = [tier.label for tier in board.ladder.tiers]
    shown = (*board.songs, *((board.playing,) if board.playing is not None else ()))
    return known + sorted({song.tier for song in shown} - set(known), reverse=True)


def _song(song: Song) -> dict[str, Any]:
    return {
        "title": clean(song.title, _TITLE),
        "artist": clean(song.artist, _ARTIST),
        "tier": song.tier,
        "name": clean(song.user_name, _NAME),
    }


def _intake(board: Board, locale: str) -> str:
    if board.settings.paused:
        return say("page.paused", locale)
    shut = [tier for tier in board.ladder.tiers if not board.settings.takes(tier.label)]
    if not shut:
        return say("page.open", locale)
    if len(shut) == len(board.ladder.tiers):
        return say("page.closed", locale)
    return say("page.open_but", locale, tiers=", ".join(clean(tier.name, NAME_LIMIT) for tier in shut))

"""What an overlay on a stream may know of a queue: what the public display shows, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from components.markdown import clean
from components.texts import number, say
from state.board import Board
from state.ladder import FREE, Ladder
from state.lifts import Lift
from state.song import Song

VIEWS: Final = ("now", "next", "board")
"""What an address shows: the song that plays, those that follow, or both."""

ROWS: Final = 10
"""Songs that follow, as many as the public display lists."""

_TITLE, _ARTIST, _NAME = 150, 100, 40
_NOTICED: Final = 60


def snapshot(board: Board) -> dict[str, Any]:
    """One moment of the queue for an overlay, as JSON takes it; without ids, notes, links and points.

    `now` is a song or None, `next` at most `ROWS` songs with their places (from 1), `words` what stands
    around them in the guild's language. Every text is one plain line: no HTML, so nothing is escaped.
    """
    locale = board.settings.language
    waiting = number(board.waiting, locale)
    return {
        "language": locale,
        "now": _song(board.playing, board) if board.playing is not None else None,
        "next": [
            {"place": board.offset + place, **_song(song, board)}
            for place, song in enumerate(board.songs[:ROWS], start=1)
        ],
        "waiting": board.waiting,
        "words": {
            "now": say("overlay.now", locale),
            "next": say("overlay.next", locale),
            "waiting": say("overlay.waiting", locale, count=waiting),
            "silent": say("overlay.silent", locale),
            "empty": say("overlay.empty", locale),
        },
    }


def notice(lifts: Sequence[Lift], names: Sequence[str], ladder: Ladder, locale: str) -> str:
    """What gifts did, in a short line of plain text: `lifts` has one a song, `names` one a giver.

    What people wrote stands between U+2068 and U+2069, so that its direction turns nothing around it; no text
    of theirs has these. The page sets it off by them.
    """
    who = _set_off(names[0], _NAME) if len(names) == 1 and names[0] else ""
    if len(lifts) == 1:
        (lift,) = lifts
        title, tier = _set_off(lift.title, _NOTICED), _set_off(ladder.name(lift.tier), _NAME)
        if who:
            return say("overlay.lifted", locale, who=who, title=title, tier=tier)
        return say("overlay.lifted_by_several", locale, title=title, tier=tier)
    count = number(len(lifts), locale)
    if who:
        return say("overlay.lifted_many", locale, who=who, count=count)
    return say("overlay.lifted_many_by_several", locale, count=count)


def _set_off(text: str, limit: int) -> str:
    return f"\u2068{clean(text, limit)}\u2069"


def _song(song: Song, board: Board) -> dict[str, str | bool]:
    return {
        "title": clean(song.title, _TITLE),
        "artist": clean(song.artist, _ARTIST),
        "tier": clean(board.ladder.name(song.tier), _NAME),
        "paid": song.tier != FREE,
        "name": clean(song.user_name, _NAME),
    }

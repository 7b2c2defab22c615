"""What an overlay on a stream may know of a queue: what the public display shows, and nothing else."""

from __future__ import annotations

from typing import Any, Final

from components.markdown import clean
from components.texts import number, say
from state.board import Board
from state.song import Song

VIEWS: Final = ("now", "next", "board")
"""What an address shows: the song that plays, those that follow, or both."""

ROWS: Final = 10
"""Songs that follow, as many as the public display lists."""

_TITLE, _ARTIST, _NAME = 150, 100, 40


def snapshot(board: Board) -> dict[str, Any]:
    """One moment of the queue for an overlay, as JSON takes it; without ids, notes, links and points.

    `now` is a song or None, `next` at most `ROWS` songs with their places (from 1), `words` what stands
    around them in the guild's language. Every text is one plain line: no HTML, so nothing is escaped.
    """
    locale = board.settings.language
    waiting = number(board.waiting, locale)
    return {
        "revision": board.revision,
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


def _song(song: Song, board: Board) -> dict[str, str]:
    return {
        "title": clean(song.title, _TITLE),
        "artist": clean(song.artist, _ARTIST),
        "tier": clean(board.ladder.name(song.tier), _NAME),
        "name": clean(song.user_name, _NAME),
    }

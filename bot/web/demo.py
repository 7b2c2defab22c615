"""A made-up evening for whoever looks at an overlay before there is one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from components.overlay import ROWS, notice, snapshot
from state.board import Board, Now
from state.guild_settings import GuildSettings
from state.ladder import SKIPS
from state.lifts import Lift
from state.song import Song, SongState

# Title, artist, tier, name: long ones and other scripts among them, as real evenings have them.
_SONGS: Final = (
    ("Paper Lanterns", "Carla Reyes", 15, "Carla"),
    ("Night Bus", "Alice & the Lamplighters", 5, "Alice"),
    ("Glass Harbour", "Bruno Vale", 0, "Bruno"),
    ("Radio at Dawn", "Mina Sol", 0, "mina"),
    ("The Long Way Home from Nowhere in Particular (Live at the Harbour)", "Slow Ferry", 0, "ferryman"),
    ("Café del Puerto", "Lucía Marín", 0, "lucia.m"),
    ("مطر على النافذة", "سلمى", 0, "Salma"),
    ("Static Bloom", "Ivory Fault", 0, "fault"),
    ("Second Sunday", "Pilot Light", 0, "Jonas"),
    ("Overcast", "Nell", 0, "Nell"),
    ("Kite Weather", "The Understudies", 0, "Ada"),
    ("夜明けのラジオ", "ミナ", 0, "mina_"),
)
_LIFTED: Final = 2
_REACHED: Final = 10


def scenes(locale: str) -> Mapping[str, Any]:
    """What a demo plays, as JSON takes it: `scenes`, over and over, and `empty`, the queue without songs.

    A scene has the snapshot and the notices an overlay would get, and its length in `seconds`.
    """
    songs = [_song(place, *facts) for place, facts in enumerate(_SONGS, start=1)]
    playing, following = songs[0], songs[1:]
    gifted = _song(_LIFTED + 1, *_SONGS[_LIFTED][:2], _REACHED, _SONGS[_LIFTED][3])
    lifted = [gifted, *(song for song in following if song.number != gifted.number)]
    lift = Lift(2, 0, gifted.number, gifted.title, gifted.tier, "", gifted.user_name)
    told = {"id": "2-0", "revision": 2, "text": notice([lift], [lift.name], SKIPS, locale)}
    return {
        "scenes": [
            {"snapshot": _shown(1, playing, following, locale), "notices": [], "seconds": 3},
            {"snapshot": _shown(2, playing, lifted, locale), "notices": [told], "seconds": 7},
            {"snapshot": _shown(3, gifted, lifted[1:], locale), "notices": [], "seconds": 6},
        ],
        "empty": _shown(1, None, [], locale),
    }


def _song(number: int, title: str, artist: str, tier: int, name: str) -> Song:
    return Song(number, title, artist, 0, name, tier, SongState.WAITING)


def _shown(revision: int, playing: Song | None, following: list[Song], locale: str) -> dict[str, Any]:
    board = Board(
        revision=revision,
        now=Now.from_hash({}),
        playing=playing,
        settings=GuildSettings(language=locale),
        ladder=SKIPS,
        counts={},
        waiting=len(following),
        offset=0,
        songs=tuple(following[:ROWS]),
        pending=0,
        pending_songs=(),
        held=0,
        held_songs=(),
        last_move=None,
    )
    return {"revision": revision, **snapshot(board)}

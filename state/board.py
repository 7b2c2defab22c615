"""What a list of the queue shows, read in one trip and so of one moment."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import orjson

from state.guild_settings import GuildSettings
from state.ladder import Ladder
from state.song import Song


@dataclass(frozen=True, slots=True)
class Now:
    """The stage.

    `since` in ms, None while nothing plays; `turn` counts every Next, `paid` the paid songs since the last
    Free one; `durations` are the newest review
    lengths in seconds, newest first, at most 50; `mover` is who moved last and how; `played` the numbers of
    the last 25 songs that were played, newest first.
    """

    song: int | None
    since: int | None
    turn: int
    paid: int
    durations: tuple[int, ...]
    mover: int
    mover_name: str
    moved: str
    moved_at: int | None
    played: tuple[int, ...] = ()

    @classmethod
    def from_hash(cls, fields: Mapping[str, str]) -> Now:
        """The stage from the fields of the `now` hash."""
        song, since, moved_at = fields.get("song"), fields.get("since"), fields.get("moved_at")
        durations = fields.get("durations", "")
        return cls(
            song=int(song) if song else None,
            since=int(since) if since else None,
            turn=int(fields.get("turn", "0")),
            paid=int(fields.get("paid", "0")),
            durations=tuple(int(value) for value in durations.split(",") if value),
            mover=int(fields.get("mover", "0")),
            mover_name=fields.get("mover_name", ""),
            moved=fields.get("moved", ""),
            moved_at=int(moved_at) if moved_at else None,
            played=tuple(int(number) for number in fields.get("played", "").split(",") if number),
        )


@dataclass(frozen=True, slots=True)
class LastMove:
    """The move that Undo would take back: `revision` identifies it, `song` is its number or None."""

    revision: int
    kind: str
    song: int | None
    by: int
    by_name: str
    at: int


@dataclass(frozen=True, slots=True)
class ArtistRecord:
    """What one account's songs came to: how many were played to the end, how often each score was given."""

    plays: int = 0
    scores: Mapping[int, int] = field(default_factory=dict[int, int])

    @property
    def best(self) -> int | None:
        """The highest score, None when none was given."""
        return max(self.scores, default=None)

    @classmethod
    def from_hash(cls, fields: Mapping[str, str]) -> ArtistRecord:
        """The record from the fields of a `stats:<user>` hash."""
        scores = {int(name[6:]): int(count) for name, count in fields.items() if name.startswith("score:")}
        return cls(int(fields.get("plays", "0")), scores)


@dataclass(frozen=True, slots=True)
class Board:
    """One moment of a guild's queue.

    `songs` are those from place `offset + 1` on, in order of play; `counts` the waiting songs by
    tier, `record` that of the artist who plays.
    """

    revision: int
    now: Now
    playing: Song | None
    settings: GuildSettings
    ladder: Ladder
    counts: Mapping[int, int]
    waiting: int
    offset: int
    songs: tuple[Song, ...]
    pending: int
    pending_songs: tuple[Song, ...]
    held: int
    held_songs: tuple[Song, ...]
    last_move: LastMove | None
    record: ArtistRecord = field(default_factory=ArtistRecord)

    @classmethod
    def from_reply(cls, reply: Sequence[Any], offset: int) -> Board:
        """The board from the flat list that `board.lua` answers."""
        undo = orjson.loads(reply[11]) if reply[11] else None
        return cls(
            revision=int(reply[0] or 0),
            now=Now.from_hash(pairs(reply[1])),
            playing=Song.from_hash(pairs(reply[12])) if reply[12] else None,
            settings=GuildSettings.from_hash(pairs(reply[2])),
            ladder=Ladder.from_hash(pairs(reply[3])),
            counts={int(label): int(count) for label, count in pairs(reply[4]).items()},
            waiting=int(reply[5]),
            offset=offset,
            songs=tuple(_song(tuple(fields)) for fields in reply[6]),
            pending=int(reply[7]),
            pending_songs=tuple(_song(tuple(fields)) for fields in reply[8]),
            held=int(reply[9]),
            held_songs=tuple(_song(tuple(fields)) for fields in reply[10]),
            last_move=undo
            and LastMove(
                revision=int(undo["revision"]),
                kind=undo["kind"],
                song=int(undo["song"]) if undo["song"] else None,
                by=int(undo["by"]),
                by_name=undo["by_name"],
                at=int(undo["at"]),
            ),
            record=ArtistRecord.from_hash(pairs(reply[13])),
        )


# A move leaves most of a list as it was, and reading a song costs ten times as much as knowing it again.
@lru_cache(maxsize=2048)
def _song(flat: tuple[str, ...]) -> Song:
    return Song.from_hash(pairs(flat))


def pairs(flat: Sequence[Any] | Mapping[str, Any]) -> dict[str, Any]:
    """Fields of a hash as a script returns them: a flat list over RESP2, a mapping over RESP3."""
    if isinstance(flat, Mapping):
        return dict(flat)
    return dict(zip(flat[::2], flat[1::2], strict=True))


def waiting_time(durations: Sequence[int], ahead: int) -> tuple[int, int] | None:
    """Seconds until a song with `ahead` reviews before it plays, as a range from real review lengths.

    The range is spanned by the quartiles of the lengths; None while fewer than three are known.
    """
    if len(durations) < 3:
        return None
    low, _, high = statistics.quantiles(durations, n=4, method="inclusive")
    return round(low * ahead), round(high * ahead)

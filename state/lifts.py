"""What gifts just did to songs, read from the event stream for those who watch a queue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

import orjson
from redis.asyncio import Redis

from state import keys
from state.song import SongFacts

LIFTING: Final = frozenset({"live", "linked", "supported", "submitted"})
"""Kinds of events that may tell of songs that gifts lifted, see `state.fields`."""

_LOOKED_THROUGH: Final = 64


@dataclass(frozen=True, slots=True)
class Lift:
    """A song that gifts lifted, and what everybody may know of it.

    `revision` is that of the move, `age` its age in ms when it was read, `tier` the label it reached. `giver`
    tells givers apart and is for nobody's eyes; `name` is what they are called on the stream: the artist as
    the queue names them, anybody else as TikTok does. Both are empty for nobody.
    """

    revision: int
    age: int
    song: int
    title: str
    tier: int
    giver: str
    name: str

    @classmethod
    def from_row(cls, row: Mapping[str, Any], revision: int, age: int) -> Lift:
        """From a row of `promotions` in the data of an event."""
        song = SongFacts.from_answer(row["song"])
        giver, handle = row.get("by") or ("", "")
        name = f"@{handle}" if handle else ""
        own = all(kind == "user" and int(id_) == song.user for kind, id_, _ in row["gifts"])
        if own:
            giver, name = giver or f"user {song.user}", song.user_name
        return cls(revision, age, song.number, song.title, int(row["to"]), giver, name)


class Lifts:
    """The lifts of every guild on one Redis."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def since(self, guild: int, revision: int, within: int) -> tuple[int, list[Lift]]:
        """The newest revision there is, and the lifts after `revision` of the last `within` ms, oldest first.

        Only the newest 64 moves are looked through: what is older than those was not just now.
        """
        client: Any = self._redis
        async with client.pipeline(transaction=False) as pipe:
            pipe.time()
            pipe.xrevrange(keys.events(guild), "+", f"({revision}-0", count=_LOOKED_THROUGH)
            (seconds, micros), entries = cast(
                "tuple[tuple[int, int], list[tuple[str, dict[str, str]]]]", await pipe.execute()
            )
        now = seconds * 1000 + micros // 1000
        found: list[Lift] = []
        for entry, fields in reversed(entries):
            age, data = now - int(fields["at"]), fields.get("data", "")
            # Most of a live's events lift nothing, and some are long: only what names a lift is read.
            if fields["kind"] in LIFTING and age <= within and '"promotions":[' in data:
                at = int(entry.partition("-")[0])
                found += (Lift.from_row(row, at, age) for row in orjson.loads(data)["promotions"])
        return int(entries[0][0].partition("-")[0]) if entries else revision, found

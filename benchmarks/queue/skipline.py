"""Our queue, with all that a move does as it ships, and how 10^6 songs come into it in seconds."""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Final

from benchmarks.queue.contest import TIERS, Chunk, Contestant, Entry, Free, Move, driven, entries, entry
from benchmarks.queue.valkey import Command, flood, served
from benchmarks.rig import ACTOR
from state import keys, live_keys, score
from state.connection import connect
from state.points import Points, PointsChange
from state.queue import Queue
from state.scripts import DEFAULTS, Scripts
from state.song import NewSong
from tests.state.raw import Keys, dump

_REWARD: Final = int(DEFAULTS["points:submission"])
_SAMPLE: Final = 60
_GUILD, _MADE, _FILLED = 1, 2, 3
_LEFT_OUT: Final = re.compile(r"undo|events|req:.*")


class Skipline(Contestant):
    """One guild's queue on a Valkey of a unix socket."""

    name = "Skipline"
    moves = frozenset(Move)

    def __init__(self, redis_url: str) -> None:
        self._url = redis_url
        # The patience of the product is for people who wait; a queue of 10^6 songs is filled by whoever can.
        self.redis = connect(redis_url, patience=60)
        scripts = Scripts(self.redis, self._open)
        self._queue, self._points = Queue(self.redis, scripts), Points(self.redis, scripts)
        self._requests = itertools.count()
        self._fresh = itertools.count(10**7)
        self._free, self._artists = Free(), dict[int, int]()
        self._ladder = itertools.cycle(TIERS)

    async def _open(self, guild: int) -> None:
        await self.redis.set(keys.revision(guild), 0, nx=True)

    async def fill(self, depth: int) -> None:
        """Writes the keys that submits, promotions and points leave; makes sure of that with a few songs.

        What the moves would have recorded (events, answers, the undo stack) is left out: it is archived, has
        expired or is fed by the warming up. Raises `RuntimeError` where the keys are not the same.
        """
        await self._prove()
        await flood(self._url, _writes(_GUILD, depth))
        self._free = Free(song.number for song in entries(depth) if not song.tier)

    async def chunk(self, move: Move, calls: int, clients: int) -> Chunk:
        """Moves through the store, as a plugin makes them."""
        if move is Move.PAGE:
            # Somebody has looked since the last move.
            await self._queue.board(_GUILD)
        return await served(self.redis, driven(self._call(move), calls, clients))

    async def close(self) -> None:
        """Closes the connections."""
        await self.redis.aclose()

    def _call(self, move: Move) -> Callable[[], Awaitable[object]]:
        match move:
            case Move.SUBMIT:
                return self._submit
            case Move.PROMOTE:
                return self._promote
            case Move.NEXT:
                return lambda: self._queue.next(_GUILD, self._request(), ACTOR)
            case Move.POINTS:
                return self._earn
            case Move.PLACE:
                return lambda: self._queue.places(_GUILD, [self._free.any()])
            case Move.PAGE:
                return lambda: self._queue.board(_GUILD)
            case Move.ANEW:
                return self._anew

    def _request(self) -> str:
        return f"bench{next(self._requests)}"

    async def _submit(self) -> None:
        new = entry(next(self._fresh))
        moved = await self._queue.submit(_GUILD, self._request(), ACTOR, _song(new))
        self._artists[moved.song.number] = new.user
        self._free.add(moved.song.number)

    async def _promote(self) -> None:
        await self._queue.promote(_GUILD, self._request(), ACTOR, self._free.take(), next(self._ladder))

    async def _earn(self) -> None:
        number = self._free.any()
        user = self._artists.get(number) or entry(number).user
        await self._points.add(_GUILD, self._request(), ACTOR, [PointsChange("user", user, 5)])

    async def _anew(self) -> None:
        # As after a move: the page that the process kept is void, most of its songs are as they were.
        self._queue.forget(_GUILD)
        await self._queue.board(_GUILD)

    async def _prove(self) -> None:
        for song in entries(_SAMPLE):
            request = f"made{song.number}"
            await self._queue.submit(_MADE, request, ACTOR, _song(song))
            if song.tier:
                await self._queue.promote(_MADE, request, ACTOR, song.number, song.tier)
            else:
                change = PointsChange("user", song.user, song.points)
                await self._points.add(_MADE, request, ACTOR, [change])
        await flood(self._url, _writes(_FILLED, _SAMPLE))
        made, filled = [_without_times(await dump(self.redis, guild)) for guild in (_MADE, _FILLED)]
        for name in made.keys() | filled.keys():
            if not _LEFT_OUT.match(name) and made.get(name) != filled.get(name):
                raise RuntimeError(f"Filled otherwise than by moves, {name}: {filled.get(name)}")


def _song(new: Entry) -> NewSong:
    return NewSong(new.title, new.artist, new.user, new.user_name, link=new.link, track=new.track)


def _without_times(found: Keys) -> Keys:
    return {
        name: {field: "" if field.endswith("at") else value for field, value in each.items()}
        if isinstance(each, dict)
        else each
        for name, each in found.items()
    }


def _writes(guild: int, depth: int) -> Iterator[Command]:
    """What the keys of a guild are after so many songs were submitted, lifted and given points."""
    at, sequence, revision = str(int(time.time() * 1000)), 0, 0
    today = str(int(time.time()) // 86400)
    songs = entries(depth)
    while batch := list(itertools.islice(songs, 500)):
        queue: list[str | int] = []
        tracks: list[str | int] = []
        points: list[str | int] = []
        rewarded: list[str | int] = []
        for song in batch:
            sequence, revision = sequence + (2 if song.tier else 1), revision + 2
            member, user = f"{song.number:012d}", str(song.user)
            lifted = ("promoted_by", ACTOR.id, "promoted_by_name", ACTOR.name) if song.tier else ()
            yield (
                "HSET", keys.song(guild, song.number),
                "title", song.title, "artist", song.artist, "user", user, "user_name", song.user_name,
                "link", song.link, "track", song.track, "number", song.number, "tier", song.tier,
                "state", "waiting", "seq", sequence, "submitted_at", at, "entered_at", at,
                "by", ACTOR.id, "by_name", ACTOR.name, "at", at, *lifted,
            )  # fmt: skip
            yield "ZADD", keys.artist(guild, song.user), song.number, member
            total = song.points + _REWARD
            queue += score.paid(song.tier, sequence) if song.tier else score.free(total), member
            tracks += song.track, member
            points += total, user
            rewarded += user, today
        yield "ZADD", keys.queue(guild), *queue
        yield "HSET", keys.tracks(guild), *tracks
        yield "ZADD", keys.points_user(guild), *points
        yield "HSET", live_keys.rewarded(guild), *rewarded
    yield "SET", keys.number(guild), depth
    yield "SET", keys.sequence(guild), sequence
    yield "SET", keys.revision(guild), revision

"""The floor: bare commands on one sorted set that holds the same scores, and nothing else done."""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, Final

from benchmarks.queue.contest import TIERS, Chunk, Contestant, Free, Move, driven, entries
from benchmarks.queue.valkey import Command, flood, served
from state import score
from state.connection import connect

_KEY: Final = "bare"


class Bare(Contestant):
    """ZADD, ZPOPMIN, ZRANK and ZRANGE by the client that ours uses too."""

    name = "bare commands"
    moves = frozenset(Move) - {Move.ANEW}

    def __init__(self, redis_url: str) -> None:
        self._url = redis_url
        self.redis: Any = connect(redis_url, patience=60)
        self._numbers = itertools.count(10**7)
        self._points = itertools.cycle(range(100_000))
        self._ladder = itertools.cycle(TIERS)
        self._free = Free()

    async def fill(self, depth: int) -> None:
        """The members and scores of ours."""
        await flood(self._url, _writes(depth))
        self._free = Free(song.number for song in entries(depth) if not song.tier)

    async def chunk(self, move: Move, calls: int, clients: int) -> Chunk:
        """One command a call."""
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
                return lambda: self.redis.zpopmin(_KEY)
            case Move.POINTS:
                return lambda: self._put(self._free.any(), score.free(next(self._points)))
            case Move.PLACE:
                return lambda: self.redis.zrank(_KEY, f"{self._free.any():012d}")
            case Move.PAGE | Move.ANEW:
                return lambda: self.redis.zrange(_KEY, 0, 9)

    async def _submit(self) -> None:
        number = next(self._numbers)
        await self._put(number, score.free(10))
        self._free.add(number)

    async def _promote(self) -> None:
        await self._put(self._free.take(), score.paid(next(self._ladder), next(self._numbers)))

    async def _put(self, number: int, value: int) -> None:
        await self.redis.zadd(_KEY, {f"{number:012d}": value})


def _writes(depth: int) -> Iterator[Command]:
    songs = entries(depth)
    while batch := list(itertools.islice(songs, 500)):
        scores = (
            (score.paid(each.tier, each.number) if each.tier else score.free(each.points), each.number)
            for each in batch
        )
        yield "ZADD", _KEY, *(word for value, number in scores for word in (value, f"{number:012d}"))

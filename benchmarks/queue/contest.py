"""What is compared: the moves, whoever makes them, and how their chunks take turns."""

from __future__ import annotations

import asyncio
import itertools
import math
import random
import statistics
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, NamedTuple, Protocol

from benchmarks.rig import percentile

TIERS: Final = (5, 10, 15, 20, 25)
SLOW: Final = 0.1
"""Seconds a call: what is slower is called once, lest it take the time of all others."""


class Move(StrEnum):
    """What is measured. In this order a chunk of each adds, lifts and takes as many songs."""

    SUBMIT = "submit"
    PROMOTE = "promote"
    NEXT = "Next"
    POINTS = "points"
    PLACE = "place"
    PAGE = "first page"
    ANEW = "first page anew"


class Entry(NamedTuple):
    """A song of the filling, the only one of its artist; `points` come on top of its submission's."""

    number: int
    tier: int
    points: int
    user: int
    user_name: str
    title: str
    artist: str
    link: str
    track: str


def entry(number: int) -> Entry:
    """The song of that number, from 1. Every second one is in a paid tier, the others are Free."""
    paid = TIERS[number // 2 % len(TIERS)] if number % 2 else 0
    return Entry(
        number,
        paid,
        0 if paid else 1 + number * 7919 % 100_003,
        10**17 + number,
        f"user{number}",
        f"Song {number}",
        f"Artist {number}",
        f"https://soundcloud.com/user{number}/song-{number}",
        f"soundcloud:user{number}/song-{number}",
    )


def entries(depth: int) -> Iterator[Entry]:
    """The songs of a queue, by the moment of their submission."""
    return map(entry, range(1, depth + 1))


@dataclass(frozen=True, slots=True)
class Chunk:
    """What some calls took: each (s), all of them together (s), and the time of the server (µs)."""

    taken: list[float]
    elapsed: float
    served: float = math.nan


class Contestant(Protocol):
    """One queue of one depth."""

    name: str
    moves: frozenset[Move]

    async def fill(self, depth: int) -> None:
        """Has that many songs wait."""
        ...

    async def chunk(self, move: Move, calls: int, clients: int) -> Chunk:
        """Makes a move so many times, by so many clients at once."""
        ...

    async def close(self) -> None:
        """Lets go of what it holds."""
        ...


class Free:
    """Songs known to wait in Free: what may be lifted or given points, in no order."""

    def __init__(self, numbers: Iterable[int] = ()) -> None:
        self._numbers = list(numbers)
        self._dice = random.Random(5)

    def add(self, number: int) -> None:
        """One more."""
        self._numbers.append(number)

    def any(self) -> int:
        """One of them."""
        return self._numbers[self._dice.randrange(len(self._numbers))]

    def take(self) -> int:
        """One of them, which is lifted."""
        place = self._dice.randrange(len(self._numbers))
        self._numbers[place], self._numbers[-1] = self._numbers[-1], self._numbers[place]
        return self._numbers.pop()


async def driven(call: Callable[[], Awaitable[object]], calls: int, clients: int) -> Chunk:
    """Calls made by so many tasks, each going on as soon as its last one was answered."""
    taken: list[float] = []
    left = calls

    async def client() -> None:
        nonlocal left
        while left:
            left -= 1
            began = time.perf_counter()
            await call()
            taken.append(time.perf_counter() - began)

    began = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(clients)))
    return Chunk(taken, time.perf_counter() - began)


@dataclass
class Cell:
    """One contestant's figures for one move, depth and number of clients."""

    chunks: list[Chunk] = field(default_factory=list[Chunk])

    @property
    def rate(self) -> float:
        """Calls a second, the median of the chunks."""
        return _median(len(chunk.taken) / chunk.elapsed for chunk in self.chunks)

    @property
    def p50(self) -> float:
        """Milliseconds."""
        return percentile((each for chunk in self.chunks for each in chunk.taken), 0.5) * 1000

    @property
    def p99(self) -> float:
        """Milliseconds."""
        return percentile((each for chunk in self.chunks for each in chunk.taken), 0.99) * 1000

    @property
    def served(self) -> float:
        """Microseconds a call by the server's own statistics, the median of the chunks."""
        return _median(chunk.served / len(chunk.taken) for chunk in self.chunks)

    def against(self, other: Cell) -> float:
        """Rate divided by the other's, the median of the rounds both were in."""
        return _median(
            len(own.taken) / own.elapsed * theirs.elapsed / len(theirs.taken)
            for own, theirs in zip(self.chunks, other.chunks, strict=False)
        )


def _median(figures: Iterable[float]) -> float:
    known = [each for each in figures if not math.isnan(each)]
    return statistics.median(known) if known else math.nan


Key = tuple[int, int, Move, str]
"""Depth, clients, move, name of the contestant."""
Cells = dict[Key, Cell]


async def contest(
    depths: dict[int, list[Contestant]], clients: Iterable[int], rounds: int, size: int, moves: Iterable[Move]
) -> Cells:
    """Has all chunks of a round take turns, whatever they are of.

    The first round warms up and is left out. What takes more than `SLOW` seconds a call is called once in it
    and once in the next, and not by several clients. Who begins changes from round to round.
    """
    cells: Cells = {}
    slow: set[Key] = set()
    order = list(moves)
    for turn in range(rounds + 1):
        for (depth, contestants), count, move in itertools.product(depths.items(), clients, order):
            begin = turn % len(contestants)
            for contestant in contestants[begin:] + contestants[:begin]:
                key, alone = (depth, count, move, contestant.name), (depth, 1, move, contestant.name)
                if move not in contestant.moves or (alone in slow and (turn > 1 or count > 1)):
                    continue
                if turn == 0 and count == 1:
                    # Two: the first call also prepares its statement, and anything may be held up once.
                    tried = [(await contestant.chunk(move, 1, 1)).elapsed for _ in range(2)]
                    if min(tried) > SLOW:
                        slow.add(key)
                if key in slow and turn == 0:
                    continue
                chunk = await contestant.chunk(move, 1 if key in slow else size, count)
                if turn:
                    cells.setdefault(key, Cell()).chunks.append(chunk)
    return cells

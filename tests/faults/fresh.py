"""Whether displays keep up with Redis while people go on."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any, Final, cast

from redis.exceptions import RedisError

from sandbox.discord import Message
from state import keys
from tests.faults.room import Room, codes

ROWS: Final = 10
"""Songs of which every display shows at least so many."""
STALE_SECONDS: Final = 2.0
"""How old what a display shows may be."""

PERIOD: Final = 0.1
_SCAN_SECONDS: Final = 2.0
_REMEMBERED: Final = 30.0


@dataclass(frozen=True, slots=True)
class Queue:
    """What Redis says of a room: the song that plays, and the first that wait."""

    playing: str | None
    waiting: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """What a display says: every song it names, in order."""

    playing: str | None
    waiting: tuple[str, ...]

    def tells(self, queue: Queue) -> bool:
        """Whether it says what this queue is."""
        first = self.waiting[: len(queue.waiting) or None]
        return self.playing == queue.playing and first == queue.waiting


def shown(message: Message) -> Shown:
    """Read a display, or a panel."""
    stage, queue = (_text(embed) for embed in message.embeds[:2])
    # A panel tells the last move below the songs that wait, and that names a song as well.
    return Shown(next(iter(codes(stage)), None), tuple(codes(queue.partition("Last move")[0])))


def _text(embed: dict[str, Any]) -> str:
    return f"{embed.get('title', '')}\n{embed.get('description', '')}"


class Reading:
    """Reads what Redis says of a room, in one step; a song's code never changes and is read once."""

    def __init__(self, room: Room) -> None:
        self.room = room
        self._codes: dict[int, str] = {}

    async def queue(self) -> Queue:
        """As it is now. Raises what Redis raises."""
        client: Any = self.room.stage.redis
        async with client.pipeline(transaction=True) as both:
            both.zrange(keys.queue(self.room.id), 0, ROWS - 1)
            both.hget(keys.now(self.room.id), "song")
            members, number = cast("tuple[list[str], str | None]", await both.execute())
        waiting = [await self._code(int(member)) for member in members]
        return Queue(await self._code(int(number)) if number else None, tuple(waiting))

    async def _code(self, number: int) -> str:
        if number not in self._codes:
            client: Any = self.room.stage.redis
            found = codes(str(await client.hget(keys.song(self.room.id, number), "title")))
            if not found:
                return ""  # it was emptied in between
            self._codes[number] = found[0]
        return self._codes[number]


@dataclass(slots=True)
class _Watched:
    reading: Reading
    past: deque[tuple[float, Queue]] = field(default_factory=deque[tuple[float, Queue]])
    standing: list[Message] = field(default_factory=list[Message])
    scanned: float = float("-inf")

    def displays(self, now: float) -> list[Message]:
        if now - self.scanned > _SCAN_SECONDS or any(each.deleted for each in self.standing):
            room = self.reading.room
            self.standing, self.scanned = [*room.boards(), *room.panels()], now
            if len(self.standing) != 2:
                self.scanned = float("-inf")
        return self.standing


class Watch:
    """Compares, all the time, what displays show with what Redis said in the last seconds.

    `stale` lists when (monotonic seconds) something was seen that is too old, and what; `oldest` is how many
    seconds old the oldest was. `slack` is in seconds, for a machine that others keep busy. `period` is the
    longest time between two looks, which is how exact all of that is.
    """

    def __init__(self, rooms: list[Room], slack: float = 0.0) -> None:
        self._rooms = [_Watched(Reading(room)) for room in rooms]
        self.slack = slack
        self.stale: list[tuple[float, str]] = []
        self.oldest = 0.0
        self.period = PERIOD

    def forget(self) -> None:
        """Begin to count anew."""
        self.stale.clear()
        self.oldest, self.period = 0.0, PERIOD

    async def run(self) -> None:
        """Look until cancelled."""
        before = time.monotonic()
        while True:
            for each in self._rooms:
                await self._look(each)
            await asyncio.sleep(PERIOD)
            self.period = max(self.period, time.monotonic() - before)
            before = time.monotonic()

    async def _look(self, watched: _Watched) -> None:
        room = watched.reading.room
        try:
            queue = await watched.reading.queue()
        except (RedisError, OSError) as away:
            self.stale.append((time.monotonic(), f"Redis cannot be asked: {away!r}"))
            return
        now, past = time.monotonic(), watched.past
        if not past or past[-1][1] != queue:
            past.append((now, queue))
        # The state before the oldest of these ended when that one began.
        while len(past) > 1 and past[1][0] < now - _REMEMBERED:
            past.popleft()
        displays = watched.displays(now)
        if len(displays) != 2:
            self.stale.append((now, f"room {room.number} has {len(displays)} displays"))
        for message in displays:
            says = shown(message)
            age = _age(says, past, now)
            if age is None:
                # True for so short a time that it was not seen; at the latest when it was painted.
                age = time.time() - (message.edited_at or message.at)
            self.oldest = max(self.oldest, age)
            if age > STALE_SECONDS + self.slack + self.period:
                where = f"room {room.number} in #{message.channel.name}"
                self.stale.append((now, f"{where} shows {says}, {age:.1f} s old, and not {queue}"))

    def last_stale(self, since: float) -> tuple[float, str | None]:
        """So many seconds after a moment something stale was last seen, and what; 0 if never."""
        seen = [(at, text) for at, text in self.stale if at >= since]
        return (seen[-1][0] - since, seen[-1][1]) if seen else (0.0, None)


def _age(says: Shown, past: deque[tuple[float, Queue]], now: float) -> float | None:
    """For how many seconds that has not been true any more; None if it was never seen to be."""
    until = now
    for since, queue in reversed(past):
        if says.tells(queue):
            return now - until
        until = since
    return None

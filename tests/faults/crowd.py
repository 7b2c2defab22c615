"""Everybody in every room, who act at their own pace until they are paused."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from random import Random
from typing import Any

from tests.faults.room import Room


class Crowd:
    """Everybody in every room, at it until they are paused."""

    def __init__(self, rooms: list[Room], seed: int) -> None:
        self._rooms = rooms
        self._seed = seed
        self._going, self._paused = asyncio.Event(), asyncio.Event()
        self._idle: list[asyncio.Event] = []
        self._tasks: list[asyncio.Task[None]] = []
        self.failed: list[BaseException] = []

    def open(self) -> None:
        """Let everybody begin."""
        self._going.set()
        for room in self._rooms:
            for person in room.artists:
                self._begin(
                    f"{room.number} {person.name}", lambda r, room=room, p=person: room.artist_acts(p, r), 2.0
                )
            for person in room.reviewers:
                self._begin(
                    f"{room.number} {person.name}",
                    lambda r, room=room, p=person: room.reviewer_acts(p, r),
                    2.5,
                )
            self._begin(f"{room.number} fans", room.fans_act, 0.3)
            self._begin(f"{room.number} owner", room.owner_acts, 60.0)

    def _begin(self, name: str, act: Callable[[Random], Any], pace: float) -> None:
        idle = asyncio.Event()
        self._idle.append(idle)
        random = Random(f"{self._seed} {name}")
        self._tasks.append(asyncio.create_task(self._go_on(act, random, pace, idle), name=name))

    async def _go_on(
        self, act: Callable[[Random], Any], random: Random, pace: float, idle: asyncio.Event
    ) -> None:
        due = time.monotonic()
        while True:
            due = max(due, time.monotonic()) + random.uniform(0.2, 1.8) * pace
            while time.monotonic() < due or not self._going.is_set():
                if not self._going.is_set():
                    idle.set()
                    await self._going.wait()
                    idle.clear()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(due - time.monotonic()):
                        await self._paused.wait()
            try:
                await act(random)
            except Exception as error:
                self.failed.append(error)

    async def pause(self) -> None:
        """Have everybody finish what they are at, and wait."""
        self._going.clear()
        self._paused.set()
        await asyncio.gather(*(idle.wait() for idle in self._idle))

    def resume(self) -> None:
        """Let everybody go on."""
        self._paused.clear()
        self._going.set()

    async def close(self) -> None:
        """Send everybody home."""
        for task in self._tasks:
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*self._tasks, return_exceptions=True)

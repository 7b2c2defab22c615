"""Recorded lives: one JSON object a line, with `t` in milliseconds since the start, and their player."""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING, Any, Final, cast

from sandbox.tiktok.actions import ACTIONS, Action, BadActionError, Stage

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable
    from pathlib import Path

    from sandbox.tiktok.server import TikTok

# How many messages may wait for an acknowledgement when a recording is played as fast as it goes.
_WINDOW: Final = 400
_TIMEOUT: Final = 60.0


class BadRecordingError(ValueError):
    """A line of a recording that cannot be played; the sentence names it."""


def read_recording(lines: Iterable[str]) -> list[Action]:
    """Read and check a recording; empty lines and lines that begin with # are skipped.

    Raises BadRecordingError with the number of the line.
    """
    actions: list[Action] = []
    latest = 0
    for place, line in enumerate(lines, 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        try:
            found: Any = json.loads(line)
        except ValueError as wrong:
            message = f"Line {place} is no JSON: {wrong}"
            raise BadRecordingError(message) from wrong
        action = _check(found, place, latest)
        latest = action["t"]
        actions.append(action)
    return actions


def load_recording(path: Path) -> list[Action]:
    """Read a recording from a file. Raises OSError and BadRecordingError."""
    with path.open(encoding="utf-8") as file:
        return read_recording(file)


def write_recording(path: Path, actions: Iterable[Action]) -> None:
    """Write a recording to a file."""
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(action, ensure_ascii=False) + "\n" for action in actions)


class Player:
    """Plays a recording. While it runs, messages carry the recording's time, from `started_at` on.

    `speed` 1 is the recorded pace, 10 ten times as fast, None as fast as clients acknowledge. `started_at`
    is in seconds since the epoch. `done` counts the actions played.
    """

    def __init__(
        self,
        tiktok: TikTok,
        actions: Iterable[Action],
        *,
        speed: float | None = 1.0,
        started_at: float | None = None,
    ) -> None:
        self.tiktok = tiktok
        self.actions = list(actions)
        self.speed = speed
        self.started_at = tiktok.clock() if started_at is None else started_at
        self.done = 0
        self._stage = Stage(tiktok)
        self._at = 0

    async def run(self) -> None:
        """Play to the end. Raises BadRecordingError, and TimeoutError when a client does not come."""
        async for _ in self.steps():
            pass

    async def steps(self) -> AsyncGenerator[Action]:
        """Play, and give each action once it is done; the next one waits until it is asked for."""
        clock, self.tiktok.clock = self.tiktok.clock, self._clock
        begun, unacknowledged = time.monotonic(), 0
        try:
            for action in self.actions[self.done :]:
                self._at = int(action["t"])
                if self.speed is not None:
                    await asyncio.sleep(max(0.0, begun + self._at / 1000 / self.speed - time.monotonic()))
                try:
                    unacknowledged += len(await self._stage.act(action))
                except BadActionError as wrong:
                    message = f"Action {self.done + 1} ({json.dumps(action)}): {wrong}"
                    raise BadRecordingError(message) from wrong
                self.done += 1
                if self.speed is None and unacknowledged >= _WINDOW:
                    unacknowledged = 0
                    await self.settled()
                yield action
            await self.settled()
        finally:
            self.tiktok.clock = clock

    async def settled(self, timeout: float = _TIMEOUT) -> None:
        """Wait until every open connection that does not stall acknowledged all. Raises TimeoutError."""
        for live in tuple(self.tiktok.rooms.values()):
            live.flush()
            for connection in tuple(live.connections):
                if not connection.stalled:
                    await connection.wait_until(lambda each: each.settled or not each.open, timeout)

    def _clock(self) -> float:
        return self.started_at + self._at / 1000


def _check(action: Any, place: int, latest: int) -> Action:
    if not isinstance(action, dict):
        message = f"Line {place} is no JSON object."
        raise BadRecordingError(message)
    checked = cast("Action", action)
    t = checked.get("t")
    if not isinstance(t, int) or isinstance(t, bool) or t < latest:
        message = f"Line {place} needs `t`, whole milliseconds that never go back."
        raise BadRecordingError(message)
    if checked.get("do") not in ACTIONS:
        message = f"Line {place} has no action I know: {checked.get('do')!r}."
        raise BadRecordingError(message)
    return checked

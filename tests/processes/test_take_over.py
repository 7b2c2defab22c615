"""Work that one process does alone: another goes on within 10 seconds of a crash, at once after a stop."""

from __future__ import annotations

import asyncio
import logging
import secrets
import signal
import time
from collections.abc import AsyncIterator, Awaitable
from dataclasses import dataclass

import pytest
from redis.asyncio import Redis

from sandbox.discord import Sandbox
from state import keys
from state.configure import Configuration
from state.feed import Feed
from state.queue import Queue
from state.scripts import Actor, Scripts
from state.song import NewSong
from tests.conftest import open_blank
from tests.processes.conftest import PATIENCE, Crew, Process, Room
from tests.stage import until

pytestmark = pytest.mark.timeout(180)

ADMIN = Actor(1, "admin")
CRASH_SECONDS = 10.0
STOP_SECONDS = 2.0
_log = logging.getLogger(__name__)


@dataclass
class Show:
    """Two workers, and a guild with a display of the queue; nobody answers people here."""

    room: Room
    redis: Redis
    configuration: Configuration
    queue: Queue
    workers: list[Process]

    @property
    def id(self) -> int:
        return int(self.room.guild.id)

    async def submit(self, title: str) -> int:
        song = NewSong(title, "Alice", int(self.room.alice.id), "Alice")
        actor = Actor(int(self.room.alice.id), "Alice")
        return (await self.queue.submit(self.id, secrets.token_hex(8), actor, song)).song.number

    async def shows(self, text: str, timeout: float = 20.0) -> None:
        await self.room.queue.wait_for(
            lambda messages: any(text in message.text for message in messages) or None, timeout=timeout
        )

    async def holder(self, work: str) -> Process:
        """The worker that has a lease of the guild."""
        claim = str(await self.redis.get(keys.lease(self.id, work)))
        return next(each for each in self.workers if each.child and f":{each.child.pid}:" in claim)


@pytest.fixture
async def show(crew: Crew, redis_of: Redis) -> AsyncIterator[Show]:
    workers = [await crew.begin("worker") for _ in range(2)]
    for worker in workers:
        await worker.says("Skipline is up", PATIENCE)
    room = Room(crew.discord)
    scripts = Scripts(redis_of, lambda guild: open_blank(redis_of, guild))
    show = Show(
        room, redis_of, Configuration(redis_of, scripts, Feed(redis_of)), Queue(redis_of, scripts), workers
    )
    await show.configuration.change(show.id, "s", ADMIN, {"limit:0": "0"})
    await show.configuration.set_display(show.id, "d", ADMIN, "public", (int(room.queue.id), 0))
    await room.queue.wait_for(lambda messages: bool(messages) or None, timeout=10)
    await until(lambda: _idle(show))
    yield show


async def _idle(show: Show) -> bool:
    return not await show.redis.exists(keys.lease(show.id, "displays"))


async def _took(what: str, outcome: Awaitable[object]) -> float:
    began = time.monotonic()
    await outcome
    seconds = time.monotonic() - began
    _log.info("taken over: %s after %.2f s", what, seconds)
    return seconds


def _edits(show: Show) -> str:
    return f"/channels/{show.room.queue.id}/messages/[0-9]+"


async def test_a_display_whose_painter_was_killed(show: Show, paced: Sandbox) -> None:
    held = paced.faults.delay("PATCH", _edits(show), 60)
    await show.submit("Under the brush")
    await held.struck(10)
    await (await show.holder("displays")).end(signal.SIGKILL)
    assert await _took("a display, killed", show.shows("Under the brush")) < CRASH_SECONDS


async def test_a_display_whose_painter_stops_in_order(show: Show) -> None:
    await show.submit("Painted last")
    await show.shows("Painted last")
    stopping = asyncio.create_task((await show.holder("displays")).end())
    await show.submit("Painted next")
    assert await _took("a display, stopped", show.shows("Painted next")) < STOP_SECONDS + 1.5
    assert await stopping == 0


async def test_an_edit_that_comes_late_from_a_paused_process_is_painted_over_when_it_wakes_up(
    show: Show, paced: Sandbox
) -> None:
    held = paced.faults.delay("PATCH", _edits(show), 9)
    await show.submit("Before the pause")
    await held.struck(10)
    paused = await show.holder("displays")
    assert paused.child is not None
    paused.child.send_signal(signal.SIGSTOP)
    await show.submit("After the pause")
    assert await _took("a display, paused", show.shows("After the pause")) < CRASH_SECONDS
    # What it had sent arrives now, and nobody who is awake knows of it.
    await show.room.queue.wait_for(
        lambda messages: not any("After the pause" in message.text for message in messages) or None,
        timeout=20,
    )
    paused.child.send_signal(signal.SIGCONT)
    assert await _took("mended, awake", show.shows("After the pause")) < CRASH_SECONDS
    (message,) = [each for each in show.room.queue.messages if not each.is_notice]
    assert "Before the pause" in message.text


async def test_notices_whose_sender_was_killed(show: Show, paced: Sandbox) -> None:
    held = paced.faults.delay("POST", "/users/@me/channels", 60)
    await show.submit("Told by the other")
    await show.queue.next(show.id, secrets.token_hex(8), ADMIN)
    await held.struck(10)
    await (await show.holder("notices")).end(signal.SIGKILL)
    heard = show.room.alice.dm.wait_for(lambda messages: bool(messages) or None, timeout=20)
    assert await _took("notices, killed", heard) < CRASH_SECONDS
    assert len(show.room.alice.dm.messages) == 1


async def test_commands_whose_process_was_killed(crew: Crew, paced: Sandbox) -> None:
    held = paced.faults.delay("PUT", "/applications/[0-9]+/commands", 60)
    first = await crew.begin("gateway", "0/2")
    await held.struck(60)
    second = await crew.begin("gateway", "1/2")
    await second.says("Skipline is up", PATIENCE)
    await first.end(signal.SIGKILL)
    declared = second.says("Discord has the commands", 30)
    assert await _took("commands, killed", declared) < CRASH_SECONDS

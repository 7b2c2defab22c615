"""Every process of several is replaced while people press and ask: nobody is left without an answer."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from redis.asyncio import Redis

from sandbox.discord import Message, Person, Sandbox
from state.configure import Configuration
from state.feed import Feed
from state.queue import Queue
from state.scripts import Actor, Scripts
from tests.processes.conftest import PATIENCE, Crew, Room
from tests.stage import until

ADMIN = Actor(1, "admin")
PAUSE = 0.25


async def _opened(_: int) -> None: ...


@dataclass
class Evening:
    """What people do in one guild, one after the other each, and what came of it."""

    room: Room
    redis: Redis
    answers: list[float] = field(default_factory=list)
    unanswered: list[str] = field(default_factory=list)

    @property
    def queue(self) -> Queue:
        return Queue(self.redis, Scripts(self.redis, _opened))

    async def set_up(self) -> None:
        room, guild = self.room, int(self.room.guild.id)
        await room.submit(room.alice, "First light")
        configuration = Configuration(self.redis, Scripts(self.redis, _opened), Feed(self.redis))
        values = {"double_press_ms": "0", "limit:0": "0"}
        await configuration.change(guild, secrets.token_hex(8), ADMIN, values)
        for kind, channel in (("reviewer", room.review), ("public", room.queue)):
            await configuration.set_display(guild, secrets.token_hex(8), ADMIN, kind, (int(channel.id), 0))
        await room.panel()

    async def host_presses(self, over: asyncio.Event) -> None:
        while not over.is_set():
            reply = await self.room.host.press(await self.room.panel(), label="Next")
            await self._note("Next", reply.ok, reply.latency)

    async def asks(self, person: Person, over: asyncio.Event) -> None:
        while not over.is_set():
            reply = await person.command("queue show", channel=self.room.queue)
            await self._note("queue show", reply.ok, reply.latency)

    async def submits(self, person: Person, over: asyncio.Event) -> None:
        while not over.is_set():
            title = secrets.token_hex(4)
            reply = await person.command(
                "submit link",
                channel=self.room.queue,
                url=f"https://soundcloud.com/{person.name.lower()}/{title}",
                artist=person.name,
                title=title,
            )
            await self._note("submit", reply.ok, reply.latency)

    async def _note(self, what: str, ok: bool, latency: float) -> None:
        self.answers.append(latency)
        if not ok:
            self.unanswered.append(f"{what}, {datetime.now(UTC):%H:%M:%S.%f}")
        # Nobody presses without a breath, and the machine has to start processes meanwhile.
        await asyncio.sleep(PAUSE)


@contextlib.asynccontextmanager
async def busy(evenings: list[Evening]) -> AsyncIterator[Callable[[int], Awaitable[bool]]]:
    """Has everybody act in the block, all at once; gives a way to ask whether so many answers came."""

    async def answered(count: int) -> bool:
        return sum(len(each.answers) for each in evenings) >= count

    over = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        for each in evenings:
            room = each.room
            group.create_task(each.host_presses(over))
            group.create_task(each.asks(room.alice, over))
            group.create_task(each.submits(room.bruno, over))
        try:
            yield answered
        finally:
            over.set()


@pytest.mark.timeout(180)
async def test_every_process_is_replaced_and_nobody_is_left_without_an_answer(
    paced: Sandbox, crew: Crew, redis_of: Redis
) -> None:
    evenings = [Evening(Room(paced), redis_of) for _ in range(3)]
    assert {(each.room.guild.id >> 22) % 2 for each in evenings} == {0, 1}, "both shards are pressed"
    gateways = [await crew.begin("gateway", f"{shard}/2") for shard in range(2)]
    workers = [await crew.begin("worker") for _ in range(2)]
    for process in (*gateways, *workers):
        await process.says("Skipline is up", PATIENCE)
    await gateways[0].says("Discord has the commands", PATIENCE)
    await asyncio.gather(*(each.set_up() for each in evenings))

    async with busy(evenings) as answered:
        for shard, old in enumerate(gateways):
            await crew.replace(old, "gateway", f"{shard}/2")
        for old in workers:
            await crew.replace(old, "worker")
        so_far = sum(len(each.answers) for each in evenings)
        await until(lambda: answered(so_far + 30))

    unanswered = [what for each in evenings for what in each.unanswered]
    assert not unanswered, "\n".join([*unanswered, *(line for process in crew.all for line in process.lines)])
    assert max(latency for each in evenings for latency in each.answers) < 3
    twice = [each for each in paced.requests if each.route.endswith("/callback") and each.status == 400]
    assert not twice, "nobody is answered by two processes"
    assert paced.gateway.invalid == 0
    assert [session.resumes for session in paced.gateway.connected] == [1, 1]
    for each in evenings:
        await each.room.submit(each.room.alice, "Last bus")
        assert (await each.room.host.press(await each.room.panel(), label="Next")).ok
        await shows_the_truth(each)
        # Each display is one message, and the panel one that works.
        panels = [message for message in each.room.review.messages if message.component(None, label="Next")]
        assert len(panels) == 1
        shown = [message for message in each.room.queue.messages if message.visible_to is None]
        assert len(shown) == 1, [message.text for message in shown]


async def shows_the_truth(evening: Evening) -> None:
    """Waits until the panel shows the song that plays."""
    board = await evening.queue.board(int(evening.room.guild.id))
    assert board.playing is not None
    title = board.playing.title

    def right(messages: list[Message]) -> bool:
        return any(title in message.text for message in messages)

    await evening.room.review.wait_for(right, timeout=10)

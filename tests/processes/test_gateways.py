"""Several gateways on one Redis: they share the shards, take turns to identify, and hand over."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from redis.asyncio import Redis

from sandbox.discord import Exchange, Sandbox
from state import keys
from state.keys import common_lease
from state.shard_keys import shard_session
from tests.processes.conftest import Process, Room
from tests.schema_plugin import watch

Begin = Callable[..., Awaitable[Process]]

PATIENCE = 60
"""Seconds for a start on a busy machine."""

pytestmark = pytest.mark.timeout(150)


@pytest.fixture
async def begin(strict: Sandbox, data_dir: Path, redis_of: Redis, postgres_of: str) -> AsyncIterator[Begin]:
    """Begins a process in a role; whatever still runs at the end is killed."""
    begun: list[Process] = []

    async def begin(role: str, shards: str = "auto", **environment: str) -> Process:
        process = Process(strict, data_dir, SKIPLINE_ROLE=role, SKIPLINE_SHARDS=shards, **environment)
        begun.append(process)
        await process.begin()
        return process

    yield begin
    for process in begun:
        if process.child is not None and process.child.returncode is None:
            await process.end(signal.SIGKILL)


@pytest.fixture
async def strict() -> AsyncIterator[Sandbox]:
    """A Discord that paces IDENTIFY as the real one does."""
    sandbox = await Sandbox.start(max_concurrency=2, identify_window=5.0, shards=2)
    watch(sandbox)
    yield sandbox
    await sandbox.close()


async def test_four_gateways_started_together_take_turns_to_identify(strict: Sandbox, begin: Begin) -> None:
    left = strict.gateway.starts_left
    gateways = await asyncio.gather(*(begin("gateway", f"{shard}/4") for shard in range(4)))
    await asyncio.gather(*(gateway.says("Skipline is up", PATIENCE) for gateway in gateways))
    assert sorted(session.shard_id for session in strict.gateway.connected) == [0, 1, 2, 3]
    assert strict.gateway.invalid == 0
    assert left - strict.gateway.starts_left == 4
    # A session that Discord ends begins anew, in its turn as well.
    for shard in (1, 3):
        strict.faults.invalidate(resumable=False, shard=shard)
    await strict.gateway.wait_until(lambda: left - strict.gateway.starts_left == 6, 30)
    await strict.connected(4)
    assert strict.gateway.invalid == 0


async def test_a_restart_goes_on_with_the_session_and_answers_what_was_pressed_meanwhile(
    strict: Sandbox, begin: Begin, redis_of: Redis
) -> None:
    room = Room(strict)
    old = await begin("gateway", "0-1/2")
    await old.says("Discord has the commands", PATIENCE)
    sessions = {session.id for session in strict.gateway.connected}
    await room.submit(room.alice, "First light")
    new = await begin("gateway", "0-1/2")
    await new.says("ready, and waiting for it", PATIENCE, times=2)
    ending = asyncio.create_task(old.end())
    for number in range(10):
        reply = await room.alice.command("queue show", channel=room.queue)
        assert reply.ok and "First light" in reply.text, number
    assert await ending == 0
    await new.says("Skipline is up", PATIENCE)
    assert (await room.bruno.command("queue show", channel=room.queue)).ok
    assert {session.id for session in strict.gateway.connected} == sessions
    assert strict.gateway.invalid == 0
    assert await new.end() == 0
    assert not strict.gateway.connected
    assert await redis_of.exists(shard_session("0/2"), shard_session("1/2")) == 2
    assert not await redis_of.exists(common_lease("shard:0/2"), common_lease("shard:1/2"))


async def test_who_waits_takes_over_from_a_killed_process_and_loses_no_song_dropped_meanwhile(
    strict: Sandbox, begin: Begin, redis_of: Redis
) -> None:
    room = Room(strict)
    old = await begin("gateway", "0-1/2")
    await old.says("Discord has the commands", PATIENCE)
    await room.submit(room.alice, "First light")
    guild = int(room.guild.id)
    await redis_of.hset(keys.settings(guild), "channel:submissions", str(room.queue.id))  # type: ignore[misc]
    new = await begin("gateway", "0-1/2")
    await new.says("ready, and waiting for it", PATIENCE, times=2)
    sessions = {session.id for session in strict.gateway.connected}

    await old.end(signal.SIGKILL)
    await strict.gateway.wait_until(lambda: not strict.gateway.connected)
    began = time.monotonic()
    await room.bruno.say(room.queue, "Bruno - Night Bus https://soundcloud.com/bruno/night-bus")
    await strict.connected(2, 20)
    assert time.monotonic() - began < 10
    assert {session.id for session in strict.gateway.connected} == sessions
    await room.queue.wait_for(lambda found: any("Night Bus" in m.text for m in found[1:]), timeout=10)
    reply = await room.alice.command("queue show", channel=room.queue)
    assert reply.ok and "First light" in reply.text and reply.text.count("Night Bus") == 1


async def test_a_paused_process_that_wakes_up_leaves_its_shard_to_who_has_it(
    strict: Sandbox, begin: Begin, redis_of: Redis
) -> None:
    room = Room(strict)
    old = await begin("gateway", "0-1/2")
    await old.says("Discord has the commands", PATIENCE)
    await room.submit(room.alice, "First light")
    new = await begin("gateway", "0-1/2")
    await new.says("ready, and waiting for it", PATIENCE, times=2)

    assert old.child is not None
    old.child.send_signal(signal.SIGSTOP)
    # It is told of this one while it is paused, and would answer it when it wakes up.
    lost = asyncio.create_task(room.bruno.command("queue show", channel=room.queue))
    assert not (await lost).ok
    await new.says("Skipline is up", PATIENCE)
    assert (await room.alice.command("queue show", channel=room.queue)).ok
    answers = len(callbacks(strict))
    assert answers == 2, "the song and the list"

    old.child.send_signal(signal.SIGCONT)
    await old.says("taken over by another process", PATIENCE, times=2)
    await old.says("ready, and waiting for it", PATIENCE, times=2)
    for _ in range(5):
        assert (await room.alice.command("queue show", channel=room.queue)).ok
    assert len(callbacks(strict)) == answers + 5, "everybody is answered once, by one process"
    assert strict.gateway.invalid == 0
    # And it is there when it is needed again.
    assert await new.end() == 0
    assert (await room.alice.command("queue show", channel=room.queue)).ok


def callbacks(sandbox: Sandbox) -> list[Exchange]:
    return [each for each in sandbox.requests if each.route.endswith("/callback")]

"""Several gateways on one Redis: they share the shards, take turns to identify, and hand over."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from redis.asyncio import Redis

from sandbox.discord import Sandbox
from state.keys import common_lease
from state.shard_keys import shard_session
from tests.processes.conftest import Process, Room
from tests.schema_plugin import watch

Begin = Callable[..., Awaitable[Process]]


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
    await asyncio.gather(*(gateway.says("Skipline is up") for gateway in gateways))
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
    await old.says("Discord has the commands")
    sessions = {session.id for session in strict.gateway.connected}
    await room.submit(room.alice, "First light")
    new = await begin("gateway", "0-1/2")
    await new.says("ready, and waiting for it", times=2)
    ending = asyncio.create_task(old.end())
    for number in range(10):
        reply = await room.alice.command("queue show", channel=room.queue)
        assert reply.ok and "First light" in reply.text, number
    assert await ending == 0
    await new.says("Skipline is up")
    assert (await room.bruno.command("queue show", channel=room.queue)).ok
    assert {session.id for session in strict.gateway.connected} == sessions
    assert strict.gateway.invalid == 0
    assert await new.end() == 0
    assert not strict.gateway.connected
    assert await redis_of.exists(shard_session("0/2"), shard_session("1/2")) == 2
    assert not await redis_of.exists(common_lease("shard:0/2"), common_lease("shard:1/2"))

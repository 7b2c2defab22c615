"""Several gateways on one Redis: they share the shards, take turns to identify, and hand over."""

from __future__ import annotations

import asyncio
import signal
import time

import pytest
from redis.asyncio import Redis

from sandbox.discord import Exchange, Sandbox
from state import keys
from state.keys import common_lease
from state.shard_keys import shard_session
from tests.processes.conftest import PATIENCE, Crew, Room

pytestmark = pytest.mark.timeout(150)


async def test_four_gateways_started_together_take_turns_to_identify(paced: Sandbox, crew: Crew) -> None:
    left = paced.gateway.starts_left
    gateways = await asyncio.gather(*(crew.begin("gateway", f"{shard}/4") for shard in range(4)))
    await asyncio.gather(*(gateway.says("Skipline is up", PATIENCE) for gateway in gateways))
    assert sorted(session.shard_id for session in paced.gateway.connected) == [0, 1, 2, 3]
    assert paced.gateway.invalid == 0
    assert left - paced.gateway.starts_left == 4
    # A session that Discord ends begins anew, in its turn as well.
    for shard in (1, 3):
        paced.faults.invalidate(resumable=False, shard=shard)
    await paced.gateway.wait_until(lambda: left - paced.gateway.starts_left == 6, 30)
    await paced.connected(4)
    assert paced.gateway.invalid == 0


async def test_a_restart_goes_on_with_the_session_and_answers_what_was_pressed_meanwhile(
    paced: Sandbox, crew: Crew, redis_of: Redis
) -> None:
    room = Room(paced)
    old = await crew.begin("gateway", "0-1/2")
    await old.says("Discord has the commands", PATIENCE)
    sessions = {session.id for session in paced.gateway.connected}
    await room.submit(room.alice, "First light")
    new = await crew.begin("gateway", "0-1/2")
    await new.says("ready, and waiting for it", PATIENCE, times=2)
    ending = asyncio.create_task(old.end())
    for number in range(10):
        reply = await room.alice.command("queue show", channel=room.queue)
        assert reply.ok and "First light" in reply.text, number
    assert await ending == 0
    await new.says("Skipline is up", PATIENCE)
    assert (await room.bruno.command("queue show", channel=room.queue)).ok
    assert {session.id for session in paced.gateway.connected} == sessions
    assert paced.gateway.invalid == 0
    assert await new.end() == 0
    assert not paced.gateway.connected
    assert await redis_of.exists(shard_session("0/2"), shard_session("1/2")) == 2
    assert not await redis_of.exists(common_lease("shard:0/2"), common_lease("shard:1/2"))


async def test_who_waits_takes_over_from_a_killed_process_and_loses_no_song_dropped_meanwhile(
    paced: Sandbox, crew: Crew, redis_of: Redis
) -> None:
    room = Room(paced)
    old = await crew.begin("gateway", "0-1/2")
    await old.says("Discord has the commands", PATIENCE)
    await room.submit(room.alice, "First light")
    guild = int(room.guild.id)
    await redis_of.hset(keys.settings(guild), "channel:submissions", str(room.queue.id))  # type: ignore[misc]
    new = await crew.begin("gateway", "0-1/2")
    await new.says("ready, and waiting for it", PATIENCE, times=2)
    sessions = {session.id for session in paced.gateway.connected}

    await old.end(signal.SIGKILL)
    await paced.gateway.wait_until(lambda: not paced.gateway.connected)
    began = time.monotonic()
    await room.bruno.say(room.queue, "Bruno - Night Bus https://soundcloud.com/bruno/night-bus")
    pressed = asyncio.create_task(room.alice.command("queue show", channel=room.queue))
    await paced.connected(2, 20)
    assert time.monotonic() - began < 10
    assert {session.id for session in paced.gateway.connected} == sessions
    assert (await pressed).ok, "one machine: its death is seen at once"
    await room.queue.wait_for(lambda found: any("Night Bus" in m.text for m in found[1:]), timeout=10)
    reply = await room.alice.command("queue show", channel=room.queue)
    assert reply.ok and "First light" in reply.text and reply.text.count("Night Bus") == 1


async def test_a_paused_process_that_wakes_up_leaves_its_shard_to_who_has_it(
    paced: Sandbox, crew: Crew, redis_of: Redis
) -> None:
    room = Room(paced)
    old = await crew.begin("gateway", "0-1/2")
    await old.says("Discord has the commands", PATIENCE)
    await room.submit(room.alice, "First light")
    new = await crew.begin("gateway", "0-1/2")
    await new.says("ready, and waiting for it", PATIENCE, times=2)

    assert old.child is not None
    old.child.send_signal(signal.SIGSTOP)
    # It is told of this one while it is paused, and would answer it when it wakes up.
    lost = asyncio.create_task(room.bruno.command("queue show", channel=room.queue))
    assert not (await lost).ok
    await new.says("Skipline is up", PATIENCE)
    assert (await room.alice.command("queue show", channel=room.queue)).ok
    answers = len(callbacks(paced))
    assert answers == 2, "the song and the list"

    old.child.send_signal(signal.SIGCONT)
    await old.says("taken over by another process", PATIENCE, times=2)
    await old.says("ready, and waiting for it", PATIENCE, times=2)
    for _ in range(5):
        assert (await room.alice.command("queue show", channel=room.queue)).ok
    assert len(callbacks(paced)) == answers + 5, "everybody is answered once, by one process"
    assert paced.gateway.invalid == 0
    # And it is there when it is needed again.
    assert await new.end() == 0
    assert (await room.alice.command("queue show", channel=room.queue)).ok


async def test_what_failed_while_a_process_was_paused_does_not_happen_when_it_wakes_up(
    paced: Sandbox, crew: Crew, redis_of: Redis
) -> None:
    room = Room(paced)
    gateway = await crew.begin("gateway", "0-1/2")
    await gateway.says("Discord has the commands", PATIENCE)
    await room.submit(room.alice, "First light")
    assert gateway.child is not None
    gateway.child.send_signal(signal.SIGSTOP)
    url = "https://soundcloud.com/bruno/night-bus"
    lost = room.bruno.command("submit link", channel=room.queue, url=url, artist="Bruno", title="Night Bus")
    assert not (await lost).ok
    gateway.child.send_signal(signal.SIGCONT)
    await gateway.says("too late to be answered", PATIENCE)
    reply = await room.alice.command("queue show", channel=room.queue)
    assert reply.ok and "First light" in reply.text and "Night Bus" not in reply.text


def callbacks(sandbox: Sandbox) -> list[Exchange]:
    return [each for each in sandbox.requests if each.route.endswith("/callback")]

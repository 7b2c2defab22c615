"""Faults of Skipline's own processes: killed, paused, replaced, their clocks set wrong."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable

from tests.faults.mischief.scene import (
    ALL,
    CALLBACK,
    COMMIT,
    DISPLAY_LEASE,
    SCRIPT,
    Scene,
    fault,
    first_sprung,
    heard_anew,
)
from tests.faults.plant import SHARDS, Member, killer


async def _raised(scene: Scene, member: Member) -> None:
    await member.restart()
    await scene.plant.connected(member.shards)


@fault("a gateway is killed")
async def gateway_killed(scene: Scene) -> None:
    member = scene.gateway()
    with scene.plant.windows.silence(member.shards):
        member.signal(signal.SIGKILL)
        await _raised(scene, member)


@fault("a gateway is killed before a script runs", alone=True)
async def gateway_killed_before(scene: Scene) -> None:
    await _trapped(scene, scene.gateway(), after=False)


@fault("a gateway is killed after a script ran", alone=True)
async def gateway_killed_after(scene: Scene) -> None:
    await _trapped(scene, scene.gateway(), after=True)


async def _trapped(scene: Scene, member: Member, *, after: bool) -> None:
    trap = member.redis.trap(SCRIPT, killer(member), after=after)
    await asyncio.wait_for(trap.sprung.wait(), 30)
    with scene.plant.windows.silence(member.shards):
        await _raised(scene, member)


@fault("a gateway is killed before its answer reaches Discord", alone=True)
async def gateway_killed_unanswered(scene: Scene) -> None:
    sandbox = scene.plant.sandbox
    lost = sandbox.faults.lose_request("POST", CALLBACK)
    await lost.struck(30)
    _, _, id_, token, _ = lost.paths[0].rsplit("/", 4)
    asked = sandbox.interactions.find(token, int(id_))
    assert asked is not None and asked.guild is not None
    shard = (int(asked.guild.id) >> 22) % SHARDS
    member = next(each for each in scene.plant.of("gateway") if shard in each.shards)
    with scene.plant.windows.silence(member.shards):
        member.signal(signal.SIGKILL)
        await _raised(scene, member)


@fault("a gateway is replaced while people press")
async def gateway_rolled(scene: Scene) -> None:
    await scene.gateway().roll()


@fault("a worker is replaced while people press")
async def worker_rolled(scene: Scene) -> None:
    await scene.worker().roll()


@fault("the clock of a process is wrong, and is set right", needs=lambda plant: not plant.timeless)
async def clock_stepped(scene: Scene) -> None:
    member = scene.member()
    member.step_clock(scene.random.choice((-7200, -90, -5, 5, 90, 7200)))
    await asyncio.sleep(scene.seconds(3, 6))
    member.step_clock(0)
    await asyncio.sleep(1.5)  # libfaketime looks once a second


@fault("a worker is killed", late=DISPLAY_LEASE)
async def worker_killed(scene: Scene) -> None:
    member = scene.worker()
    member.signal(signal.SIGKILL)
    await member.restart()


@fault(
    "a worker is killed between reading the stream and committing the archive", late=DISPLAY_LEASE, alone=True
)
async def worker_killed_before_commit(scene: Scene) -> None:
    await _untimely(scene, after=False)


@fault("a worker is killed between committing the archive and hearing of it", late=DISPLAY_LEASE, alone=True)
async def worker_killed_after_commit(scene: Scene) -> None:
    await _untimely(scene, after=True)


async def _untimely(scene: Scene, *, after: bool) -> None:
    killed: list[Member] = []

    def killing(member: Member) -> Callable[[], None]:
        def kill() -> None:
            # Both may commit in the same moment, and one is to be left.
            if not killed:
                killed.append(member)
                member.signal(signal.SIGKILL)

        return kill

    workers = scene.plant.of("worker")
    await first_sprung(
        {member: member.postgres.trap(COMMIT, killing(member), after=after) for member in workers}
    )
    for member in workers:
        await member.postgres.mend()
    await killed[0].restart()


@fault("the process that listens to TikTok is killed")
async def listener_killed(scene: Scene) -> None:
    def kill() -> None:
        for member in scene.plant.of("worker"):
            if (listener := member.listener()) is not None:
                listener.kill()

    await heard_anew(scene, kill)


@fault("all processes are killed at once and started again", late=DISPLAY_LEASE)
async def all_killed(scene: Scene) -> None:
    with scene.plant.windows.silence(ALL):
        for member in scene.members():
            member.signal(signal.SIGKILL)
        await asyncio.gather(*(member.restart() for member in scene.members()))
        await scene.plant.connected(ALL)


@fault("every process is replaced, one after the other", long=True, alone=True)
async def all_rolled(scene: Scene) -> None:
    for member in scene.members():
        await member.roll()

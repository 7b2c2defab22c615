"""Faults of Skipline's own processes: killed, paused, replaced, their clocks set wrong."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from typing import Any, Final

from tests.faults.mischief.scene import ALL, CALLBACK, DISPLAY_LEASE, LEASE, Scene, fault, heard_again
from tests.faults.plant import SHARDS, Member, killer

_SCRIPT: Final = b"EVALSHA"
_COMMIT: Final = b"COMMIT"


async def _raised(scene: Scene, member: Member) -> None:
    await member.restart()
    await scene.plant.connected(member.shards)


@fault("a gateway is killed")
async def gateway_killed(scene: Scene) -> None:
    member = scene.gateway()
    with scene.plant.windows.silence(member.shards):
        member.signal(signal.SIGKILL)
        await _raised(scene, member)


@fault("a gateway is paused for longer than its leases")
async def gateway_paused(scene: Scene) -> None:
    member = scene.gateway()
    with scene.plant.windows.silence(member.shards):
        member.signal(signal.SIGSTOP)
        await asyncio.sleep(LEASE + scene.seconds(1, 4))
        member.signal(signal.SIGCONT)
        await _settled(scene, member)


async def _settled(scene: Scene, member: Member) -> None:
    """Wait until somebody whose shard a process runs is answered again."""
    if not member.alive:
        await member.start()
    room = next(room for room in scene.rooms if room.shard in member.shards)
    async with asyncio.timeout(60):
        # Who is not answered within three seconds asks again.
        while not (await room.owner.command("queue show", room.queue)).ok:
            continue


@fault("a gateway is killed before a script runs")
async def gateway_killed_before(scene: Scene) -> None:
    await _trapped(scene, scene.gateway(), after=False)


@fault("a gateway is killed after a script ran")
async def gateway_killed_after(scene: Scene) -> None:
    await _trapped(scene, scene.gateway(), after=True)


async def _trapped(scene: Scene, member: Member, *, after: bool) -> None:
    with scene.plant.windows.silence(member.shards):
        trap = member.redis.trap(_SCRIPT, killer(member), after=after)
        await asyncio.wait_for(trap.sprung.wait(), 30)
        await _raised(scene, member)


@fault("a gateway is killed before its answer reaches Discord")
async def gateway_killed_unanswered(scene: Scene) -> None:
    sandbox = scene.plant.sandbox
    with scene.plant.windows.silence(ALL):
        lost = sandbox.faults.lose_request("POST", CALLBACK)
        await lost.struck(30)
        _, _, id_, token, _ = lost.paths[0].rsplit("/", 4)
        asked = sandbox.interactions.find(token, int(id_))
        assert asked is not None and asked.guild is not None
        shard = (int(asked.guild.id) >> 22) % SHARDS
        member = next(each for each in scene.plant.of("gateway") if shard in each.shards)
        member.signal(signal.SIGKILL)
        await _raised(scene, member)


@fault("a gateway is replaced while people press")
async def gateway_rolled(scene: Scene) -> None:
    await scene.gateway().roll()


@fault("a worker is replaced while people press")
async def worker_rolled(scene: Scene) -> None:
    await scene.worker().roll()


@fault("the clock of a process is wrong, and is set right")
async def clock_stepped(scene: Scene) -> None:
    if scene.plant.timeless:
        return
    member = scene.random.choice(list(scene.plant.members.values()))
    member.step_clock(scene.random.choice((-7200, -90, -5, 5, 90, 7200)))
    await asyncio.sleep(scene.seconds(3, 6))
    member.step_clock(0)
    await asyncio.sleep(1.5)  # libfaketime looks once a second


@fault("a worker is killed", late=DISPLAY_LEASE)
async def worker_killed(scene: Scene) -> None:
    member = scene.worker()
    member.signal(signal.SIGKILL)
    await member.restart()


@fault("a worker is paused for longer than its leases", late=DISPLAY_LEASE)
async def worker_paused(scene: Scene) -> None:
    member = scene.worker()
    member.signal(signal.SIGSTOP)
    await asyncio.sleep(LEASE + scene.seconds(1, 4))
    member.signal(signal.SIGCONT)


@fault("a worker is killed between reading the stream and committing the archive", late=DISPLAY_LEASE)
async def worker_killed_before_commit(scene: Scene) -> None:
    await _untimely(scene, after=False)


@fault("a worker is killed between committing the archive and hearing of it", late=DISPLAY_LEASE)
async def worker_killed_after_commit(scene: Scene) -> None:
    await _untimely(scene, after=True)


async def _untimely(scene: Scene, *, after: bool) -> None:
    traps: list[asyncio.Task[Any]] = []
    workers = scene.plant.of("worker")
    for member in workers:
        trap = member.postgres.trap(_COMMIT, killer(member), after=after)
        traps.append(asyncio.create_task(trap.sprung.wait()))
    _, waiting = await asyncio.wait(traps, timeout=30, return_when=asyncio.FIRST_COMPLETED)
    for task in waiting:
        task.cancel()
    for member in workers:
        await member.postgres.mend()
        if member.process.child is not None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(member.process.child.wait(), 0.2)
        if not member.alive:
            await member.start()


@fault("the process that listens to TikTok is killed")
async def listener_killed(scene: Scene) -> None:
    for member in scene.plant.of("worker"):
        if (listener := member.listener()) is not None:
            listener.kill()
    await heard_again(scene)

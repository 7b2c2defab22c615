"""Processes that are stopped for longer than their leases, and woken: they must not act then."""

from __future__ import annotations

import asyncio

from state import keys
from tests.faults.mischief.scene import (
    COMMIT,
    DISPLAY_LEASE,
    LEASE,
    SCRIPT,
    Scene,
    fault,
    first_sprung,
    heard_again,
)
from tests.faults.plant import Member
from tests.faults.room import Room


async def _sleeps(scene: Scene, member: Member) -> None:
    """Wait until the leases of a paused process are gone, and wake it."""
    await asyncio.sleep(LEASE + scene.seconds(0.6, 2.5))
    member.wake()


async def _settled(scene: Scene, member: Member) -> None:
    """Wait until somebody whose shard a process runs is answered again."""
    if not member.alive:
        await member.start()
    room = next(room for room in scene.rooms if room.shard in member.shards)
    async with asyncio.timeout(60):
        # Who is not answered within three seconds asks again.
        while not (await room.owner.command("queue show", room.queue)).ok:
            continue


@fault("a gateway is paused for longer than its leases")
async def gateway_paused(scene: Scene) -> None:
    member = scene.gateway()
    with scene.plant.windows.silence(member.shards):
        member.pause()
        await _sleeps(scene, member)
        await _settled(scene, member)


@fault("a gateway is paused before a script runs", alone=True)
async def gateway_paused_before(scene: Scene) -> None:
    await _gateway_trapped(scene, after=False)


@fault("a gateway is paused after a script ran", alone=True)
async def gateway_paused_after(scene: Scene) -> None:
    await _gateway_trapped(scene, after=True)


async def _gateway_trapped(scene: Scene, *, after: bool) -> None:
    member = scene.gateway()
    # A script that has not run is to be asked for by who wakes up, so its request is lost, not late.
    hold = after and scene.random.random() < 0.5
    trap = member.redis.trap(SCRIPT, member.pause, after=after, hold=hold)
    await asyncio.wait_for(trap.sprung.wait(), 30)
    with scene.plant.windows.silence(member.shards):
        trap.released.set()
        await _sleeps(scene, member)
        await _settled(scene, member)


@fault("a worker is paused for longer than its leases", late=DISPLAY_LEASE)
async def worker_paused(scene: Scene) -> None:
    member = scene.worker()
    member.pause()
    await _sleeps(scene, member)


@fault("a worker is paused before a script runs", late=DISPLAY_LEASE, alone=True)
async def worker_paused_before(scene: Scene) -> None:
    await _worker_trapped(scene, after=False, hold=scene.random.random() < 0.5)


@fault("a worker is paused after a script ran", late=DISPLAY_LEASE, alone=True)
async def worker_paused_after(scene: Scene) -> None:
    await _worker_trapped(scene, after=True, hold=scene.random.random() < 0.5)


async def _worker_trapped(scene: Scene, *, after: bool, hold: bool) -> None:
    member = scene.worker()
    trap = member.redis.trap(SCRIPT, member.pause, after=after, hold=hold)
    await asyncio.wait_for(trap.sprung.wait(), 30)
    await _sleeps(scene, member)
    trap.released.set()


@fault("a worker is paused before it commits the archive", late=DISPLAY_LEASE, alone=True)
async def worker_paused_before_commit(scene: Scene) -> None:
    # PostgreSQL is to hear nothing of it, not even that its connection ended.
    workers = scene.plant.of("worker")
    traps = {member: member.postgres.trap(COMMIT, member.pause, after=False, hold=True) for member in workers}
    await first_sprung(traps)
    await asyncio.sleep(LEASE + scene.seconds(0.6, 2.5))
    for member in workers:
        member.wake()
        await member.postgres.mend()


@fault("a worker is paused while its edit of a display is on its way", late=DISPLAY_LEASE, alone=True)
async def worker_paused_editing(scene: Scene) -> None:
    await _paused_editing(scene, after=False)


@fault("a worker is paused while Discord's answer to its edit is on its way", late=DISPLAY_LEASE, alone=True)
async def worker_paused_edited(scene: Scene) -> None:
    await _paused_editing(scene, after=True)


async def _paused_editing(scene: Scene, *, after: bool) -> None:
    displays = {int(channel.id): room for room in scene.rooms for channel in (room.review, room.queue)}
    # Cards of songs are edited too, by whoever has those.
    route = f"/channels/({'|'.join(map(str, displays))})/messages/[0-9]+"
    held = scene.plant.sandbox.faults.delay("PATCH", route, scene.seconds(1, LEASE), after=after)
    await held.struck(30)
    member = await _painter(scene, displays[int(held.paths[0].split("/")[-3])])
    member.pause()
    await _sleeps(scene, member)


async def _painter(scene: Scene, room: Room) -> Member:
    """The process that may edit the displays of a room now."""
    holder = str(await scene.plant.redis.get(keys.lease(room.id, "displays")))
    found = [each for each in scene.plant.of("worker") if holder.partition(":")[2].startswith(f"{each.pid}:")]
    assert found, f"nobody has the displays of room {room.number}: {holder}"
    return found[0]


@fault("the process that listens to TikTok is paused for longer than its lease", alone=True)
async def listener_paused(scene: Scene) -> None:
    listeners = [listener for member in scene.plant.of("worker") if (listener := member.listener())]
    listener = scene.random.choice(listeners)
    listener.suspend()
    await asyncio.sleep(LEASE + scene.seconds(0.6, 2.5))
    listener.resume()
    await heard_again(scene)

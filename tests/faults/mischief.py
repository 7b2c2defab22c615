"""What is done to the plant, fault by fault. Each comes back once it has healed what it broke."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from random import Random
from typing import Any, Final, cast

import orjson

from sandbox.discord import Permission
from state import keys
from tests.faults.plant import SHARDS, Member, Plant, killer
from tests.faults.room import Room

ALL: Final = range(SHARDS)
LEASE: Final = 8.0
DISPLAY_LEASE: Final = 4.0
"""A display's lease and the third of it after which the next one looks again."""

_CALLBACK: Final = "/interactions/[0-9]+/.+/callback"
_SCRIPT: Final = b"EVALSHA"
_COMMIT: Final = b"COMMIT"


@dataclass(slots=True)
class Scene:
    """Where a fault is let loose.

    `forgiven` are requests whose moves may have gone with a Redis that was emptied.
    """

    plant: Plant
    rooms: list[Room]
    random: Random
    forgiven: set[str]

    def gateway(self) -> Member:
        """One of the gateways."""
        return self.random.choice(self.plant.of("gateway"))

    def worker(self) -> Member:
        """One of the workers."""
        return self.random.choice(self.plant.of("worker"))

    def room(self) -> Room:
        """One of the rooms."""
        return self.random.choice(self.rooms)

    def seconds(self, least: float, most: float) -> float:
        """How long something lasts."""
        return self.random.uniform(least, most)


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault by its name; `late` seconds more than two may pass until the displays agree again."""

    name: str
    strike: Callable[[Scene], Awaitable[None]]
    late: float = 0.0
    long: bool = False
    """Whether it takes too long for a short schedule."""


FAULTS: Final[list[Fault]] = []


def fault(
    name: str, *, late: float = 0.0, long: bool = False
) -> Callable[[Callable[[Scene], Awaitable[None]]], Callable[[Scene], Awaitable[None]]]:
    """Put a fault into the list."""

    def put(strike: Callable[[Scene], Awaitable[None]]) -> Callable[[Scene], Awaitable[None]]:
        FAULTS.append(Fault(name, strike, late, long))
        return strike

    return put


# Processes


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
        lost = sandbox.faults.lose_request("POST", _CALLBACK)
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
    await _heard_again(scene)


async def _heard_again(scene: Scene) -> None:
    for room in scene.rooms:
        if room.host.live is not None:
            await scene.plant.tiktok.connected(room.host.live, timeout=60)


# Redis


@fault("Redis is killed and started again")
async def redis_killed(scene: Scene) -> None:
    await scene.plant.kill_redis()
    await asyncio.sleep(scene.seconds(0.5, 3))
    await scene.plant.start_redis()


@fault("Redis is emptied")
async def redis_emptied(scene: Scene) -> None:
    client: Any = scene.plant.redis
    names = [keys.events(room.id) for room in scene.rooms]
    taken = cast(
        "list[str]",
        await client.eval(
            "local found = {} "
            "for _, name in ipairs(KEYS) do "
            "  for _, entry in ipairs(redis.call('XREVRANGE', name, '+', '-', 'COUNT', 300)) do "
            "    local fields = {} "
            "    for i = 1, #entry[2], 2 do fields[entry[2][i]] = entry[2][i + 1] end "
            "    found[#found + 1] = cjson.encode({ name, entry[1], fields.req or '' }) "
            "  end "
            "end "
            "redis.call('FLUSHALL') "
            "return found",
            len(names),
            *names,
        ),
    )
    # What the archive has not got by now went with it: the bound that the design gives.
    scene.forgiven.update(str(orjson.loads(each)[2]) for each in taken)


@fault("Redis forgets its scripts")
async def scripts_forgotten(scene: Scene) -> None:
    for _ in range(5):
        await scene.plant.redis.script_flush()
        await asyncio.sleep(scene.seconds(0.1, 0.5))


@fault("Redis has no memory left")
async def redis_full(scene: Scene) -> None:
    await scene.plant.redis.config_set("maxmemory", 1)
    await asyncio.sleep(scene.seconds(2, 5))
    await scene.plant.redis.config_set("maxmemory", 0)


@fault("Redis takes no writes")
async def redis_read_only(scene: Scene) -> None:
    client: Any = scene.plant.redis
    await client.replicaof("127.0.0.1", "1")
    await asyncio.sleep(scene.seconds(2, 5))
    await client.replicaof("NO", "ONE")


@fault("Redis is slow")
async def redis_slow(scene: Scene) -> None:
    for member in scene.plant.members.values():
        member.redis.delay = 0.15
    await asyncio.sleep(scene.seconds(3, 6))
    for member in scene.plant.members.values():
        member.redis.delay = 0.0


@fault("the network to Redis is cut", late=DISPLAY_LEASE)
async def redis_cut(scene: Scene) -> None:
    cut = scene.random.sample(list(scene.plant.members.values()), scene.random.randint(1, 4))
    for member in cut:
        await member.redis.cut()
    await asyncio.sleep(scene.seconds(1, 5))
    for member in cut:
        await member.redis.mend()


@fault("answers of Redis are lost", late=DISPLAY_LEASE)
async def answers_lost(scene: Scene) -> None:
    member = scene.random.choice(list(scene.plant.members.values()))
    for _ in range(6):
        member.redis.lose_answers()
        await asyncio.sleep(scene.seconds(0.02, 0.2))
        await member.redis.mend()
        await asyncio.sleep(scene.seconds(0.2, 0.6))


# PostgreSQL


@fault("PostgreSQL is stopped and started again")
async def postgres_stopped(scene: Scene) -> None:
    await scene.plant.stop_postgres()
    await asyncio.sleep(scene.seconds(3, 10))
    await scene.plant.start_postgres()


@fault("PostgreSQL is away for minutes", long=True)
async def postgres_away(scene: Scene) -> None:
    await scene.plant.stop_postgres(signal.SIGQUIT)
    await asyncio.sleep(scene.seconds(60, 150))
    await scene.plant.start_postgres()


@fault("the disk of PostgreSQL is full")
async def postgres_full(scene: Scene) -> None:
    if not scene.plant.limited:
        return
    with scene.plant.full_disk():
        await asyncio.sleep(scene.seconds(3, 8))
    await scene.plant.start_postgres()


# Discord


@fault("the gateway's connections are dropped")
async def gateway_dropped(scene: Scene) -> None:
    shard = scene.random.choice(ALL)
    with scene.plant.windows.silence({shard}):
        scene.plant.sandbox.faults.drop_gateway(shard)
        await scene.plant.connected({shard})


@fault("the gateway asks to reconnect")
async def gateway_reconnects(scene: Scene) -> None:
    with scene.plant.windows.silence(ALL):
        scene.plant.sandbox.faults.reconnect()
        await scene.plant.connected(ALL)


@fault("sessions of the gateway are invalid")
async def sessions_invalid(scene: Scene) -> None:
    with scene.plant.windows.silence(ALL):
        scene.plant.sandbox.faults.invalidate(resumable=False)
        await asyncio.sleep(1)
        await scene.plant.connected(ALL)


@fault("Discord answers 500, 429, or not at all", late=8.0)
async def discord_fails(scene: Scene) -> None:
    faults = scene.plant.sandbox.faults
    route = "/(channels|webhooks)/.*"
    with scene.plant.windows.silence(ALL):
        for _ in range(scene.random.randint(3, 8)):
            match scene.random.randrange(5):
                case 0:
                    faults.fail("*", route, status=scene.random.choice((500, 502, 503)), times=2)
                case 1:
                    faults.rate_limit("*", route, retry_after=scene.seconds(0.2, 1.0), times=2)
                case 2:
                    faults.lose_reply("*", route)
                case 3:
                    faults.lose_request("*", route)
                case _:
                    faults.lose_reply("POST", _CALLBACK)
            await asyncio.sleep(scene.seconds(0.2, 1.0))
        faults.clear()


@fault("messages of displays are deleted")
async def messages_deleted(scene: Scene) -> None:
    room = scene.room()
    for message in (*room.panels(), *room.boards()):
        scene.plant.sandbox.faults.delete_message(message)
    await room.panel(30)


@fault("the bot may not write in a display's channel, and may again")
async def permissions_withdrawn(scene: Scene) -> None:
    room, faults = scene.room(), scene.plant.sandbox.faults
    faults.withdraw(room.queue, Permission.VIEW_CHANNEL)
    await asyncio.sleep(scene.seconds(2, 5))
    faults.restore(room.queue, Permission.VIEW_CHANNEL)
    await _healed(room)


@fault("a display's channel is deleted, and it gets another")
async def channel_deleted(scene: Scene) -> None:
    room = scene.room()
    scene.plant.sandbox.faults.delete_channel(room.queue)
    await asyncio.sleep(scene.seconds(2, 4))
    channel = room.guild.create_channel("queue")
    reply = await room.owner.command(
        "display add", room.review, options={"kind": "public", "channel": channel}
    )
    assert reply.ok, reply.text
    await reply.settled()
    room.queue = channel


async def _healed(room: Room) -> None:
    reply = await room.owner.command("display heal", room.review)
    assert reply.ok, reply.text
    await reply.settled()


# TikTok


@fault("TikTok drops its connections, or falls silent")
async def tiktok_drops(scene: Scene) -> None:
    for room in scene.rooms:
        live = room.host.live
        if live is not None:
            do = scene.random.choice((scene.plant.tiktok.faults.cut, scene.plant.tiktok.faults.close))
            do(live)
    await asyncio.sleep(scene.seconds(0.5, 2))
    await _heard_again(scene)


@fault("TikTok's connections stall")
async def tiktok_stalls(scene: Scene) -> None:
    for room in scene.rooms:
        if room.host.live is not None:
            scene.plant.tiktok.faults.stall(room.host.live)
    await asyncio.sleep(scene.seconds(1, 3))
    for room in scene.rooms:
        if room.host.live is not None:
            scene.plant.tiktok.faults.cut(room.host.live)
    await _heard_again(scene)


@fault("a live ends, and another begins")
async def live_ends(scene: Scene) -> None:
    room = scene.room()
    if room.host.live is not None:
        room.host.live.end()
    await asyncio.sleep(scene.seconds(0.5, 2))
    room.streaks.clear()
    room.host.go_live()
    await _heard_again(scene)

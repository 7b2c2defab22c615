"""Faults of Redis, and of the way to it."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import orjson

from state import keys
from state.connection import connect
from tests.faults.mischief.scene import DISPLAY_LEASE, Scene, fault
from tests.faults.mischief.wires import cut, lose_answers, slow
from tests.faults.plant import CLIENTS


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
    await scene.plant.loosen_redis()


@fault("Redis takes no writes")
async def redis_read_only(scene: Scene) -> None:
    client: Any = scene.plant.redis
    await client.replicaof("127.0.0.1", "1")
    await asyncio.sleep(scene.seconds(2, 5))
    await scene.plant.loosen_redis()


@fault("Redis takes no more connections", late=DISPLAY_LEASE)
async def redis_refuses(scene: Scene) -> None:
    # Connected before: who loosens it later must not be refused.
    client: Any = connect(scene.plant.valkey.url)
    try:
        await client.config_set("maxclients", 1)
        for member in scene.members():
            await member.redis.drop()
        await asyncio.sleep(scene.seconds(1, 4))
        await client.config_set("maxclients", CLIENTS)
    finally:
        await client.aclose()


@fault("Redis is slow")
async def redis_slow(scene: Scene) -> None:
    await slow([member.redis for member in scene.members()], 0.15, scene.seconds(3, 6))


@fault("the network to Redis is cut", late=DISPLAY_LEASE)
async def redis_cut(scene: Scene) -> None:
    await cut((member.redis for member in scene.members()), scene.seconds(1, 5), scene)


@fault("answers of Redis are lost", late=DISPLAY_LEASE)
async def answers_lost(scene: Scene) -> None:
    await lose_answers(scene.member().redis, 0.2, scene)

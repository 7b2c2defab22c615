"""Faults of Discord: its gateway, its answers, and what people do to channels and messages."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable
from typing import Final

from sandbox.discord import Permission
from tests.faults.mischief.scene import ALL, CALLBACK, DISPLAY_LEASE, Scene, fault
from tests.faults.room import Room

_FOREVER: Final = 3600.0
_SHORT_INTERVAL: Final = 1.0
"""Seconds between heartbeats while they go unheard: Discord's own 41 would be long to wait for."""


@fault("the gateway's connections are dropped")
async def gateway_dropped(scene: Scene) -> None:
    shard = scene.random.choice(ALL)
    faults = scene.plant.sandbox.faults
    async with _silent_where_unconnected(scene):
        await _connected_anew(scene, lambda: faults.drop_gateway(shard), shard)


@fault("the gateway asks to reconnect")
async def gateway_reconnects(scene: Scene) -> None:
    async with _silent_where_unconnected(scene):
        await _connected_anew(scene, scene.plant.sandbox.faults.reconnect)


@fault("sessions of the gateway are invalid")
async def sessions_invalid(scene: Scene) -> None:
    async with _silent_where_unconnected(scene):
        await _connected_anew(scene, scene.plant.sandbox.faults.invalidate)


@fault("Discord stops to acknowledge heartbeats")
async def heartbeats_unheard(scene: Scene) -> None:
    gateway, faults = scene.plant.sandbox.gateway, scene.plant.sandbox.faults
    usual, gateway.heartbeat_interval = gateway.heartbeat_interval, _SHORT_INTERVAL
    async with _silent_where_unconnected(scene):
        try:
            await _connected_anew(scene, faults.reconnect)  # with the short interval
            await _connected_anew(scene, faults.make_zombies)
        finally:
            gateway.heartbeat_interval = usual
            await _connected_anew(scene, faults.reconnect)


async def _connected_anew(scene: Scene, part: Callable[[], None], shard: int | None = None) -> None:
    """Have the connections of a shard, or all, end, and wait for others."""
    gateway = scene.plant.sandbox.gateway
    await scene.plant.connected(ALL)
    old = [session.connection for session in gateway.connected if shard in (None, session.shard_id)]
    part()
    await gateway.wait_until(lambda: not any(each in gateway.connections for each in old), 30)
    await scene.plant.connected(ALL)


@contextlib.asynccontextmanager
async def _silent_where_unconnected(scene: Scene) -> AsyncGenerator[None]:
    """Excuse silence on each shard for as long as Discord has nobody to tell."""
    watching = [asyncio.create_task(_excuse(scene, shard)) for shard in ALL]
    try:
        yield
    finally:
        for task in watching:
            task.cancel()
        await asyncio.gather(*watching, return_exceptions=True)


async def _excuse(scene: Scene, shard: int) -> None:
    gateway = scene.plant.sandbox.gateway

    def connected() -> bool:
        return any(session.shard_id == shard for session in gateway.connected)

    while True:
        await gateway.wait_until(lambda: not connected(), _FOREVER)
        with scene.plant.windows.silence({shard}):
            await gateway.wait_until(connected, _FOREVER)


@fault("Discord answers 500, 429, or not at all", late=8.0)
async def discord_fails(scene: Scene) -> None:
    faults = scene.plant.sandbox.faults
    route = "/(channels|webhooks)/.*"
    try:
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
                    faults.lose_reply("POST", CALLBACK)
            await asyncio.sleep(scene.seconds(0.2, 1.0))
    finally:
        faults.clear()


@fault("Discord's limit on everything is reached", late=DISPLAY_LEASE)
async def limited(scene: Scene) -> None:
    faults = scene.plant.sandbox.faults
    try:
        for _ in range(scene.random.randint(2, 4)):
            route = "/(channels|webhooks|guilds|users)/.*"  # answers to interactions do not count for it
            faults.rate_limit("*", route, retry_after=scene.seconds(0.5, 2.0), times=2, is_global=True)
            await asyncio.sleep(scene.seconds(0.5, 2.0))
    finally:
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
    try:
        await asyncio.sleep(scene.seconds(2, 5))
    finally:
        faults.restore(room.queue, Permission.VIEW_CHANNEL)
        await _asked(room, "display heal")


@fault("a display's channel is deleted, and it gets another")
async def channel_deleted(scene: Scene) -> None:
    room = scene.room()
    scene.plant.sandbox.faults.delete_channel(room.queue)
    try:
        await asyncio.sleep(scene.seconds(2, 4))
    finally:
        room.queue = room.guild.create_channel("queue")
        await _asked(room, "display add", kind="public", channel=room.queue)


async def _asked(room: Room, command: str, **options: object) -> None:
    """Somebody who may has it done, and asks again where it failed, as people do."""
    for _ in range(5):
        reply = await room.owner.command(command, room.review, options=options)
        if reply.ok:
            await reply.settled()
            return
    raise AssertionError(f"{command} was never answered")

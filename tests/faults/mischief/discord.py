"""Faults of Discord: its gateway, its answers, and what people do to channels and messages."""

from __future__ import annotations

import asyncio

from sandbox.discord import Permission
from tests.faults.mischief.scene import ALL, CALLBACK, Scene, fault
from tests.faults.room import Room


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
                    faults.lose_reply("POST", CALLBACK)
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

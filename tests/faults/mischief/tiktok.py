"""Faults of TikTok."""

from __future__ import annotations

import asyncio

from tests.faults.mischief.scene import Scene, fault, heard_again


@fault("TikTok drops its connections, or falls silent")
async def tiktok_drops(scene: Scene) -> None:
    for room in scene.rooms:
        live = room.host.live
        if live is not None:
            do = scene.random.choice((scene.plant.tiktok.faults.cut, scene.plant.tiktok.faults.close))
            do(live)
    await asyncio.sleep(scene.seconds(0.5, 2))
    await heard_again(scene)


@fault("TikTok's connections stall")
async def tiktok_stalls(scene: Scene) -> None:
    for room in scene.rooms:
        if room.host.live is not None:
            scene.plant.tiktok.faults.stall(room.host.live)
    await asyncio.sleep(scene.seconds(1, 3))
    for room in scene.rooms:
        if room.host.live is not None:
            scene.plant.tiktok.faults.cut(room.host.live)
    await heard_again(scene)


@fault("a live ends, and another begins")
async def live_ends(scene: Scene) -> None:
    room = scene.room()
    if room.host.live is not None:
        room.host.live.end()
    await asyncio.sleep(scene.seconds(0.5, 2))
    room.streaks.clear()
    room.host.go_live()
    await heard_again(scene)

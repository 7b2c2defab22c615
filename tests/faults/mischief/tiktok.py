"""Faults of TikTok."""

from __future__ import annotations

import asyncio

from tests.faults.mischief.scene import Scene, fault, heard_again, heard_anew, lives


@fault("TikTok drops its connections")
async def tiktok_drops(scene: Scene) -> None:
    faults = scene.plant.tiktok.faults

    def drop() -> None:
        for live in lives(scene):
            scene.random.choice((faults.cut, faults.close))(live)

    await heard_anew(scene, drop)


@fault("TikTok's connections stall")
async def tiktok_stalls(scene: Scene) -> None:
    faults = scene.plant.tiktok.faults
    for live in lives(scene):
        faults.stall(live)
    await asyncio.sleep(scene.seconds(1, 3))
    await heard_anew(scene, lambda: [faults.cut(live) for live in lives(scene)])


@fault("a live ends, and another begins")
async def live_ends(scene: Scene) -> None:
    room = scene.room()
    if room.host.live is not None:
        room.host.live.end()
    await asyncio.sleep(scene.seconds(0.5, 2))
    room.streaks.clear()
    room.host.go_live()
    await heard_again(scene)

"""Faults of PostgreSQL, and of the way to it."""

from __future__ import annotations

import asyncio
import signal

from tests.faults.mischief.scene import Scene, fault


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

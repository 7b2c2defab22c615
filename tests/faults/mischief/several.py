"""Several faults at once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Final

from tests.faults.mischief.postgres import postgres_stopped
from tests.faults.mischief.processes import worker_killed
from tests.faults.mischief.redis import redis_killed
from tests.faults.mischief.scene import DISPLAY_LEASE, FAULTS, Fault, Scene, Strike, fault

_LATEST: Final = 8.0
"""What the latest of the faults allows."""


async def _together(scene: Scene, strikes: Iterable[Strike]) -> None:
    async def strike(one: Strike) -> None:
        await one(scene)

    async with asyncio.TaskGroup() as group:
        for each in strikes:
            group.create_task(strike(each))


@fault("a worker is killed and Redis restarts while PostgreSQL is away", late=DISPLAY_LEASE, alone=True)
async def three_at_once(scene: Scene) -> None:
    await _together(scene, (worker_killed, redis_killed, postgres_stopped))


@fault("two faults at once", late=_LATEST, alone=True)
async def two_at_once(scene: Scene) -> None:
    await _together(scene, (each.strike for each in _two(scene)))


@fault("two other faults at once", late=_LATEST, alone=True)
async def two_others_at_once(scene: Scene) -> None:
    await _together(scene, (each.strike for each in _two(scene)))


def _two(scene: Scene) -> tuple[Fault, Fault]:
    """Two that break different things."""
    fit = [each for each in FAULTS if not each.alone and not each.long and each.needs(scene.plant)]
    first = scene.random.choice(fit)
    second = scene.random.choice([each for each in fit if each.part != first.part])
    print(f"         {first.name}, and {second.name}", flush=True)  # noqa: T201
    return first, second

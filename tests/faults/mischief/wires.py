"""What may happen to the wires between processes and a server, whichever it is."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Final

from tests.faults.mischief.scene import Scene
from tests.wire import Wire

_TIMES: Final = 6


async def slow(wires: Sequence[Wire], delay: float, seconds: float) -> None:
    """Hold everything for some time, each way."""
    for wire in wires:
        wire.delay = delay
    await asyncio.sleep(seconds)
    for wire in wires:
        wire.delay = 0.0


async def cut(wires: Iterable[Wire], seconds: float, scene: Scene) -> None:
    """Cut some of them."""
    every = list(wires)
    some = scene.random.sample(every, scene.random.randint(1, len(every)))
    for wire in some:
        await wire.cut()
    await asyncio.sleep(seconds)
    for wire in some:
        await wire.mend()


async def lose_answers(wire: Wire, longest: float, scene: Scene) -> None:
    """Lose what is answered, several times for at most so many seconds, until some was lost."""
    lost, times = wire.lost, 0
    async with asyncio.timeout(30):
        while times < _TIMES or wire.lost == lost:
            times += 1
            wire.lose_answers()
            await asyncio.sleep(scene.seconds(longest / 10, longest))
            await wire.mend()
            await asyncio.sleep(scene.seconds(0.2, 0.6))

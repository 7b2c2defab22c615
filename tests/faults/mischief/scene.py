"""What a fault is, and where it is let loose."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Final

from sandbox.tiktok import Live
from tests.faults.plant import SHARDS, Member, Plant
from tests.faults.room import Room
from tests.wire import Trap

ALL: Final = range(SHARDS)
LEASE: Final = 8.0
DISPLAY_LEASE: Final = 4.0
"""A display's lease and the third of it after which the next one looks again."""

SCRIPT: Final = b"EVALSHA"
COMMIT: Final = b"COMMIT"
_HEAL_SECONDS: Final = 90.0
CALLBACK: Final = "/interactions/[0-9]+/.+/callback"
"""The path on which a person is answered."""


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

    def members(self) -> list[Member]:
        """All processes of Skipline."""
        return list(self.plant.members.values())

    def member(self) -> Member:
        """One of them."""
        return self.random.choice(self.members())

    def room(self) -> Room:
        """One of the rooms."""
        return self.random.choice(self.rooms)

    def seconds(self, least: float, most: float) -> float:
        """How long something lasts."""
        return self.random.uniform(least, most)


def _anywhere(_plant: Plant) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault by its name; `late` seconds more than two may pass until the displays agree again."""

    name: str
    strike: Callable[[Scene], Awaitable[None]]
    late: float = 0.0
    long: bool = False
    """Whether it takes too long for a short schedule."""
    alone: bool = False
    """Whether nothing else may be broken meanwhile, since it waits for something to happen first."""
    needs: Callable[[Plant], bool] = _anywhere
    """Whether this machine has what it takes."""
    part: str = ""
    """What it breaks."""


FAULTS: Final[list[Fault]] = []


Strike = Callable[[Scene], Awaitable[None]]


def fault(
    name: str,
    *,
    late: float = 0.0,
    long: bool = False,
    alone: bool = False,
    needs: Callable[[Plant], bool] = _anywhere,
) -> Callable[[Strike], Strike]:
    """Put a fault into the list. Whatever it leaves broken when it fails half way is put right.

    What goes wrong in it is an AssertionError, but for a cancellation.
    """

    def put(strike: Strike) -> Strike:
        @functools.wraps(strike)
        async def whole(scene: Scene) -> None:
            try:
                await strike(scene)
            except BaseException as error:
                async with asyncio.timeout(_HEAL_SECONDS):
                    await scene.plant.heal()
                if isinstance(error, Exception):
                    raise AssertionError(f"{name}: {error!r}") from error
                raise

        part = strike.__module__.rpartition(".")[2]
        FAULTS.append(Fault(name, whole, late, long, alone, needs, part))
        return whole

    return put


async def first_sprung(traps: Mapping[Member, Trap]) -> Member:
    """Wait until one of these springs; tell where."""
    waiting = {asyncio.create_task(trap.sprung.wait()): member for member, trap in traps.items()}
    try:
        done, _ = await asyncio.wait(waiting, timeout=30, return_when=asyncio.FIRST_COMPLETED)
        assert done, "no trap has sprung"
        return waiting[next(iter(done))]
    finally:
        for task in waiting:
            task.cancel()


def lives(scene: Scene) -> list[Live]:
    """Those that go on."""
    return [room.host.live for room in scene.rooms if room.host.live is not None]


async def heard_again(scene: Scene) -> None:
    """Wait until every live that goes on is listened to."""
    for live in lives(scene):
        await scene.plant.tiktok.connected(live, timeout=60)


async def heard_anew(scene: Scene, part: Callable[[], object]) -> None:
    """Have every live's connection end, and wait for another; TikTok may hear of the end later."""
    await heard_again(scene)
    old = {live: list(live.connections) for live in lives(scene)}
    part()
    for live, ended in old.items():
        await scene.plant.tiktok.wait_until(
            lambda live=live, ended=ended: not any(each in live.connections for each in ended), 60
        )
    await heard_again(scene)

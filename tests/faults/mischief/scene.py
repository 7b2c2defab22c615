"""What a fault is, and where it is let loose."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from random import Random
from typing import Final

from tests.faults.plant import SHARDS, Member, Plant
from tests.faults.room import Room

ALL: Final = range(SHARDS)
LEASE: Final = 8.0
DISPLAY_LEASE: Final = 4.0
"""A display's lease and the third of it after which the next one looks again."""

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


async def heard_again(scene: Scene) -> None:
    """Wait until every live that goes on is listened to."""
    for room in scene.rooms:
        if room.host.live is not None:
            await scene.plant.tiktok.connected(room.host.live, timeout=60)

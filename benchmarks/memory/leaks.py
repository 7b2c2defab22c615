"""The same again and again: what a bot keeps of each interaction, of each form and of each reconnect."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from benchmarks.inspected import Count
from benchmarks.memory.room import Room, Rooms

SAMPLES: Final = 9
"""How often it is counted what the bot keeps; the first third of it warms up."""

IN_FLIGHT: Final = 16


@dataclass(frozen=True)
class Leak:
    """What was kept after each ninth of `count` acts of a kind."""

    kind: str
    count: int
    samples: list[Count]

    @property
    def _third(self) -> Count:
        return self.samples[SAMPLES // 3 - 1]

    @property
    def blocks(self) -> float:
        """Pieces of memory that were kept for each act after the first third."""
        return (self.samples[-1].blocks - self._third.blocks) / (self.count * 2 / 3)

    @property
    def mib(self) -> float:
        """MiB that were added after the first third."""
        return self.samples[-1].mib - self._third.mib

    @property
    def noise(self) -> float:
        """MiB by which two samples that follow each other differ, most."""
        later = [each.mib for each in self.samples[SAMPLES // 3 - 1 :]]
        return max(abs(one - other) for one, other in itertools.pairwise(later))


async def leak(rooms: Rooms, kind: str, count: int) -> Leak:
    """Does it that often; gives what was kept."""
    doing = KINDS[kind]
    samples: list[Count] = []
    for part in range(SAMPLES):
        await doing(rooms, count * (part + 1) // SAMPLES - count * part // SAMPLES)
        await rooms.archived()
        samples.append(await rooms.bot.count())
    return Leak(kind, count, samples)


async def _together(rooms: Rooms, count: int, act: Callable[[Room, int], Awaitable[None]]) -> None:
    """Has people of all guilds act, one at a time in each guild."""
    numbers = iter(range(count))

    async def one(where: Room) -> None:
        for number in numbers:
            await act(where, number)

    await asyncio.gather(*map(one, rooms.all[:IN_FLIGHT]))


async def interactions(rooms: Rooms, count: int) -> None:
    """Three of four look at the queue, the fourth presses Next, or Undo where the panel offers it."""

    async def act(where: Room, number: int) -> None:
        if number % 4:
            person = where.people[number % len(where.people)]
            rooms.look(await person.command("queue show", channel=where.channel))
            return
        assert where.panel is not None
        undo = where.panel.component(None, label="Undo")
        label = "Next" if undo is None or undo["disabled"] else "Undo"
        rooms.look(await where.owner.press(where.panel, label=label))

    await _together(rooms, count, act)


async def modals(rooms: Rooms, count: int) -> None:
    """Every other form is sent; the others are closed, of which the bot hears nothing."""

    async def act(where: Room, number: int) -> None:
        person = where.people[number % len(where.people)]
        reply = await person.command("submit form", channel=where.channel)
        if rooms.look(reply) and number % 2:
            url = f"https://soundcloud.com/{person.id}/song-{number}"
            fields = {"url": url, "artist": person.name, "title": f"Song {number}"}
            rooms.look(await person.submit(reply.modal, fields))

    await _together(rooms, count, act)


async def reconnects(rooms: Rooms, count: int) -> None:
    """Discord asks for a new connection, or just drops the old one; now and then the session is lost too."""
    gateway = rooms.sandbox.gateway
    for number in range(count):
        await gateway.wait_until(lambda: len(gateway.connected) == 1, 60)
        session = gateway.connected[0]
        old = session.connection
        assert old is not None
        if number % 100 == 99:
            gateway.invalidate(session, resumable=False)
        elif number % 2:
            gateway.reconnect(session)
        else:
            old.abort()
        await gateway.wait_until(
            lambda old=old: bool(gateway.connected) and gateway.connected[0].connection is not old, 60
        )


KINDS: Final[dict[str, Callable[[Rooms, int], Awaitable[None]]]] = {
    "interactions": interactions,
    "forms": modals,
    "reconnects": reconnects,
}

__all__ = ["KINDS", "Leak", "leak"]

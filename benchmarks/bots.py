"""Several processes of Skipline on one Redis, and the guilds they serve."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
import time
from collections.abc import AsyncGenerator, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import psutil
from rich.progress import Progress

from benchmarks.rig import declared, room
from sandbox.discord import Sandbox
from sandbox.tiktok import TikTok
from tests.faults.room import Room
from tests.faults.stage import Stage
from tests.processes.conftest import PATIENCE, Crew

__all__ = ["PATIENCE", "Bots", "bots"]

SETTING_UP = 16
"""Guilds that are set up at once."""


@dataclass(eq=False)
class Bots:
    """Processes of Skipline on one Redis, with a Discord of their own, and the guilds they serve."""

    name: str
    stage: Stage
    crew: Crew
    gateways: int
    rooms: list[Room] = field(default_factory=list[Room])

    def pids(self) -> list[int]:
        """The processes in the order they were begun: gateways first."""
        return [each.child.pid for each in self.crew.all if each.child is not None]

    def spent(self) -> dict[str, float]:
        """Seconds of processor time that each part has had so far."""
        pids = self.pids()
        return {
            "gateways": _spent(pids[: self.gateways]),
            "workers": _spent(pids[self.gateways :]),
            "Redis": _spent([self.stage.valkey.pid]),
            "PostgreSQL": _spent([self.stage.postgres.pid]),
            "sandbox": time.process_time(),
        }

    async def set_up(self, count: int, songs: int, label: str) -> None:
        """Makes that many guilds, each with a panel, a public display and songs that wait."""
        self.rooms += (Room(self.stage, number, Random(f"room {number}")) for number in range(count))
        turns = asyncio.Semaphore(SETTING_UP)
        with Progress(transient=True) as progress:
            task = progress.add_task(label, total=count)

            async def one(each: Room) -> None:
                async with turns:
                    await each.prepare()
                    await each.fill(songs)
                    progress.advance(task)

            await asyncio.gather(*map(one, self.rooms))


def _spent(pids: Iterable[int]) -> float:
    total = 0.0
    for pid in pids:
        family = psutil.Process(pid)
        for each in (family, *family.children(recursive=True)):
            with contextlib.suppress(psutil.NoSuchProcess):
                times = each.cpu_times()
                total += times.user + times.system
    return total


@contextlib.asynccontextmanager
async def bots(name: str, shards: int, gateways: list[str], workers: int) -> AsyncGenerator[Bots]:
    """Starts gateways with these shards, and workers, on servers of their own; ends them with the block."""
    async with contextlib.AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sl-bench-")))
        sandbox = await Sandbox.start(shards=shards, keep_requests=1_000)
        stack.push_async_callback(sandbox.close)
        tiktok = await TikTok.start(history_depth=0)
        stack.push_async_callback(tiktok.close)
        stage = Stage(folder, stack, sandbox, tiktok, shards)
        await stage.serve(folder)
        crew = Crew(sandbox, folder)
        stack.push_async_callback(_end, crew)
        roles = [*(("gateway", each) for each in gateways), *(("worker", "auto") for _ in range(workers))]
        for role, which in roles:
            await crew.begin(role, which)
        await asyncio.gather(*(each.says("Skipline is up", PATIENCE) for each in crew.all))
        await sandbox.connected(shards, PATIENCE)
        _, person, channel = room(sandbox)
        await declared(person, channel, "queue show")
        yield Bots(name, stage, crew, len(gateways))


async def _end(crew: Crew) -> None:
    await asyncio.gather(*(each.close() for each in crew.all))

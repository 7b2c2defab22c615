"""What processes hold while the show goes on: descriptors by kind, tasks, memory."""

from __future__ import annotations

import contextlib
import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Final

import aiohttp
import psutil

from tests.faults.findings import Findings
from tests.faults.plant import Member, Plant

POOL: Final = 100
"""Connections that redis-py opens at most, and keeps: as many as were once wanted at the same time."""
CALLS: Final = 30
"""Connections to Discord and TikTok: those of the last 15 seconds, as many as there were calls at a time."""
OTHERS: Final = 10
"""Descriptors that are no connection: files, pipes, what the event loop needs."""
TASKS: Final = 40
"""Tasks that come and go with people, guilds and connections; each connection of the feed has its own."""
MEGABYTES: Final = 40

_ADDRESS: Final = re.compile(r"Health and figures are at (\S+)/healthz")
_GAUGE: Final = re.compile(r"^skipline_tasks (\S+)$", re.MULTILINE)
ALLOWED: Final = {"servers": POOL, "calls": CALLS, "others": OTHERS, "tasks": TASKS, "MB": MEGABYTES}
_ENOUGH: Final = 4


class Counted(Plant):
    """A plant whose processes tell their figures."""

    async def _add(self, name: str, shards: set[int], **role: str) -> None:
        await super()._add(name, shards, **role, SKIPLINE_HEALTH_PORT="0")


@dataclass(slots=True)
class Footprint:
    """What one process holds, each time it is looked at in peace; `servers` are unix sockets."""

    seen: dict[str, list[int]] = field(default_factory=lambda: {name: list[int]() for name in ALLOWED})

    def grew(self) -> dict[str, tuple[int, int]]:
        """By kind: the most in the first looks, and what is there at the end."""
        return {
            name: (max(values[:3]), min(values[-2:]))
            for name, values in self.seen.items()
            if len(values) >= _ENOUGH
        }


class Footprints:
    """Of every process that lived through at least some of the show, and of those that listen to TikTok."""

    def __init__(self) -> None:
        self.all: defaultdict[tuple[str, int], Footprint] = defaultdict(Footprint)

    async def look(self, plant: Plant) -> None:
        """Measure all of them."""
        for member in plant.members.values():
            if not member.alive:
                continue
            self._measure(member.name, psutil.Process(member.pid))
            if (listener := member.listener()) is not None:
                self._measure(f"the listener of {member.name}", listener)
            if (tasks := await _tasks(member)) is not None:
                self.all[member.name, member.pid].seen["tasks"].append(tasks)

    def _measure(self, name: str, process: psutil.Process) -> None:
        with contextlib.suppress(psutil.NoSuchProcess):
            every = process.num_fds()
            servers, calls = (len(process.net_connections(kind)) for kind in ("unix", "inet"))
            seen = self.all[name, process.pid].seen
            seen["servers"].append(servers)
            seen["calls"].append(calls)
            seen["others"].append(max(0, every - servers - calls))
            seen["MB"].append(process.memory_info().rss // 2**20)

    def judge(self, findings: Findings) -> None:
        """Hold the last looks at each process against the first few."""
        for (name, _), footprint in self.all.items():
            for kind, (first, last) in footprint.grew().items():
                findings.hold(last <= first + ALLOWED[kind], f"{name} went from {first} to {last} {kind}")
                figure = f"{kind}, most"
                findings.figures[figure] = max(findings.figures[figure], last)
                figure = f"{kind}, most that came on top"
                findings.figures[figure] = max(findings.figures[figure], last - first)


async def _tasks(member: Member) -> int | None:
    """How many tasks a process says it has; None where it cannot be asked."""
    address = next((found[1] for line in member.process.lines if (found := _ADDRESS.search(line))), None)
    if address is None:
        return None
    with contextlib.suppress(aiohttp.ClientError, TimeoutError):
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(10)) as session,
            session.get(f"{address}/metrics") as answer,
        ):
            if (found := _GAUGE.search(await answer.text())) is not None:
                return int(float(found[1]))
    return None

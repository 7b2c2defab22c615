"""What a process has used: processor time and memory, read from outside."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterable
from typing import Any

import psutil
from redis.asyncio import Redis

MIB = 2**20


def cpu_seconds(pid: int) -> float:
    """Processor time a process has had, all its threads, without its children.

    To the microsecond on Linux, where /proc counts in hundredths of a second: too coarse for what rests.
    """
    if sys.platform == "linux":
        # A clock id is made of the process id and what the clock counts (clock_getcpuclockid(3)).
        return time.clock_gettime((~pid << 3) | 2)
    times = psutil.Process(pid).cpu_times()
    return times.user + times.system


def memory(pid: int) -> float:
    """MiB of a process that are in memory, what it shares with others included."""
    return psutil.Process(pid).memory_info().rss / MIB


def own_memory(pids: Iterable[int]) -> float:
    """MiB that would be free again without these processes: nothing that is shared counts twice."""
    total = 0
    for pid in pids:
        with contextlib.suppress(psutil.NoSuchProcess):
            total += psutil.Process(pid).memory_full_info().uss
    return total / MIB


def family(pid: int) -> list[int]:
    """A process and all that it began."""
    return [pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))]


async def commands(redis: Redis) -> int:
    """Commands a server has run since it began, those within scripts included."""
    client: Any = redis
    found: dict[str, dict[str, Any]] = await client.info("commandstats")
    return sum(int(each["calls"]) for each in found.values())


def load() -> str:
    """The load average of the last minute, for captions."""
    return f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"

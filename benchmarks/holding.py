"""Holds processes to a share of a core, so that few cores have room for many of them.

    python -m benchmarks.holding --share 0.1 PID...

A process is stopped (SIGSTOP) while it has had more than its share since this began.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import AsyncGenerator

import psutil

WINDOW = 0.005
"""Seconds between two looks at a process."""


@contextlib.asynccontextmanager
async def holding(pids: list[int], share: float) -> AsyncGenerator[None]:
    """Holds each process to a share of a core for as long as the block lasts, from a process beside them."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.holding", *map(str, pids), "--share", str(share)),
        stdout=asyncio.subprocess.PIPE,
    )
    assert child.stdout is not None
    try:
        await child.stdout.readline()
        yield
    finally:
        child.terminate()
        await child.wait()
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


def hold(pids: list[int], share: float) -> None:
    """Stops each process while it has had more than its share since this began, until this is ended."""
    held = [psutil.Process(pid) for pid in pids]
    first = [_own(each) for each in held]
    began = time.monotonic()
    print(flush=True)
    while True:
        for each, used in zip(held, first, strict=True):
            ahead = _own(each) - used > share * (time.monotonic() - began)
            each.send_signal(signal.SIGSTOP if ahead else signal.SIGCONT)
        time.sleep(WINDOW)


def _own(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("pids", type=int, nargs="+")
    parser.add_argument("--share", type=float, required=True)
    options = parser.parse_args()
    hold(options.pids, options.share)

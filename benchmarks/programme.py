"""The benchmarks there are, and how long each may take in the ten minutes of `make bench`."""

from __future__ import annotations

import contextlib
import json
import math
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.rig import Bar

FOLDER = Path(__file__).parents[1] / "build" / "bench"
"""Where a run leaves its figures and pictures."""
MOST_SECONDS = 600.0
"""How long all of them together may take."""
PATIENCE = 5.0
"""How many times its share a benchmark may take before it counts as stuck: a busy machine is slow, too."""
ENDING_SECONDS = 20.0


@dataclass(frozen=True)
class Benchmark:
    """`python -m benchmarks.<name>`; `seconds` is its share of the ten minutes, 0 if only --full runs it."""

    name: str
    seconds: float = 0.0

    def command(self, folder: Path, *, full: bool) -> list[str]:
        """How it is run. Its bars come to `bars.json` in the folder, its pictures beside."""
        options = ["--json", str(folder / "bars.json"), "--pictures", str(folder)]
        return [sys.executable, "-m", f"benchmarks.{self.name}", *options, *([] if full else ["--short"])]


PROGRAMME = (
    Benchmark("queue", 150),
    Benchmark("interactions", 120),
    Benchmark("displays", 90),
    Benchmark("memory", 50),
    Benchmark("start", 30),
    Benchmark("growth", 40),
    Benchmark("tiktok", 40),
    Benchmark("live_load", 40),
    Benchmark("overlay", 40),
    Benchmark("processes"),
    Benchmark("recorded_live"),
)


def chosen(only: list[str], *, full: bool) -> list[Benchmark]:
    """Those to run, in their order. Raises `ValueError` for a name that nothing begins with."""
    for name in only:
        if not any(each.name.startswith(name) for each in PROGRAMME):
            known = ", ".join(each.name for each in PROGRAMME)
            raise ValueError(f"There is no benchmark {name!r}. There are: {known}.")
    if only:
        return [each for each in PROGRAMME if each.name.startswith(tuple(only))]
    return [each for each in PROGRAMME if full or each.seconds]


def run(benchmark: Benchmark, folder: Path, *, full: bool = False) -> list[Bar]:
    """Runs it to its end; gives its bars. That it failed, or was stuck, is one more that does not hold."""
    folder.mkdir(parents=True, exist_ok=True)
    for left in (*folder.glob("*.json"), *folder.glob("*.png")):
        left.unlink()
    most = None if full else benchmark.seconds * PATIENCE or None
    # Where nobody looks, a table would be cut to 80 columns.
    wide = {} if sys.stdout.isatty() else {"COLUMNS": "120"}
    # A session of its own: what it started and left can be ended with it.
    child = subprocess.Popen(
        benchmark.command(folder, full=full), start_new_session=True, env={**os.environ, **wide}
    )
    try:
        ended = child.wait(most)
    except subprocess.TimeoutExpired:
        return [*_left(folder), _failed(f"was stuck for {most:g} s and was ended", 1)]
    finally:
        _end(child)
    bars = _left(folder)
    if not bars:
        return [_failed(f"ended with exit code {ended} and measured nothing", ended or 1)]
    if ended and all(bar.holds for bar in bars):
        return [*bars, _failed(f"ended with exit code {ended}", ended)]
    return bars


def _failed(word: str, value: int) -> Bar:
    return Bar(word, value, 0, holds=False)


def read(path: Path) -> list[Bar]:
    """The bars of the JSON of a benchmark, or of all. Raises `FileNotFoundError` and `ValueError`."""
    told: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    for each in told:
        each["value"] = math.nan if each["value"] is None else each["value"]
    return [Bar(**each) for each in told]


def _left(folder: Path) -> list[Bar]:
    with contextlib.suppress(FileNotFoundError, ValueError):
        return read(folder / "bars.json")
    return []


def _end(child: subprocess.Popen[bytes]) -> None:
    """Ends it as Ctrl-C would, so that it takes its servers along, and after a while by force."""
    if child.poll() is None:
        child.send_signal(signal.SIGINT)
        try:
            child.wait(ENDING_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)

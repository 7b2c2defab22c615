"""All benchmarks, one after the other: `make bench`.

    python -m benchmarks [--only NAME...] [--full] [--json FILE]

Each runs in a process of its own with its short form, and prints its tables as it goes. At the end stand the
bars of all of them, in one table and in one JSON list of `{"bar", "value", "limit", "holds"}`; what each left
is in a folder of its name beside it. One that fails does not keep the others from running: its failure is a
bar that does not hold. The exit code is 1 when any bar does not.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from rich.console import Console

from benchmarks.machine import Machine, load
from benchmarks.programme import FOLDER, MOST_SECONDS, chosen, run
from benchmarks.rig import Bar, write
from benchmarks.tables import of_bars
from tests.signals import end_as_interrupted


def main(arguments: list[str] | None = None) -> int:
    """Runs and reports; gives the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="those whose names begin so")
    parser.add_argument("--full", action="store_true", help="in their long forms; takes more than an hour")
    parser.add_argument("--json", type=Path, default=FOLDER / "bars.json", metavar="FILE")
    options = parser.parse_args(arguments)
    try:
        programme = chosen(options.only, full=options.full)
    except ValueError as error:
        parser.error(str(error))
    console, folder = Console(), options.json.parent
    before, began = load(), time.monotonic()
    bars: list[Bar] = []
    interrupted = False
    for benchmark in programme:
        console.rule(f"benchmarks.{benchmark.name}")
        started, busy = time.monotonic(), load()
        try:
            found = run(benchmark, folder / benchmark.name, full=options.full)
        except KeyboardInterrupt:
            interrupted = True
            break
        console.print(f"[dim]{time.monotonic() - started:.0f} s")
        # What was ended early, or ended badly, is among them now.
        write(found, folder / benchmark.name / "bars.json")
        Machine.here(busy).write(folder / benchmark.name / "machine.json")
        bars += (Bar(f"{benchmark.name}: {bar.bar}", bar.value, bar.limit, bar.holds) for bar in found)
    if not options.only and not options.full and not interrupted:
        bars.append(Bar.at_most("bench: s that all of them took", time.monotonic() - began, MOST_SECONDS))
    write(bars, options.json)
    console.print(of_bars(bars))
    console.print(
        f"{sum(bar.holds for bar in bars)} of {len(bars)} bars hold: {options.json}", soft_wrap=True
    )
    console.print(str(Machine.here(before)), soft_wrap=True)
    if interrupted:
        return 130
    return 0 if bars and all(bar.holds for bar in bars) else 1


if __name__ == "__main__":
    end_as_interrupted()
    sys.exit(main())

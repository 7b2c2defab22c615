"""Breaks a running Skipline in every way there is, and looks whether its promises hold.

    python -m tests.faults [--seed 7] [--minutes 30] [--only "Redis is"] [--rooms 3] [--json FILE]

Without `--minutes` a short schedule is played: some faults, drawn by the seed. The same seed gives the same
faults in the same order and the same people the same intentions. How long each fault is felt is told at the
end, and written into a file with `--json`. The last line is `invariants broken: N`, and the exit code is 1
unless N is 0.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import secrets
import sys
import time
from collections.abc import AsyncGenerator, Coroutine, Iterator
from pathlib import Path
from random import Random
from typing import Any, Final

import orjson
from rich.console import Console

from tests.faults.crowd import Crowd
from tests.faults.evidence import keep
from tests.faults.footprints import Counted, Footprints
from tests.faults.fresh import PERIOD, STALE_SECONDS, Watch
from tests.faults.invariants import Findings, agree, examine
from tests.faults.mischief import FAULTS, Fault, Scene
from tests.faults.plant import Plant
from tests.faults.proofs import unnoticed
from tests.faults.room import Room
from tests.faults.times import Recovery
from tests.signals import end_as_interrupted

SHORT: Final = 9
"""Faults of a short schedule."""
AGREE_SECONDS: Final = STALE_SECONDS
GOES_ON: Final = 3.0
"""Seconds for which people go on after a fault while displays are watched, and more if those are late."""
PATIENCE: Final = 60.0
CALM: Final = (2.0, 4.0)


def drawn(seed: int, minutes: float | None, only: str, plant: Plant) -> Iterator[Fault]:
    """The faults in their order: every one before any comes again, as long as there is time.

    What this machine cannot do is left out, and the others keep their order.
    """
    random = Random(f"{seed} faults")
    wanted = [each for each in FAULTS if only in each.name and (minutes is not None or not each.long)]
    until = time.monotonic() + 60 * (minutes or 0)
    while any(each.needs(plant) for each in wanted):
        for number, each in enumerate(random.sample(wanted, len(wanted))):
            if (minutes is None and number >= SHORT) or (minutes is not None and time.monotonic() > until):
                return
            if each.needs(plant):
                yield each
        if minutes is None:
            return


async def play(
    seed: int, minutes: float | None, only: str, count: int, slack: float
) -> tuple[Findings, Recovery]:
    """Plays the show with its faults; gives what was found, and how long each fault was felt."""
    findings, recovery, prints, forgiven = Findings(), Recovery(), Footprints(), set[str]()
    async with Counted.open() as plant:
        rooms = [Room(plant, number, Random(f"{seed} room {number}")) for number in range(count)]
        crowd = Crowd(rooms, seed)
        scene = Scene(plant, rooms, Random(f"{seed} scene"), forgiven)
        watch = Watch(rooms, slack)
        try:
            for room in rooms:
                await room.prepare()
                await room.go_live()
            crowd.open()
            async with background(watch.run()):
                await asyncio.sleep(CALM[1])
                for fault in drawn(seed, minutes, only, plant):
                    await _round(fault, scene, crowd, watch, findings, recovery)
                    await prints.look(plant)
                    await _calm(scene, crowd, watch, findings)
            await crowd.pause()
            for room in rooms:
                await _leave(room, findings)
            await examine(plant, rooms, forgiven, findings)
            prints.judge(findings)
            for missing in await unnoticed(plant, rooms, forgiven):
                findings.hold(False, f"nobody would notice: {missing}")
        except BaseException:
            await keep(plant, rooms, _folder(seed))
            raise
        finally:
            await crowd.close()
        for failed in crowd.failed:
            findings.hold(False, f"somebody could not act: {failed!r}")
        if findings.broken:
            await keep(plant, rooms, _folder(seed))
    return findings, recovery


async def _round(
    fault: Fault, scene: Scene, crowd: Crowd, watch: Watch, findings: Findings, recovery: Recovery
) -> None:
    """Lets a fault loose, and looks how long it is felt; people are paused after."""
    known, found = len(scene.forgiven), len(findings.broken)
    began, at = time.monotonic(), time.time()
    watch.forget()
    try:
        async with asyncio.timeout(PATIENCE * (5 if fault.long else 2)):
            await fault.strike(scene)
    except (TimeoutError, AssertionError) as stuck:
        findings.hold(False, f"nothing came back after “{fault.name}”: {stuck!r}")
    over = time.monotonic()
    # How seldom one looked while Redis was away is no excuse for what is seen from now on.
    watch.period = PERIOD
    if len(scene.forgiven) > known:
        scene.plant.emptied.append((at, time.time()))
    # People go on: that displays are right is not to be owed to a pause.
    while (now := time.monotonic()) < max(over + GOES_ON + fault.late, _fresh_since(watch, over) + 1.0):
        if now > over + PATIENCE:
            break
        await asyncio.sleep(0.1)
    took, wrong = watch.last_stale(over)
    allowed = AGREE_SECONDS + fault.late + watch.period
    findings.hold(
        took <= allowed,
        f"after “{fault.name}” displays were old for {took:.1f} s, {allowed:.1f} allowed: {wrong}",
    )
    await crowd.pause()
    silent = recovery.silent(scene.rooms, began, time.monotonic())
    recovery.took(fault.name, over - began, silent, took)
    # What everybody did by now is to be seen, exactly.
    exactly, still = await agree(scene.rooms, PATIENCE)
    _say(
        f"{fault.name}: {over - began:.1f} s, nobody answered for {silent:.1f} s, "
        f"displays late for {took:.1f} s, exact after {exactly:.2f} s"
    )
    findings.hold(still is None, f"after “{fault.name}”: {still}")
    findings.hold(
        exactly <= AGREE_SECONDS + watch.slack,
        f"after “{fault.name}” the displays agreed {exactly:.1f} s after everybody stopped",
    )
    for text in findings.broken[found:]:
        _say(f"BROKEN: {text}")
    findings.figures["faults"] += 1
    figure = "ms, longest between two looks at displays"
    findings.figures[figure] = max(findings.figures[figure], round(watch.period * 1000))


async def _calm(scene: Scene, crowd: Crowd, watch: Watch, findings: Findings) -> None:
    """Lets people go on for a while with nothing broken."""
    watch.forget()
    crowd.resume()
    await asyncio.sleep(scene.seconds(*CALM))
    figure = "ms, oldest display in peace"
    findings.figures[figure] = max(findings.figures[figure], round(watch.oldest * 1000))


@contextlib.asynccontextmanager
async def background(work: Coroutine[Any, Any, None]) -> AsyncGenerator[None]:
    """Does it beside the block, and raises what it raised."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def _fresh_since(watch: Watch, over: float) -> float:
    took, _ = watch.last_stale(over)
    return over + took


async def _leave(room: Room, findings: Findings) -> None:
    try:
        await room.leave()
    except (TimeoutError, AssertionError) as stuck:
        findings.hold(False, f"the live of room {room.number} did not come to its end: {stuck!r}")


def _folder(seed: int) -> Path:
    folder = Path("faults-logs") / str(seed)
    folder.mkdir(parents=True, exist_ok=True)
    _say(f"What is known of this run is kept in {folder}.")
    return folder


def _say(text: str) -> None:
    print(f"{time.strftime('%X')} {text}", flush=True)  # noqa: T201 - a program's own output


def main() -> int:
    """Plays one schedule; gives the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seed", type=int)
    parser.add_argument("--minutes", type=float)
    parser.add_argument("--only", default="", help="only faults whose name has this in it")
    parser.add_argument("--rooms", type=int, default=3)
    parser.add_argument(
        "--slack",
        type=float,
        default=0.0,
        help="seconds more for displays, on a machine that others keep busy",
    )
    parser.add_argument("--json", type=Path, help="write what was measured into this file")
    options = parser.parse_args()
    if not any(options.only in each.name for each in FAULTS):
        parser.error(
            f"No fault has {options.only!r} in its name. There are:\n"
            + "\n".join(f"  {each.name}" for each in FAULTS)
        )
    end_as_interrupted()
    seed = secrets.randbelow(10_000) if options.seed is None else options.seed
    _say(f"seed: {seed}")
    findings, recovery = asyncio.run(play(seed, options.minutes, options.only, options.rooms, options.slack))
    for name, figure in sorted(findings.figures.items()):
        _say(f"{name}: {figure:,}")
    Console(width=120).print(recovery.table())
    if options.json:
        told: dict[str, Any] = {
            "seed": seed,
            "minutes": options.minutes,
            "faults": recovery.as_json(),
            "figures": dict(sorted(findings.figures.items())),
            "broken": findings.broken,
        }
        options.json.write_bytes(orjson.dumps(told, option=orjson.OPT_INDENT_2) + b"\n")
    for text in findings.broken:
        _say(f"BROKEN: {text}")
    _say(f"seed: {seed}")
    print(f"invariants broken: {len(findings.broken)}", flush=True)  # noqa: T201
    return 1 if findings.broken else 0


if __name__ == "__main__":
    sys.exit(main())

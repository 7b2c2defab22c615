"""Breaks a running Skipline in every way there is, and looks whether its promises hold.

    python -m tests.faults [--seed 7] [--minutes 30] [--only "Redis is"] [--rooms 3]

Without `--minutes` a short schedule is played: some faults, drawn by the seed. The same seed gives the same
faults in the same order and the same people the same intentions. The last line is `invariants broken: N`, and
the exit code is 1 unless N is 0.
"""

from __future__ import annotations

import argparse
import asyncio
import secrets
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Final

from tests.faults.invariants import Findings, Footprints, agree, examine, sees_what_is_wrong
from tests.faults.mischief import FAULTS, Fault, Scene
from tests.faults.plant import Plant
from tests.faults.room import Crowd, Room

SHORT: Final = 9
"""Faults of a short schedule."""
AGREE_SECONDS: Final = 2.0
PATIENCE: Final = 60.0
CALM: Final = (2.0, 4.0)


def drawn(seed: int, minutes: float | None, only: str) -> Iterator[Fault]:
    """The faults in their order: every one before any comes again, as long as there is time."""
    random = Random(f"{seed} faults")
    wanted = [each for each in FAULTS if only in each.name and (minutes is not None or not each.long)]
    until = time.monotonic() + 60 * (minutes or 0)
    while True:
        for number, each in enumerate(random.sample(wanted, len(wanted))):
            if (minutes is None and number >= SHORT) or (minutes is not None and time.monotonic() > until):
                return
            yield each
        if minutes is None:
            return


async def play(seed: int, minutes: float | None, only: str, count: int) -> Findings:
    """Plays the show with its faults; gives what was found."""
    findings, prints, forgiven = Findings(), Footprints(), set[str]()
    async with Plant.open() as plant:
        rooms = [Room(plant, number, Random(f"{seed} room {number}")) for number in range(count)]
        crowd = Crowd(rooms, seed)
        scene = Scene(plant, rooms, Random(f"{seed} scene"), forgiven)
        try:
            for room in rooms:
                await room.prepare()
                await room.go_live()
            crowd.open()
            await asyncio.sleep(CALM[1])
            for fault in drawn(seed, minutes, only):
                await _round(fault, scene, crowd, findings)
                prints.look(plant)
            await crowd.pause()
            await examine(plant, rooms, forgiven, findings)
            prints.judge(findings)
            findings.hold(await sees_what_is_wrong(plant, rooms, forgiven), "these looks see nothing at all")
        except BaseException:
            _keep_logs(plant, seed)
            raise
        finally:
            await crowd.close()
        for failed in crowd.failed:
            findings.hold(False, f"somebody could not act: {failed!r}")
        if findings.broken:
            _keep_logs(plant, seed)
    return findings


async def _round(fault: Fault, scene: Scene, crowd: Crowd, findings: Findings) -> None:
    began = time.monotonic()
    try:
        async with asyncio.timeout(PATIENCE * (5 if fault.long else 2)):
            await fault.strike(scene)
    except (TimeoutError, AssertionError) as stuck:
        findings.hold(False, f"nothing came back after “{fault.name}”: {stuck!r}")
    struck = time.monotonic() - began
    await crowd.pause()
    # What everybody did by now is to be seen; whoever had to be waited for gave the displays more time.
    took, still = await agree(scene.rooms, PATIENCE)
    _say(f"{fault.name}: {struck:.1f} s, displays agree after {took:.2f} s")
    findings.hold(still is None, f"after “{fault.name}”: {still}")
    findings.hold(
        took <= AGREE_SECONDS + fault.late, f"after “{fault.name}” the displays agreed after {took:.1f} s"
    )
    findings.figures["faults"] += 1
    crowd.resume()
    await asyncio.sleep(scene.seconds(*CALM))


def _keep_logs(plant: Plant, seed: int) -> None:
    folder = Path("faults-logs") / str(seed)
    folder.mkdir(parents=True, exist_ok=True)
    for name, member in plant.members.items():
        (folder / f"{name}.log").write_text("\n".join(member.process.lines))
    _say(f"The logs are in {folder}.")


def _say(text: str) -> None:
    print(f"{time.strftime('%X')} {text}", flush=True)  # noqa: T201 - a program's own output


def main() -> int:
    """Plays one schedule; gives the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seed", type=int)
    parser.add_argument("--minutes", type=float)
    parser.add_argument("--only", default="", help="only faults whose name has this in it")
    parser.add_argument("--rooms", type=int, default=3)
    options = parser.parse_args()
    seed = secrets.randbelow(10_000) if options.seed is None else options.seed
    _say(f"seed: {seed}")
    findings = asyncio.run(play(seed, options.minutes, options.only, options.rooms))
    for name, figure in sorted(findings.figures.items()):
        _say(f"{name}: {figure:,}")
    for text in findings.broken:
        _say(f"BROKEN: {text}")
    _say(f"seed: {seed}")
    print(f"invariants broken: {len(findings.broken)}", flush=True)  # noqa: T201
    return 1 if findings.broken else 0


if __name__ == "__main__":
    sys.exit(main())

"""The machine that something was measured on, so that figures are not held against those of another."""

from __future__ import annotations

import json
import os
import platform
import time
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Machine:
    """What it is, and how busy it was: `load` is the average of the last minute, before and after."""

    cores: int
    cpu: str
    python: str
    system: str
    load: tuple[float, float]
    day: str

    @classmethod
    def here(cls, before: float) -> Machine:
        """The one this runs on, now; give the load average from before the measuring."""
        return cls(
            os.cpu_count() or 1,
            _cpu(),
            f"{platform.python_implementation()} {platform.python_version()}",
            f"{platform.system()} {platform.release()}",
            (round(before, 1), round(load(), 1)),
            time.strftime("%Y-%m-%d", time.gmtime()),
        )

    def write(self, path: Path) -> None:
        """Keeps it for the page."""
        path.write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")

    def __str__(self) -> str:
        before, after = self.load
        return (
            f"{self.cores} cores of {self.cpu}, {self.system}, {self.python}; "
            f"load average {before} before and {after} after; {self.day}"
        )


def load() -> float:
    """The load average of the last minute."""
    return os.getloadavg()[0]


def _cpu() -> str:
    known = Path("/proc/cpuinfo")
    for line in known.read_text(encoding="utf-8").splitlines() if known.exists() else ():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return " ".join(value.split())
    return platform.processor() or platform.machine()

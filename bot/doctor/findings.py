"""What the doctor says about one thing."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Finding", "Level", "fail", "ok", "warn"]


class Level(StrEnum):
    """Whether the bot can run (`ok`), runs with less than it could (`warn`), or cannot (`fail`)."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True)
class Finding:
    """One checked thing: what was found, and what to do where something is not as it should be."""

    level: Level
    what: str
    found: str
    mend: str = ""

    def __str__(self) -> str:
        mend = f" -> {self.mend}" if self.mend else ""
        return f"{self.level:<4}  {self.what}: {self.found}{mend}"


def ok(what: str, found: str) -> Finding:
    """Return a finding without complaint."""
    return Finding(Level.OK, what, found)


def warn(what: str, found: str, mend: str) -> Finding:
    """Return a finding the bot can live with."""
    return Finding(Level.WARN, what, found, mend)


def fail(what: str, found: str, mend: str = "") -> Finding:
    """Return a finding the bot cannot run with; without `mend` where `found` says what to do."""
    return Finding(Level.FAIL, what, found, mend)

"""Settings of one guild, as its `settings` hash holds them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from state.scripts import CONSTANTS, DEFAULTS

_MOST: Final[Mapping[str, int]] = {
    "lock": int(CONSTANTS["MOST_LOCKED"]),
    "cap": 10**6,
    "limit:0": 10**6,
    "limit:pending": 10**6,
    "cooldown": 365 * 24 * 3600,
    "double_press_ms": 10_000,
}
_SWITCHES: Final = ("paused", "closed:")
_IDS: Final = ("role:", "channel:")


def _whole(text: str | None, default: int) -> int:
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) <= 20 else default


def check_setting(name: str, value: str | None) -> None:
    """Raises `ValueError` when a field of the `settings` hash cannot hold the value; None clears it.

    Fields of other features are theirs to check.
    """
    if value is None:
        return
    if name in _MOST:
        good = value.isascii() and value.isdecimal() and len(value) < 12 and int(value) <= _MOST[name]
    elif name.startswith(_SWITCHES):
        good = value in ("0", "1")
    elif name.startswith(_IDS):
        good = value.isascii() and value.isdecimal() and len(value) <= 20
    else:
        good = True
    if not good:
        raise ValueError(f"{name} cannot be {value!r}")


@dataclass(frozen=True, slots=True)
class GuildSettings:
    """What a guild has chosen; everything has a default, so an untouched guild works.

    `closed`: labels of the tiers that take no songs. `lock`: how many announced songs keep their place
    (0-3). `cap`: songs the queue holds, 0 for no limit. `cooldown`: seconds before a played track may
    come again. `double_press_ms`: a second Next on the panel this soon counts as a double click. Role and
    channel ids are 0 when none is chosen.
    """

    paused: bool = False
    closed: frozenset[int] = frozenset()
    lock: int = int(DEFAULTS["lock"])
    cap: int = int(DEFAULTS["cap"])
    free_limit: int = int(DEFAULTS["limit:0"])
    pending_limit: int = int(DEFAULTS["limit:pending"])
    cooldown: int = int(DEFAULTS["cooldown"])
    double_press_ms: int = int(DEFAULTS["double_press_ms"])
    reviewer_role: int = 0
    channels: Mapping[str, int] = field(default_factory=dict[str, int])

    @classmethod
    def from_hash(cls, fields: Mapping[str, str]) -> GuildSettings:
        """The settings from the fields of the hash; unknown fields are left to the features they serve.

        A field spoilt by hand counts as not set, as it does in the scripts.
        """

        def number(name: str) -> int:
            return _whole(fields.get(name), int(DEFAULTS.get(name, "0")))

        shut = (name[7:] for name, value in fields.items() if name[:7] == "closed:" and value == "1")
        channels = {name[8:]: number(name) for name in fields if name[:8] == "channel:"}
        return cls(
            paused=fields.get("paused") == "1",
            closed=frozenset(_whole(label, -1) for label in shut),
            lock=min(number("lock"), _MOST["lock"]),
            cap=number("cap"),
            free_limit=number("limit:0"),
            pending_limit=number("limit:pending"),
            cooldown=number("cooldown"),
            double_press_ms=number("double_press_ms"),
            reviewer_role=number("role:reviewer"),
            channels=channels,
        )

    def takes(self, label: int) -> bool:
        """Whether songs may be submitted to that tier now."""
        return not self.paused and label not in self.closed

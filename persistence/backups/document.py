"""One backup as it is written: JSON a person can read, of which every byte is accounted for."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, cast

import orjson

from persistence.errors import PersistenceError
from persistence.events import EffectType
from persistence.keys import is_live

FORMAT: Final = 1
"""Raised when an older program could not restore what a newer one writes."""

ACTIVE: Final = frozenset({"waiting", "pending", "held", "bumped", "playing"})
"""States of a song that is not over."""

_NAME: Final = re.compile(r"(\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ)-r(\d{1,19})")
_NAME_TIME: Final = "%Y-%m-%dT%H-%M-%SZ"
_TIME: Final = "%Y-%m-%dT%H:%M:%SZ"
_TYPES: Final[Mapping[str, EffectType]] = {"sorted set": "z", "hash": "h", "string": "s"}
_TYPE_NAMES: Final = {short: name for name, short in _TYPES.items()}
_SCORE: Final = re.compile(r"-?\d{1,16}|-?\d{1,16}\.\d+|-?\d(?:\.\d+)?e[+-]?\d{1,3}")


class Damaged(PersistenceError):
    """A backup that cannot be used. The message names it and says why."""

    def __init__(self, where: str, why: str) -> None:
        super().__init__(f"{where} cannot be used: {why}.")
        self.where = where
        self.why = why


@dataclass(frozen=True, slots=True)
class LiveKey:
    """What one Redis key holds: members with scores as text, fields with values, or "" with the text."""

    type: EffectType
    values: Mapping[str, str]


Live = Mapping[str, LiveKey]
"""A guild's live keys by their names after ``sl:{guild}:``."""


@dataclass(frozen=True, slots=True)
class Backup:
    """The live state of a guild right after the move `revision`. `taken_at` is UTC, in whole seconds."""

    guild_id: int
    revision: int
    taken_at: datetime
    cause: str
    keys: Live

    @property
    def name(self) -> str:
        """The name of its file, without the extension."""
        return name_of(self.taken_at, self.revision)

    @property
    def songs(self) -> int:
        """How many songs wait, are held, pending or playing."""
        return sum(
            key.values.get("state") in ACTIVE for name, key in self.keys.items() if name.startswith("song:")
        )


def name_of(taken_at: datetime, revision: int) -> str:
    """Return the name of a backup: its moment and its revision, in the order of time when sorted."""
    return f"{taken_at.astimezone(UTC).strftime(_NAME_TIME)}-r{revision}"


def from_name(name: str) -> tuple[datetime, int] | None:
    """Return moment and revision of a name, None when it is not one of ours."""
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    try:
        return datetime.strptime(match[1], _NAME_TIME).replace(tzinfo=UTC), int(match[2])
    except ValueError:
        return None


def render(backup: Backup) -> bytes:
    """Write a backup. Sorted sets stand in their order, so that the queue reads as it is played."""
    document: dict[str, Any] = {
        "format": FORMAT,
        "guild": str(backup.guild_id),
        "revision": backup.revision,
        "taken_at": backup.taken_at.astimezone(UTC).strftime(_TIME),
        "cause": backup.cause,
    }
    keys = {name: _written(key) for name, key in sorted(backup.keys.items())}
    document["sha256"] = _checksum({**document, "keys": keys})
    document["keys"] = keys
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def checksum_of(content: bytes) -> str:
    """Return the checksum a rendered backup claims; it is `parse` that checks it."""
    return str(orjson.loads(content)["sha256"])


def parse(content: bytes, where: str) -> Backup:
    """Read a backup back; `where` names it in errors.

    Raises `Damaged` unless the checksum (SHA-256 over the canonical JSON of everything else: sorted keys, no
    spaces, UTF-8) and the structure hold and the bytes are exactly those that `render` gives.
    """
    try:
        document = orjson.loads(content)
    except ValueError:
        raise Damaged(where, "it is cut short, or was changed since it was written") from None
    if not isinstance(document, dict):
        raise Damaged(where, "it is no backup")
    fields = cast("dict[str, Any]", document)
    if isinstance(fields.get("format"), int) and fields["format"] > FORMAT:
        raise Damaged(where, f"it was written by a newer version of the program (format {fields['format']})")
    if fields.pop("sha256", None) != _checksum(fields):
        raise Damaged(where, "its checksum does not match, so it was changed since it was written")
    try:
        backup = Backup(
            guild_id=int(fields["guild"]),
            revision=int(fields["revision"]),
            taken_at=datetime.strptime(fields["taken_at"], _TIME).replace(tzinfo=UTC),
            cause=str(fields["cause"]),
            keys={name: _read(name, key) for name, key in fields["keys"].items()},
        )
        written = render(backup)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Damaged(where, f"it does not have the form of a backup ({error})") from None
    if written != content:
        raise Damaged(where, "it is not byte for byte what was written")
    return backup


def _checksum(document: Mapping[str, Any]) -> str:
    return hashlib.sha256(orjson.dumps(document, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _written(key: LiveKey) -> dict[str, Any]:
    if key.type == "s":
        return {"type": "string", "value": key.values[""]}
    pairs = sorted(key.values.items())
    if key.type == "z":
        pairs.sort(key=lambda pair: float(pair[1]))
    return {"type": _TYPE_NAMES[key.type], "values": dict(pairs)}


def _read(name: str, written: Mapping[str, Any]) -> LiveKey:
    if not is_live(name):
        raise ValueError(f"{name} is no live key")
    type_ = _TYPES[written["type"]]
    values: Any = {"": written["value"]} if type_ == "s" else written["values"]
    if not values or not all(isinstance(value, str) for value in values.values()):
        raise ValueError(f"{name} holds something else than text")
    if type_ == "z" and not all(_SCORE.fullmatch(score) for score in values.values()):
        raise ValueError(f"{name} has a score that is no number")
    return LiveKey(type_, values)

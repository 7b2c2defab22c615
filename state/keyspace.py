"""What is known of every Redis key: its type, its fields, how long it lives and how it comes back.

`state.keys` writes it down, one key beside its function; the documentation, `skipline inspect` and a test
that looks at what a whole show leaves in Redis read it from here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Final, TypeVar

_F = TypeVar("_F", bound=Callable[..., str])

_PLACEHOLDER: Final = re.compile(r"<[^>]+>")


class Type(StrEnum):
    """Type of a key; the values are what Redis' TYPE answers, and `channel`, which is no key."""

    STRING = "string"
    HASH = "hash"
    SORTED_SET = "zset"
    SET = "set"
    STREAM = "stream"
    CHANNEL = "channel"


class Rebuilt(StrEnum):
    """How a key comes back when Redis lost it."""

    ARCHIVE = "from the archive"
    """Every write to it travels in the events, so it is put back exactly, as of the last archived move."""
    SPINE = "by the restore itself"
    """Set from the archive's position."""
    RECOMPUTED = "by itself"
    """Whoever needs it writes it again."""
    NEVER = "not needed"


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a hash or of a stream's entries. `<...>` in its name stands for whatever is put there.

    `unit` says how to read the value, `meaning` what it says and, where it may be absent, what that says.
    """

    name: str
    unit: str
    meaning: str

    def matches(self, name: str) -> bool:
        """Whether a field found in Redis is this one."""
        return _pattern(self.name).fullmatch(name) is not None


@dataclass(frozen=True)
class Key:
    """A key, or a family of keys when `<...>` other than the guild stands in `pattern`.

    `ttl` is the longest time to live in seconds, None for keys that stay. `member` and `score` are for
    sorted sets and sets, `fields` for hashes and streams, `value` for strings and channels. `bound` says
    what keeps the key, or the number of keys in the family, from growing for ever.
    """

    pattern: str
    type: Type
    meaning: str
    rebuilt: Rebuilt
    bound: str
    value: str = ""
    member: str = ""
    score: str = ""
    fields: Sequence[Field] = ()
    ttl: int | None = None

    @property
    def name(self) -> str:
        """The part after the guild, which events and the archive call it by; the whole name without guild."""
        return self.pattern.removeprefix("sl:{<guild>}:")

    @cached_property
    def _regex(self) -> re.Pattern[str]:
        return _pattern(self.pattern)

    @property
    def exactness(self) -> int:
        """How much of the name is fixed; of several families a key belongs to the most exact one."""
        return len(_PLACEHOLDER.sub("", self.pattern))

    def matches(self, name: str) -> bool:
        """Whether a key found in Redis is this one, or one of this family."""
        return self._regex.fullmatch(name) is not None

    def field(self, name: str) -> Field | None:
        """What is known of a field found in Redis; the field of that very name comes first."""
        found = [field for field in self.fields if field.matches(name)]
        return min(found, key=lambda field: "<" in field.name, default=None)


KEYS: Final[dict[str, Key]] = {}
"""Every key by its pattern, in the order written down; complete in `state.keys.TABLE`."""


def documented(
    pattern: str,
    type_: Type,
    rebuilt: Rebuilt,
    bound: str,
    *,
    value: str = "",
    member: str = "",
    score: str = "",
    fields: Sequence[Field] = (),
    ttl: int | None = None,
) -> Callable[[_F], _F]:
    """Writes down what a function of `state.keys` names; the function's docstring says what it means."""

    def register(function: _F) -> _F:
        meaning = " ".join((function.__doc__ or "").split())
        add(Key(pattern, type_, meaning, rebuilt, bound, value, member, score, fields, ttl))
        return function

    return register


def add(key: Key) -> None:
    """Writes a key down. Raises `ValueError` for one that is known already."""
    if key.pattern in KEYS:
        raise ValueError(f"{key.pattern} is documented twice")
    KEYS[key.pattern] = key


def _pattern(text: str) -> re.Pattern[str]:
    fixed = [re.escape(piece) for piece in _PLACEHOLDER.split(text)]
    names = (r"[0-9]+" if name == "<guild>" else r".+" for name in _PLACEHOLDER.findall(text))
    pieces = [fixed[0]]
    for name, piece in zip(names, fixed[1:], strict=True):
        pieces += [name, piece]
    return re.compile("".join(pieces), re.DOTALL)

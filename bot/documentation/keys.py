"""The tables of Redis keys, their fields and the kinds of events."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from bot.documentation.tables import code, table
from state.fields import EVENTS
from state.keys import TABLE
from state.keyspace import Key, Type

_TYPES: Final[Mapping[Type, str]] = {Type.SORTED_SET: "sorted set"}
_MINUTE: Final = 60
_COMES_BACK: Final = """\
What a Redis that lost its data does with a key: *from the archive* puts it back exactly as of the last
archived move; *by the restore itself* means that it follows from the archive's position; *by itself*, that
whoever needs it writes it again."""


def keys() -> str:
    """The tables of all keys, their fields and the kinds of events."""
    head = ("key", "type", "what it is", "holds", "lives", "comes back", "what bounds it")
    rows = (
        [code(key.pattern), _type(key), key.meaning, _holds(key), _lives(key), key.rebuilt, key.bound]
        for key in TABLE.values()
    )
    lines = [_COMES_BACK, "", *table(head, rows)]
    for key in TABLE.values():
        if key.fields:
            of = "entries" if key.type is Type.STREAM else "fields"
            rows = ([code(field.name), field.unit, field.meaning] for field in key.fields)
            lines += ["", f"### The {of} of `{key.name}`", "", *table(("field", "is", "meaning"), rows)]
    rows = ([code(kind), event.meaning, _facts(event.data)] for kind, event in EVENTS.items())
    lines += ["", "### The kinds of events", "", *table(("kind", "what happened", "`data`"), rows)]
    return "\n".join(lines)


def _type(key: Key) -> str:
    return _TYPES.get(key.type, str(key.type))


def _holds(key: Key) -> str:
    if key.fields:
        return "fields below"
    if key.type is Type.SORTED_SET:
        return f"member: {key.member}; score: {key.score}"
    return key.value or key.member


def _lives(key: Key) -> str:
    if key.ttl is None:
        return "stays" if key.type is not Type.CHANNEL else ""
    if key.ttl % _MINUTE == 0:
        return f"{key.ttl // _MINUTE} min"
    return f"{key.ttl} s at most"


def _facts(data: Mapping[str, str]) -> str:
    return "; ".join(f"`{name}`: {meaning}" for name, meaning in data.items())

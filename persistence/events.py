"""One move of a guild as it travels: an entry of the Redis stream, an `Event` here, a row of `events`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, NamedTuple, cast

import orjson

from persistence.errors import Malformed

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)

FORGOTTEN = "forgotten"
"""The kind of the move that forgets a person: the one whose effects leave out some of what it wrote."""

EffectType = Literal["z", "h", "s"]


class Effect(NamedTuple):
    """One physical write of a move.

    `type` is z (sorted set), h (hash) or s (string). `name` is the key after ``sl:{guild}:``. `field` is the
    member or field, None for strings. `value` is text (a score in decimal), None for a removal; `field` and
    `value` both None delete the whole key.
    """

    type: EffectType
    name: str
    field: str | None
    value: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A move. `at`: milliseconds since 1970 UTC by the clock of Redis. `by_id`: 0 is the bot itself."""

    revision: int
    kind: str
    at: int
    by_id: int = 0
    by_name: str = ""
    song: int | None = None
    request: str = ""
    data: Mapping[str, Any] = field(default_factory=dict[str, Any])
    effects: tuple[Effect, ...] = ()

    @property
    def moment(self) -> datetime:
        """When it happened, exact to the millisecond."""
        return moment(self.at)


def moment(milliseconds: int) -> datetime:
    """Turn milliseconds since 1970 into a UTC time without rounding."""
    return EPOCH + milliseconds * _MILLISECOND


def milliseconds(at: datetime) -> int:
    """Turn a time back into milliseconds since 1970, the inverse of `moment`."""
    return (at - EPOCH) // _MILLISECOND


def from_entry(entry_id: str, fields: Mapping[str, str]) -> Event:
    """Read an entry of a guild's stream. Raises `Malformed` when it does not have the documented form."""
    try:
        return Event(
            revision=int(entry_id.partition("-")[0]),
            kind=_text(fields["kind"]),
            at=int(fields["at"]),
            by_id=int(fields.get("by") or 0),
            by_name=_text(fields.get("by_name", "")),
            song=int(fields["song"]) if fields.get("song") else None,
            request=_text(fields.get("req", "")),
            data=_facts(fields.get("data") or "{}"),
            effects=_effects(fields.get("effects") or "[]"),
        )
    except (KeyError, ValueError, TypeError) as error:
        raise Malformed(f"Entry {entry_id} of the event stream cannot be read: {error!r}") from error


def to_entry(event: Event) -> dict[str, str]:
    """Write an event as the fields of a stream entry, the inverse of `from_entry`."""
    return {
        "kind": event.kind,
        "at": str(event.at),
        "by": str(event.by_id),
        "by_name": event.by_name,
        "song": "" if event.song is None else str(event.song),
        "req": event.request,
        "data": orjson.dumps(event.data).decode(),
        "effects": orjson.dumps([list(effect) for effect in event.effects]).decode(),
    }


def _facts(text: str) -> dict[str, Any]:
    data = orjson.loads(_json(text))
    if isinstance(data, dict):
        return cast(dict[str, Any], data)
    if data == []:  # Lua cannot tell an empty object from an empty array
        return {}
    raise ValueError("data is not an object")


def _effects(text: str) -> tuple[Effect, ...]:
    rows = cast(list[list[str | None]], orjson.loads(_json(text)) or [])
    return tuple(_effect(*row) for row in rows)


def _effect(type_: object, name: object, field_: object = None, value: object = None) -> Effect:
    if type_ not in ("z", "h", "s") or not isinstance(name, str) or not name:
        raise ValueError(f"unknown effect {type_!r} on {name!r}")
    if not isinstance(field_, str | None) or not isinstance(value, str | None):
        raise TypeError(f"an effect on {name} is not text")
    if type_ == "s":
        return Effect("s", name, None, value)
    if field_ is None and value is not None:
        raise ValueError(f"an effect on {name} has a value but no field")
    return Effect("z" if type_ == "z" else "h", name, field_, value)


def _text(value: str) -> str:
    """PostgreSQL text cannot hold NUL; U+FFFD says that something stood there."""
    return value.replace("\0", "\ufffd")


def _json(text: str) -> str:
    if "\\u0000" not in text:
        return text
    return orjson.dumps(_without_nul(orjson.loads(text))).decode()


def _without_nul(value: Any) -> Any:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, list):
        return [_without_nul(item) for item in cast(list[Any], value)]
    if isinstance(value, dict):
        return {_text(key): _without_nul(item) for key, item in cast(dict[str, Any], value).items()}
    return value

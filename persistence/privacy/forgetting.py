"""What each trace of a person becomes when they are forgotten. Pure: no I/O.

The person's own content (songs, points, links, choices) goes; that something happened, and what others did,
stays, told of nobody. A free text somebody else wrote about another's song stays as well: only an id in it
is taken out, since a name is a word like any other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, cast

import orjson

from persistence.backups.document import ACTIVE, Live, LiveKey
from persistence.events import Effect, Event
from persistence.privacy.person import Person

NOBODY: Final = "0"
DELETED: Final = "deleted user"
NO_TITLE: Final = "(deleted)"

SONG_KEPT: Final = frozenset(
    (
        *("number", "state", "tier", "claimed", "method", "seq", "score", "was_free"),
        *("submitted_at", "entered_at", "started_at", "ended_at", "at", "reviewed_at"),
        *("turned_down_at", "barred"),
        *("by", "by_name", "reviewer", "reviewer_name"),
    )
)
_SONG_TELLS: Final = {"user": NOBODY, "user_name": DELETED, "title": NO_TITLE, "artist": DELETED}
# Keys whose fields or members are TikTok ids.
_BY_HANDLE: Final = frozenset(
    ("links", "points:handle", "viewers", "coins", "bank:handle", "earning", "supports")
)
# Rows of who had or gave how much: those of the person go, or nobody would be owed it.
_ROWS: Final = ("gifts", "banked", "wallet")
_SEATS: Final = frozenset(("queue", "pending", "held", "bumped"))
_STAGE: Final = ("song", "title", "artist", "since")
_DATA_KEPT: Final = frozenset(
    (
        *("song", "ended", "songs", "seconds", "stake", "tier", "from", "to", "places", "was", "count"),
        *("score", "move", "of", "method", "rows"),
    )
)
_RESTORING: Final = frozenset(("undone", "restored_backup"))


def forget_live(live: Live, person: Person) -> dict[str, LiveKey]:
    """The live keys without the person; songs of theirs that are not over count as removed."""
    left: dict[str, LiveKey] = {}
    for name, key in live.items():
        values = _forget_key(name, key, person)
        if values:
            left[name] = LiveKey(key.type, values)
    return left


def _forget_key(name: str, key: LiveKey, person: Person) -> dict[str, str]:
    if person.text in name.split(":")[1:]:
        return {}
    if person.owns(name):
        return _forget_song(key.values)
    if name == "undo":
        return _forget_undo(key.values, person)
    values = {
        field: value
        for field, value in key.values.items()
        if not _gone(name, field, value, person) and not (name in _SEATS and person.owns(f"song:{field}"))
    }
    if name == "now" and person.owns(f"song:{values.get('song', '')}"):
        for field in _STAGE:
            values.pop(field, None)
    return {field: _value(field, value, person) for field, value in _unpaired(values, person).items()}


def _value(field: str, value: str, person: Person) -> str:
    if field in _ROWS and value[:1] == "[" and person.ids.search(value):
        return orjson.dumps(_others(orjson.loads(value), person)).decode()
    return _text(value, person)


def _gone(name: str, field: str | None, value: str | None, person: Person) -> bool:
    """Whether a member or field says something of the person alone."""
    if field == person.text or (name == "served" and field and field.endswith(f":{person.text}")):
        return True
    if name in _BY_HANDLE or (name.startswith("session:") and name.endswith(":viewers")):
        return field in person.handles or (name == "links" and value == person.text)
    if name == "streaks":
        return field is not None and field.partition(":")[0] in person.handles
    if name in ("names", "awaited"):
        return (
            value in person.handles or value == person.text or (name == "awaited" and field in person.awaited)
        )
    return name in ("tracks", "recent") and field in person.only_tracks


def _unpaired(values: Mapping[str, str], person: Person) -> dict[str, str]:
    """Every `<who>` and `<who>_name` that was the person, told of nobody."""
    fresh = dict(values)
    for field, value in values.items():
        if value == person.text:
            fresh[field] = NOBODY
            if f"{field}_name" in fresh:
                fresh[f"{field}_name"] = DELETED
    return fresh


def _forget_song(values: Mapping[str, str]) -> dict[str, str]:
    user = Person(int(values.get("user") or 0))
    kept = {field: value for field, value in values.items() if field in SONG_KEPT} | _SONG_TELLS
    if user.id:
        kept = _unpaired(kept, user)
    if values.get("state") in ACTIVE:
        kept["state"] = "removed"
        kept.setdefault("ended_at", values.get("at", NOBODY))
    return kept


def _forget_undo(values: Mapping[str, str], person: Person) -> dict[str, str]:
    left: dict[str, str] = {}
    dropped = set[str]()
    for field, text in values.items():
        if field.isdecimal():
            fresh = forget_record(text, person)
            if fresh is None:
                dropped.add(field)
            else:
                left[field] = fresh
    rest = {field: value for field, value in values.items() if not field.isdecimal()}
    stack = [entry for entry in rest.pop("stack", "").split(",") if entry and entry not in dropped]
    if stack:
        left["stack"] = ",".join(stack)
    for field, value in _unpaired(rest, person).items():
        if field.removeprefix("head:") not in dropped:
            left[field] = _text(value, person)
    return left


def forget_record(text: str, person: Person) -> str | None:
    """What Undo would put back, without the person; None when it concerns a song of theirs."""
    record: dict[str, Any] = orjson.loads(text)
    rows = cast("list[list[Any]]", list(record.get("fields") or ()))
    song = str(record.get("song") or "")
    if person.owns(f"song:{song}") or any(person.owns(str(row[0])) for row in rows):
        return None
    partners = {(row[0], row[1]): row for row in rows}
    fresh = cast("dict[str, Any]", scrub({**record, "fields": None}, person))
    fresh["fields"] = [_forget_row(row, partners, person) for row in rows]
    return orjson.dumps(fresh).decode() if fresh != record else text


def _forget_row(row: list[Any], partners: Mapping[tuple[Any, Any], list[Any]], person: Person) -> list[Any]:
    name, field, *values = row
    partner = partners.get((name, str(field).removesuffix("_name")))
    fresh: list[Any] = []
    for index, value in enumerate(values):
        if str(field).endswith("_name") and value in person.names:
            theirs = partner is None or partner is row or partner[2 + index] == person.text
            fresh.append(DELETED if theirs else value)
        else:
            known = isinstance(value, str)
            fresh.append(_value(str(field), value, person) if known else scrub(value, person))
    return [name, field, *fresh]


def _text(value: str, person: Person) -> str:
    """A value of Redis: JSON is read, anything else loses the ids in it."""
    if value[:1] in ("{", "[") and person.ids.search(value):
        try:
            return orjson.dumps(scrub(orjson.loads(value), person)).decode()
        except orjson.JSONDecodeError:
            pass
    return person.ids.sub(NOBODY, value)


def scrub(value: Any, person: Person) -> Any:
    """Any JSON without the person: their songs lose what they say, their ids become 0."""
    if isinstance(value, dict):
        return _scrub_dict(cast("dict[str, Any]", value), person)
    if isinstance(value, list):
        items = cast("list[Any]", value)
        fresh = [scrub(item, person) for item in items]
        if len(items) > 1 and str(items[0]) in person.handles and not str(items[1]).isdecimal():
            fresh[1] = DELETED  # a viewer: the id, then the name
        return fresh
    if isinstance(value, str):
        return person.ids.sub(NOBODY, value)
    return 0 if isinstance(value, int) and value == person.id and value else value


def _scrub_dict(value: Mapping[str, Any], person: Person) -> dict[str, Any]:
    if str(value.get("user")) == person.text and "number" in value:
        kept = {name: item for name, item in value.items() if name in (*SONG_KEPT, "seconds")}
        value = kept | {name: text for name, text in _SONG_TELLS.items() if name in value}
    fresh = {
        name: scrub(_others(item, person) if name in _ROWS else item, person) for name, item in value.items()
    }
    if str(value.get("name")) in person.awaited and "name" in fresh:
        fresh["name"] = DELETED
    for name, item in value.items():
        theirs = str(item) == person.text or (name == "handle" and str(item) in person.handles)
        for told in (f"{name}_name", "name" if name == "handle" else ""):
            if theirs and told in fresh:
                fresh[told] = DELETED
    return fresh


def _others(rows: Any, person: Person) -> Any:
    """Rows of [user or handle, id, amount] or [id, ...] without those of the person."""
    if not isinstance(rows, list):
        return rows
    theirs = {person.text, *person.handles}
    return [row for row in cast("list[Any]", rows) if not _has(row, theirs)]


def _has(row: Any, ids: set[str]) -> bool:
    return isinstance(row, list) and any(str(item) in ids for item in cast("list[Any]", row)[:2])


def forget_event(event: Event, person: Person) -> Event:
    """A move of the history without the person."""
    data = cast("dict[str, Any]", scrub(dict(event.data), person))
    if event.song in person.songs:
        data = {name: value for name, value in data.items() if name in _DATA_KEPT}
    effects: list[Effect] = []
    for effect in event.effects:
        fresh = _forget_effect(effect, event, person)
        if fresh is not None:
            effects.append(fresh)
    by = {"by_id": 0, "by_name": DELETED} if event.by_id == person.id else {}
    return replace(event, data=data, effects=tuple(effects), **by)


def _forget_effect(effect: Effect, event: Event, person: Person) -> Effect | None:
    type_, name, field, value = effect
    if person.text in name.split(":")[1:] or _gone(name, field, value, person):
        return None
    if field is None or value is None:
        return effect
    if person.owns(name):
        if field in _SONG_TELLS:
            return effect._replace(value=_SONG_TELLS[field])
        if field not in SONG_KEPT:
            return None
    if name == "undo" and field.isdecimal():
        fresh = forget_record(value, person)
        return None if fresh is None else effect._replace(value=fresh)
    if name == "undo" and field.startswith("head:"):
        record = field.removeprefix("head:")
        for each in event.effects:
            if each[1:3] == ("undo", record) and each.value and forget_record(each.value, person) is None:
                return None
    if name == "now" and field in ("title", "artist") and _plays_own(event, person):
        return effect._replace(value=_SONG_TELLS[field])
    if field.endswith("_name") and _is_theirs(effect, event, person):
        return effect._replace(value=DELETED)
    return effect._replace(value=_value(field, value, person)) if type_ != "z" else effect


def _plays_own(event: Event, person: Person) -> bool:
    numbers = [each.value for each in event.effects if each[:3] == ("h", "now", "song") and each.value]
    if numbers:
        return person.owns(f"song:{numbers[-1]}")
    return event.song in person.songs


def _is_theirs(effect: Effect, event: Event, person: Person) -> bool:
    who = (effect.field or "").removesuffix("_name")
    partners = [each.value for each in event.effects if (each.name, each.field) == (effect.name, who)]
    if partners:
        return person.text in partners and effect.value in person.names
    return effect.value in person.names and (event.by_id == person.id or event.kind in _RESTORING)


def may_tell(effect: Effect, person: Person) -> bool:
    """Whether a write that forgets may stand in the history: it must not name whom it forgets."""
    if effect.name in ("names", "awaited"):
        return False  # the field itself is a name of theirs
    return person.text not in effect.name.split(":")[1:] and not _gone(*effect[1:], person)

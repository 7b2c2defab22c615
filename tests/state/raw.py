"""A guild's keys as they are in Redis, what its events say they should be, and what must hold of them."""

from __future__ import annotations

import re
from typing import Any

import orjson
from redis.asyncio import Redis

from state import score

Keys = dict[str, dict[str, str] | str]
"""Name after `sl:{guild}:` to its fields, its members with their scores as text, or its text."""

SEATS = {"waiting": "queue", "pending": "pending", "held": "held", "bumped": "bumped"}
ACTIVE = {*SEATS, "playing"}
_PASSING = r"rev|events|archived|points:total|seen|heard|due|due:claims|host:.*|fence:.*|proof:.*|req:.*"
_NOT_REPLAYED = re.compile(f"^({_PASSING})$", re.S)
_OF_UNDO = re.compile(f"^({_PASSING}|seq|number|undo)$", re.S)


async def dump(redis: Redis, guild: int) -> Keys:
    """Everything but the stream, scores with all their digits."""
    client: Any = redis
    names = [name async for name in client.scan_iter(f"sl:{{{guild}}}:*", count=5000)]
    types = await _all(redis, [("TYPE", name) for name in names])
    reads = {"hash": ("HGETALL",), "string": ("GET",), "zset": ("ZRANGE", 0, -1, "WITHSCORES")}
    kept = [(name, str(type_)) for name, type_ in zip(names, types, strict=True) if str(type_) in reads]
    values = await _all(redis, [(reads[type_][0], name, *reads[type_][1:]) for name, type_ in kept])
    found: Keys = {}
    for (name, type_), value in zip(kept, values, strict=True):
        short = name.partition("}:")[2]
        if type_ == "zset":
            found[short] = {member: exact(number) for member, number in value}
        else:
            found[short] = value
    return found


async def _all(redis: Redis, commands: list[tuple[Any, ...]]) -> list[Any]:
    async with redis.pipeline(transaction=False) as pipe:
        for command in commands:
            pipe.execute_command(*command)
        return await pipe.execute()


def exact(number: float) -> str:
    """A score as text; asserts that the double holds it exactly."""
    assert number == int(number) and abs(number) < 2**53
    return str(int(number))


def without_bookkeeping(keys: Keys) -> Keys:
    """What Undo must put back: all but counters, the undo stack and who moved the stage last."""
    kept = {name: value for name, value in keys.items() if not _OF_UNDO.match(name)}
    now = kept.get("now")
    if isinstance(now, dict):
        kept["now"] = {field: value for field, value in now.items() if not field.startswith("mov")}
        if not kept["now"]:
            del kept["now"]
    return kept


async def replayed(redis: Redis, guild: int) -> Keys:
    """The keys that the effects of all events make of nothing; asserts one event a revision, in order."""
    client: Any = redis
    entries = await client.xrange(f"sl:{{{guild}}}:events")
    made: dict[str, Any] = {}
    for expected, (entry, fields) in enumerate(entries, start=1):
        assert entry == f"{expected}-0"
        for type_, name, field, value in orjson.loads(fields["effects"]):
            if type_ == "s":
                made[name] = value
            elif field is None:
                assert value is None
                made.pop(name, None)
            elif value is None:
                made.get(name, {}).pop(field, None)
            else:
                assert isinstance(value, str) and isinstance(field, str)
                made.setdefault(name, {})[field] = value
    assert await redis.get(f"sl:{{{guild}}}:rev") == str(len(entries))
    return {name: value for name, value in made.items() if value}


async def check(redis: Redis, guild: int) -> Keys:
    """Asserts all that must hold of a guild's keys after any moves; gives the keys."""
    keys = await dump(redis, guild)
    made = await replayed(redis, guild)
    assert made == {name: value for name, value in keys.items() if not _NOT_REPLAYED.match(name)}
    songs = {name[5:]: fields for name, fields in keys.items() if name.startswith("song:")}
    seats: dict[str, dict[str, str]] = {name: {} for name in SEATS.values()}
    artists: dict[str, dict[str, str]] = {}
    tracks: dict[str, str] = {}
    playing: list[str] = []
    for member, song in songs.items():
        assert isinstance(song, dict)
        assert member == f"{int(song['number']):012d}"
        state = song["state"]
        if state in SEATS:
            seats[SEATS[state]][member] = str(_seat_score(song, keys))
        if state == "playing":
            playing.append(song["number"])
        if state in ACTIVE:
            artists.setdefault(f"artist:{song['user']}", {})[member] = song["number"]
            if "track" in song:
                assert song["track"] not in tracks
                tracks[song["track"]] = member
        assert ("due" in song) == (state == "bumped")
        assert "locked" not in song or state == "waiting"
    for name, members in seats.items():
        assert keys.get(name, {}) == members
    assert {name: value for name, value in keys.items() if name.startswith("artist:")} == artists
    assert keys.get("tracks", {}) == tracks
    assert [_fields(keys, "now")["song"]] == playing if "song" in _fields(keys, "now") else not playing
    _check_points(keys)
    _check_undo(keys)
    return keys


def _fields(keys: Keys, name: str) -> dict[str, str]:
    found = keys.get(name, {})
    assert isinstance(found, dict)
    return found


def _seat_score(song: dict[str, str], keys: Keys) -> int:
    match song["state"]:
        case "bumped":
            return int(song["due"])
        case "held":
            return int(song["hold"])
        case "pending":
            return int(song["seq"])
        case _ if "locked" in song:
            return score.paid(score.LOCK, int(song["locked"]))
        case _ if song["tier"] == "0":
            own = int(_fields(keys, "points:user").get(song["user"], "0"))
            handles = _fields(keys, f"handles:{song['user']}")
            earned = (int(_fields(keys, "points:handle").get(handle, "0")) for handle in handles)
            return score.free(own + sum(earned))
        case _:
            return score.paid(int(song["tier"]), int(song["seq"]))


def _check_points(keys: Keys) -> None:
    for name in ("points:user", "points:handle"):
        assert all(0 < int(value) < score.SPAN for value in _fields(keys, name).values())
    owned: dict[str, str] = {}
    for name, handles in keys.items():
        if name.startswith("handles:"):
            assert not owned.keys() & set(handles)
            owned |= dict.fromkeys(handles, name[8:])
    assert _fields(keys, "links") == owned
    if "points:total" in keys:
        total = {user: int(points) for user, points in _fields(keys, "points:user").items()}
        for handle, points in _fields(keys, "points:handle").items():
            whose = owned.get(handle, f"@{handle}")
            total[whose] = total.get(whose, 0) + int(points)
        assert _fields(keys, "points:total") == {whose: str(points) for whose, points in total.items()}


def _check_undo(keys: Keys) -> None:
    undo = _fields(keys, "undo")
    stack = [revision for revision in undo.get("stack", "").split(",") if revision]
    assert stack == sorted(stack, key=int) and len(stack) <= 25
    assert {name for name in undo if name.isdecimal()} == set(stack)
    assert {name[5:] for name in undo if name.startswith("head:")} == set(stack)


async def forget(redis: Redis, guild: int) -> None:
    """Deletes a guild that a test is done with."""
    client: Any = redis
    names = [name async for name in client.scan_iter(f"sl:{{{guild}}}:*", count=5000)]
    if names:
        await redis.unlink(*names)

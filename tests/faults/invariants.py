"""What must hold whatever is broken: looked at from outside, in messages, in Redis and in PostgreSQL."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from typing import Any, Final, cast

import asyncpg
import orjson
from redis.exceptions import RedisError

from state import keys
from tests.faults.findings import Findings
from tests.faults.fresh import Reading, shown
from tests.faults.giving import conserved
from tests.faults.once import sessions, told_once
from tests.faults.room import Room
from tests.faults.stage import Stage

__all__ = ["Findings", "agree", "disagreement", "examine"]

CAUGHT_UP_SECONDS: Final = 60.0
_ENDED: Final = frozenset({"played", "removed", "withdrawn", "rejected"})
DEADLINE: Final = 3.0


# While the show goes on


async def disagreement(room: Room) -> str | None:
    """How what the displays of a room show differs from Redis; None where it does not."""
    queue = await Reading(room).queue()
    boards, panels = room.boards(), room.panels()
    if len(boards) != 1 or len(panels) != 1:
        return f"room {room.number} has {len(boards)} displays of the queue and {len(panels)} panels"
    for name, message in (("display", boards[0]), ("panel", panels[0])):
        says = shown(message)
        if not says.tells(queue):
            return f"the {name} of room {room.number} shows {says} and not {queue}"
    return None


async def agree(rooms: list[Room], within: float) -> tuple[float, str | None]:
    """Wait until all displays agree with Redis; give after how many seconds, and what still did not."""
    began = time.monotonic()
    while True:
        try:
            found = [each for room in rooms if (each := await disagreement(room)) is not None]
        except (OSError, RuntimeError, RedisError) as away:
            found = [repr(away)]
        if not found:
            return time.monotonic() - began, None
        if time.monotonic() - began > within:
            return time.monotonic() - began, "; ".join(found)
        await asyncio.sleep(0.02)


# After it


async def examine(stage: Stage, rooms: list[Room], forgiven: set[str], findings: Findings) -> None:
    """Look at everything there is, once the show is over, all runs, and rooms have left their lives."""
    connection: Any = await asyncpg.connect(stage.postgres.url)
    try:
        for room in rooms:
            events = await _archive(stage, connection, room, findings)
            songs = await _songs(stage, connection, room, events, forgiven, findings)
            _answers(stage, room, {str(event["request"]) for event in events}, forgiven, findings)
            await conserved(stage, connection, room, events, songs, findings)
            await told_once(connection, room, events, findings)
            if room.host.lives:
                await sessions(stage, connection, room, events, findings)
    finally:
        await connection.close()


async def _archive(stage: Stage, connection: Any, room: Room, findings: Findings) -> list[Any]:
    """Every move is archived, once."""
    until = time.monotonic() + CAUGHT_UP_SECONDS
    while True:
        revision = int(await stage.redis.get(keys.revision(room.id)) or 0)
        events = await connection.fetch("SELECT * FROM events WHERE guild_id = $1 ORDER BY rev", room.id)
        if (events and events[-1]["rev"] == revision) or time.monotonic() > until:
            break
        await asyncio.sleep(0.1)
    found = [event["rev"] for event in events]
    where = f"the archive of room {room.number}"
    findings.hold(
        found == list(range(1, revision + 1)),
        f"{where} has {len(found)} moves up to {found[-1:]} of {revision}",
    )
    twice = [request for request, times in Counter(
        (event["request"], event["kind"]) for event in events if event["request"]
    ).items() if times > 1]  # fmt: skip
    findings.hold(not twice, f"{where} has moves of one request twice: {twice[:3]}")
    findings.figures["moves archived"] += len(found)
    return events


async def _songs(
    stage: Stage, connection: Any, room: Room, events: list[Any], forgiven: set[str], findings: Findings
) -> dict[str, dict[str, str]]:
    """Each song is where its moves put it, was played once at most, and was first when it was taken."""
    queue: dict[str, float] = {}
    bumped: dict[str, float] = {}
    turn = 0
    songs: dict[str, dict[str, str]] = {}
    for event in events:
        before = {member: fields.get("state", "") for member, fields in songs.items()}
        first = _first(queue, bumped, turn)
        for type_, name, member, value in orjson.loads(event["effects"]):
            if type_ == "z" and name in ("queue", "bumped"):
                seats = queue if name == "queue" else bumped
                if value is None:
                    seats.pop(member, None)
                else:
                    seats[member] = float(value)
            elif (type_, name, member) == ("h", "now", "turn"):
                turn = int(value or 0)
            elif type_ == "h" and name.startswith("song:"):
                fields = songs.setdefault(name[5:], {})
                if value is None:
                    fields.pop(member, None)
                else:
                    fields[member] = value
        for member, fields in songs.items():
            was, is_ = before.get(member, ""), fields.get("state", "")
            back = was in _ENDED and is_ not in _ENDED
            findings.hold(
                not back or event["kind"] == "undone",
                f"song {member} of room {room.number} came back from {was} by {event['kind']} {event['rev']}",
            )
            if is_ == "playing" != was and event["kind"] == "next":
                findings.figures["songs played"] += 1
                findings.hold(
                    member == first,
                    f"room {room.number} took {member} before {first} with move {event['rev']}",
                )
    client: Any = stage.redis
    seated = cast("list[tuple[str, float]]", await client.zrange(keys.queue(room.id), 0, -1, withscores=True))
    findings.hold(dict(seated) == queue, f"the queue of room {room.number} is not what its moves made of it")
    titles = Counter(fields.get("title", "").partition(" ")[0] for fields in songs.values())
    rows = await connection.fetch("SELECT title, state FROM submissions WHERE guild_id = $1", room.id)
    listed = Counter(str(row["title"]).partition(" ")[0] for row in rows)
    for act in (act for act in room.acts if act.kind == "submit"):
        times = titles[act.code]
        lost = act.request in forgiven and not times
        findings.figures["moves that went with Redis"] += lost and act.outcome == "yes"
        if act.outcome == "yes" and not lost:
            findings.hold(times == 1, f"{act.code} was acknowledged and is there {times} times")
            findings.hold(
                listed[act.code] == 1, f"{act.code} is {listed[act.code]} times in the archive's list"
            )
        findings.hold(times <= 1, f"{act.code} is there {times} times")
        findings.hold(
            act.outcome != "no" or not times,
            f"{act.who} was told that {act.code} is not in, and it is: {act.text}",
        )
    return songs


def _first(queue: dict[str, float], bumped: dict[str, float], turn: int) -> str | None:
    """Who plays next: of the songs set aside the first, if its turn has come or nobody else waits."""
    due = min(bumped, key=lambda member: (bumped[member], member), default=None)
    if due is not None and (not queue or bumped[due] - turn <= 1):
        return due
    return min(queue, key=lambda member: (queue[member], member), default=None)


def _answers(stage: Stage, room: Room, archived: set[str], forgiven: set[str], findings: Findings) -> None:
    """Everybody was answered in time, and truly."""
    offset = time.time() - time.monotonic()
    for act in room.acts:
        if act.kind != "show":
            act.judge()
        findings.figures["people who acted"] += 1
        findings.figures[f"told {act.outcome}"] += 1
        at = time.strftime("%X", time.localtime(act.begin + offset))
        where = f"{act.who} of room {room.number} ({act.kind}, {at})"
        excused = stage.windows.excuse(room.shard, act.begin - 0.5, act.end)
        findings.hold(act.outcome not in ("silent", "broken") or excused, f"{where} was left {act.outcome}")
        findings.hold(
            act.outcome == "silent" or act.latency <= DEADLINE or excused,
            f"{where} waited {act.latency:.1f} s",
        )
        findings.hold(
            "Traceback" not in act.text and "Error" not in act.text, f"{where} was shown {act.text!r}"
        )
        if act.kind in ("Next", "Undo", "Not here"):
            done = act.request in archived
            if act.outcome == "yes":
                lost = act.request in forgiven and not done
                findings.figures["moves that went with Redis"] += lost
                # The panel is drawn before a refusal is told; a gateway that dies between tells nothing.
                cut = not done and stage.windows.excuse(room.shard, act.begin, act.end + DEADLINE)
                findings.figures["presses that went with their gateway"] += cut
                findings.hold(done or lost or cut, f"{where} was told yes, and nothing was done")
            elif act.outcome == "no":
                findings.hold(not done, f"{where} was told no, and it was done: {act.text!r}")

"""What must hold whatever is broken: looked at from outside, in messages, in Redis and in PostgreSQL."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final, cast

import asyncpg
import orjson
import psutil

from state import keys, live_keys
from tests.faults.plant import Plant
from tests.faults.room import Room, codes
from tests.faults.stage import Stage

ROWS: Final = 10
CAUGHT_UP_SECONDS: Final = 60.0
POOL: Final = 100
"""Connections that redis-py opens at most, and keeps: as many as were once wanted at the same time."""
_ENDED: Final = frozenset({"played", "removed", "withdrawn", "rejected"})
_DEADLINE: Final = 3.0


@dataclass(slots=True)
class Findings:
    """What was found broken, each once; and figures by the way."""

    broken: list[str] = field(default_factory=list[str])
    figures: Counter[str] = field(default_factory=Counter[str])

    def hold(self, true: bool, text: str) -> None:
        """Note what does not hold."""
        if not true and text not in self.broken:
            self.broken.append(text)


# While the show goes on


async def disagreement(room: Room) -> str | None:
    """How what the displays of a room show differs from Redis; None where it does not."""
    client: Any = room.stage.redis
    waiting = cast("list[str]", await client.zrange(keys.queue(room.id), 0, ROWS - 1))
    number = await client.hget(keys.now(room.id), "song")
    titles = [await client.hget(keys.song(room.id, int(member)), "title") for member in waiting]
    expected = [str(title).split()[0] for title in titles]
    playing = codes(str(await client.hget(keys.song(room.id, int(number)), "title"))) if number else []
    boards, panels = room.boards(), room.panels()
    if len(boards) != 1 or len(panels) != 1:
        return f"room {room.number} has {len(boards)} displays of the queue and {len(panels)} panels"
    for name, message in (("display", boards[0]), ("panel", panels[0])):
        stage, queue = (_text(embed) for embed in message.embeds[:2])
        # A panel tells the last move below the songs that wait, and that names a song as well.
        shown = codes(queue.partition("Last move")[0])[: len(expected) or None]
        if codes(stage)[:1] != playing[:1]:
            return f"the {name} of room {room.number} shows {codes(stage)[:1]} as playing and not {playing}"
        if shown != expected:
            return f"the {name} of room {room.number} shows {shown} and not {expected}"
    return None


async def agree(rooms: list[Room], within: float) -> tuple[float, str | None]:
    """Wait until all displays agree with Redis; give after how many seconds, and what still did not."""
    began = time.monotonic()
    while True:
        try:
            found = [each for room in rooms if (each := await disagreement(room)) is not None]
        except (OSError, RuntimeError) as away:
            found = [repr(away)]
        if not found:
            return time.monotonic() - began, None
        if time.monotonic() - began > within:
            return time.monotonic() - began, "; ".join(found)
        await asyncio.sleep(0.02)


@dataclass(slots=True)
class Footprint:
    """What a process holds, each time it is looked at in peace: descriptors, and memory in MB."""

    descriptors: list[int] = field(default_factory=list[int])
    memory: list[int] = field(default_factory=list[int])


class Footprints:
    """Of every process that lived through at least some of the show."""

    def __init__(self) -> None:
        self._all: dict[tuple[str, int], Footprint] = {}

    def look(self, plant: Plant) -> None:
        """Measure all of them."""
        for member in plant.members.values():
            if not member.alive:
                continue
            process = psutil.Process(member.pid)
            print_ = self._all.setdefault((member.name, member.pid), Footprint())
            print_.descriptors.append(process.num_fds())
            print_.memory.append(process.memory_info().rss // 2**20)

    def judge(self, findings: Findings) -> None:
        """Hold the last look of each against the first few."""
        for (name, _), seen in self._all.items():
            if len(seen.descriptors) < 4:
                continue
            most, last = max(seen.descriptors[:3]), min(seen.descriptors[-2:])
            findings.hold(last <= most + POOL, f"{name} went from {most} to {last} descriptors")
            findings.figures["descriptors, most"] = max(findings.figures["descriptors, most"], last)
            most, last = max(seen.memory[:3]), seen.memory[-1]
            findings.hold(last <= most + 40, f"{name} went from {most} to {last} MB")
            findings.figures["MB, most"] = max(findings.figures["MB, most"], last)


# After it


async def examine(stage: Stage, rooms: list[Room], forgiven: set[str], findings: Findings) -> None:
    """Look at everything there is, once the show is over and everything runs."""
    connection: Any = await asyncpg.connect(stage.postgres.url)
    try:
        for room in rooms:
            events = await _archive(stage, connection, room, findings)
            await _songs(stage, connection, room, events, forgiven, findings)
            _answers(stage, room, {str(event["request"]) for event in events}, forgiven, findings)
            await _coins(stage, connection, room, findings)
    finally:
        await connection.close()


async def sees_what_is_wrong(stage: Stage, rooms: list[Room], forgiven: set[str]) -> bool:
    """Lose a song, forget a move, give coins that nobody sent, and see whether each of it is noticed."""
    room, client, found = rooms[0], cast("Any", stage.redis), Findings()
    connection: Any = await asyncpg.connect(stage.postgres.url)
    try:
        await connection.execute(
            "DELETE FROM events WHERE guild_id = $1 AND rev = (SELECT min(rev) + 4 FROM events)", room.id
        )
    finally:
        await connection.close()
    await client.zpopmin(keys.queue(room.id))
    await client.zincrby(live_keys.coins(room.id), 10**9, str(room.viewers[0].id))
    await examine(stage, [room], forgiven, found)
    return all(
        any(word in text for text in found.broken) for word in ("the archive", "the queue", "coins and")
    )


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
) -> None:
    """Each song is where its moves put it, was played once at most, and was first when it was taken."""
    queue: dict[str, float] = {}
    bumped: dict[str, float] = {}
    songs: dict[str, dict[str, str]] = {}
    for event in events:
        before = {member: fields.get("state", "") for member, fields in songs.items()}
        first = min(queue, key=lambda member: (queue[member], member), default=None)
        for type_, name, member, value in orjson.loads(event["effects"]):
            if type_ == "z" and name in ("queue", "bumped"):
                seats = queue if name == "queue" else bumped
                if value is None:
                    seats.pop(member, None)
                else:
                    seats[member] = float(value)
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
                    member == first or bool(bumped),
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
            act.outcome == "silent" or act.latency <= _DEADLINE or excused,
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
                findings.hold(done or lost, f"{where} was told yes, and nothing was done")
            elif act.outcome == "no":
                findings.hold(not done, f"{where} was told no, and it was done: {act.text!r}")


async def _coins(stage: Stage, connection: Any, room: Room, findings: Findings) -> None:
    """What viewers gave is booked once: what surely reached us wholly, and nothing beyond what was sent."""
    booked = await _scores(stage, live_keys.coins(room.id))
    sent = stage.tiktok.books.of(room.host.name)
    for viewer, coins in booked.items():
        most = sent.viewers[viewer].coins if viewer in sent.viewers else 0
        findings.hold(
            coins <= most, f"viewer {viewer} of room {room.number} has {coins} coins and gave {most}"
        )
    findings.figures["coins sent"] += sent.total.coins
    findings.figures["coins booked"] += sum(booked.values())
    rows = await connection.fetch(
        "SELECT user_id AS account, sum(change) AS total FROM ledger WHERE guild_id = $1 GROUP BY user_id",
        room.id,
    )
    wallets = {
        account: coins for account, coins in (await _scores(stage, keys.wallet(room.id))).items() if coins
    }
    ledger = {int(row["account"]): int(row["total"]) for row in rows if row["total"]}
    findings.hold(ledger == wallets, f"the ledger of room {room.number} says {ledger}, its wallets {wallets}")


async def _scores(stage: Stage, key: str) -> dict[int, int]:
    client: Any = stage.redis
    rows = cast("list[tuple[str, float]]", await client.zrange(key, 0, -1, withscores=True))
    return {int(member): int(number) for member, number in rows}


def _text(embed: dict[str, Any]) -> str:
    return f"{embed.get('title', '')}\n{embed.get('description', '')}"

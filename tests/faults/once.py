"""What must be there once: messages that tell of something, and the sessions of lives."""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter
from itertools import pairwise
from typing import Any, Final

import orjson

from sandbox.discord import Channel, Message
from state import keys, live_keys
from tests.faults.findings import Findings
from tests.faults.giving import UNBOOKED, booked
from tests.faults.room import Room
from tests.faults.stage import Stage

PATIENCE: Final = 30.0
"""Seconds until what a process posted late is taken back, and the tables of lives are posted."""

_TABLE: Final = re.compile(r"live-(\d+)\.(?:csv|zip)")


async def told_once(connection: Any, room: Room, events: list[Any], findings: Findings) -> None:
    """Hold that nobody was told anything twice, and each table of a live stands.

    A process that was paused may post late, and then takes its message back: that is waited for.
    """
    stored = [
        int(row["session"])
        for row in await connection.fetch("SELECT session FROM live_sessions WHERE guild_id = $1", room.id)
    ]
    until = time.monotonic() + PATIENCE
    while found := _told_wrongly(room, events, stored):
        if time.monotonic() > until:
            break
        await asyncio.sleep(0.2)
    for text in found:
        findings.hold(False, text)
    findings.figures["notices to artists"] += sum(len(_posted(room, each.dm)) for each in room.artists)
    if room.lives is not None:
        findings.figures["alerts"] += len(_posted(room, room.alerts)) if room.alerts else 0
        findings.figures["tables of lives"] += len(_posted(room, room.lives))


def _told_wrongly(room: Room, events: list[Any], stored: list[int]) -> list[str]:
    found: list[str] = []
    where = f"of room {room.number}"
    for artist in room.artists:
        texts = Counter(each.text for each in _kept(room, artist.dm))
        found += [f"{artist.name} {where} was told {n} times: {text!r}" for text, n in texts.items() if n > 1]
    if room.stage_channel is not None:
        cards = Counter(_footer(each) for each in _kept(room, room.stage_channel))
        found += [f"the card {card!r} {where} stands {n} times" for card, n in cards.items() if n > 1]
    if room.alerts is not None:
        alerts = Counter(each.text for each in _kept(room, room.alerts))
        found += [f"the alert {text!r} {where} stands {n} times" for text, n in alerts.items() if n > 1]
        back = sum(n for text, n in alerts.items() if "heard again" in text or "is over" in text)
        outages = {
            (data["handle"], data["since"])
            for data in (orjson.loads(each["data"]) for each in events if each["kind"] == "host_lost")
        }
        for what, count in (("lost", alerts.total() - back), ("back", back)):
            if count > len(outages):
                found.append(f"{count} alerts {where} tell of {what}, of {len(outages)} outages")
    if room.lives is not None:
        tables = Counter(
            int(named[1])
            for each in _posted(room, room.lives)
            for file in each.attachments
            if (named := _TABLE.fullmatch(file.filename)) is not None
        )
        for session in sorted(tables.keys() | set(stored)):
            if tables[session] != 1 or session not in stored:
                found.append(f"the table of session {session} {where} stands {tables[session]} times")
    return found


def _posted(room: Room, channel: Channel) -> list[Message]:
    """What the bot posted there by itself, as far as it stands."""
    bot = room.stage.sandbox.bot.id
    return [
        each
        for each in channel.messages
        if each.author.id == bot and each.interaction is None and not each.is_notice
    ]


def _kept(room: Room, channel: Channel) -> list[Message]:
    """The same without what tells of a move that may have gone with a Redis that was emptied."""
    gone = [(since - UNBOOKED, until + UNBOOKED / 2) for since, until in room.stage.emptied]
    return [
        each for each in _posted(room, channel) if not any(since <= each.at <= until for since, until in gone)
    ]


def _footer(message: Message) -> str:
    return " ".join(str(each.get("footer", {}).get("text", "")) for each in message.embeds)


async def sessions(stage: Stage, connection: Any, room: Room, events: list[Any], findings: Findings) -> None:
    """Hold that the sessions of lives are in PostgreSQL, once, one after the other, with all that was given.

    Nobody listens any more when this is called.
    """
    client: Any = stage.redis
    where = f"of room {room.number}"
    begun = int(await client.get(live_keys.session_counter(room.id)) or 0)
    rows = await connection.fetch(
        "SELECT session, host, rooms, started_at, ended_at, coins FROM live_sessions WHERE guild_id = $1 "
        "ORDER BY session",
        room.id,
    )
    stored = [int(row["session"]) for row in rows]
    findings.hold(
        stored == list(range(1, begun + 1)), f"sessions {where}: {begun} began and {stored} are stored"
    )
    for earlier, later in pairwise(rows):
        findings.hold(
            earlier["ended_at"] <= later["started_at"],
            f"sessions {earlier['session']} and {later['session']} {where} overlap",
        )
    kept = {int(each) for row in rows for each in _rooms(row["rooms"])}
    heard = {
        each.room for each in stage.tiktok.books.deliveries if each.host == room.host.name and each.acked
    }
    findings.hold(heard <= kept, f"lives {sorted(heard - kept)} {where} are in no session")
    findings.hold(
        kept <= {each.room for each in room.host.lives}, f"sessions {where} have rooms nobody went live in"
    )
    left = [key async for key in client.scan_iter(match=keys.key(room.id, "session:*"), count=1000)]
    left += [
        key for key in (live_keys.live(room.id), live_keys.unstored(room.id)) if await client.exists(key)
    ]
    findings.hold(not left, f"sessions {where} left {left} behind")
    given, _ = booked(events)
    sums = await connection.fetchrow(
        "SELECT coalesce(sum(coins), 0) AS coins, coalesce(sum(points), 0) AS points "
        "FROM session_viewers WHERE guild_id = $1",
        room.id,
    )
    for what in ("coins", "points"):
        total = sum(getattr(each, what) for each in given.values())
        findings.hold(
            int(sums[what]) == total, f"sessions {where} have {sums[what]} {what}, its moves {total}"
        )
    coins = sum(int(row["coins"]) for row in rows)
    findings.hold(coins == int(sums["coins"]), f"sessions {where} have {coins} coins, their viewers {sums}")
    findings.figures["sessions"] += len(rows)


def _rooms(value: Any) -> list[Any]:
    return orjson.loads(value) if isinstance(value, str) else list(value)

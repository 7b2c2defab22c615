"""Whether the looks see what is wrong: each thing they hold is broken on purpose, once the show is over."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Final

import asyncpg

from sandbox.tiktok import GIFTS
from state import keys, live_keys
from tests.faults import once
from tests.faults.findings import Findings
from tests.faults.footprints import ALLOWED, Footprints
from tests.faults.fresh import STALE_SECONDS, Watch
from tests.faults.invariants import DEADLINE, examine
from tests.faults.room import Act, Room
from tests.faults.stage import Stage

_ALERTS: Final = 100
_FRESH: Final = 2 * STALE_SECONDS


@dataclass(slots=True)
class Spoiler:
    """Breaks things in one room, each as some fault of Skipline would."""

    stage: Stage
    room: Room
    connection: Any

    @property
    def redis(self) -> Any:
        """Past every wire."""
        return self.stage.redis

    async def move_lost(self) -> None:
        """A move is not archived."""
        await self.connection.execute(
            "DELETE FROM events WHERE guild_id = $1 AND rev = 4 AND kind NOT IN ('live', 'submitted')",
            self.room.id,
        )
        await self.connection.execute(
            "DELETE FROM events WHERE guild_id = $1 AND rev = "
            "(SELECT min(rev) FROM events WHERE guild_id = $1 AND kind = 'next')",
            self.room.id,
        )

    async def song_lost(self) -> None:
        """A song leaves the queue by no move, and displays are not told."""
        await self.redis.zpopmin(keys.queue(self.room.id))

    async def points_lost(self) -> None:
        """Points that were earned are gone, and others are there that nobody earned."""
        await self.redis.zincrby(keys.points_handle(self.room.id), -7, str(self.room.viewers[1].id))
        await self.redis.zincrby(keys.points_user(self.room.id), 9, str(self.room.artists[0].id))

    async def coins_made(self) -> None:
        """Coins that no move gave, a bank that is short, a wallet that is too full."""
        viewer, artist = str(self.room.viewers[0].id), str(self.room.artists[0].id)
        await self.redis.zincrby(live_keys.coins(self.room.id), 10**9, viewer)
        await self.redis.zincrby(live_keys.bank_user(self.room.id), 10**6, artist)
        await self.redis.zincrby(keys.wallet(self.room.id), 3, artist)

    async def not_answered(self) -> None:
        """Somebody was not answered, and somebody's song is not there."""
        now = time.monotonic()
        act = Act("Next", self.room.id, self.room.shard, "Nobody", now, now + 3, "silent", "", "1")
        self.room.acts.append(act)
        self.room.acts.append(replace(act, kind="submit", who="Somebody", outcome="yes", code="Z9999"))

    async def lied_to(self) -> None:
        """Somebody was told the contrary of what came of it, late, and was shown what nobody should see."""
        done = await self.connection.fetchval(
            "SELECT request FROM events WHERE guild_id = $1 AND request <> '' ORDER BY rev DESC LIMIT 1",
            self.room.id,
        )
        now = time.monotonic()
        act = Act("Next", self.room.id, self.room.shard, "Nobody", now, now + 1, "yes", "", "1")
        self.room.acts += [
            act,
            replace(act, outcome="no", request=str(done)),
            replace(act, kind="show", outcome="seen", latency=DEADLINE + 0.1),
            replace(act, kind="show", outcome="seen", text="Traceback"),
        ]

    async def out_of_order(self) -> None:
        """Two songs were played the other way round."""
        found = await self.connection.fetch(
            "SELECT rev, song, effects FROM events "
            "WHERE guild_id = $1 AND kind = 'next' AND song IS NOT NULL ORDER BY rev",
            self.room.id,
        )
        one, other = next(pair for pair in pairwise(found) if pair[0]["song"] != pair[1]["song"])
        await self.connection.executemany(
            "UPDATE events SET effects = $3 WHERE guild_id = $1 AND rev = $2",
            [
                (self.room.id, one["rev"], other["effects"]),
                (self.room.id, other["rev"], one["effects"]),
            ],
        )

    async def came_back(self) -> None:
        """Songs that were played play again, and nobody took anything back."""
        await self.connection.execute(
            "UPDATE events SET kind = 'edited' WHERE guild_id = $1 AND kind = 'undone'", self.room.id
        )

    async def never_booked(self) -> None:
        """A gift surely came, and was not booked."""
        books, host = self.stage.tiktok.books, self.room.host.name
        last = books.messages(host)[-1]
        gift = replace(
            last,
            id=1,
            kind="gift",
            viewer=self.room.viewers[2].id,
            gift=GIFTS[-1],
            count=9999,
            group=1,
            total=0,
        )
        books.sent.append(gift)
        self.room.sure.add(gift.id)

    async def never_sent(self) -> None:
        """Gifts were booked that nobody gave."""
        books, viewer = self.stage.tiktok.books, self.room.viewers[3].id
        books.sent[:] = [each for each in books.sent if each.viewer != viewer]

    async def session_doubled(self) -> None:
        """A live is in PostgreSQL twice, and what a session had stays in Redis."""
        columns = (
            "host, host_id, rooms, started_at, ended_at, likes, likes_seen, comments, shares, follows, "
            "subscribes, gifts, coins, joins, viewers_peak, viewer_ms, watched_ms, skipped, gaps, curve"
        )
        await self.connection.execute(
            f"INSERT INTO live_sessions (guild_id, session, {columns}) "
            f"SELECT guild_id, 900, {columns} FROM live_sessions WHERE guild_id = $1 AND session = 1",
            self.room.id,
        )
        await self.redis.hset(live_keys.session(self.room.id, 900), "state", "live")

    async def told_twice(self) -> None:
        """Whatever was told is told again."""
        room = self.room
        told = [each.dm for each in room.artists if each.dm.messages][:1]
        for channel in (*told, *filter(None, (room.stage_channel, room.lives))):
            for number in (1, 2) if channel.messages else ():
                last = channel.messages[-1]
                copy = replace(last, id=last.id + number, at=time.time())
                channel.log[copy.id] = copy
        for number in range(_ALERTS) if room.alerts is not None else ():
            assert room.alerts is not None
            alert = replace(room.panels()[-1], id=number, at=time.time(), channel=room.alerts)
            room.alerts.log[alert.id] = replace(alert, content=f"Outage {number}, which never was.")


def _expected(room: Room) -> list[tuple[Callable[[Spoiler], Awaitable[None]], tuple[str, ...]]]:
    """What is broken, and what must be said of it."""
    every: list[tuple[Callable[[Spoiler], Awaitable[None]], tuple[str, ...]]] = [
        (Spoiler.move_lost, ("the archive of",)),
        (Spoiler.song_lost, ("the queue of",)),
        (Spoiler.not_answered, ("was left silent", "was acknowledged and is there 0 times")),
        (Spoiler.lied_to, ("yes, and nothing was", "no, and it was done", " waited ", " was shown ")),
        (Spoiler.points_lost, ("points of points:handle", "points of points:user")),
        (Spoiler.coins_made, ("has coins", "the banks and songs of", "the ledger of")),
    ]
    if room.host.lives:
        # Only a show surely has the moves for the first two.
        every += [
            (Spoiler.out_of_order, (" took ",)),
            (Spoiler.came_back, (" came back from ",)),
            (Spoiler.never_booked, ("and surely gave", "and surely did")),
            (Spoiler.never_sent, ("coins and gave 0", "points of 0")),
            (Spoiler.session_doubled, (" are stored", " overlap", " behind", " their viewers ")),
            (Spoiler.told_twice, (" times: ", "the card ", "the table of session", " alerts ")),
        ]
    return every


async def unnoticed(stage: Stage, rooms: list[Room], forgiven: set[str]) -> list[str]:
    """Break everything in one room, and give what nobody noticed of it."""
    room, found = rooms[0], Findings()
    expected = _expected(room)
    watch = Watch([room])
    connection: Any = await asyncpg.connect(stage.postgres.url)
    patience, once.PATIENCE = once.PATIENCE, 0.0
    try:
        spoiler = Spoiler(stage, room, connection)
        for spoil, _ in expected:
            await spoil(spoiler)
        looking = asyncio.create_task(watch.run())
        await asyncio.sleep(_FRESH)
        looking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await looking
        await examine(stage, [room], forgiven, found)
    finally:
        once.PATIENCE = patience
        await connection.close()
    said = "\n".join(found.broken)
    missing = [text for _, texts in expected for text in texts if text not in said]
    if room.boards() and not watch.stale:
        missing.append("a display that shows something old")
    return missing + leaks_unnoticed()


def leaks_unnoticed() -> list[str]:
    """What a process could leak without anybody noticing."""
    missing: list[str] = []
    for kind, most in ALLOWED.items():
        more = most + 1
        prints, found = Footprints(), Findings()
        prints.all["a process", 1].seen[kind] += [50, 50, 50, 50 + more, 50 + more]
        prints.judge(found)
        if not found.broken:
            missing.append(f"a leak of {kind}")
    return missing

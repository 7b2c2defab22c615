"""Plays a recorded live to a process that is killed on the way, and holds its books against a reckoning."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import signal
import time
from collections.abc import AsyncGenerator, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, cast

import orjson
from pydantic import SecretStr

from bot.live.child import LiveProcess
from bot.settings import Settings
from bot.stores import Stores
from persistence.pool import Pool
from sandbox.tiktok import Connection, Delivery, Evening, Message, Player, TikTok
from state import keys, live_keys
from state.live_records import LiveSession, Viewer
from state.scripts import Actor
from state.song import NewSong
from tests.live import reckoning
from tests.live.reckoning import Reckoning
from tests.stage import until

OWNER: Final = Actor(1, "test")
BOOKED: Final = frozenset({*reckoning.COLUMNS, "gift", "like", "join", "viewers"})
LOST_ACTIONS: Final = 120
"""Actions between a kill and the wait for the next process: nobody hears them."""
PATIENCE: Final = 60.0
_COUNTS: Final = ("likes", "comments", "shares", "follows", "subscribes", "gifts", "coins", "points")
_TOTALS: Final = (
    *("likes_seen", "comments", "shares", "follows", "subscribes", "gifts", "coins", "joins"),
    *("viewers_peak", "viewer_ms", "watched_ms"),
)


@contextlib.asynccontextmanager
async def worker(settings: Settings, stores: Stores, tiktok: TikTok) -> AsyncGenerator[LiveProcess]:
    """The process that listens, as the bot starts it and again whenever it dies."""
    pointed = settings.model_copy(
        update={
            "tiktok_url": tiktok.app_url,
            "tiktok_sign_url": tiktok.sign_url,
            "tiktok_sign_key": SecretStr(tiktok.sign_key),
        }
    )
    process = LiveProcess(pointed, stores.addresses, stores.redis, stores.feed)
    running = asyncio.create_task(process.run())
    try:
        yield process
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@dataclass
class Recorded:
    """A recording, its guild with songs that wait, and what became of it.

    `victims` are connections of processes that were killed, `seen` when each message was booked.
    """

    tiktok: TikTok
    stores: Stores
    guild: int
    hosts: Sequence[str]
    actions: list[dict[str, Any]]
    links: dict[int, int] = field(default_factory=dict[int, int])
    songs: dict[int, reckoning.Song] = field(default_factory=dict[int, reckoning.Song])
    supports: dict[int, int] = field(default_factory=dict[int, int])
    victims: list[Delivery] = field(default_factory=list[Delivery])
    seen: dict[int, int] = field(default_factory=dict[int, int])

    @classmethod
    def of(cls, tiktok: TikTok, stores: Stores, guild: int, **evening: Any) -> Recorded:
        """An evening made up with those numbers; every other drop comes with messages under way."""
        hosts = [f"dj_{secrets.token_hex(3)}", f"tio_{secrets.token_hex(3)}"]
        actions = list(Evening(hosts=hosts, **evening).actions())
        # Every host is live before anybody looks: who is not is looked up again after half a minute only.
        actions.sort(key=lambda each: (each["t"], not each["t"] and each["do"] == "await"))
        for action in [each for each in actions if each["do"] == "drop"][::2]:
            action["settle"] = False
        return cls(tiktok, stores, guild, hosts, actions)

    async def prepare(self, artists: Sequence[int]) -> None:
        """Let songs of three artists wait, one of them with fans, give them handles, and want the hosts."""
        queue, points = self.stores.queue, self.stores.points
        await self.stores.configuration.change(self.guild, "limit", OWNER, {"limit:0": "0"})
        names = dict.fromkeys(each["viewer"] for each in self.actions if "viewer" in each)
        viewers = [self.tiktok.viewer(name).id for name in names]
        one, two, three = artists
        self.links = dict(zip(viewers[:4], (one, one, two, three), strict=True))
        for handle, user in self.links.items():
            await points.link(self.guild, f"link {handle}", OWNER, handle, user, name=f"@{handle}")
        for place, user in enumerate((one, two, three, one, one, two)):
            song = NewSong(f"Song {place}", f"Artist {user}", user, f"user{user}")
            number = (await queue.submit(self.guild, f"submit {place}", OWNER, song)).song.number
            self.songs[number] = reckoning.Song(number, user)
        fans, pooled = viewers[4:8], max(n for n, song in self.songs.items() if song.user == three)
        await self.stores.live.support(self.guild, "fans", OWNER, fans, pooled)
        self.supports = dict.fromkeys(fans, pooled)
        for host in self.hosts:
            await self.stores.hosts.connect(self.guild, f"connect {host}", OWNER, host)

    async def play(self, process: LiveProcess, kills: int) -> None:
        """Play to the end, as fast as it is acknowledged, in true time. Every kill meets frames under way."""
        player = Player(self.tiktok, self.actions, speed=None)
        places = [len(self.actions) * (number + 1) // (kills + 1) for number in range(kills)]
        due = len(self.actions)
        async for _ in player.steps():
            # The recording's own time would pass faster than that of the process that listens.
            self.tiktok.clock = time.time
            following = self.actions[player.done] if player.done < len(self.actions) else {"do": "close"}
            alone = due < len(self.actions)
            if alone and (player.done >= due or following["do"] in ("await", "drop", "close")):
                due = len(self.actions)
                for host in self.hosts:
                    if (live := self.tiktok.host(host).live) is not None:
                        await self.tiktok.connected(live, timeout=PATIENCE)
            elif places and player.done >= places[0] and following["do"] not in ("await", "drop"):
                places.pop(0)
                due = player.done + LOST_ACTIONS
                await self._kill(process)
            if following["do"] == "drop" and not following.get("settle", True):
                await self._under_way(self._connections(following["host"]))

    def _connections(self, *hosts: str) -> list[Connection]:
        lives = [live for host in hosts if (live := self.tiktok.host(host).live) is not None]
        return [connection for live in lives for connection in live.connections]

    async def _under_way(self, connections: Sequence[Connection]) -> None:
        """Wait until of what was sent some frames have arrived, and perhaps not all."""
        for connection in connections[:1]:
            before = connection.delivery.acks
            connection.live.flush()
            await connection.wait_until(
                lambda each, before=before: each.delivery.acks > before or each.settled
            )

    async def _kill(self, process: LiveProcess) -> None:
        connections = self._connections(*self.hosts)
        await self._under_way(connections)
        self.victims += [each.delivery for each in connections]
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        await self.tiktok.wait_until(lambda: not any(each.connections for each in self.tiktok.rooms.values()))
        await self.look()

    async def look(self) -> None:
        """Read which messages are booked; the set in Redis keeps the newest 20,000."""
        rows = await self.stores.redis.zrange(live_keys.seen(self.guild), 0, -1, withscores=True)
        self.seen.update((int(message), int(score)) for message, score in cast("list[Any]", rows))

    # What was sent, and what could be received

    @property
    def sent(self) -> dict[int, Message]:
        """Messages that a session counts, by their id."""
        return {each.id: each for each in self.tiktok.books.sent if each.kind in BOOKED}

    @property
    def deliverable(self) -> set[int]:
        """What certainly reached a process that lived on: it must be booked."""
        survived = [each for each in self.tiktok.books.deliveries if each not in self.victims]
        ids = {id_ for each in survived for id_ in (*each.acked, *each.history)}
        return ids & self.sent.keys()

    async def settled(self) -> None:
        """Wait until all that certainly arrived is booked. Raises TimeoutError when it never is."""
        await until(self._complete, PATIENCE)

    async def _complete(self) -> bool:
        await self.look()
        return self.deliverable <= self.seen.keys()

    async def close(self) -> dict[str, tuple[LiveSession, list[Viewer]]]:
        """Want the hosts no more; give their sessions as PostgreSQL has them."""
        found: dict[str, tuple[LiveSession, list[Viewer]]] = {}
        for host in self.hosts:
            await self.stores.hosts.disconnect(self.guild, f"disconnect {host}", OWNER, host)
        for host in self.hosts:
            await until(partial(self._stored, host), PATIENCE)
            (session,) = await self.stores.sessions.newest(self.guild, host=host)
            viewers = self.stores.sessions.every_viewer(self.guild, session.session)
            found[host] = session, [viewer async for viewer in viewers]
        return found

    async def _stored(self, host: str) -> bool:
        return bool(await self.stores.sessions.newest(self.guild, host=host))

    def reckon(self, sessions: Iterable[LiveSession]) -> Reckoning:
        """Work out what the booked messages come to, in the order in which they were."""
        evenings = {
            each.host: reckoning.Evening([_ms(each.started_at), *(gap[1] for gap in each.gaps)])
            for each in sessions
        }
        reckoned = Reckoning(self.links, self.songs, self.supports, evenings)
        sent = self.sent
        order = sorted((booked_at, id_) for id_, booked_at in self.seen.items())
        reckoned.book((booked_at, sent[id_]) for booked_at, id_ in order)
        return reckoned

    # What the books show

    def hidden(self, sessions: Iterable[LiveSession]) -> list[Message]:
        """Messages that were lost and that no gap owns up to."""
        gaps = {each.host: each.gaps for each in sessions}
        lost = [message for id_, message in self.sent.items() if id_ not in self.seen]
        return [
            each for each in lost if not any(start <= each.at <= end for start, end, _ in gaps[each.host])
        ]

    async def scores(self, key: str) -> dict[int, int]:
        """A sorted set of the guild."""
        rows = await self.stores.redis.zrange(key, 0, -1, withscores=True)
        return {int(member): int(score) for member, score in cast("list[Any]", rows)}

    async def check(self, pool: Pool) -> dict[str, int]:
        """Hold everything against the reckoning; give a few figures of what was played.

        Raises AssertionError for any figure that is off by one.
        """
        closed = await self.close()
        sessions = [session for session, _ in closed.values()]
        reckoned = self.reckon(sessions)
        possible = {id_ for host in self.hosts for id_ in self.tiktok.books.possible(host)}
        assert self.seen.keys() <= possible
        assert not self.hidden(sessions)
        for session, viewers in closed.values():
            self._check_session(reckoned, session, viewers)
        await self._check_books(reckoned)
        await self._check_songs(reckoned)
        await self._check_wallets(reckoned, pool)
        return {
            "sent": len(self.sent),
            "booked": len(self.seen),
            "lost": len(self.sent) - len(self.seen),
            "gaps": sum(len(session.gaps) for session in sessions),
            "lifts": len(reckoned.lifts),
            "coins": sum(session.coins for session in sessions),
        }

    def _check_session(self, reckoned: Reckoning, session: LiveSession, viewers: list[Viewer]) -> None:
        expected = reckoned.evenings[session.host]
        assert {name: getattr(session, name) for name in _TOTALS} == {
            name: expected.totals[name] for name in _TOTALS
        }
        assert session.likes == expected.likes_of_rooms.total()
        assert list(session.rooms) == [live.room for live in self.tiktok.host(session.host).lives]
        outages = sum(each.host == session.host for each in self.tiktok.books.deliveries) - 1
        assert len(session.gaps) == outages
        columns = (*_COUNTS, "active_ms")
        rows = {each.handle_id: {name: getattr(each, name) for name in columns} for each in viewers}
        assert rows == {
            viewer: {name: row[name] for name in columns} for viewer, row in expected.viewers.items()
        }
        times = {each.handle_id: (_ms(each.first_at), _ms(each.last_at)) for each in viewers}
        assert times == {
            viewer: (row["first_at"], row["last_at"]) for viewer, row in expected.viewers.items()
        }
        assert {each.handle_id: each.user_id for each in viewers if each.user_id} == {
            handle: user for handle, user in self.links.items() if handle in expected.viewers
        }

    async def _check_books(self, reckoned: Reckoning) -> None:
        assert await self.scores(keys.points_handle(self.guild)) == reckoned.of_handles("points")
        assert await self.scores(live_keys.coins(self.guild)) == reckoned.of_handles("coins")
        for kind, key in ("handle", live_keys.bank_handle), ("user", live_keys.bank_user):
            banked = {id_: coins for (of, id_), coins in reckoned.bank.items() if of == kind and coins}
            assert await self.scores(key(self.guild)) == banked
        spent = sum(song.credit for song in self.songs.values())
        assert reckoned.bank.total() + spent == sum(reckoned.of_handles("coins").values())
        streaks = await self._fields(live_keys.streaks(self.guild))
        booked = {tuple(map(int, key.split(":"))): int(text.split()[0]) for key, text in streaks.items()}
        assert booked == {streak: units for streak, units in reckoned.streaks.items() if units}
        earning = await self._fields(live_keys.earning(self.guild))
        unpaid = {int(handle): tuple(map(int, text.split())) for handle, text in earning.items()}
        assert unpaid == reckoned.unpaid()

    async def _check_songs(self, reckoned: Reckoning) -> None:
        board = await self.stores.queue.board(self.guild, count=len(self.songs))
        assert {song.number: song.tier for song in board.songs} == {
            number: song.tier for number, song in self.songs.items()
        }
        assert [song.tier for song in board.songs] == sorted(
            (song.tier for song in board.songs), reverse=True
        )
        for number, song in self.songs.items():
            fields = await self._fields(keys.song(self.guild, number))
            assert int(fields.get("credit", "0")) == song.credit
            paid = {(kind, int(id_)): coins for kind, id_, coins in orjson.loads(fields.get("gifts", "[]"))}
            assert paid == {payer: coins for payer, coins in song.gifts.items() if coins}

    async def _check_wallets(self, reckoned: Reckoning, pool: Pool) -> None:
        """Hold the wallets, the ledger, and the lifts that were told against the reckoning."""
        wallets = await self.scores(keys.wallet(self.guild))
        assert wallets == reckoned.wallets()
        last = int(await self.stores.redis.get(keys.revision(self.guild)) or 0)
        async with pool.connection() as connection:

            async def archived() -> bool:
                newest = "SELECT max(rev) FROM events WHERE guild_id = $1"
                return (await connection.fetchval(newest, self.guild) or 0) >= last

            await until(archived, PATIENCE)
            ledger = await connection.fetch(
                "SELECT user_id, sum(change)::bigint AS total FROM ledger WHERE guild_id = $1 GROUP BY 1",
                self.guild,
            )
            moves = await connection.fetch(
                "SELECT data->'promotions' AS lifts FROM events "
                "WHERE guild_id = $1 AND kind = 'live' AND data ? 'promotions' ORDER BY rev",
                self.guild,
            )
        assert {row["user_id"]: row["total"] for row in ledger} == wallets
        told = [lift for move in moves for lift in move["lifts"]]
        assert [
            (int(lift["song"]["number"]), lift["from"], lift["to"], int(lift["coins"])) for lift in told
        ] == reckoned.lifts

    async def _fields(self, key: str) -> dict[str, str]:
        return await cast("Any", self.stores.redis).hgetall(key)


def _ms(moment: Any) -> int:
    return round(moment.timestamp() * 1000)

"""Random lives beside random moves of the queue: at every step the books say what the model says."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
from redis.asyncio import Redis

from state.connection import connect
from state.live import Live
from state.live_events import LiveEvent, LiveKind
from state.refusal import Refused
from state.scripts import Actor
from tests.state import raw
from tests.state.live.books import Books
from tests.state.model import ACTIVE, Refusal
from tests.state.plays import HANDLES, KINDS, LADDERS, Client
from tests.state.table import Table
from tests.tallies import tallies

STRANGERS = range(6 * 10**18 + 1, 6 * 10**18 + 4)
START = 1_764_000_000_000
PRICES = {1: 1, 2: 99, 3: 500, 4: 1000, 5: 2999}
SETTINGS = (("gift:5", "700"), ("gift:10", "0"), ("gift:30", "1500"), ("gift:5", None), ("gift:10", None))
_BOT = Actor(0, "Skipline")

booked = tallies["lives against their model"]


@pytest.fixture(scope="session")
async def clients(quiet_redis_url: str) -> AsyncIterator[list[Client]]:
    connections: list[Redis] = [connect(quiet_redis_url) for _ in range(2)]
    yield [Client.on(connection) for connection in connections]
    for connection in connections:
        await connection.aclose()


class Evening:
    """One live in one guild, played on the real state and on the books."""

    def __init__(self, clients: list[Client], guild: int, ladder: str, dice: random.Random) -> None:
        self.table = Table(clients, guild, ladder)
        self.books = Books(self.table.model.ladder)
        self.table.model = self.books
        self.lives = [Live(client.redis, client.queue._scripts) for client in clients]  # pyright: ignore[reportPrivateUsage]
        self.queue = clients[0].queue
        self.guild, self.dice = guild, dice
        self.now = self.connected = START
        self.session = 0
        self.sent: list[LiveEvent] = []
        self.streaks: list[tuple[int, int, int, int]] = []
        self.totals = dict[int, int]()
        self.viewers = self.room = 0

    async def begin(self) -> None:
        await self.table.sit()
        self.session = (await self.lives[0].begin(self.guild, "mia", 6000, 71, START)).session
        self.books.revision += 1

    # What viewers do

    def happening(self) -> LiveEvent:
        dice = self.dice
        self.now += dice.choice((0, 40, 900, 20_000, 400_000))
        viewer = dice.choice([*HANDLES, *STRANGERS])
        facts: dict[str, Any] = {"masked": dice.random() < 0.05, "name": f"n{viewer % 10}{dice.randrange(2)}"}
        kind = dice.choices([*LiveKind], [10, 5, 3, 1, 1, 1, 3, 2])[0]
        if kind is LiveKind.GIFT:
            facts |= self._frame(viewer)
            viewer = facts.pop("viewer", viewer)
        elif kind is LiveKind.LIKE:
            self.room += dice.randrange(40)
            facts |= {"count": dice.randint(1, 15), "total": self.room}
        elif kind is LiveKind.VIEWERS:
            return LiveEvent(kind, self._message(), self.now, count=dice.randrange(90), total=len(self.sent))
        at = self.now - dice.choice((0, 0, 0, 5000))
        return LiveEvent(kind, self._message(), at, viewer, **facts)

    def _message(self) -> int:
        return 7 * 10**18 + len(self.sent) * 1000 + self.dice.randrange(1000)

    def _frame(self, viewer: int) -> dict[str, Any]:
        """A gift, or a frame of a streak: a new one, a later, an older, or the last one again."""
        dice = self.dice
        gift = dice.choice(list(PRICES))
        if dice.random() < 0.3:
            return {
                "gift": gift,
                "price": PRICES[gift],
                "count": dice.randint(1, 3),
                "group": dice.randrange(3),
            }
        if self.streaks and dice.random() < 0.6:
            at = dice.randrange(len(self.streaks))
            viewer, gift, group, count = self.streaks[at]
            count = max(1, count + dice.choice((-2, 0, 0, 1, 2, 6)))
            self.streaks[at] = viewer, gift, group, count
        else:
            group, count = dice.randrange(10**6), 1
            self.streaks.append((viewer, gift, group, count))
        facts = {"gift": gift, "price": PRICES[gift], "count": count, "group": group, "streakable": True}
        return {**facts, "viewer": viewer}

    # Moves

    async def step(self) -> None:
        dice = self.dice
        if dice.random() < 0.4:
            op = dice.choice(KINDS), dice.randrange(720), dice.randrange(720), dice.randrange(720)
            await self.table.play(op)
        else:
            acts = (self.batch, self.again, self.choose, self.own, self.take_out, self.threshold, self.drop)
            await dice.choices(acts, [12, 2, 6, 6, 5, 1, 1])[0]()
        await self.compare()

    async def batch(self) -> None:
        events = [self.happening() for _ in range(self.dice.randint(1, 9))]
        # Some of it was heard before, or comes twice.
        events += self.dice.sample(self.sent, min(len(self.sent), self.dice.randrange(4)))
        self.dice.shuffle(events)
        await self._send(events)

    async def again(self) -> None:
        start = self.dice.randrange(len(self.sent) + 1)
        await self._send(self.sent[start : start + 20])

    async def _send(self, events: list[LiveEvent]) -> None:
        lifted, wallet = self.books.lifted, dict(self.books.wallet)
        before = len(self.books.heard)
        new = self.books.ingest(events, self.connected)
        self.sent += [each for each in events if each not in self.sent]
        done = await self.dice.choice(self.lives).ingest(self.guild, self.session, events)
        booked["events"] += len(events)
        assert done.new == new
        if new:
            self.books.revision += 1
            assert done.revision == self.books.revision
            assert len(done.promotions) == self.books.lifted - lifted
            assert done.coins == sum(each.coins for each in self.books.heard[before:])
            assert done.points == sum(each.points for each in self.books.heard[before:])
        else:
            assert done.revision is None and wallet == dict(self.books.wallet)

    async def choose(self) -> None:
        handles = self.dice.sample([*HANDLES, *STRANGERS], self.dice.randint(1, 2))
        number = self.dice.choice([None, *self.books.songs])
        waiting = self.books.in_state("waiting")
        if waiting and self.dice.random() < 0.7:
            number = self.dice.choice(waiting).number
        try:
            self.books.support(handles, number)
        except Refusal as refusal:
            with pytest.raises(Refused, match=refusal.reason):
                await self.lives[0].support(self.guild, "", _BOT, handles, number)
        else:
            await self.lives[0].support(self.guild, "", _BOT, handles, number)
            self.books.revision += 1

    async def own(self) -> None:
        """Gives a handle to somebody who waits for a place."""
        waiting = self.books.in_state("waiting")
        if waiting:
            handle, user = self.dice.choice(HANDLES), self.dice.choice(waiting).user
            if self.books.links.get(handle) != user:
                self.books.link(handle, user, True)
                points = self.table.clients[0].points
                await points.link(self.guild, "", _BOT, handle, user, name="@name", force=True)
                self.books.revision += 1

    async def take_out(self) -> None:
        """Takes a song out that gifts lifted; a while later perhaps puts it back."""
        songs = self.books.songs
        lifted = [n for n, payers in self.books.paid.items() if payers and songs[n].state in ACTIVE]
        if not lifted:
            return
        number, actor, queue = self.dice.choice(lifted), Actor(901, "Reviewer 901"), self.queue
        self.books.remove(actor.id, number, None)
        await queue.remove(self.guild, "", actor, number)
        self.books.revision += 1
        booked["gifts returned"] += 1
        if self.dice.random() < 0.5:
            await self.batch()
            await self.compare()
        await self.table.play(("undo", 0, 0, 0))

    async def threshold(self) -> None:
        name, value = self.dice.choice(SETTINGS)
        if self.books.settings.get(name) != value:
            self.books.change(name, value)
            await self.table.clients[0].configuration.change(self.guild, "", _BOT, {name: value})
            self.books.revision += 1

    async def drop(self) -> None:
        self.now += 1
        await self.lives[0].away(self.guild, self.session, self.now, "dropped")
        self.now += self.dice.randrange(1, 90_000)
        self.connected = self.now
        await self.lives[1].back(self.guild, self.session, self.now)
        self.books.revision += 2

    # What must hold

    async def compare(self) -> None:
        booked["steps"] += 1
        redis, books = self.table.clients[0].redis, self.books
        client: Any = redis
        await self.table.compare()
        prefix = f"sl:{{{self.guild}}}:"
        async with redis.pipeline(transaction=True) as pipe:
            for name in ("bank:user", "bank:handle", "coins", "wallet"):
                pipe.zrange(prefix + name, 0, -1, withscores=True)
            pipe.hgetall(prefix + "earning")
            pipe.hgetall(f"{prefix}session:{self.session}:viewers")
            users, handles, coins, wallet, earning, rows = await pipe.execute()
        bank = {("user", int(id_)): int(n) for id_, n in users}
        bank |= {("handle", int(id_)): int(n) for id_, n in handles}
        assert bank == {purse: amount for purse, amount in books.bank.items() if amount}
        people = {each.viewer for each in books.heard} - {0}
        given = {handle: books.given_by(handle) for handle in people}
        assert {int(id_): int(n) for id_, n in coins} == {h: n for h, n in given.items() if n}
        # Conserved: every coin given is banked or was spent on a song.
        spent = sum(sum(payers.values()) for payers in books.paid.values())
        assert sum(bank.values()) + spent == sum(given.values())
        assert {int(id_): int(n) for id_, n in wallet} == {u: n for u, n in books.wallet.items() if n}
        unpaid = {int(h): [int(n) for n in text.split()] for h, text in earning.items()}
        assert unpaid == {h: rest for h, rest in books.unpaid.items() if any(rest)}
        for number in books.songs:
            credit = await client.hget(f"{prefix}song:{number:012d}", "credit")
            assert int(credit or 0) == sum(books.paid.get(number, {}).values())
        assert {int(handle) for handle in rows} == people
        for handle, text in rows.items():
            mine = [each for each in books.heard if each.viewer == int(handle)]
            numbers = [int(n) for n in text.split()]
            counts = [sum(e.units for e in mine if e.event.kind.value == kind) for kind in _COUNTED]
            assert numbers[:6] == counts
            assert numbers[6:8] == [sum(e.coins for e in mine), sum(e.points for e in mine)]
            assert numbers[8] == sum(each.active for each in mine)
            ats = [each.event.at for each in mine]
            assert numbers[9:] == [min(ats), max(ats)]
        await self._session_tells(self.session)

    async def _session_tells(self, number: int) -> None:
        session = await self.lives[1].session(self.guild, number)
        heard = self.books.heard
        assert session is not None
        sums = {kind: sum(e.units for e in heard if e.event.kind is kind) for kind in LiveKind}
        assert session.coins == sum(each.coins for each in heard)
        assert session.points == sum(each.points for each in heard)
        assert (session.gifts, session.likes_seen) == (sums[LiveKind.GIFT], sums[LiveKind.LIKE])
        assert (session.comments, session.shares) == (sums[LiveKind.COMMENT], sums[LiveKind.SHARE])
        assert (session.follows, session.subscribes) == (sums[LiveKind.FOLLOW], sums[LiveKind.SUBSCRIBE])
        assert session.joins == sums[LiveKind.JOIN]
        likes = [each.event.total for each in heard if each.event.kind is LiveKind.LIKE]
        assert session.likes == max(likes, default=0)
        crowds = [each.event.count for each in heard if each.event.kind is LiveKind.VIEWERS]
        assert session.viewers_peak == max(crowds, default=0)
        minutes = await self.lives[0].curve(self.guild, number)
        assert sum(minute.coins for minute in minutes) == session.coins

    async def ledger(self) -> None:
        """Every change of a wallet is in an event, with the balance it led to."""
        client: Any = self.table.clients[0].redis
        balances: dict[str, int] = {}
        for _, entry in await client.xrange(f"sl:{{{self.guild}}}:events"):
            for user, delta, _cause, after in (orjson.loads(entry["data"]) or {}).get("wallet") or ():
                balances[user] = balances.get(user, 0) + int(delta)
                assert balances[user] == after >= 0
        assert {int(user): n for user, n in balances.items() if n} == {
            user: n for user, n in self.books.wallet.items() if n
        }


_COUNTED = ("like", "comment", "share", "follow", "subscribe", "gift")


@pytest.mark.parametrize("ladder", LADDERS)
@pytest.mark.parametrize("seed", range(4))
async def test_any_evening(clients: list[Client], guild: int, ladder: str, seed: int) -> None:
    evening = Evening(clients, guild, ladder, random.Random(f"{ladder} {seed}"))
    await evening.begin()
    for _ in range(110):
        await evening.step()
    await evening.table.inspect()
    await evening.ledger()
    booked["songs lifted"] += evening.books.lifted
    assert evening.books.lifted
    await raw.forget(clients[0].redis, guild)

"""Luxury Coins: never below zero, a skip is paid and comes back, and all changes add up to what is there."""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from typing import Any

import orjson
import pytest
from redis.asyncio import Redis

from state import keys
from state.configure import Configuration
from state.feed import Feed
from state.queue import Queue
from state.refusal import Reason, Refused
from state.scripts import Actor, Scripts
from state.song import NewSong
from state.wallet import Quote, Wallet
from tests.state import raw

MIA, ALICE, BRUNO = Actor(77, "Mia"), Actor(11, "Alice"), Actor(12, "Bruno")


class Bank:
    """A guild with everything the wallet has to do with."""

    def __init__(self, redis: Redis, scripts: Scripts, guild: int) -> None:
        self.redis, self.id = redis, guild
        self.queue, self.wallet = Queue(redis, scripts), Wallet(redis, scripts)
        self.configuration = Configuration(redis, scripts, Feed(redis))
        self.requests = 0

    def request(self) -> str:
        self.requests += 1
        return f"w{self.requests}"

    async def song(self, who: Actor, title: str, tier: int = 0) -> int:
        song = NewSong(title, who.name, who.id, who.name)
        number = (await self.queue.submit(self.id, self.request(), who, song)).song.number
        if tier:
            await self.queue.promote(self.id, self.request(), MIA, number, tier)
        return number

    async def give(self, who: Actor, amount: int) -> int:
        return await self.wallet.give(self.id, self.request(), MIA, who.id, amount, reason="test")

    async def buy(self, who: Actor, song: int, tier: int, expected: int) -> int:
        return (await self.wallet.buy(self.id, self.request(), who, song, tier, expected=expected)).balance

    async def quote(self, who: Actor) -> Quote:
        return await self.wallet.quote(self.id, who.id)

    async def change(self, **values: str | None) -> None:
        named = {name.replace("_", ":", 1): value for name, value in values.items()}
        await self.configuration.change(self.id, self.request(), MIA, named)

    async def rows(self) -> dict[str, list[list[Any]]]:
        """Every change of a wallet that an event tells of, by account."""
        found: dict[str, list[list[Any]]] = defaultdict(list)
        for _, entry in await self.redis.xrange(keys.events(self.id)):  # type: ignore[misc]
            for row in orjson.loads(entry["data"]).get("wallet") or ():
                found[row[0]].append(row)
        return found

    async def check(self) -> None:
        """The rows of every account add up to its balance, one after the other, and never go below zero."""
        rows = await self.rows()
        held = dict(await self.redis.zrange(keys.wallet(self.id), 0, -1, withscores=True))  # type: ignore[arg-type]
        for user, changes in rows.items():
            balance = 0
            for _, delta, _, after in changes:
                balance += delta
                assert after == balance >= 0
            assert balance == int(held.pop(user, 0))
        assert not held
        await raw.check(self.redis, self.id)


@pytest.fixture
def bank(redis: Redis, scripts: Scripts, guild: int) -> Bank:
    return Bank(redis, scripts, guild)


async def test_a_wallet_never_goes_below_zero(bank: Bank) -> None:
    assert await bank.give(ALICE, 30) == 30
    assert await bank.give(ALICE, -10) == 20
    with pytest.raises(Refused) as refused:
        await bank.give(ALICE, -21)
    assert refused.value.reason is Reason.SHORT and refused.value.facts["balance"] == 20
    taken = await asyncio.gather(*(bank.give(ALICE, -7) for _ in range(5)), return_exceptions=True)
    assert sorted(each for each in taken if isinstance(each, int)) == [6, 13]
    assert await bank.wallet.balance(bank.id, ALICE.id) == 6
    assert await bank.wallet.give(bank.id, "twice", MIA, ALICE.id, 4) == 10
    assert await bank.wallet.give(bank.id, "twice", MIA, ALICE.id, 4) == 10
    for wrong in (0, 10**9 + 1):
        with pytest.raises(ValueError, match="coins"):
            await bank.give(ALICE, wrong)
    await bank.check()


async def test_prices_follow_the_gifts_unless_they_are_set(bank: Bank) -> None:
    assert (await bank.quote(ALICE)).prices == {5: 50, 10: 100, 15: 200, 20: 250, 25: 300}
    await bank.change(gift_5="400", price_10="77", price_20="0")
    # What was spoilt by hand counts as not set.
    await bank.redis.hset(keys.settings(bank.id), "price:25", "a")  # type: ignore[misc]
    assert (await bank.quote(ALICE)).prices == {5: 20, 10: 77, 15: 200, 20: 0, 25: 300}


async def test_a_skip_is_paid_and_a_higher_one_costs_the_rest(bank: Bank) -> None:
    one, other = await bank.song(ALICE, "One"), await bank.song(BRUNO, "Other", 5)
    await bank.give(ALICE, 120)
    quote = await bank.quote(ALICE)
    (offer,) = quote.offers
    assert (quote.balance, offer.song.number) == (120, one)
    assert [quote.cost(offer, tier) for tier in (5, 10, 0, 7)] == [50, 100, None, None]
    assert await bank.buy(ALICE, one, 5, 50) == 70
    assert [song.number for song in (await bank.queue.board(bank.id)).songs] == [other, one]
    quote = await bank.quote(ALICE)
    assert [quote.cost(quote.offers[0], tier) for tier in (5, 10, 15)] == [None, 50, 150]
    assert await bank.buy(ALICE, one, 10, 50) == 20
    assert [song.number for song in (await bank.queue.board(bank.id)).songs] == [one, other]
    for tier, expected, reason in (
        (15, 100, Reason.SHORT),
        (15, 99, Reason.PRICE),
        (10, 0, Reason.NOT_HIGHER),
        (5, 0, Reason.NOT_HIGHER),
        (0, 0, Reason.UNKNOWN_TIER),
        (7, 0, Reason.UNKNOWN_TIER),
    ):
        with pytest.raises(Refused) as refused:
            await bank.buy(ALICE, one, tier, expected)
        assert refused.value.reason is reason
    with pytest.raises(Refused) as refused:
        await bank.buy(ALICE, other, 10, 50)
    assert refused.value.reason is Reason.UNKNOWN_SONG
    await bank.change(price_15="0", closed_20="1")
    for tier, reason in ((15, Reason.NOT_FOR_SALE), (20, Reason.CLOSED)):
        with pytest.raises(Refused) as refused:
            await bank.buy(ALICE, one, tier, 150)
        assert refused.value.reason is reason
    await bank.check()


async def test_two_purchases_at_once_spend_once(bank: Bank) -> None:
    songs = [await bank.song(who, who.name) for who in (ALICE, BRUNO)]
    await bank.give(ALICE, 60)
    tries = [bank.buy(ALICE, songs[0], 5, 50) for _ in range(4)]
    done = await asyncio.gather(*tries, return_exceptions=True)
    assert sorted(str(each) for each in done if isinstance(each, int)) == ["10"]
    await bank.check()


async def test_undo_puts_song_and_coins_back_exactly(bank: Bank) -> None:
    await bank.song(BRUNO, "First")
    one = await bank.song(ALICE, "One")
    await bank.give(ALICE, 60)
    before = raw.without_bookkeeping(await raw.dump(bank.redis, bank.id))
    await bank.buy(ALICE, one, 5, 50)
    bought = raw.without_bookkeeping(await raw.dump(bank.redis, bank.id))
    await bank.queue.remove(bank.id, bank.request(), MIA, one)
    assert await bank.wallet.balance(bank.id, ALICE.id) == 60
    await bank.queue.undo(bank.id, bank.request(), MIA)
    assert raw.without_bookkeeping(await raw.dump(bank.redis, bank.id)) == bought
    await bank.queue.clear(bank.id, bank.request(), MIA, 5)
    assert await bank.wallet.balance(bank.id, ALICE.id) == 60
    await bank.queue.undo(bank.id, bank.request(), MIA)
    assert (await bank.queue.undo(bank.id, bank.request(), MIA)).move == "buy"
    assert raw.without_bookkeeping(await raw.dump(bank.redis, bank.id)) == before
    await bank.check()


async def test_coins_that_came_back_and_are_spent_stand_in_the_way_of_undo(bank: Bank) -> None:
    one = await bank.song(ALICE, "One")
    await bank.give(ALICE, 50)
    await bank.buy(ALICE, one, 5, 50)
    await bank.queue.remove(bank.id, bank.request(), MIA, one)
    await bank.give(ALICE, -20)
    with pytest.raises(Refused) as refused:
        await bank.queue.undo(bank.id, bank.request(), MIA)
    assert refused.value.reason is Reason.MOVED_ON
    await bank.give(ALICE, 20)
    await bank.queue.undo(bank.id, bank.request(), MIA)
    assert await bank.wallet.balance(bank.id, ALICE.id) == 0
    await bank.check()


async def test_an_artist_who_removes_a_paid_song_has_the_coins_again(bank: Bank) -> None:
    one = await bank.song(ALICE, "One")
    await bank.give(ALICE, 50)
    await bank.buy(ALICE, one, 5, 50)
    await bank.queue.remove(bank.id, bank.request(), ALICE, one, owner=ALICE.id)
    assert await bank.wallet.balance(bank.id, ALICE.id) == 50
    with pytest.raises(Refused):
        await bank.queue.undo(bank.id, bank.request(), MIA)
    await bank.check()


async def test_a_song_that_was_played_keeps_what_it_cost(bank: Bank) -> None:
    one = await bank.song(ALICE, "One")
    await bank.give(ALICE, 50)
    await bank.buy(ALICE, one, 5, 50)
    for _ in range(2):
        await bank.queue.next(bank.id, bank.request(), MIA)
    assert await bank.wallet.balance(bank.id, ALICE.id) == 0
    await bank.check()


@pytest.mark.parametrize("seed", range(4))
async def test_whatever_happens_the_changes_add_up(bank: Bank, seed: int) -> None:
    chance = random.Random(seed)
    people = [ALICE, BRUNO]
    await bank.change(limit_0="0")
    for step in range(60):
        who = chance.choice(people)
        songs = (await bank.queue.board(bank.id, count=50)).songs
        song = chance.choice(songs).number if songs else 0
        try:
            match chance.choice(
                ("song", "give", "take", "buy", "buy", "buy", "remove", "clear", "undo", "next")
            ):
                case "song":
                    await bank.song(who, f"Song {step}")
                case "give":
                    await bank.give(who, chance.randint(1, 300))
                case "take":
                    await bank.give(who, -chance.randint(1, 200))
                case "buy":
                    quote = await bank.quote(who)
                    offer, tier = chance.choice(quote.offers or [None]), chance.choice((5, 10, 15, 20, 25))
                    if offer is not None and (cost := quote.cost(offer, tier)) is not None:
                        await bank.buy(who, offer.song.number, tier, cost)
                case "remove":
                    await bank.queue.remove(bank.id, bank.request(), MIA, song)
                case "clear":
                    await bank.queue.clear(bank.id, bank.request(), MIA, chance.choice((0, 5, 10)))
                case "undo":
                    await bank.queue.undo(bank.id, bank.request(), MIA)
                case _:
                    await bank.queue.next(bank.id, bank.request(), MIA)
        except Refused:
            continue
    await bank.check()

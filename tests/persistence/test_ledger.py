"""The ledger always sums to the balance, whatever the archive is given twice, loses or has put back."""

from __future__ import annotations

import asyncio
import io
import secrets
from pathlib import Path

import asyncpg
import pytest
from alembic import command
from redis.asyncio import Redis

from persistence import migrations, recovery
from persistence.backups import Cause, restore
from persistence.ledger import Ledger
from persistence.pool import Pool
from state import keys
from state.refusal import Refused
from state.scripts import Actor
from state.song import NewSong
from state.wallet import Wallet
from tests.persistence.backing import MIA, Show

ALICE, BRUNO = Actor(11, "Alice"), Actor(12, "Bruno")


@pytest.fixture
async def show(redis: Redis, pool: Pool, guild: int, tmp_path: Path) -> Show:
    return Show(redis, pool, guild, tmp_path)


class Purse:
    """The wallets of a show, and what the ledger says of them."""

    def __init__(self, show: Show, pool: Pool) -> None:
        self.show, self.ledger = show, Ledger(pool)
        self.wallet = Wallet(show.redis, show.scripts)

    async def give(self, who: Actor, amount: int, reason: str | None = None) -> None:
        await self.wallet.give(self.show.guild, secrets.token_hex(8), MIA, who.id, amount, reason=reason)

    async def buy(self, who: Actor, tier: int) -> int:
        """A new song of theirs and a skip for it; gives its number."""
        guild, song = self.show.guild, NewSong("Night bus", who.name, who.id, who.name)
        number = (await self.show.queue.submit(guild, secrets.token_hex(8), who, song)).song.number
        quote = await self.wallet.quote(guild, who.id)
        cost = quote.cost(next(each for each in quote.offers if each.song.number == number), tier)
        assert cost is not None
        await self.wallet.buy(guild, secrets.token_hex(8), who, number, tier, expected=cost)
        return number

    async def agrees(self) -> None:
        """Asserts that the sums are the balances, after the archive has heard everything."""
        await self.show.archive_all()
        rows = await self.show.redis.zrange(keys.wallet(self.show.guild), 0, -1, withscores=True)
        held = {int(user): int(coins) for user, coins in rows}  # type: ignore[misc]
        sums = await self.ledger.sums(self.show.guild)
        assert {user: total for user, total in sums.items() if total} == held
        for user in sums:
            (newest, *_), count = await self.ledger.of_user(self.show.guild, user, limit=1)
            assert newest.balance == held.get(user, 0) and count > 0


@pytest.fixture
def purse(show: Show, pool: Pool) -> Purse:
    return Purse(show, pool)


async def test_every_change_stands_there_with_its_cause(purse: Purse) -> None:
    guild = purse.show.guild
    await purse.give(ALICE, 120, reason="first prize")
    number = await purse.buy(ALICE, 5)
    await purse.show.queue.remove(guild, "out", MIA, number, reason="too loud")
    await purse.show.queue.undo(guild, "undo", MIA)
    await purse.give(BRUNO, 7)
    await purse.agrees()
    found, count = await purse.ledger.of_user(guild, ALICE.id)
    assert count == 4
    assert [(each.change, each.cause, each.balance, each.song, each.reason) for each in found] == [
        (-50, "undone", 70, number, None),
        (50, "returned", 120, number, "too loud"),
        (-50, "bought", 70, number, None),
        (120, "given", 120, None, "first prize"),
    ]
    assert found[0].at >= found[-1].at
    rest, _ = await purse.ledger.of_user(guild, ALICE.id, offset=3, limit=10)
    assert rest == found[3:]
    assert await purse.ledger.of_user(guild, 999) == ([], 0)


async def test_a_move_archived_again_and_at_once_counts_once(purse: Purse) -> None:
    for amount in (5, 6, 7):
        await purse.give(ALICE, amount)
    guild = purse.show.guild
    events = await recovery.entries(guild, 0, 100, purse.show.redis)
    await asyncio.gather(*(purse.show.archive.append(guild, events) for _ in range(4)))
    await purse.show.archive.append(guild, events)
    await purse.agrees()
    assert (await purse.ledger.of_user(guild, ALICE.id))[1] == 3


async def test_a_lost_redis_comes_back_with_the_same_balance(purse: Purse) -> None:
    await purse.give(ALICE, 90)
    await purse.buy(ALICE, 5)
    await purse.agrees()
    await purse.show.lose()
    assert await purse.wallet.balance(purse.show.guild, ALICE.id) == 40
    await purse.give(ALICE, 3)
    await purse.agrees()


async def test_a_backup_that_is_put_back_stands_in_the_ledger(purse: Purse) -> None:
    show = purse.show
    await purse.give(ALICE, 90)
    await purse.give(BRUNO, 20)
    backup = await show.store.load((await show.backups.take(show.guild, Cause.ASKED)).entry)
    show.clock.pass_()
    await purse.buy(ALICE, 5)
    await purse.give(BRUNO, -20)
    await purse.give(Actor(13, "Carla"), 8)
    await purse.agrees()
    await restore(backup, show.way)
    assert [await purse.wallet.balance(show.guild, user) for user in (11, 12, 13)] == [90, 20, 0]
    await purse.agrees()
    found, _ = await purse.ledger.of_user(show.guild, ALICE.id, limit=1)
    assert [(each.change, each.cause) for each in found] == [(50, "restored")]


async def test_what_was_archived_before_there_was_a_ledger_is_in_it(purse: Purse, database_url: str) -> None:
    await purse.give(ALICE, 90, reason="early")
    await purse.buy(ALICE, 5)
    await purse.agrees()
    before = await purse.ledger.of_user(purse.show.guild, ALICE.id)
    script = io.StringIO()
    command.upgrade(migrations._config(script), "0004:0005", sql=True)
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute("DROP TABLE ledger")
        await connection.execute(script.getvalue())
    finally:
        await connection.close()
    assert await purse.ledger.of_user(purse.show.guild, ALICE.id) == before


async def test_moves_that_never_arrived_are_made_up_for(purse: Purse) -> None:
    show, guild = purse.show, purse.show.guild
    for who, amount in ((ALICE, 90), (BRUNO, 20), (ALICE, 5), (ALICE, 1)):
        await purse.give(who, amount)
    arrived = [each for each in await recovery.entries(guild, 0, 100, show.redis) if each.revision in (1, 4)]
    await show.archive.append(guild, arrived)
    assert await purse.ledger.sums(guild) == {ALICE.id: 91}
    assert await recovery.capture(guild, show.redis, show.archive)
    await purse.agrees()
    found, _ = await purse.ledger.of_user(guild, ALICE.id, limit=1)
    assert [(each.change, each.cause, each.balance) for each in found] == [(5, "mended", 96)]
    await recovery.capture(guild, show.redis, show.archive)
    await purse.agrees()


async def test_what_was_refused_leaves_no_row(purse: Purse) -> None:
    await purse.give(ALICE, 10)
    with pytest.raises(Refused):
        await purse.give(ALICE, -11)
    await purse.agrees()
    assert (await purse.ledger.of_user(purse.show.guild, ALICE.id))[1] == 1

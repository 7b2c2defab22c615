"""Timers: claimed by one of two at a time, again when that one dies, and finished by nobody else."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis.asyncio import Redis

from state import timer_keys
from state.refusal import Unopened
from state.scripts import Actor, Scripts
from state.timers import EVERYBODY, Claim, Timers
from tests.conftest import _guilds, open_blank
from tests.state import raw
from tests.state.live.airing import Airing

KINDS = ("session", "display")
NAMES = ("session:1", "session:2", "display:public", "other:1")
MINUTE = 60_000

_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("set"), st.sampled_from(NAMES), st.integers(-3, 5)),
        st.tuples(st.just("new"), st.sampled_from(NAMES), st.integers(-3, 5)),
        st.tuples(st.just("cancel"), st.sampled_from(NAMES)),
        st.tuples(st.just("claim"), st.integers(0, 1)),
        st.tuples(st.just("renew"), st.integers(0, 99)),
        st.tuples(st.just("done"), st.integers(0, 99)),
        st.tuples(st.just("again"), st.integers(0, 99), st.integers(0, 5)),
        st.tuples(st.just("pass"), st.integers(1, 4)),
    ),
    min_size=10,
    max_size=60,
)


@pytest.fixture
def timers(scripts: Scripts) -> Timers:
    return Timers(scripts)


async def pass_(redis: Redis, guild: int, minutes: float) -> None:
    """Lets time pass, for the timers of a guild."""
    client: Any = redis
    for key in (timer_keys.due(guild), timer_keys.timers(guild)):
        for member, at in await client.zrange(key, 0, -1, withscores=True):
            await client.zadd(key, {member: int(at - minutes * MINUTE)})


class Two:
    """Two claimers of one guild, and what is true of its timers: when each is due (minutes), its token."""

    FOR = 2
    """Minutes a claim lasts."""

    def __init__(self, redis: Redis, guild: int) -> None:
        self.redis, self.guild = redis, guild
        self.claimers = [Timers(Scripts(redis, lambda g: open_blank(redis, g))) for _ in range(2)]
        self.now = 0
        self.due: dict[str, int] = {}
        self.holding: dict[str, str] = {}
        self.given: list[Claim] = []

    async def step(self, verb: str, *facts: Any) -> None:
        await getattr(self, f"_{verb}")(*facts)

    async def _set(self, name: str, minutes: int) -> None:
        # Half a minute more, so that none is due in the very millisecond in which it is looked at.
        await self.claimers[0].set(self.guild, name, max(0, minutes) * 60 - 30 * (minutes > 0))
        self.due[name] = self.now + max(0, minutes)
        self.holding.pop(name, None)

    async def _new(self, name: str, minutes: int) -> None:
        fresh = await self.claimers[1].set(
            self.guild, name, max(0, minutes) * 60 - 30 * (minutes > 0), new=True
        )
        assert fresh == (name not in self.due)
        if fresh:
            self.due[name] = self.now + max(0, minutes)

    async def _cancel(self, name: str) -> None:
        await self.claimers[0].cancel(self.guild, name)
        self.due.pop(name, None)
        self.holding.pop(name, None)

    async def _claim(self, who: int) -> None:
        claims, following = await self.claimers[who].claim(self.guild, KINDS, self.FOR * 60 - 30)
        ours = {name: at for name, at in self.due.items() if name.split(":")[0] in KINDS}
        assert {claim.timer for claim in claims} == {name for name, at in ours.items() if at <= self.now}
        tokens = [int(claim.token) for claim in self.given]
        for claim in claims:
            assert int(claim.token) > max(tokens, default=0)
            tokens.append(int(claim.token))
            self.due[claim.timer] = ours[claim.timer] = self.now + self.FOR
            self.holding[claim.timer] = claim.token
        self.given += claims
        if not ours:
            assert following is None
        else:
            assert following is not None
            assert following == pytest.approx((min(ours.values()) - self.now) * 60 - 30, abs=5)

    def _one(self, index: int) -> Claim | None:
        return self.given[index % len(self.given)] if self.given else None

    async def _renew(self, index: int) -> None:
        if claim := self._one(index):
            mine = self.holding.get(claim.timer) == claim.token
            assert await self.claimers[0].renew(claim, self.FOR * 60 - 30) == mine
            if mine:
                self.due[claim.timer] = self.now + self.FOR

    async def _done(self, index: int, again: int | None = None) -> None:
        if claim := self._one(index):
            mine = self.holding.get(claim.timer) == claim.token
            span = None if again is None else max(0, again) * 60 - 30 * (again > 0)
            assert await self.claimers[1].done(claim, span) == mine
            if mine:
                del self.holding[claim.timer], self.due[claim.timer]
                if again is not None:
                    self.due[claim.timer] = self.now + again

    async def _again(self, index: int, minutes: int) -> None:
        await self._done(index, minutes)

    async def _pass(self, minutes: int) -> None:
        await pass_(self.redis, self.guild, minutes)
        self.now += minutes


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=_STEPS)
async def test_whatever_two_claimers_do(redis: Redis, steps: list[tuple[Any, ...]]) -> None:
    guild = next(_guilds)
    await open_blank(redis, guild)
    two = Two(redis, guild)
    for step in steps:
        await two.step(*step)
    found = await raw.dump(redis, guild)
    assert set(found.get("due", {})) == set(two.due)
    await raw.forget(redis, guild)


async def test_many_claim_at_once_and_one_gets_each(timers: Timers, redis: Redis, guild: int) -> None:
    await open_blank(redis, guild)
    for number in range(20):
        await timers.set(guild, f"session:{number}", 0)
    found = await asyncio.gather(*(timers.claim(guild, KINDS) for _ in range(10)))
    assert sorted(claim.timer for claims, _ in found for claim in claims) == sorted(
        f"session:{number}" for number in range(20)
    )
    assert len({claim.token for claims, _ in found for claim in claims}) == 20


async def test_the_bot_itself_has_timers_and_no_revision(timers: Timers, redis: Redis, guild: int) -> None:
    name = f"test:{guild}"
    assert await timers.set(EVERYBODY, name, 0, new=True)
    assert not await timers.set(EVERYBODY, name, 5, new=True)
    (claim,), _ = await timers.claim(EVERYBODY, ["test"])
    assert claim == Claim(EVERYBODY, name, claim.token) and (claim.kind, claim.what) == ("test", str(guild))
    assert await timers.done(claim) and not await timers.done(claim)
    assert await redis.zscore(timer_keys.due(EVERYBODY), name) is None


async def test_a_move_that_sets_it_anew_outdates_who_works_on_it(
    redis: Redis, timers: Timers, guild: int
) -> None:
    air = await Airing.on(redis, guild)
    name = f"session:{air.session}"
    await air.live.away(guild, air.session, air.now, "dropped")
    assert (await timers.claim(guild, KINDS))[1] == pytest.approx(600, abs=2)
    await pass_(redis, guild, 11)
    (claim,), _ = await timers.claim(guild, KINDS)
    assert claim.timer == name
    air.now += 1000
    await air.live.back(guild, air.session, air.now)
    assert not await timers.renew(claim) and not await timers.done(claim)
    assert (await timers.claim(guild, KINDS))[1] == pytest.approx(600, abs=2)
    # Whoever says that it is done and made no move that ends it is asked again, and not at once.
    await pass_(redis, guild, 11)
    (claim,), _ = await timers.claim(guild, KINDS)
    assert await timers.done(claim)
    claims, following = await timers.claim(guild, KINDS)
    assert not claims and following == pytest.approx(60, abs=2)
    await air.live.end(guild, air.session, air.now)
    assert await timers.claim(guild, KINDS) == ([], None)
    assert not await redis.exists(timer_keys.timers(guild))


async def test_a_grace_time_that_is_changed_counts_at_once(redis: Redis, timers: Timers, guild: int) -> None:
    air = await Airing.on(redis, guild)
    await air.live.away(guild, air.session, air.now, "dropped")
    change = air.client.configuration.change
    await change(guild, "1", Actor(1, "Mia"), {"live_grace": "900"})
    assert (await timers.claim(guild, KINDS))[1] == pytest.approx(900, abs=2)
    await change(guild, "2", Actor(1, "Mia"), {"live_grace": "0"})
    (claim,), _ = await timers.claim(guild, KINDS)
    assert claim.timer == f"session:{air.session}"


async def test_a_guild_that_redis_lost_is_opened_before_its_timers_count(redis: Redis, guild: int) -> None:
    async def opened(_: int) -> None: ...

    lost = Timers(Scripts(redis, opened))
    assert not await lost.set(guild, "session:1", 0)
    assert await lost.claim(guild, KINDS, opening=False) == ([], None)
    with pytest.raises(Unopened):
        await lost.claim(guild, KINDS)

    async def refused(_: int) -> None:
        raise Unopened("PostgreSQL is away")

    with pytest.raises(Unopened):
        await Timers(Scripts(redis, refused)).claim(guild, KINDS)
    # Its archived timers are put back; what was due meanwhile is due now.
    await open_blank(redis, guild)
    client: Any = redis
    await client.zadd(timer_keys.timers(guild), {"session:1": 5, "session:2": 2**45})
    (claim,), _ = await lost.claim(guild, KINDS)
    assert claim.timer == "session:1"

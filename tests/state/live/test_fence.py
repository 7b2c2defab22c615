"""Whoever does not listen to a host any more can write nothing, except what it heard a moment ago, once."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

import pytest
from redis.asyncio import Redis

from state import keys
from state.hosts import Hosts, Status
from state.live import Live
from state.live_events import LiveKind
from state.points import Points
from state.refusal import Fenced, Reason, Refused
from state.scripts import Actor, Fence, Scripts
from tests.state import raw
from tests.state.live.airing import FAN, MIA, Airing

WORK = "tiktok:mia"
BOT = Actor(0, "Skipline")


@pytest.fixture
async def air(redis: Redis, guild: int) -> Airing:
    return await Airing.on(redis, guild)


def under(air: Airing, token: int) -> tuple[Live, Hosts, Points]:
    redis = air.client.redis
    scripts: Scripts = air.client.queue._scripts.under(Fence(WORK, token))
    return Live(redis, scripts), Hosts(redis, scripts), Points(redis, scripts)


Late = Callable[[Airing, Live, Hosts, Points], Awaitable[object]]
LATE: dict[str, Late] = {
    "begins": lambda air, live, hosts, points: live.begin(air.guild, "mia", 6000, 72, air.now + 1),
    "is away": lambda air, live, hosts, points: live.away(air.guild, air.session, air.now, "lost"),
    "is back": lambda air, live, hosts, points: live.back(air.guild, air.session, air.now),
    "has a gap": lambda air, live, hosts, points: live.gap(air.guild, air.session, air.now, air.now + 9, "?"),
    "ends": lambda air, live, hosts, points: live.end(air.guild, air.session, air.now),
    "supports": lambda air, live, hosts, points: live.support(air.guild, "late", MIA, [FAN], None),
    "lost": lambda air, live, hosts, points: hosts.lost(air.guild, "", BOT, "mia", "blocked", 5),
    "is known": lambda air, live, hosts, points: hosts.known(air.guild, "", BOT, "mia", 77),
    "shows": lambda air, live, hosts, points: hosts.show_status(air.guild, "mia", Status("stopped", 5)),
    "takes over": lambda air, live, hosts, points: hosts.take_over(air.guild, "mia"),
    "links": lambda air, live, hosts, points: points.link(air.guild, "late", MIA, FAN, 11, name="@x"),
    "books": lambda air, live, hosts, points: live.ingest(air.guild, air.session, [air.gift(FAN, 10)]),
}


@pytest.mark.parametrize("late", LATE.values(), ids=LATE)
async def test_an_old_holder_writes_nothing(air: Airing, late: Late) -> None:
    live, hosts, points = under(air, 1)
    await hosts.connect(air.guild, "c", MIA, "mia")
    await hosts.show_status(air.guild, "mia", Status("live", 5))
    _, heirs, _ = under(air, 2)
    await heirs.take_over(air.guild, "mia")
    redis = air.client.redis
    before = await raw.check(redis, air.guild), await redis.hgetall(f"sl:{{{air.guild}}}:host:mia")
    with pytest.raises(Fenced):
        await late(air, live, hosts, points)
    assert (await raw.check(redis, air.guild), await redis.hgetall(f"sl:{{{air.guild}}}:host:mia")) == before
    # The same is taken from whoever has it now.
    live, hosts, points = under(air, 2)
    try:
        await late(air, live, hosts, points)
    except Refused as refused:
        assert refused.reason is Reason.UNCHANGED


async def test_an_old_holders_news_are_booked_once_whoever_books_them(air: Airing) -> None:
    now = time.time_ns() // 1_000_000
    old, _, _ = under(air, 1)
    new, heirs, _ = under(air, 2)
    await heirs.take_over(air.guild, "mia")
    both, mine = air.gift(FAN, 10, at=now), air.gift(FAN, 100, at=now)
    assert (await new.ingest(air.guild, air.session, [both])).coins == 10
    assert (await old.ingest(air.guild, air.session, [both, mine])).coins == 100
    assert (await new.ingest(air.guild, air.session, [mine, both])).new == 0
    # So long after that nobody could know any more whether it was booked.
    stale = air.gift(FAN, 1000, at=now - 5 * 60 * 1000)
    with pytest.raises(Fenced):
        await old.ingest(air.guild, air.session, [stale])
    like = air.event(LiveKind.LIKE, at=now, count=1, total=1)
    assert (await old.ingest(air.guild, air.session, [stale, like])).new == 1
    session = await air.live.session(air.guild, air.session)
    assert session is not None and (session.coins, session.likes_seen) == (110, 1)
    await raw.check(air.client.redis, air.guild)


async def test_what_had_to_make_room_is_not_booked_again(air: Airing) -> None:
    """More messages came since than are known by their ids."""
    now = time.time_ns() // 1_000_000
    old, _, _ = under(air, 1)
    _, heirs, _ = under(air, 2)
    await heirs.take_over(air.guild, "mia")
    redis = air.client.redis
    marks = {str(number): now + 1000 for number in range(20_000)}
    await redis.zadd(f"sl:{{{air.guild}}}:seen", marks)
    with pytest.raises(Fenced):
        await old.ingest(air.guild, air.session, [air.gift(FAN, 10, at=now)])
    assert await redis.exists(keys.fence(air.guild, WORK))

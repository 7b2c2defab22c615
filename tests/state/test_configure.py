from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from state import keys
from state.board import waiting_time
from state.configure import Configuration
from state.connection import connect
from state.feed import Feed
from state.guild_settings import GuildSettings
from state.ladder import LINES, SKIPS
from state.refusal import Reason, Refused
from state.scripts import Actor, Scripts
from state.song import NewSong
from tests.state import raw
from tests.state.plays import Client

MIA = Actor(901, "Mia")


class Process:
    """A process with a cache of its own and a feed that tells it of changes."""

    def __init__(self, redis: Redis) -> None:
        self.client = Client.on(redis)
        self.feed = Feed(redis)
        scripts = Scripts(redis, lambda guild: redis.set(keys.revision(guild), "0", nx=True))
        self.configuration = Configuration(redis, scripts, self.feed)
        self.told = asyncio.Event()
        self.feed.listen(lambda change: self.told.set())


@pytest.fixture
async def two(quiet_redis_url: str) -> AsyncIterator[tuple[Process, Process]]:
    async with connect(quiet_redis_url) as first, connect(quiet_redis_url) as second:
        both = Process(first), Process(second)
        for process in both:
            await process.feed.open()
        yield both
        for process in both:
            await process.feed.close()


async def test_a_change_reaches_the_other_process(two: tuple[Process, Process], guild: int) -> None:
    here, there = two
    assert await there.configuration.settings(guild) == GuildSettings()
    assert await there.configuration.ladder(guild) == SKIPS
    for step in range(20):
        there.told.clear()
        await here.configuration.change(guild, f"c{step}", MIA, {"cap": str(step + 1)})
        assert (await here.configuration.settings(guild)).cap == step + 1, "who changed it reads it at once"
        async with asyncio.timeout(5):
            await there.told.wait()
        assert (await there.configuration.settings(guild)).cap == step + 1
    there.told.clear()
    await here.configuration.set_ladder(guild, "l", MIA, LINES)
    async with asyncio.timeout(5):
        await there.told.wait()
    assert await there.configuration.ladder(guild) == LINES


async def test_reads_are_kept(two: tuple[Process, Process], redis: Redis, guild: int) -> None:
    here, _ = two
    first = await here.configuration.settings(guild)
    await redis.hset(keys.settings(guild), "cap", "7")  # behind everybody's back: nothing tells of it
    assert await here.configuration.settings(guild) is first


async def test_seen_is_compared(two: tuple[Process, Process], guild: int) -> None:
    here, there = two
    await here.configuration.change(guild, "a", MIA, {"lock": "2"}, seen={"lock": None})
    with pytest.raises(Refused) as refused:
        await there.configuration.change(guild, "b", MIA, {"lock": "3"}, seen={"lock": None})
    assert refused.value.reason is Reason.CHANGED
    assert refused.value.facts == {"field": "lock", "value": "2"}
    await there.configuration.change(guild, "c", MIA, {"lock": None, "cap": "9"}, seen={"lock": "2"})
    settings = await there.configuration.settings(guild)
    assert (settings.lock, settings.cap) == (1, 9)
    with pytest.raises(Refused) as refused:
        await there.configuration.change(guild, "d", MIA, {"lock": None, "cap": "9"})
    assert refused.value.reason is Reason.UNCHANGED


@pytest.mark.parametrize("where", ["waiting", "held", "bumped"])
async def test_a_ladder_that_strands_a_song_is_refused(redis: Redis, guild: int, where: str) -> None:
    client = Client.on(redis)
    await client.queue.submit(guild, "s", MIA, NewSong("T", "A", 1, "x"))
    await client.queue.promote(guild, "p", MIA, 1, 25)
    if where == "held":
        await client.queue.hold(guild, "h", MIA, 1)
    elif where == "bumped":
        await client.queue.bump(guild, "b", MIA, 1, 3)
    before = await raw.dump(redis, guild)
    with pytest.raises(Refused) as refused:
        await client.configuration.set_ladder(guild, "l", MIA, LINES)
    assert (refused.value.reason, refused.value.facts) == (Reason.STRANDED, {"songs": [1]})
    assert await raw.dump(redis, guild) == before
    await client.queue.promote(guild, "q", MIA, 1, 10)
    await client.configuration.set_ladder(guild, "m", MIA, LINES)
    assert await client.configuration.ladder(guild) == LINES
    assert await redis.hgetall(keys.ladder(guild)) == LINES.to_hash()
    await raw.check(redis, guild)


async def test_displays_are_registered_and_forgotten(redis: Redis, guild: int) -> None:
    configuration = Client.on(redis).configuration
    await configuration.set_display(guild, "a", MIA, "public", (10**18 + 1, 0))
    await configuration.set_display(guild, "b", MIA, "public", (10**18 + 1, 10**18 + 3))
    await configuration.set_display(guild, "c", MIA, "pending", (5, 6))
    await configuration.set_display(guild, "d", MIA, "pending", None)
    assert await configuration.displays(guild) == {"public": (10**18 + 1, 10**18 + 3)}
    await raw.check(redis, guild)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("lock", "4"),
        ("lock", "-1"),
        ("lock", "x"),
        ("lock", ""),
        ("lock", "1.5"),
        ("cap", "-1"),
        ("cap", "1" * 40),
        ("cap", "\u0663"),
        ("limit:0", "many"),
        ("limit:pending", "1e3"),
        ("cooldown", "-5"),
        ("paused", "yes"),
        ("closed:10", "2"),
        ("role:reviewer", "@Reviewer"),
        ("channel:queue", "#queue"),
    ],
)
async def test_a_value_its_field_cannot_hold_is_refused(
    redis: Redis, guild: int, name: str, value: str
) -> None:
    with pytest.raises(ValueError, match=name):
        await Client.on(redis).configuration.change(guild, "a", MIA, {name: value})
    assert await raw.dump(redis, guild) == {}


@pytest.mark.parametrize("value", ["x", "", "-1", "nan", "inf", "1e400", "9" * 30, "2.9"])
async def test_a_setting_spoilt_by_hand_breaks_no_move_off(redis: Redis, guild: int, value: str) -> None:
    client = Client.on(redis)
    await client.queue.submit(guild, "open", MIA, NewSong("T", "A", 99, "x"))
    for name in ("lock", "cap", "limit:0", "limit:pending", "cooldown"):
        await redis.hset(keys.settings(guild), name, value)
    assert await client.configuration.settings(guild) == GuildSettings()
    for user in (1, 2):
        await client.queue.submit(guild, f"s{user}", MIA, NewSong("T", "A", user, "x", track=f"t:{user}"))
        await client.queue.next(guild, f"n{user}", MIA)
    await client.queue.next(guild, "n3", MIA)
    await client.queue.undo(guild, "u", MIA)
    await redis.delete(keys.settings(guild))
    await raw.check(redis, guild)


def test_waiting_time_is_a_range_of_real_lengths() -> None:
    assert waiting_time([], 3) is None and waiting_time([200, 180], 3) is None
    assert waiting_time([180, 180, 180], 4) == (720, 720)
    low, high = waiting_time([60, 120, 180, 240, 300], 2) or (0, 0)
    assert (low, high) == (240, 480)
    assert waiting_time([60, 120, 180], 0) == (0, 0)

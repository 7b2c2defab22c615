"""The same messages from two processes, replies that are lost, scripts that are forgotten: booked once."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

from redis.asyncio import Redis

from state.connection import connect
from state.live import BATCH, Live
from state.live_events import LiveEvent, LiveKind
from tests.state import raw
from tests.state.cut import Wire
from tests.state.live.airing import START, Airing
from tests.state.plays import Client

HANDLES = range(7 * 10**18 + 1, 7 * 10**18 + 40)


def _evening(dice: random.Random) -> list[LiveEvent]:
    """Six hundred events; what they come to does not depend on how they are cut into batches."""
    kinds = [kind for kind in LiveKind if kind is not LiveKind.VIEWERS]
    return [
        LiveEvent(
            dice.choice(kinds),
            10**18 + number,
            START + number * 50,
            dice.choice(HANDLES),
            name="fan",
            count=dice.randint(1, 5),
            total=number,
            gift=1,
            group=number % 7,
            price=dice.choice((1, 30, 1200)),
        )
        for number in range(600)
    ]


def _outcome(keys: raw.Keys) -> raw.Keys:
    """What must be equal: all but what the order of arrival decides, and the clock."""
    names = ("points:handle", "coins", "bank:handle", "bank:user", "earning", "wallet", "names", "viewers")
    found = {name: keys[name] for name in names if name in keys}
    rows = next(value for name, value in keys.items() if name.endswith(":viewers"))
    return {**found, "rows": rows}


async def _whole(redis: Redis, guild: int, events: list[LiveEvent]) -> raw.Keys:
    air = await Airing.on(redis, guild)
    for start in range(0, len(events), BATCH):
        await air.send(*events[start : start + BATCH])
    return _outcome(await raw.check(redis, guild))


async def test_two_processes_hear_the_same_live(redis: Redis, quiet_redis_url: str, guild: int) -> None:
    dice = random.Random("two processes")
    events = _evening(dice)
    expected = await _whole(redis, guild + 10**6, events)
    air = await Airing.on(redis, guild)
    second = connect(quiet_redis_url)
    try:
        lives = [air.live, Live(second, Client.on(second).queue._scripts)]  # pyright: ignore[reportPrivateUsage]
        at, new = 0, 0
        while at < len(events):
            reach = at + dice.randint(1, 40)
            cuts = [events[max(0, at - dice.randint(0, 30)) : reach] for _ in lives]
            done = await asyncio.gather(
                *(live.ingest(guild, air.session, cut) for live, cut in zip(lives, cuts, strict=True))
            )
            new += sum(each.new for each in done)
            at = reach
    finally:
        await second.aclose()
    assert new == len(events)
    assert _outcome(await raw.check(redis, guild)) == expected
    await raw.forget(redis, guild + 10**6)


async def test_lost_replies_and_forgotten_scripts_book_nothing_twice(
    redis: Redis, quiet_redis_url: str, guild: int, tmp_path: Path
) -> None:
    dice = random.Random("lost replies")
    events = _evening(dice)
    expected = await _whole(redis, guild + 10**6, events)
    air = await Airing.on(redis, guild)
    async with Wire(quiet_redis_url, tmp_path) as wire:
        through = wire.connect()
        live = Live(through, Client.on(through).queue._scripts)  # pyright: ignore[reportPrivateUsage]
        for number, start in enumerate(range(0, len(events), 40)):
            if number % 3 == 0:
                wire.lose()
            if number % 4 == 0:
                await redis.script_flush()
            await live.ingest(guild, air.session, events[start : start + 40])
        await through.aclose()
        assert len(wire.lost) == 5
    assert _outcome(await raw.check(redis, guild)) == expected
    await raw.forget(redis, guild + 10**6)

"""Many who want a guild opened at the same time."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from bot.opening import together
from state.refusal import Unopened


class Door:
    """Opens guilds when it is let, and counts how often it was asked."""

    def __init__(self) -> None:
        self.asked: Counter[int] = Counter()
        self.let = asyncio.Event()
        self.fails = False

    async def __call__(self, guild: int) -> None:
        self.asked[guild] += 1
        await self.let.wait()
        if self.fails:
            raise Unopened(f"guild {guild}")


async def test_a_guild_is_opened_once_for_all_who_wait_and_again_for_who_comes_later() -> None:
    door = Door()
    opener = together(door)
    waiting = [asyncio.ensure_future(opener(guild)) for guild in (1, 1, 2, 1)]
    await asyncio.sleep(0)
    assert not any(each.done() for each in waiting)
    door.let.set()
    await asyncio.gather(*waiting)
    assert door.asked == {1: 1, 2: 1}
    await opener(1)
    assert door.asked[1] == 2


async def test_everybody_is_told_that_it_failed() -> None:
    door = Door()
    door.fails = True
    door.let.set()
    opener = together(door)
    found = await asyncio.gather(opener(1), opener(1), return_exceptions=True)
    assert [type(each) for each in found] == [Unopened, Unopened]
    door.fails = False
    await opener(1)


async def test_who_goes_away_takes_nobody_with_them() -> None:
    door = Door()
    opener = together(door)
    first, second = (asyncio.ensure_future(opener(1)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    door.let.set()
    await second
    assert door.asked == {1: 1}

"""People who press while servers come and go."""

from __future__ import annotations

import asyncio
import itertools

from redis.exceptions import ConnectionError, TimeoutError

from bot.errors import unavailable
from state.scripts import Actor
from state.song import NewSong
from tests.state.plays import Client

MIA = Actor(901, "Mia")


def song(number: int) -> NewSong:
    return NewSong(f"Song {number}", "A", number, f"user{number}")


async def until_done(client: Client, guild: int, number: int) -> int:
    """Submits until it is done, as people do; gives how often it was told that Redis is away."""
    async with asyncio.timeout(40):
        for refused in itertools.count():
            try:
                await client.queue.submit(guild, f"s{number}", MIA, song(number))
            except (ConnectionError, TimeoutError) as away:
                told = unavailable(away)
                assert told is not None and "memory" in told.text.lower()
            else:
                return refused
            await asyncio.sleep(0.02)
    raise AssertionError


async def filled(client: Client, guild: int, songs: int) -> None:
    for number in range(1, songs + 1):
        assert await until_done(client, guild, number) == 0

"""Revisions that many ask for at once."""

from __future__ import annotations

import asyncio
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError

from bot import embedded
from state import keys
from state.connection import connect
from state.revisions import Revisions
from tests.wire import Wire

GUILDS = range(801, 821)


async def test_a_rush_is_answered_in_few_trips_and_each_with_its_own(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A machine with much to do may take longer for one trip.
    monkeypatch.setattr("state.revisions.PATIENCE", 60.0)
    for guild in GUILDS:
        await redis.set(keys.revision(guild), guild * 2)
    read: list[int] = []

    class Counting(Revisions):
        async def _alone(self, guild: int) -> str | None:
            read.append(guild)
            return await super()._alone(guild)

    revisions = Counting(redis)
    asked = [*GUILDS, *GUILDS, 899]
    answers = await asyncio.gather(*map(revisions.of, asked))
    assert answers == [*(str(guild * 2) for guild in [*GUILDS, *GUILDS]), None]
    assert read == [GUILDS[0]], "only the first asks alone"
    assert await revisions.of(GUILDS[3]) == str(GUILDS[3] * 2)


async def test_what_is_answered_was_read_after_it_was_asked(redis: Redis) -> None:
    revisions, guild, stale = Revisions(redis), GUILDS[0], 0
    await redis.set(keys.revision(guild), 0)

    async def look() -> None:
        nonlocal stale
        for _ in range(30):
            known = made
            stale += int(await revisions.of(guild) or 0) < known

    async def move() -> None:
        nonlocal made
        for _ in range(60):
            made = int(await redis.incr(keys.revision(guild)))

    made = 0
    await asyncio.gather(move(), *(look() for _ in range(12)))
    assert stale == 0


async def test_one_who_gives_up_takes_nobody_along(redis: Redis) -> None:
    revisions = Revisions(redis)
    await redis.set(keys.revision(GUILDS[1]), 7)
    first = asyncio.ensure_future(revisions.of(GUILDS[0]))
    second, third = (asyncio.ensure_future(revisions.of(GUILDS[1])) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    second.cancel()
    assert await third == "7"
    assert await revisions.of(GUILDS[1]) == "7"


async def test_one_lost_reply_holds_up_nobody_else(tmp_path: Path) -> None:
    async with (
        embedded.valkey(tmp_path / "data", durable=False) as server,
        Wire(tmp_path / "v.sock", Path(unquote(urlsplit(server.url).path))) as wire,
        connect(f"unix://{wire.listen}", patience=60.0) as through,
    ):
        revisions = Revisions(through)
        assert await revisions.of(GUILDS[0]) is None
        trap = wire.trap(b"GET", lambda: None, after=False, hold=True)
        first = asyncio.ensure_future(revisions.of(GUILDS[0]))
        await trap.sprung.wait()
        async with asyncio.timeout(10):
            assert await asyncio.gather(*(revisions.of(guild) for guild in GUILDS)) == [None] * len(GUILDS)
        assert not first.done()
        trap.released.set()
        assert await first is None
        assert await revisions.of(GUILDS[1]) is None


async def test_whatever_ends_a_shared_trip_everybody_is_answered(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    revisions = Revisions(redis)
    await redis.set(keys.revision(GUILDS[1]), 7)

    async def closed(*_: object) -> None:
        raise RuntimeError(
            "unable to perform operation on <UnixTransport closed=True>; the handler is closed"
        )

    monkeypatch.setattr(redis, "mget", closed)
    for _ in range(2):
        async with asyncio.timeout(10):
            assert await asyncio.gather(*(revisions.of(GUILDS[1]) for _ in range(3))) == ["7"] * 3


async def test_without_a_server_everybody_hears_of_it(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder: Path = tmp_path_factory.mktemp("gone")
    async with embedded.valkey(folder, durable=False) as server:
        client = connect(server.url)
        revisions = Revisions(client)
        assert await revisions.of(1) is None
    told = await asyncio.gather(*(revisions.of(guild) for guild in GUILDS), return_exceptions=True)
    assert all(isinstance(each, RedisError | OSError) for each in told)
    async with embedded.valkey(folder, durable=False):
        assert await revisions.of(1) is None
    await client.aclose()

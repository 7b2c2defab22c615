"""Overlay addresses: made, renewed and taken away once; only a digest of the secret is kept."""

from __future__ import annotations

import asyncio

import pytest
from redis.asyncio import Redis

from state import keys
from state.overlays import Overlays, read_token
from state.refusal import Reason, Refused
from state.scripts import Actor, Scripts

MIA = Actor(9001, "Mia")


@pytest.fixture
def overlays(redis: Redis, scripts: Scripts) -> Overlays:
    return Overlays(redis, scripts)


async def opens(overlays: Overlays, token: str | None) -> bool:
    read = read_token(token or "")
    return read is not None and read[1] in await overlays.digests(read[0])


async def test_a_new_token_opens_until_it_is_renewed_or_removed(overlays: Overlays, guild: int) -> None:
    first = await overlays.create(guild, "1", MIA, "OBS")
    assert first is not None and first.startswith(f"{guild}.") and len(first) == len(str(guild)) + 44
    assert await opens(overlays, first)
    second = await overlays.rotate(guild, "2", MIA, "OBS")
    assert not await opens(overlays, first) and await opens(overlays, second)
    assert [overlay.name for overlay in await overlays.all(guild)] == ["OBS"]
    await overlays.remove(guild, "3", MIA, "OBS")
    assert not await opens(overlays, second) and await overlays.all(guild) == []
    for late in (overlays.rotate(guild, "4", MIA, "OBS"), overlays.remove(guild, "5", MIA, "OBS")):
        with pytest.raises(Refused) as refused:
            await late
        assert refused.value.reason is Reason.UNCHANGED


async def test_the_same_request_again_makes_nothing_new(overlays: Overlays, guild: int) -> None:
    made = await asyncio.gather(*(overlays.create(guild, "1", MIA, "OBS") for _ in range(5)))
    told = [token for token in made if token is not None]
    assert len(told) == 1 and await opens(overlays, told[0])
    with pytest.raises(Refused) as refused:
        await overlays.create(guild, "2", MIA, "OBS")
    assert refused.value.reason is Reason.TAKEN


async def test_ten_are_the_most(overlays: Overlays, guild: int) -> None:
    for number in range(10):
        await overlays.create(guild, f"{number}", MIA, f"o{number}")
    with pytest.raises(Refused) as refused:
        await overlays.create(guild, "10", MIA, "o10")
    assert refused.value.reason is Reason.LIMIT and refused.value.facts["limit"] == 10
    await overlays.rotate(guild, "11", MIA, "o9")


async def test_no_secret_is_kept_anywhere(overlays: Overlays, guild: int, redis: Redis) -> None:
    token = await overlays.create(guild, "1", MIA, "OBS")
    assert token is not None
    secret = token.partition(".")[2]
    kept = str(await redis.hgetall(keys.overlays(guild)))  # type: ignore[misc]
    streamed = str(await redis.xrange(keys.events(guild)))
    answered = [await redis.get(name) async for name in redis.scan_iter(f"sl:{{{guild}}}:req:*")]
    assert answered and secret not in kept + streamed + str(answered)


@pytest.mark.parametrize(
    "token",
    ["", ".", "5", "5.", "5.short", "0." + "a" * 43, "x." + "a" * 43, "5." + "a" * 44, "5." + "é" * 43],
)
def test_what_is_no_token_opens_nothing(token: str) -> None:
    assert read_token(token) is None


async def test_a_stranger_opens_no_guild(overlays: Overlays, guild: int, redis: Redis) -> None:
    assert await overlays.digests(guild) == frozenset()
    assert not await redis.exists(keys.revision(guild)) and not await redis.sismember(keys.GUILDS, str(guild))  # type: ignore[misc]

"""The link of the public page: made once, told again, renewed; it opens only while the page is on."""

from __future__ import annotations

import asyncio

import pytest
from redis.asyncio import Redis

from state import keys
from state.configure import Configuration
from state.feed import Feed
from state.public_page import PublicPages, guild_of
from state.refusal import Unopened
from state.scripts import Actor, Scripts

MIA, ANA = Actor(9001, "Mia"), Actor(11, "Ana")


@pytest.fixture
def pages(redis: Redis, scripts: Scripts) -> PublicPages:
    return PublicPages(redis, scripts)


async def test_a_link_is_made_once_and_told_again(pages: PublicPages, guild: int, redis: Redis) -> None:
    asked = await asyncio.gather(*(pages.link(guild, f"{number}", ANA) for number in range(5)))
    (token,) = set(asked)
    assert guild_of(token) == guild and len(token) == 40
    assert await pages.link(guild, "6", MIA) == token
    (event,) = await redis.xrange(keys.events(guild))
    assert event[1]["kind"] == "page_linked" and event[1]["by_name"] == "Ana"


async def test_a_link_opens_only_while_the_page_is_on_and_until_it_is_renewed(
    pages: PublicPages, guild: int, redis: Redis, scripts: Scripts
) -> None:
    configuration = Configuration(redis, scripts, Feed(redis))
    first = await pages.link(guild, "1", MIA)
    assert (await pages.find(guild)).keys == frozenset()
    await configuration.change(guild, "2", MIA, {"public_page": "1"})
    assert (await pages.find(guild)).keys == {first}
    second = await pages.renew(guild, "3", MIA)
    assert second != first and await pages.renew(guild, "3", MIA) == second
    assert (await pages.find(guild)).keys == {second} and await pages.link(guild, "4", ANA) == second
    await configuration.change(guild, "5", MIA, {"public_page": None})
    assert (await pages.find(guild)).keys == frozenset()
    await configuration.change(guild, "6", MIA, {"public_page": "1", "language": "es-ES"})
    found = await pages.find(guild)
    assert found.keys == {second} and found.language == "es-ES"


@pytest.mark.parametrize("token", ["", "a", "a" * 39, "a" * 41, "A" * 40, "1" * 40, "é" * 40, "a" * 40])
def test_what_is_no_token_names_no_guild(token: str) -> None:
    assert guild_of(token) is None


async def test_a_stranger_opens_no_guild(pages: PublicPages, guild: int, redis: Redis) -> None:
    assert (await pages.find(guild)).keys == frozenset()
    assert not await redis.exists(keys.revision(guild)) and not await redis.sismember(keys.GUILDS, str(guild))  # type: ignore[misc]


async def test_a_link_is_not_made_anew_where_the_state_is_unknown(
    redis: Redis, scripts: Scripts, guild: int
) -> None:
    async def closed(_: int) -> None:
        return

    with pytest.raises(Unopened):
        await PublicPages(redis, Scripts(redis, closed)).link(guild, "1", MIA)
    assert not await redis.exists(keys.page(guild))

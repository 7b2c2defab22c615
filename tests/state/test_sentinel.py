"""A server behind Sentinels: found through them, and after a failover the other one."""

from __future__ import annotations

import contextlib
import re
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from redis.exceptions import AuthenticationError, ConnectionError

from state import keys
from state.address import mismatch, parse
from state.connection import connect
from state.feed import Feed
from tests.state import raw
from tests.state.plays import Client
from tests.state.pressing import filled, until_done
from tests.state.test_feed import Listener
from tests.valkeys import HOST, Node, free_ports, linked, sentinel, server, until

PASSWORD, OWN = "open:sesame/1", "of@the#sentinel"
QUOTED, OWN_QUOTED = "open%3Asesame%2F1", "of%40the%23sentinel"


@dataclass
class Watched:
    """A primary, its replica, and the URL that finds whichever is the primary now."""

    primary: Node
    replica: Node
    url: str


@pytest.fixture
async def watched(tmp_path: Path) -> AsyncIterator[Watched]:
    [first, second, nobody] = free_ports(3)
    secret = {"requirepass": PASSWORD, "masterauth": PASSWORD, "appendonly": "yes", "appendfsync": "always"}
    secret |= {"repl_diskless_sync_delay": "0"}
    options = {"password": PASSWORD}
    async with contextlib.AsyncExitStack() as stack:
        primary = await stack.enter_async_context(server(tmp_path / "1", first, options=options, **secret))
        replica = await stack.enter_async_context(server(tmp_path / "2", second, options=options, **secret))
        await replica.client.replicaof(HOST, first)
        await until(lambda: linked(replica))
        guard = await stack.enter_async_context(sentinel(tmp_path / "3", "shows", primary, PASSWORD, OWN))

        async def knows_both() -> bool:
            return len(await guard.client.sentinel_slaves("shows")) == 1

        await until(knows_both)
        # The first Sentinel of the URL is not there.
        at = f"{HOST}:{nobody},{HOST}:{guard.port}"
        yield Watched(
            primary, replica, f"redis+sentinel://:{QUOTED}@{at}/shows/1?sentinel_password={OWN_QUOTED}"
        )


async def test_a_failover_in_the_middle_of_use(watched: Watched, guild: int) -> None:
    async with connect(watched.url) as redis, connect(watched.url) as other:
        client, feed = Client.on(redis), Feed(other)
        listener = Listener(other, guild, feed)
        await feed.open()
        await filled(client, guild, 10)
        await listener.until(10)
        # What a replica has not got yet is lost with its primary; that is not what is tested here.
        assert await watched.primary.client.wait(1, 5000) == 1
        await watched.primary.kill()
        await until_done(client, guild, 11)
        await listener.until(11)
        async with connect(f"redis://:{QUOTED}@{HOST}:{watched.replica.port}/1") as replica:
            assert await replica.get(keys.revision(guild)) == "11"
        # The old one comes back as a replica of the other.
        await watched.primary.start()
        await until(lambda: linked(watched.primary))
        await filled(client, guild + 10**6, 1)
        await raw.check(redis, guild)
        await feed.close()


async def test_a_primary_that_only_slept_takes_no_writes(watched: Watched, guild: int) -> None:
    async with connect(watched.url, patience=0.3) as redis, connect(watched.url, patience=0.3) as late:
        client = Client.on(redis)
        await filled(client, guild, 3)
        # A connection of before, which nobody told of the failover.
        assert await late.get(keys.revision(guild)) == "3"
        assert await watched.primary.client.wait(1, 5000) == 1
        watched.primary.signal(signal.SIGSTOP)
        try:
            await until_done(client, guild, 4)
        finally:
            watched.primary.signal(signal.SIGCONT)
        await until(lambda: linked(watched.primary))
        await until_done(Client.on(late), guild, 5)
        assert await redis.get(keys.revision(guild)) == "5"
        await raw.check(redis, guild)


async def test_wrong_passwords_and_names_are_errors_of_redis(watched: Watched) -> None:
    for url in (
        watched.url.replace("/shows/", "/others/"),
        watched.url.replace(OWN_QUOTED, "wrong"),
    ):
        async with connect(url) as redis:
            with pytest.raises(ConnectionError) as caught:
                await redis.ping()
            assert "wrong" not in str(caught.value)
    sentinel = re.sub(r"redis\+sentinel://.*,(.*)/shows/1.*", rf"redis://:{OWN_QUOTED}@\1", watched.url)
    async with connect(sentinel) as redis:
        found = mismatch(parse(sentinel), await redis.info("server"))
        assert found is not None and found[0] == "is a Sentinel"
    async with connect(watched.url.replace(QUOTED, "wrong")) as redis:
        with pytest.raises(AuthenticationError):
            await redis.ping()


async def test_no_sentinel_at_all_is_an_error_of_redis() -> None:
    [nobody] = free_ports(1)
    async with connect(f"redis+sentinel://{HOST}:{nobody}/shows") as redis:
        with pytest.raises(ConnectionError):
            await redis.ping()

from __future__ import annotations

import asyncio
import logging
import signal
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from state import keys
from state.connection import connect
from state.feed import Change, Feed
from state.scripts import Actor
from state.song import NewSong
from tests.state.plays import Client
from tests.valkeys import HOST, Node, free_ports, server, until

NAME = "feed-under-test"
MIA = Actor(901, "Mia")


class Listener:
    """Knows a guild's revision only from what the feed tells, as displays do."""

    def __init__(self, redis: Redis, guild: int, feed: Feed) -> None:
        self.redis, self.guild = redis, guild
        self.heard: list[Change] = []
        self.resumed = 0
        self.known = 0
        self.moved = asyncio.Event()
        feed.listen(self.hear, self.look)

    def hear(self, change: Change) -> None:
        if change.guild == self.guild:
            self.heard.append(change)
            self._know(change.revision)

    async def look(self) -> None:
        self.resumed += 1
        self._know(int(await self.redis.get(keys.revision(self.guild)) or 0))

    def _know(self, revision: int) -> None:
        self.known = max(self.known, revision)
        self.moved.set()

    async def until(self, revision: int) -> None:
        async with asyncio.timeout(5):
            while self.known < revision:
                self.moved.clear()
                await self.moved.wait()

    async def back_again(self, times: int) -> None:
        async with asyncio.timeout(5):
            while self.resumed < times:
                self.moved.clear()
                await self.moved.wait()


async def _cut_subscribers(redis: Redis) -> int:
    """Ends the subscriptions of this module only; other tests share the server."""
    client: Any = redis
    found = [row["id"] for row in await client.client_list("pubsub") if row["name"] == NAME]
    return sum([await client.client_kill_filter(_id=id_) for id_ in found])


async def test_each_change_is_told_in_order(redis: Redis, quiet_redis_url: str, guild: int) -> None:
    async with connect(f"{quiet_redis_url}?client_name={NAME}") as other:
        feed = Feed(other)
        listener = Listener(redis, guild, feed)
        await feed.open()
        assert listener.resumed == 1
        client = Client.on(redis)
        for user in range(1, 21):
            await client.queue.submit(guild, f"s{user}", MIA, NewSong("T", "A", user, "x"))
        await client.queue.next(guild, "n", MIA)
        await listener.until(21)
        assert [change.revision for change in listener.heard] == list(range(1, 22))
        assert [change.kind for change in listener.heard] == ["submitted"] * 20 + ["next"]
        await feed.close()


async def test_nothing_is_missed_over_a_reconnect(redis: Redis, quiet_redis_url: str, guild: int) -> None:
    async with connect(f"{quiet_redis_url}?client_name={NAME}") as other:
        feed = Feed(other)
        listener = Listener(redis, guild, feed)
        await feed.open()
        client = Client.on(redis)
        for user in range(1, 21):
            assert await _cut_subscribers(redis) == 1
            await client.queue.submit(guild, f"s{user}", MIA, NewSong("T", "A", user, "x"))
            # No move follows that could tell of this one: only the reconnect itself can.
            await listener.until(user)
            await listener.back_again(user + 1)
        revisions = [change.revision for change in listener.heard]
        assert revisions == sorted(set(revisions))
        await feed.close()


async def test_a_failing_listener_and_foreign_text_do_not_silence_it(
    redis: Redis, quiet_redis_url: str, guild: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)

    def broken(change: Change) -> None:
        raise KeyError(change.guild)

    async def broken_too() -> None:
        raise KeyError("resumed")

    async with connect(f"{quiet_redis_url}?client_name={NAME}") as other:
        feed = Feed(other)
        feed.listen(broken, broken_too)
        listener = Listener(redis, guild, feed)
        await feed.open()
        for text in ("", "hello", "1 2", "a b c"):
            await redis.publish(keys.CHANGES, text)
        await Client.on(redis).queue.submit(guild, "s", MIA, NewSong("T", "A", 1, "x"))
        await listener.until(1)
        await feed.close()


async def _pings(node: Node) -> int:
    return (await node.client.info("commandstats"))["cmdstat_ping"]["calls"]


async def test_a_server_that_stands_still_is_lost_and_found(
    tmp_path: Path, guild: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("state.feed.SILENCE_SECONDS", 0.2)
    [port] = free_ports(1)
    async with server(tmp_path, port) as still, connect(f"redis://{HOST}:{port}", patience=0.3) as redis:
        feed = Feed(redis)
        listener = Listener(redis, guild, feed)
        await feed.open()
        begun = await _pings(still)

        async def asked_and_answered() -> bool:
            return await _pings(still) >= begun + 3

        await until(asked_and_answered)
        assert feed.connected.is_set() and listener.resumed == 1
        still.signal(signal.SIGSTOP)

        async def lost() -> bool:
            return not feed.connected.is_set()

        await until(lost)
        still.signal(signal.SIGCONT)
        await Client.on(redis).queue.submit(guild, "s", MIA, NewSong("T", "A", 1, "x"))
        await listener.until(1)
        await listener.back_again(2)
        await feed.close()


async def test_close_before_and_after_open(redis: Redis) -> None:
    feed = Feed(redis)
    await feed.close()
    await feed.open()
    await feed.close()

"""Forgetting while the guild moves on, and while others are forgotten as well."""

from __future__ import annotations

import re
import secrets
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from persistence import live_keys, recovery
from persistence.backups import moment
from persistence.files import FileStore
from persistence.keys import key
from persistence.pool import Pool
from persistence.privacy import Privacy
from state.forget import Forgetting
from state.points import PointsChange
from state.song import NewSong
from tests.persistence.backing import MIA, Show

ONE, TWO = 5001, 5003
HANDLE = 7 * 10**18 + 9


@pytest.fixture
async def show(redis: Redis, pool: Pool, guild: int, tmp_path: Path) -> Show:
    return Show(redis, pool, guild, tmp_path)


def privacy(
    show: Show, pool: Pool, tmp_path: Path, meanwhile: Callable[[], Awaitable[Any]] | None = None
) -> Privacy:
    """Forgets; `meanwhile` happens between each look at the guild and the move that is to follow from it."""
    put = Forgetting(show.scripts).put

    async def late(*arguments: Any, **named: Any) -> int | None:
        if meanwhile is not None:
            await meanwhile()
        return await put(*arguments, **named)

    return Privacy(show.redis, pool, show.archive, show.store, FileStore(tmp_path), late)


async def told_of(show: Show, user: int) -> list[str]:
    """Where Redis still names somebody, in keys or in moves."""
    rows = await live_keys.read(show.guild, show.redis)
    found = [row.name for row in rows if str(user) in (row.field, row.value, *row.name.split(":"))]
    stream = await show.redis.xrange(key(show.guild, "events"))
    word = re.compile(rf"\b{user}\b")
    return found + [id_ for id_, fields in stream if word.search(str(fields))]


async def test_who_moves_meanwhile_costs_another_try_and_not_another_reading(
    show: Show, pool: Pool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or a live that is booked several times a second would always be ahead of a long reading."""
    await show.play_on(30)
    moves, readings = 0, 0
    read = live_keys.read

    async def counted(guild_id: int, redis: Redis) -> Any:
        nonlocal readings
        readings += 1
        return await read(guild_id, redis)

    async def like() -> None:
        nonlocal moves
        if moves < 5:
            moves += 1
            change = PointsChange("user", ONE, 1)
            await show.points.add(show.guild, secrets.token_hex(8), MIA, [change])

    assert await told_of(show, ONE)
    monkeypatch.setattr(live_keys, "read", counted)
    await privacy(show, pool, tmp_path, like).forget(show.guild, "one", ONE)
    assert moves == 5 and readings == 2  # to learn who it is, and to forget
    monkeypatch.undo()
    assert await told_of(show, ONE) == []
    await show.agrees()


async def test_what_the_person_does_meanwhile_is_forgotten_as_well(
    show: Show, pool: Pool, tmp_path: Path
) -> None:
    await show.play_on(30)
    handed: list[int] = []

    async def hand_in() -> None:
        if not handed:
            song = NewSong(title="More", artist="One", user=ONE, user_name="one", claimed=5)
            handed.append((await show.queue.submit(show.guild, "more", MIA, song)).song.number)
            await show.points.link(show.guild, "its", MIA, HANDLE, ONE, name="@more")

    await privacy(show, pool, tmp_path, hand_in).forget(show.guild, "one", ONE)
    assert handed and await told_of(show, ONE) == [] and await told_of(show, HANDLE) == []
    song = await show.queue.song(show.guild, handed[0])
    assert song is not None and song.user == 0 and song.state == "removed"
    await show.agrees()


async def test_moves_of_others_are_left_as_they_are(show: Show, pool: Pool, tmp_path: Path) -> None:
    """A live fills the stream with megabytes: to send them all takes longer than until its next move."""
    await show.play_on(30)
    stream = await show.redis.xrange(key(show.guild, "events"))
    put, sent = Forgetting(show.scripts).put, list[str]()

    async def noted(*arguments: Any, **named: Any) -> int | None:
        sent.extend(f"{revision}-0" for revision, _ in named["entries"])
        return await put(*arguments, **named)

    store = Privacy(show.redis, pool, show.archive, show.store, FileStore(tmp_path), noted)
    await store.forget(show.guild, "one", ONE)
    left = dict(await show.redis.xrange(key(show.guild, "events")))
    changed = [id_ for id_, fields in stream if left.pop(id_) != fields]
    assert len(left) == 1, "the move itself"
    assert sent == changed and 0 < len(changed) < len(stream) / 2
    await show.agrees()


async def test_two_are_forgotten_at_once(show: Show, pool: Pool, tmp_path: Path) -> None:
    await show.play_on(30)
    left = [TWO]

    async def other() -> None:
        if left:
            await privacy(show, pool, tmp_path).forget(show.guild, "two", left.pop())

    assert await told_of(show, ONE) and await told_of(show, TWO)
    await privacy(show, pool, tmp_path, other).forget(show.guild, "one", ONE)
    assert await told_of(show, ONE) == [] and await told_of(show, TWO) == []
    await show.agrees()


async def test_a_moment_caught_up_with_has_nobody_who_was_forgotten_since(
    show: Show, pool: Pool, tmp_path: Path
) -> None:
    await show.play_on(30)
    before = await moment.read(show.guild, show.redis)
    await privacy(show, pool, tmp_path).forget(show.guild, "one", ONE)
    assert await moment.catch_up(show.guild, before, show.redis) == await moment.read(show.guild, show.redis)


async def test_where_nothing_happened_yet_nothing_is_held(show: Show, pool: Pool, tmp_path: Path) -> None:
    await recovery.open_guild(show.guild, show.redis, show.archive)
    store = privacy(show, pool, tmp_path)
    held = await store.export(show.guild, ONE)
    assert not held["redis"] and not held["postgres"]
    assert (await store.forget(show.guild, "one", ONE)).songs == 0
    assert await show.redis.get(key(show.guild, "rev")) == "0"


async def test_a_question_asked_in_the_chat_is_forgotten(show: Show, pool: Pool, tmp_path: Path) -> None:
    await show.play_on(5)
    await show.redis.hset(key(show.guild, "asked"), mapping={str(ONE): "1", str(TWO): "1"})
    for user in (ONE, TWO):
        await show.redis.set(key(show.guild, f"asked:{user}"), "1", ex=60)
    held = (await privacy(show, pool, tmp_path).export(show.guild, ONE))["redis"]
    assert held["asked"] == {str(ONE): "1"} and f"asked:{ONE}" in held and f"asked:{TWO}" not in held
    await privacy(show, pool, tmp_path).forget(show.guild, "one", ONE)
    assert await show.redis.hkeys(key(show.guild, "asked")) == [str(TWO)]
    assert not await show.redis.exists(key(show.guild, f"asked:{ONE}"))
    assert await show.redis.exists(key(show.guild, f"asked:{TWO}"))

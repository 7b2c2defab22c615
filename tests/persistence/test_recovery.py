"""A lost or outdated Redis is rebuilt from the archive, exactly, once, and nothing is hidden."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis.asyncio import Redis
from redis.exceptions import ResponseError

from persistence import live_keys, recovery
from persistence.archive import Archive, LiveRow
from persistence.errors import Busy, PersistenceError, Unavailable, Unknown
from persistence.events import Effect
from persistence.keys import key
from persistence.pool import open_pool
from persistence.recovery import Standing, compare, doubtful, open_guild, reconcile, restore
from persistence.restore_lease import RestoreLease
from tests.persistence.moves import move, submit


async def archive_all(redis: Redis, archive: Archive, guild: int) -> int:
    """What the archive writer does, without waiting for anything."""
    events = await recovery.entries(guild, await archive.cursor(guild) or 0, 10_000, redis)
    return await archive.append(guild, events) if events else 0


async def picture(redis: Redis, guild: int) -> set[LiveRow]:
    return set(await live_keys.read(guild, redis))


async def lose(redis: Redis, guild: int) -> None:
    await redis.delete(*[key(guild, name) for name in await live_keys.names_of(guild, redis)])
    await redis.srem("sl:guilds", str(guild))


async def standing(redis: Redis, archive: Archive, guild: int) -> Standing:
    return (await compare(guild, redis, archive)).standing


@pytest.fixture
async def played(redis: Redis, archive: Archive, guild: int) -> set[LiveRow]:
    """A guild with ten archived moves; its live keys as they were then."""
    await open_guild(guild, redis, archive)
    for number in range(1, 11):
        await move(redis, guild, submit(number))
    assert await archive_all(redis, archive, guild) == 10
    return await picture(redis, guild)


async def test_a_new_guild_is_opened_once(redis: Redis, archive: Archive, guild: int) -> None:
    assert await standing(redis, archive, guild) is Standing.NEW
    assert await asyncio.gather(*(open_guild(guild, redis, archive) for _ in range(3))) == [None] * 3
    assert await redis.get(key(guild, "rev")) == "0"
    assert await redis.sismember("sl:guilds", str(guild))
    assert await standing(redis, archive, guild) is Standing.EQUAL
    assert await move(redis, guild, submit(1)) == 1
    assert await open_guild(guild, redis, archive) is None
    assert await standing(redis, archive, guild) is Standing.AHEAD


async def test_an_unreachable_archive_opens_no_unknown_guild(
    redis: Redis, database_url: str, guild: int
) -> None:
    pool = await open_pool(database_url)
    await pool.close()
    with pytest.raises(Unavailable):
        await open_guild(guild, redis, Archive(pool))
    assert not await redis.exists(key(guild, "rev"))
    await redis.set(key(guild, "rev"), "4")
    assert await open_guild(guild, redis, Archive(pool)) is None


async def test_a_flushed_guild_comes_back(
    redis: Redis, archive: Archive, guild: int, played: set[LiveRow]
) -> None:
    await lose(redis, guild)
    assert await standing(redis, archive, guild) is Standing.EMPTY
    with pytest.raises(ResponseError):
        await move(redis, guild, submit(11))
    restored = await open_guild(guild, redis, archive)
    assert restored is not None and restored.revision == 10 and restored.exact
    assert restored.rows == len(played) and not restored.forked
    assert await picture(redis, guild) == played
    assert await redis.get(key(guild, "archived")) == "10"
    assert await redis.sismember("sl:guilds", str(guild))
    assert await standing(redis, archive, guild) is Standing.EQUAL
    assert not await redis.exists(key(guild, "lease:restore"))


async def test_the_stream_continues_after_the_last_move(
    redis: Redis, archive: Archive, guild: int, played: set[LiveRow]
) -> None:
    before = await redis.xrange(key(guild, "events"))
    await lose(redis, guild)
    await restore(guild, redis, archive)
    after = await recovery.entries(guild, 0, 100, redis)
    assert after == await archive.events(guild) and len(after) == len(before)
    with pytest.raises(ResponseError):
        await redis.xadd(key(guild, "events"), {"kind": "again"}, id="10-0")
    assert await move(redis, guild, submit(11)) == 11
    assert await archive_all(redis, archive, guild) == 11


async def test_a_long_stream_comes_back_as_its_tail(redis: Redis, archive: Archive, guild: int) -> None:
    await open_guild(guild, redis, archive)
    for number in range(1, 1206):
        await move(redis, guild, [Effect("s", "seq", None, str(number))])
    await archive_all(redis, archive, guild)
    await lose(redis, guild)
    await restore(guild, redis, archive)
    entries = await recovery.entries(guild, 0, 5000, redis)
    assert [event.revision for event in entries] == list(range(206, 1206))


async def test_a_redis_that_lost_its_tail_is_brought_forward(
    redis: Redis, archive: Archive, guild: int, played: set[LiveRow]
) -> None:
    await redis.xtrim(key(guild, "events"), maxlen=0, approximate=False)
    await redis.set(key(guild, "rev"), "7")
    await redis.hset(key(guild, "song:000000000001"), "title", "older")
    await redis.zadd(key(guild, "points:user"), {"5": 3})
    comparison = await compare(guild, redis, archive)
    assert comparison.standing is Standing.BEHIND and guild in await doubtful(redis, archive)
    assert str(comparison) == "Redis is behind the archive: it has 7 moves, 10 are archived."
    await redis.set(key(guild, "req:abc"), "answer")
    await redis.set(key(guild, "lease:work"), "token")
    await redis.hset(key(guild, "painted:queue"), "hash", "x")
    restored = await reconcile(guild, redis, archive)
    assert restored is not None and restored.revision == 10
    assert await picture(redis, guild) == played
    assert await redis.get(key(guild, "req:abc")) == "answer"
    assert await redis.get(key(guild, "lease:work")) == "token"
    assert not await redis.exists(key(guild, "painted:queue"))
    assert await reconcile(guild, redis, archive) is None


async def test_moves_that_contradict_the_archive_are_set_aside(
    redis: Redis, archive: Archive, guild: int, played: set[LiveRow]
) -> None:
    stream = key(guild, "events")
    await redis.xdel(stream, "9-0", "10-0")
    entries: Any = await redis.xrange(stream)
    await redis.delete(stream)
    for entry_id, fields in entries:
        await redis.xadd(stream, fields, id=entry_id)
    await redis.set(key(guild, "rev"), "8")
    assert await standing(redis, archive, guild) is Standing.BEHIND
    assert await move(redis, guild, submit(77), kind="other") == 9
    assert await standing(redis, archive, guild) is Standing.FORKED
    for number in (78, 79):
        await move(redis, guild, submit(number), kind="other")
    assert await standing(redis, archive, guild) is Standing.FORKED
    assert guild in await doubtful(redis, archive)
    restored = await reconcile(guild, redis, archive)
    assert restored is not None and restored.forked == 3 and restored.revision == 10
    assert "set aside" in str(restored)
    assert await picture(redis, guild) == played
    (gap,) = await archive.gaps(guild)
    assert (gap.first_rev, gap.last_rev, gap.kind) == (9, 11, "forked")
    assert [event.kind for event in gap.entries] == ["other"] * 3


async def test_only_guilds_that_may_have_lost_something_are_doubtful(
    redis: Redis, archive: Archive, guild: int, played: set[LiveRow]
) -> None:
    assert guild not in await doubtful(redis, archive)
    await move(redis, guild, submit(11))
    assert guild not in await doubtful(redis, archive), "ahead of the archive"
    await redis.xtrim(key(guild, "events"), maxlen=0, approximate=False)
    assert guild not in await doubtful(redis, archive), "nothing to hold against the archive"
    await lose(redis, guild)
    assert guild in await doubtful(redis, archive)
    await reconcile(guild, redis, archive)
    assert guild not in await doubtful(redis, archive)
    assert await picture(redis, guild) == played


async def test_moves_not_yet_archived_are_rescued_from_the_old_stream(
    redis: Redis, archive: Archive, guild: int, played: set[LiveRow]
) -> None:
    for number in (11, 12):
        await move(redis, guild, submit(number))
    expected = await picture(redis, guild)
    await redis.delete(key(guild, "rev"))
    restored = await open_guild(guild, redis, archive)
    assert restored is not None and (restored.revision, restored.rescued) == (12, 2)
    assert await picture(redis, guild) == expected


async def test_a_stream_of_a_guild_nobody_archived_keeps_its_ids(
    redis: Redis, archive: Archive, guild: int
) -> None:
    await open_guild(guild, redis, archive)
    for number in (1, 2):
        await move(redis, guild, submit(number))
    await redis.delete(key(guild, "rev"))
    assert await open_guild(guild, redis, archive) is None
    assert await move(redis, guild, submit(3)) == 3


async def test_only_one_of_many_restores_works(
    redis: Redis, archive: Archive, guild: int, played: set[LiveRow]
) -> None:
    await lose(redis, guild)
    restored = await asyncio.gather(*(restore(guild, redis, archive) for _ in range(5)))
    assert sorted(result.rows for result in restored) == [0, 0, 0, 0, len(played)]
    assert {result.revision for result in restored} == {10}
    assert await picture(redis, guild) == played


@pytest.mark.parametrize("writes", [1, 2, 3])
async def test_a_restore_that_dies_midway_is_done_again(
    redis: Redis, archive: Archive, guild: int, played: set[LiveRow], writes: int, monkeypatch: Any
) -> None:
    writing, left = RestoreLease.writing, iter(range(writes))

    def dying(self: RestoreLease) -> Any:
        if next(left, None) is None:
            raise ConnectionResetError
        return writing(self)

    await lose(redis, guild)
    with monkeypatch.context() as patched:
        patched.setattr(RestoreLease, "writing", dying)
        with pytest.raises(ConnectionResetError):
            await restore(guild, redis, archive)
    assert not await redis.exists(key(guild, "rev"))
    await redis.delete(key(guild, "lease:restore"))
    await open_guild(guild, redis, archive)
    assert await picture(redis, guild) == played


async def test_a_paused_restore_cannot_write_after_another_took_over(redis: Redis, guild: int) -> None:
    async with RestoreLease(redis, guild) as lease:
        async with lease.writing() as pipe:
            pipe.set(key(guild, "seq"), "1")
        await redis.set(key(guild, "lease:restore"), "somebody else")
        with pytest.raises(Busy):
            async with lease.writing() as pipe:
                pipe.set(key(guild, "seq"), "2")
    assert await redis.get(key(guild, "seq")) == "1"
    assert await redis.get(key(guild, "lease:restore")) == "somebody else"


async def test_a_dead_restorer_is_replaced_when_its_lease_runs_out(
    redis: Redis, archive: Archive, guild: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("persistence.restore_lease.LEASE_SECONDS", 0.5)
    dead = RestoreLease(redis, guild)
    await dead.__aenter__()
    renewal = dead._renewal
    assert renewal is not None
    renewal.cancel()
    async with asyncio.timeout(5), RestoreLease(redis, guild) as heir:
        assert heir.waited
        with pytest.raises(Busy):
            async with dead.writing() as pipe:
                pipe.set(key(guild, "rev"), 1)
    assert not await redis.exists(key(guild, "rev"))


async def test_a_long_restore_keeps_its_lease(
    redis: Redis, guild: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("persistence.restore_lease.LEASE_SECONDS", 0.3)
    async with RestoreLease(redis, guild) as lease:
        token = await redis.get(key(guild, "lease:restore"))
        began = asyncio.get_running_loop().time()
        while asyncio.get_running_loop().time() < began + 0.8:
            assert await redis.get(key(guild, "lease:restore")) == token
            async with lease.writing() as pipe:
                pipe.set(key(guild, "seq"), "1")
            await asyncio.sleep(0.01)
    assert not await redis.exists(key(guild, "lease:restore"))


@pytest.mark.usefixtures("played")
async def test_who_slept_since_it_looked_rebuilds_nothing_again(
    redis: Redis, archive: Archive, guild: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    await lose(redis, guild)
    looked, gate, real = asyncio.Event(), asyncio.Event(), recovery.restore

    async def late(*args: Any, **kwargs: Any) -> Any:
        looked.set()
        await gate.wait()
        return await real(*args, **kwargs)

    monkeypatch.setattr(recovery, "restore", late)
    sleeper = asyncio.create_task(reconcile(guild, redis, archive))
    await looked.wait()
    monkeypatch.setattr(recovery, "restore", real)
    assert await reconcile(guild, redis, archive) is not None
    assert await move(redis, guild, submit(11)) == 11
    gate.set()
    late_one = await sleeper
    assert late_one is not None and late_one.rows == 0 and late_one.revision == 11
    assert await redis.get(key(guild, "rev")) == "11"
    assert await archive.cursor(guild) == 10, "what is not archived was touched"


async def test_a_guild_without_trace_cannot_be_restored(redis: Redis, archive: Archive, guild: int) -> None:
    with pytest.raises(Unknown) as raised:
        await restore(guild, redis, archive)
    assert isinstance(raised.value, PersistenceError)
    assert not await redis.exists(key(guild, "lease:restore"))


NAMES = st.sampled_from(["queue", "points:user", "song:000000000001", "song:000000000002", "now", "seq"])
TYPES = {"queue": "z", "points:user": "z", "seq": "s"}
TEXT = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=8)
SCORES = st.integers(-(2**53), 2**53).map(str)


@st.composite
def effects(draw: st.DrawFn) -> Effect:
    name = draw(NAMES)
    match TYPES.get(name, "h"):
        case "z":
            if draw(st.integers(0, 9)) == 0:
                return Effect("z", name, None, None)
            return Effect("z", name, draw(st.sampled_from("abcde")), draw(st.none() | SCORES))
        case "s":
            return Effect("s", name, None, draw(st.none() | TEXT))
        case _:
            if draw(st.integers(0, 9)) == 0:
                return Effect("h", name, None, None)
            return Effect("h", name, draw(st.sampled_from(["title", "b", "user"])), draw(st.none() | TEXT))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=st.lists(st.lists(effects(), max_size=6), min_size=1, max_size=12), batch=st.integers(1, 5))
async def test_restored_keys_equal_what_the_moves_made(
    redis: Redis, archive: Archive, guild: int, moves: list[list[Effect]], batch: int
) -> None:
    await redis.delete(*[key(guild, name) for name in await live_keys.names_of(guild, redis)], "sl:none")
    await archive_forget(archive, guild)
    await open_guild(guild, redis, archive)
    for effects_ in moves:
        await move(redis, guild, effects_)
    events = await recovery.entries(guild, 0, 100, redis)
    for start in range(0, len(events), batch):
        await archive.append(guild, events[start : start + batch])
    expected = await picture(redis, guild)
    state = await archive.live(guild)
    assert state is not None and set(state.rows) == expected
    await lose(redis, guild)
    await restore(guild, redis, archive)
    assert await picture(redis, guild) == expected
    assert await redis.get(key(guild, "rev")) == str(len(moves))


async def archive_forget(archive: Archive, guild: int) -> None:
    async with archive._pool.transaction() as connection:
        for table in ("submissions", "live", "gaps", "events", "guilds"):
            await connection.execute(f"DELETE FROM {table} WHERE guild_id = $1", guild)

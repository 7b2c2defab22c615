"""A backup comes back exactly, into an empty Redis and into a running queue, as one move of the history."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from persistence import live_keys
from persistence.backups import Backup, Cause, Way, moment, preview, restore
from persistence.errors import Unavailable
from persistence.keys import key
from persistence.pool import Pool
from persistence.recovery import Standing, compare
from state import keys
from state.configure import Configuration
from state.feed import Feed
from state.overlays import Overlays
from state.points import PointsChange
from state.public_page import PublicPages
from state.queue import Queue
from state.scripts import Scripts
from tests.persistence.backing import MIA, Show
from tests.state.raw import check


@pytest.fixture
async def show(redis: Redis, pool: Pool, guild: int, tmp_path: Path) -> Show:
    return Show(redis, pool, guild, tmp_path)


async def backed_up(show: Show) -> Backup:
    taken = await show.backups.take(show.guild, Cause.ASKED)
    show.clock.pass_()
    return await show.store.load(taken.entry)


async def picture(show: Show) -> dict[str, Any]:
    return dict((await moment.read(show.guild, show.redis)).keys)


async def order(show: Show) -> list[tuple[str, float]]:
    return await show.redis.zrange(key(show.guild, "queue"), 0, -1, withscores=True)


async def test_a_destroyed_queue_of_500_comes_back_identical(show: Show, pool: Pool) -> None:
    await show.play_on(500)
    board = await show.queue.board(show.guild, count=600, pending=600, held=600)
    assert board.waiting > 300 and board.pending > 20 and board.held > 5 and board.playing
    before, scores = await picture(show), await order(show)
    backup = await backed_up(show)
    assert backup.songs == board.waiting + board.pending + board.held + 1
    await show.lose()
    await show.forget(pool)
    assert await preview(backup, show.way) == await preview(backup, show.way)
    assert await show.redis.exists(key(show.guild, "rev")) == 0  # a look changes nothing
    restored = await restore(backup, show.way)
    assert restored.revision == backup.revision + 1 and restored.before is None
    assert await picture(show) == before and await order(show) == scores
    after = await show.queue.board(show.guild, count=600, pending=600, held=600)
    assert (after.songs, after.pending_songs, after.held_songs, after.playing) == (
        board.songs,
        board.pending_songs,
        board.held_songs,
        board.playing,
    )
    await show.agrees()
    assert (await compare(show.guild, show.redis, show.archive)).standing is Standing.EQUAL
    # The show goes on: numbers, undo and order continue.
    await show.next()
    await show.queue.undo(show.guild, "undo", MIA)
    assert await order(show) == scores
    assert await show.submit(501) == 501


async def test_a_running_queue_goes_back_as_one_new_move(show: Show) -> None:
    await show.play_on(40)
    backup, board = await backed_up(show), await show.queue.board(show.guild, count=100)
    saved, scores = await picture(show), await order(show)
    for _ in range(3):
        await show.next()
    late = await show.submit(900, claimed=10)
    await show.points.add(show.guild, "more", MIA, [PointsChange("user", 5002, 10**9)])
    await show.queue.clear(show.guild, "clear", MIA, 0)
    revision = (await show.queue.board(show.guild)).revision
    seen = await preview(backup, show.way)
    assert (await show.queue.board(show.guild)).revision == revision
    assert {song.number for song in seen.gone} >= {late} and len(seen.back) > 10
    assert ("points:user", "5002") in [(p.key, p.field) for p in seen.points]
    restored = await restore(backup, show.way)
    assert restored.revision == revision + 1
    assert restored.before is not None and restored.before.entry.revision == revision
    assert await order(show) == scores
    after = await show.queue.board(show.guild, count=100)
    assert after.songs == board.songs and after.playing == board.playing
    now = await picture(show)
    assert {name for name in now.keys() | saved.keys() if now.get(name) != saved.get(name)} == {
        "number",
        f"song:{late:012d}",
        "seq",
    }
    song = await show.queue.song(show.guild, late)
    assert song is not None and song.state == "removed" and song.by_name == "skipline restore"
    assert song.reason == "The queue was restored as of 2026-11-21 14:00 UTC"
    await show.agrees()
    (event,) = await show.archive.events(show.guild, revision)
    assert event.kind == "restored_backup" and event.effects and event.data["back"] == len(seen.back)
    await check(show.redis, show.guild)
    assert (await restore(backup, show.way)).revision is None
    # And back to what was there before it.
    assert restored.before.entry.path is not None
    undone = await restore(await show.store.open_file(restored.before.entry.path), show.way)
    assert undone.revision == revision + 2
    song = await show.queue.song(show.guild, late)
    assert song is not None and song.state == "pending" and song.reason is None
    await check(show.redis, show.guild)


async def test_an_overlay_address_that_was_taken_away_stays_away(show: Show, scripts: Scripts) -> None:
    overlays = Overlays(show.redis, scripts)
    for name in ("renewed", "removed"):
        await overlays.create(show.guild, name, MIA, name)
    backup = await backed_up(show)
    await overlays.rotate(show.guild, "1", MIA, "renewed")
    await overlays.remove(show.guild, "2", MIA, "removed")
    await overlays.create(show.guild, "3", MIA, "new")
    before = await overlays.all(show.guild)
    await restore(backup, show.way)
    assert await overlays.all(show.guild) == before and {each.name for each in before} == {"new", "renewed"}


async def test_a_public_page_that_was_switched_off_stays_off(show: Show, scripts: Scripts) -> None:
    pages = PublicPages(show.redis, scripts)
    configuration = Configuration(show.redis, scripts, Feed(show.redis))
    await configuration.change(show.guild, "1", MIA, {"public_page": "1", "cap": "9"})
    old = await pages.link(show.guild, "2", MIA)
    backup = await backed_up(show)
    await configuration.change(show.guild, "3", MIA, {"public_page": None, "cap": "7"})
    await restore(backup, show.way)
    assert await show.redis.hgetall(keys.settings(show.guild)) == {"cap": "9"}  # type: ignore[misc]
    await configuration.change(show.guild, "4", MIA, {"public_page": "1"})
    renewed = await pages.renew(show.guild, "5", MIA)
    await restore(backup, show.way)
    assert renewed != old and (await pages.find(show.guild)).keys == {renewed}


async def test_what_a_restore_changes_of_a_song_is_said(show: Show) -> None:
    await show.play_on(20)
    await show.next()
    (first, *_) = (await show.queue.board(show.guild, count=1)).songs
    backup = await backed_up(show)
    # Back from the hold it stands where it stood, but is announced no longer.
    await show.queue.hold(show.guild, "hold", MIA, first.number)
    await show.queue.back(show.guild, "back", MIA, first.number)
    seen = await preview(backup, show.way)
    (song,) = (song for song in seen.moved if song.number == first.number)
    assert song.now is not None and song.then is not None
    assert song.now.startswith(f"waiting, tier {first.tier}, position ")
    assert song.then == f"waiting, tier {first.tier}, announced, position 1"
    assert all(song.now != song.then for song in seen.moved)


async def test_an_empty_redis_is_rebuilt_from_the_archive_first(show: Show) -> None:
    await show.play_on(20)
    backup, scores = await backed_up(show), await order(show)
    for _ in range(4):
        await show.next()
    reached = await show.archive_all()
    await show.lose()
    seen = await preview(backup, show.way)
    assert len(seen.back) == 4
    restored = await restore(backup, show.way)
    assert restored.revision == reached + 1 and restored.before is not None
    assert await order(show) == scores
    await show.agrees()


async def test_without_postgres_only_a_running_queue_is_restored(show: Show) -> None:
    await show.play_on(12)
    backup, scores = await backed_up(show), await order(show)
    await show.next()
    alone = Way(redis=show.redis, archive=None, backups=show.backups, put=show.way.put, by=0, by_name="admin")
    assert (await preview(backup, alone)).back
    assert (await restore(backup, alone)).revision == backup.revision + 2
    assert await order(show) == scores
    await show.lose()
    for attempt in (preview(backup, alone), restore(backup, alone)):
        with pytest.raises(Unavailable, match="Redis knows nothing of guild"):
            await attempt
    assert not await live_keys.names_of(show.guild, show.redis)


async def test_a_restore_in_the_middle_of_moves_is_one_of_them(show: Show) -> None:
    await show.play_on(30)
    backup = await backed_up(show)
    stop = asyncio.Event()

    async def points() -> None:
        while not stop.is_set():
            await show.points.add(show.guild, secrets.token_hex(8), MIA, [PointsChange("handle", 77, 1)])
            await asyncio.sleep(0.02)  # five times the pace at which points are written in a real show

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(points())
        restored = await restore(backup, show.way)
        stop.set()
    assert restored.revision is not None
    await check(show.redis, show.guild)
    await show.agrees()


async def test_a_restore_that_a_busy_live_overtakes_each_time_is_made_all_the_same(show: Show) -> None:
    await show.play_on(40)
    backup, scores = await backed_up(show), await order(show)
    await show.queue.clear(show.guild, "clear", MIA, 0)
    sent: list[int] = []
    late: list[int] = []

    async def put(guild: int, request: str, **given: Any) -> int | None:
        """Whatever is worked out of all keys comes too late, and so do the first two corrections."""
        sent.append(len(given["effects"]))
        if len(late) < 3:
            late.append(await show.submit(900 + len(late), claimed=10))
            await show.next()
            await show.points.add(guild, secrets.token_hex(8), MIA, [PointsChange("user", 5002, 7)])
        return await show.way.put(guild, request, **given)

    before = (await show.queue.board(show.guild)).revision
    restored = await restore(backup, replace(show.way, put=put))
    assert len(sent) == 4
    assert restored.revision == before + len(late) * 3 + 1
    assert await order(show) == scores
    assert (await picture(show))["points:user"] == backup.keys["points:user"]
    for number in late:
        song = await show.queue.song(show.guild, number)
        assert song is not None and song.state == "removed" and song.by_name == "skipline restore"
    (event,) = await show.archive.events(show.guild, restored.revision - 1)
    assert event.kind == "restored_backup"
    await check(show.redis, show.guild)
    await show.agrees()
    assert (await restore(backup, show.way)).revision is None


async def test_a_restore_in_several_moves_may_be_overtaken_in_each(
    show: Show, pool: Pool, monkeypatch: Any
) -> None:
    await show.play_on(60)
    await show.queue.clear(show.guild, "clear", MIA, 0)
    backup, before, scores = await backed_up(show), await picture(show), await order(show)
    await show.lose()
    await show.forget(pool)
    monkeypatch.setattr("persistence.backups.difference.PART", 100)

    async def put(guild: int, request: str, **given: Any) -> int | None:
        if given.get("overtaken") is None:
            await show.points.add(guild, secrets.token_hex(8), MIA, [PointsChange("user", 5002, 7)])
        return await show.way.put(guild, request, **given)

    restored = await restore(backup, replace(show.way, put=put))
    assert restored.revision is not None
    assert await picture(show) == before and await order(show) == scores
    events = [event for event in await show.archive.events(show.guild) if event.kind == "restored_backup"]
    assert len(events) > 3
    assert "queue" not in {effect.name for event in events[:-1] for effect in event.effects}
    await show.agrees()


async def test_a_lost_reply_does_not_restore_twice(show: Show) -> None:
    await show.play_on(10)
    backup = await backed_up(show)
    await show.next()
    read = await moment.read(show.guild, show.redis)
    request = "restore:1"
    effects = [["h", "now", "song", "3"]]
    arguments: dict[str, Any] = {"expected": read.revision, "least": backup.revision, "effects": effects}
    first = await show.way.put(show.guild, request, **arguments, facts={})
    assert await show.way.put(show.guild, request, **arguments, facts={}) == first == read.revision + 1
    assert await show.way.put(show.guild, "restore:2", **arguments, facts={}) is None


async def test_a_key_of_another_type_is_not_half_written(show: Show) -> None:
    await show.play_on(10)
    read = await moment.read(show.guild, show.redis)
    effects = [["h", "settings", "lock", "2"], ["z", "now", "a", "1"]]
    put = show.way.put(show.guild, "r", expected=read.revision, least=0, effects=effects, facts={})
    assert await put is None
    assert await picture(show) == read.keys


async def test_a_key_changes_its_type_and_back(show: Show) -> None:
    await show.play_on(10)
    backup = await backed_up(show)
    await show.redis.delete(key(show.guild, "links"))
    await show.redis.zadd(key(show.guild, "links"), {"77": 1})
    await show.next()
    restored = await restore(backup, show.way)
    assert restored.revision is not None
    assert await show.redis.hgetall(key(show.guild, "links")) == {"77": "5001"}


async def test_a_display_that_stands_keeps_its_message(show: Show) -> None:
    await show.play_on(10)
    displays = key(show.guild, "displays")
    await show.redis.hset(displays, mapping={"public": "old", "pending": "gone since"})
    backup = await backed_up(show)
    await show.next()
    await show.redis.hdel(displays, "pending")
    await show.redis.hset(displays, "public", "new")
    await restore(backup, show.way)
    assert await show.redis.hgetall(displays) == {"public": "new", "pending": "gone since"}


async def test_everybody_is_told_to_forget_what_they_keep(show: Show) -> None:
    await show.play_on(10)
    backup = await backed_up(show)
    await show.next()
    async with show.redis.pubsub() as pubsub:
        await pubsub.subscribe("sl:changes")
        restored = await restore(backup, show.way)
        kinds: list[str] = []
        async with asyncio.timeout(5):
            while len(kinds) < 2:
                message = await pubsub.get_message(ignore_subscribe_messages=True, timeout=5)
                if message and message["data"].startswith(f"{show.guild} {restored.revision} "):
                    kinds.append(message["data"].split()[2])
    assert kinds == ["restored_backup", "restored"]


async def test_boards_are_of_before_or_after(show: Show) -> None:
    await show.play_on(60)
    backup = await backed_up(show)
    expected = (await show.queue.board(show.guild, count=100)).songs
    for _ in range(6):
        await show.next()
    queue, seen = Queue(show.redis, show.scripts), list[Any]()
    stop = asyncio.Event()

    async def watch() -> None:
        while not stop.is_set():
            board = await queue.board(show.guild, count=100)
            seen.append((board.revision, board.songs))

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(watch())
        restored = await restore(backup, show.way)
        await asyncio.sleep(0)
        stop.set()
    assert restored.revision is not None
    assert all((songs == expected) == (revision >= restored.revision) for revision, songs in seen)


async def test_a_long_history_comes_back_in_several_moves(show: Show, pool: Pool, monkeypatch: Any) -> None:
    await show.play_on(60)
    await show.queue.clear(show.guild, "clear", MIA, 0)
    backup, before, scores = await backed_up(show), await picture(show), await order(show)
    await show.lose()
    await show.forget(pool)
    monkeypatch.setattr("persistence.backups.difference.PART", 100)
    restored = await restore(backup, show.way)
    assert restored.revision is not None and restored.revision > backup.revision + 3
    assert await picture(show) == before and await order(show) == scores
    events = await show.archive.events(show.guild)
    assert {event.kind for event in events} == {"restored_backup"}
    assert "queue" not in {effect.name for event in events[:-1] for effect in event.effects}
    assert {"number", "seq"} <= {effect.name for effect in events[0].effects}
    await show.agrees()

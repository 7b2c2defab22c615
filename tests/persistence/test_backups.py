"""Backups: of one moment, in two places, refused when a byte is off, thinned out, never half."""

from __future__ import annotations

import asyncio
import os
import secrets
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from redis.asyncio import Redis

from persistence.backups import Cause, Damaged, NotKept, NotOpen, moment
from persistence.backups.document import Backup, LiveKey, from_name, parse, render
from persistence.backups.retention import DAILY, HOURLY, WEEKLY, kept
from persistence.backups.store import BackupStore
from persistence.backups.taking import Backups
from persistence.errors import Busy, Unavailable
from persistence.events import Effect
from persistence.keys import is_live, key
from persistence.pool import Pool
from tests.persistence.backing import Show
from tests.persistence.moves import move, submit

MOMENT = datetime(2026, 11, 21, 14, 0, 5, tzinfo=UTC)
SMALL = Backup(
    7,
    3,
    MOMENT,
    "hourly",
    {
        "queue": LiveKey("z", {"000000000002": "-2599999999999992", "000000000001": "-126704"}),
        "song:000000000001": LiveKey("h", {"number": "1", "title": 'Ä\n"ö" \\ 🎵', "state": "waiting"}),
        "seq": LiveKey("s", {"": "9"}),
    },
)


@pytest.fixture
async def show(redis: Redis, pool: Pool, guild: int, tmp_path: Path) -> Show:
    show = Show(redis, pool, guild, tmp_path)
    await show.play_on(12)
    return show


def test_a_backup_reads_back_and_lists_the_queue_in_order_of_play() -> None:
    content = render(SMALL)
    assert parse(content, "x") == SMALL
    text = content.decode()
    assert text.index("-2599999999999992") < text.index("-126704")
    assert '"taken_at": "2026-11-21T14:00:05Z"' in text and '"guild": "7"' in text
    assert from_name(SMALL.name) == (MOMENT, 3) and SMALL.name == "2026-11-21T14-00-05Z-r3"


def test_every_flipped_byte_is_refused_and_named() -> None:
    content = render(SMALL)
    for place in range(len(content)):
        for mask in (1, 0x20, 0x80, 0xFF):
            flipped = bytearray(content)
            flipped[place] ^= mask
            with pytest.raises(Damaged, match=r"^some\.json cannot be used: "):
                parse(bytes(flipped), "some.json")
    for other in (content[:-1], content + b"\n", b"", b"[]", b"{}", content.replace(b"  ", b"\t")):
        with pytest.raises(Damaged):
            parse(other, "some.json")


def test_a_newer_format_says_so() -> None:
    with pytest.raises(Damaged, match="newer version of the program"):
        parse(render(SMALL).replace(b'"format": 1', b'"format": 2'), "x")


TEXT = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=12)
KEYS = st.one_of(
    st.builds(LiveKey, st.just("h"), st.dictionaries(TEXT, TEXT, min_size=1, max_size=4)),
    st.builds(
        LiveKey,
        st.just("z"),
        st.dictionaries(TEXT, st.integers(-(2**53), 2**53).map(str), min_size=1, max_size=4),
    ),
    st.builds(LiveKey, st.just("s"), st.builds(lambda text: {"": text}, TEXT)),
)


@given(st.dictionaries(TEXT.filter(is_live), KEYS, max_size=5))
@settings(max_examples=100, deadline=None)
def test_any_keys_read_back(keys: dict[str, LiveKey]) -> None:
    backup = Backup(1, 2, MOMENT, "asked for", keys)
    assert parse(render(backup), "x") == backup


async def test_a_backup_holds_all_live_keys_and_no_others(show: Show) -> None:
    await show.redis.hset(key(show.guild, "painted:queue"), "digest", "x")
    taken = await show.backups.take(show.guild, Cause.ASKED)
    assert taken.new and not taken.troubles and taken.entry.whole and taken.entry.path is not None
    backup = await show.store.open_file(taken.entry.path)
    assert backup.keys == (await moment.read(show.guild, show.redis)).keys
    assert {
        "queue",
        "pending",
        "now",
        "points:user",
        "points:handle",
        "links",
        "undo",
        "seq",
        "number",
    } <= set(backup.keys)
    assert not [name for name in backup.keys if name.startswith(("req:", "lease:", "painted:"))]
    assert taken.entry.path.name == f"2026-11-21T14-00-00Z-r{backup.revision}.json"
    assert taken.entry.path.stat().st_mode & 0o077 == 0
    assert taken.entry.row is not None and taken.entry.row.songs == taken.songs == backup.songs
    assert not await show.store.verify(taken.entry)
    assert orjson.loads(taken.entry.path.read_bytes())["keys"]["seq"]["type"] == "string"


async def test_nothing_new_is_taken_while_nothing_moves(show: Show) -> None:
    first = await show.backups.take(show.guild, Cause.HOURLY)
    show.clock.pass_()
    again = await show.backups.take(show.guild, Cause.HOURLY)
    assert not again.new and again.entry == first.entry and again.songs == first.songs
    await show.submit(500)
    third = await show.backups.take(show.guild, Cause.HOURLY)
    assert third.new and third.entry.revision == first.entry.revision + 1
    assert [entry.revision for entry in await show.store.entries(show.guild)] == [
        third.entry.revision,
        first.entry.revision,
    ]


async def test_a_damaged_backup_does_not_count_as_the_last(show: Show) -> None:
    first = await show.backups.take(show.guild, Cause.HOURLY)
    _flip(first.entry.path)
    show.clock.pass_()
    # The row is good, so the file is written again from it.
    mended = await show.backups.take(show.guild, Cause.HOURLY)
    assert not mended.new and mended.entry == first.entry and not await show.store.verify(mended.entry)
    _flip(first.entry.path)
    await _spoil_rows(show)
    third = await show.backups.take(show.guild, Cause.HOURLY)
    assert third.new and third.entry.taken_at > first.entry.taken_at


async def test_a_damaged_file_is_told_and_the_row_is_used(show: Show) -> None:
    first = await show.backups.take(show.guild, Cause.HOURLY)
    whole = await show.store.load(first.entry)
    path = _flip(first.entry.path)
    (fault,) = await show.store.verify(first.entry)
    assert str(fault).startswith(f"{path} cannot be used: ")
    assert await show.store.load(first.entry) == whole
    await _spoil_rows(show)
    assert len(await show.store.verify(first.entry)) == 2
    with pytest.raises(Damaged):
        await show.store.load(first.entry)


async def test_a_file_under_another_name_is_refused(show: Show) -> None:
    first = await show.backups.take(show.guild, Cause.HOURLY)
    assert first.entry.path is not None
    other = first.entry.path.with_name("2026-11-22T14-00-00Z-r9999.json")
    first.entry.path.rename(other)
    entry = (await show.store.entries(show.guild))[0]
    (fault,) = await show.store.verify(entry)
    assert str(other) in str(fault) and "not what its name says" in str(fault)


async def test_without_postgres_the_file_is_written_and_completed_later(show: Show, tmp_path: Path) -> None:
    alone = BackupStore(tmp_path, None)
    taken = await Backups(show.redis, alone, show.clock).take(show.guild, Cause.HOURLY)
    assert taken.new and taken.entry.path is not None and taken.entry.row is None
    assert taken.troubles[0].startswith("It is not in the database: ")
    (entry,) = await show.store.entries(show.guild)
    assert not entry.whole and entry.row is None
    later = await show.backups.take(show.guild, Cause.HOURLY)
    assert not later.new and later.entry.whole and later.entry.name == entry.name
    (entry,) = await show.store.entries(show.guild)
    assert entry.whole and not await show.store.verify(entry)


async def test_a_full_disk_leaves_the_row_and_nothing_half(show: Show, monkeypatch: Any) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("persistence.backups.files.os.fsync", full)
        taken = await show.backups.take(show.guild, Cause.HOURLY)
        assert taken.troubles == ("The file could not be written: No space left on device.",)
        with pytest.raises(NotKept, match="No space left"):
            await Backups(show.redis, BackupStore(show.store.files.folder / "x", None)).take(
                show.guild, Cause.HOURLY
            )
    assert list((show.store.files.folder / str(show.guild)).iterdir()) == []
    (entry,) = await show.store.entries(show.guild)
    assert entry.path is None and not entry.whole
    assert (await show.store.load(entry)).guild_id == show.guild


async def test_a_crash_between_file_and_row_shows_in_the_list(show: Show, monkeypatch: Any) -> None:
    async def killed(*_: object, **__: object) -> None:
        raise asyncio.CancelledError

    with monkeypatch.context() as patched:
        patched.setattr("persistence.backups.rows.BackupRows.add", killed)
        with pytest.raises(asyncio.CancelledError):
            await show.backups.take(show.guild, Cause.HOURLY)
    (entry,) = await show.store.entries(show.guild)
    assert entry.path is not None and entry.row is None and not entry.whole


async def test_what_a_killed_writer_left_is_swept_up_and_never_listed(show: Show) -> None:
    taken = await show.backups.take(show.guild, Cause.HOURLY)
    assert taken.entry.path is not None
    left = taken.entry.path.with_name(".incoming-abc")
    left.write_bytes(b"{")
    os.utime(left, (0, 0))
    assert len(await show.store.entries(show.guild)) == 1
    await show.submit(500)
    show.clock.pass_()
    await show.backups.take(show.guild, Cause.HOURLY)
    assert not left.exists()


async def test_a_writer_killed_at_any_moment_leaves_no_half_file(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from persistence.backups.files import BackupFiles\n"
        "from persistence.backups.document import parse, render; from dataclasses import replace\n"
        "files, backup = BackupFiles(Path(sys.argv[1])), parse(Path(sys.argv[2]).read_bytes(), 'x')\n"
        "for n in range(10**6):\n"
        "    print(n, flush=True)\n"
        "    backup = replace(backup, revision=n)\n"
        "    files.write(7, backup.name, render(backup))\n"
    )
    big = {f"song:{n:012d}": LiveKey("h", {"title": f"Song {n}" * 20}) for n in range(3000)}
    source = tmp_path / "source.json"
    source.write_bytes(render(Backup(7, 1, MOMENT, "hourly", big)))
    store = BackupStore(tmp_path, None)
    for kill in range(6):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", script, str(tmp_path), str(source), stdout=asyncio.subprocess.PIPE
        )
        assert process.stdout is not None
        for _ in range(kill + 1):
            await asyncio.wait_for(process.stdout.readline(), 20)
        await asyncio.sleep(secrets.randbelow(10) / 1000)  # somewhere in the middle of a write
        process.kill()
        await process.communicate()
    entries = await store.entries(7)
    assert entries
    for entry in entries:
        assert not await store.verify(entry)
    assert {path.name for path in (tmp_path / "backups" / "7").iterdir() if path.suffix == ".json"} == {
        f"{entry.name}.json" for entry in entries
    }


async def test_a_backup_of_a_moving_guild_is_of_one_moment(redis: Redis, guild: int) -> None:
    """While moves go on, what is read is exactly what some revision left."""
    await redis.set(key(guild, "rev"), "0")
    stop = asyncio.Event()
    states: dict[int, str] = {}

    async def moves() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            effects = [*submit(number), Effect("h", "now", "song", str(number))]
            if number % 3 == 0:
                effects.append(Effect("z", "queue", f"{number - 1:012d}", None))
            if number % 10 == 0:
                effects.append(Effect("h", f"song:{number - 5:012d}", None, None))
            states[await move(redis, guild, effects)] = str(number)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(moves())
        for _ in range(8):
            read = await moment.read(guild, redis)
            number = int(read.keys["number"].values[""]) if "number" in read.keys else 0
            assert number == read.revision
            gone = {n - 5 for n in range(10, number + 1, 10)}
            songs = {int(name[5:]) for name in read.keys if name.startswith("song:")}
            assert songs == set(range(1, number + 1)) - gone
            unlisted = {n - 1 for n in range(3, number + 1, 3)}
            queued = {int(member) for member in read.keys["queue"].values} if number else set[int]()
            assert queued == set(range(1, number + 1)) - unlisted
        stop.set()


async def test_an_unknown_guild_and_one_that_is_rebuilt(redis: Redis, guild: int, monkeypatch: Any) -> None:
    with pytest.raises(NotOpen, match=str(guild)):
        await moment.read(guild, redis)
    await redis.set(key(guild, "rev"), "4")
    await redis.set(key(guild, "lease:restore"), "somebody")
    monkeypatch.setattr("persistence.backups.moment._PAUSE_SECONDS", 0)
    with pytest.raises(Busy):
        await moment.read(guild, redis)


def test_a_year_of_hours_leaves_a_day_a_week_and_a_month() -> None:
    backups: list[datetime] = []
    now = datetime(2026, 1, 1, tzinfo=UTC)
    for _ in range(24 * 70):
        now += timedelta(hours=1)
        backups = kept([*backups, now], lambda moment: moment)
    assert len(backups) == HOURLY + DAILY + WEEKLY
    assert backups[:HOURLY] == [now - timedelta(hours=hours) for hours in range(HOURLY)]
    days = Counter(moment.date() for moment in backups[HOURLY:])
    assert set(days.values()) == {1}
    assert timedelta(days=22) < now - backups[-1] < timedelta(days=45)


async def test_thinning_deletes_files_and_rows_but_never_the_last_good_one(show: Show) -> None:
    for number in range(HOURLY + 3):
        await show.submit(100 + number)
        show.clock.pass_(0.01)
        await show.backups.take(show.guild, Cause.HOURLY)
    entries = await show.store.entries(show.guild)
    assert len(entries) == HOURLY + 1  # the last of the day before the newest 24 stays, too
    assert all(entry.whole for entry in entries)
    old = entries[-1]
    await _spoil_rows(show)
    for entry in entries[:-1]:
        _flip(entry.path)
    show.clock.pass_(24 * 60)
    for number in range(HOURLY + DAILY + WEEKLY + 2):
        show.clock.pass_(24 * 8)
        content = render(Backup(show.guild, 10_000 + number, show.clock.now, "hourly", {}))
        path = show.store.files.write(
            show.guild, f"{show.clock.now:%Y-%m-%dT%H-%M-%SZ}-r{10_000 + number}", content
        )
        _flip(path)
    assert await show.store.thin(show.guild) > 0
    left = await show.store.entries(show.guild)
    assert old.name in [entry.name for entry in left]
    good, faults = await show.store.newest_good(left)
    assert good is not None and good.name == old.name and len(faults) == len(left) - 1


async def test_a_person_can_be_taken_out_of_every_backup(show: Show) -> None:
    await show.backups.take(show.guild, Cause.HOURLY)
    await show.submit(500)
    show.clock.pass_()
    await show.backups.take(show.guild, Cause.HOURLY)

    def forget(keys: Any) -> Any:
        return {name: key for name, key in keys.items() if name != "song:000000000001"}

    assert await show.store.rewrite(show.guild, forget) == 2
    assert await show.store.rewrite(show.guild, forget) == 0
    entries = await show.store.entries(show.guild)
    assert len(entries) == 2
    for entry in entries:
        assert entry.whole and not await show.store.verify(entry)
        assert "song:000000000001" not in (await show.store.load(entry)).keys


async def test_listing_without_postgres_shows_the_files(show: Show, tmp_path: Path) -> None:
    await show.backups.take(show.guild, Cause.HOURLY)
    (entry,) = await BackupStore(tmp_path, None).entries()
    assert entry.guild_id == show.guild and entry.whole and not entry.database
    with pytest.raises(Unavailable):
        await BackupStore(tmp_path, None).rewrite(show.guild, lambda keys: keys)


def _flip(path: Path | None) -> Path:
    assert path is not None
    content = bytearray(path.read_bytes())
    place = secrets.randbelow(len(content))
    content[place] ^= 1 << secrets.randbelow(8)
    path.write_bytes(content)
    return path


async def _spoil_rows(show: Show) -> None:
    async with show.store._rows._pool.connection() as connection:
        await connection.execute(
            "UPDATE backups SET content = set_byte(content, 40, 255 - get_byte(content, 40)) "
            "WHERE guild_id = $1",
            show.guild,
        )


async def test_an_hourly_backup_that_comes_late_is_not_kept(
    show: Show, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two processes: the first slept after it had read the queue, and the second took the hour's backup."""
    first = Backups(show.redis, show.store, lambda: MOMENT)
    second = Backups(show.redis, show.store, lambda: MOMENT + timedelta(seconds=20))
    read, gate, real = asyncio.Event(), asyncio.Event(), show.store.keep

    async def late(*args: Any, **more: Any) -> Any:
        read.set()
        await gate.wait()
        return await real(*args, **more)

    monkeypatch.setattr(show.store, "keep", late)
    sleeper = asyncio.create_task(first.take(show.guild, Cause.HOURLY))
    await read.wait()
    monkeypatch.setattr(show.store, "keep", real)
    await show.submit(500)
    taken = await second.take(show.guild, Cause.HOURLY)
    gate.set()
    found = await sleeper
    assert not found.new and found.entry.name == taken.entry.name
    (entry,) = await show.store.entries(show.guild)
    assert entry.name == taken.entry.name and entry.whole and not await show.store.verify(entry)
    # Somebody who asks for one gets one.
    assert (await first.take(show.guild, Cause.BEFORE_RESTORE)).entry.name == taken.entry.name

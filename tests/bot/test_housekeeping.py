"""Songs that ended long ago leave Redis, not the history; files that no song names leave the disk."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from bot import housekeeping
from persistence import recovery
from persistence.archive import Archive
from persistence.events import Event, from_entry
from persistence.files import FileStore
from persistence.pool import open_pool
from state import keys
from state.configure import Configuration
from state.feed import Feed
from state.housekeeping import Housekeeping, Pruned
from state.queue import Queue
from state.scripts import Actor, Scripts
from state.song import NewSong
from tests.state import raw

MIA = Actor(9001, "Mia")
DAY = 24 * 3600 * 1000


@dataclass
class House:
    redis: Redis
    archive: Archive
    scripts: Scripts
    guild: int

    def __post_init__(self) -> None:
        self.queue = Queue(self.redis, self.scripts)
        self.configuration = Configuration(self.redis, self.scripts, Feed(self.redis))
        self.housekeeping = Housekeeping(self.scripts)

    async def played(self, count: int) -> None:
        """So many songs, one after the other, each with a track; the last one plays."""
        for number in range(1, count + 1):
            song = NewSong(f"Song {number}", "Artist", 100 + number, "user", track=f"t:{number}")
            await self.queue.submit(self.guild, f"s{number}", MIA, song)
            await self.queue.next(self.guild, f"n{number}", MIA)

    async def later(self, days: float) -> None:
        """Lets time pass: sets all ends back, as an event so that the archive has them as well."""
        effects: list[list[str]] = []
        for number in range(1, 1 + int(await self.redis.get(keys.number(self.guild)) or 0)):
            ended = await self.redis.hget(keys.song(self.guild, number), "ended_at")
            if ended:
                effects.append(["h", f"song:{number:012d}", "ended_at", str(int(ended) - int(days * DAY))])
        await self.write(effects)

    async def write(self, effects: list[list[str]]) -> None:
        revision = int(await self.redis.get(keys.revision(self.guild)) or 0)
        arguments: dict[str, object] = {"expected": revision, "least": 0, "effects": effects, "facts": {}}
        await self.scripts.move("restore", self.guild, "", MIA, arguments)

    async def archived(self) -> None:
        cursor = await self.archive.cursor(self.guild) or 0
        while fresh := await recovery.entries(self.guild, cursor, 500, self.redis):
            cursor = await self.archive.append(self.guild, fresh)

    async def prune(self) -> Pruned:
        return await housekeeping.prune(
            self.guild, self.redis, self.archive, self.configuration, self.housekeeping
        )

    async def newest(self, count: int) -> list[Event]:
        client: Any = self.redis
        return [from_entry(*e) for e in await client.xrevrange(keys.events(self.guild), count=count)]

    async def songs(self) -> set[int]:
        found = await raw.dump(self.redis, self.guild)
        return {int(name[5:]) for name in found if name.startswith("song:")}


@pytest.fixture
async def house(redis: Redis, scripts: Scripts, guild: int, database_url: str) -> AsyncIterator[House]:
    pool = await open_pool(database_url)
    yield House(redis, Archive(pool), scripts, guild)
    await pool.close()


async def test_songs_leave_redis_and_stay_in_the_history(house: House) -> None:
    await house.played(40)
    await house.later(8)
    await house.archived()
    # The last 25 Nexts name the songs from 15 on.
    assert await house.prune() == Pruned(14, 0)
    assert await house.songs() == set(range(15, 41))
    assert await house.prune() == Pruned(0, 0)
    await house.archived()
    assert await house.prune() == Pruned(0, 0)

    [event] = await house.newest(1)
    assert (event.kind, event.by_id) == ("pruned", 0)
    assert event.data == {"songs": list(range(1, 15)), "tracks": 0}
    assert event.effects[0] == ("h", "song:000000000001", None, None)

    history = await house.archive.history(house.guild, limit=100)
    assert [row.number for row in history] == list(range(40, 0, -1))
    assert {row.state for row in history[1:]} == {"played"}
    assert (history[-1].title, history[-1].track) == ("Song 1", "t:1")

    before = await raw.dump(house.redis, house.guild)
    listed = await house.queue.board(house.guild)
    await raw.forget(house.redis, house.guild)
    house.queue.forget()
    restored = await recovery.restore(house.guild, house.redis, house.archive)
    assert restored.exact
    after = await raw.dump(house.redis, house.guild)
    passing = ("req:", "archived")
    assert {k: v for k, v in after.items() if not k.startswith(passing)} == {
        k: v for k, v in before.items() if not k.startswith(passing)
    }
    assert await house.queue.board(house.guild) == listed
    song = NewSong("New", "Artist", 7, "user")
    assert (await house.queue.submit(house.guild, "new", MIA, song)).song.number == 41


async def test_what_is_young_active_or_kept_for_ever_stays(house: House) -> None:
    await house.played(30)
    await house.archived()
    assert await house.prune() == Pruned(0, 0)
    await house.later(8)
    # A song that waits stays, whatever stands in its hash.
    song = NewSong("Held", "Artist", 7, "user")
    await house.queue.submit(house.guild, "held", MIA, song)
    await house.write([["h", "song:000000000031", "ended_at", "1"]])
    for days in ("0", "9"):
        await house.configuration.change(house.guild, f"k{days}", MIA, {"keep_days": days})
        await house.archived()
        assert await house.prune() == Pruned(0, 0)
        assert await house.housekeeping.prune(house.guild, [1, 2, 31, 500]) == Pruned(0, 0)
    await house.configuration.change(house.guild, "k8", MIA, {"keep_days": "8"})
    assert (await house.prune()).songs == 4
    assert 31 in await house.songs()
    assert (await house.queue.board(house.guild)).waiting == 1


async def test_many_go_in_small_moves_and_a_song_of_a_clear_stays(house: House) -> None:
    await house.played(1)
    old = {"state": "played", "ended_at": "1000", "tier": "0", "user": "5", "title": "Old"}
    numbers = range(100, 550)
    await house.write(
        [["h", f"song:{n:012d}", field, value] for n in numbers for field, value in old.items()]
    )
    await house.write([["z", "recent", f"old:{n}", "1000"] for n in range(250)])
    fields = '[["song:000000000300","state","waiting","removed"]]'
    record = f'{{"kind":"clear","fields":{fields},"locks":[["000000000301","4"]]}}'
    await house.write([["h", "undo", "stack", "1"], ["h", "undo", "1", record]])
    await house.archived()
    assert await house.prune() == Pruned(448, 250)
    assert {300, 301} <= await house.songs()
    sizes = [len(event.data.get("songs", ())) for event in await house.newest(3)]
    assert max(sizes) <= 200 and sum(sizes) == 448
    await house.archived()
    live = await house.archive.live(house.guild)
    assert live is not None
    assert {row.name for row in live.rows if row.name.startswith("song:")} == {
        f"song:{n:012d}" for n in (1, 300, 301)
    }
    with pytest.raises(ValueError, match="at most 200"):
        await house.housekeeping.prune(house.guild, range(1, 202))


async def test_files_without_a_song_leave_the_disk(house: House, tmp_path: Path) -> None:
    files = FileStore(tmp_path)

    async def upload() -> AsyncIterator[bytes]:
        yield b"ID3\x04\x00\x00\x00\x00\x00\x00" + bytes(50)

    names = [(await files.keep(upload(), "a.mp3")).name for _ in range(4)]
    archived, live, orphan, fresh = names
    for name in (archived, live, orphan):
        os.utime(files.path(name), (time.time() - 7200, time.time() - 7200))
    await house.queue.submit(house.guild, "a", MIA, NewSong("A", "x", 1, "u", file=archived))
    await house.archived()
    await raw.forget(house.redis, house.guild)
    await house.queue.submit(house.guild + 1, "b", MIA, NewSong("B", "x", 2, "u", file=live))
    assert await housekeeping.sweep(house.redis, house.archive, files) == [orphan]
    assert files.names() == sorted([archived, live, fresh])
    await raw.forget(house.redis, house.guild + 1)


async def test_a_round_does_all_of_it(house: House, tmp_path: Path) -> None:
    await house.played(30)
    await house.later(8)
    await house.archived()
    files = FileStore(tmp_path)
    await housekeeping.one_round(house.redis, house.archive, house.configuration, files)
    assert len(await house.songs()) == 26

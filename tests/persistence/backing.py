"""A guild in the middle of a show, and what a backup or a restore needs to work on it."""

from __future__ import annotations

import random
import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path

from redis.asyncio import Redis

from persistence import live_keys, recovery
from persistence.archive import Archive
from persistence.backups import Backups, BackupStore, Way
from persistence.keys import key
from persistence.pool import Pool
from state.points import Points, PointsChange
from state.queue import Queue
from state.restore import Restoration
from state.scripts import Actor, Scripts
from state.song import NewSong

MIA = Actor(1001, "Mia")
ADMIN = Actor(0, "skipline restore")


class Day:
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 21, 14, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, hours: float = 1) -> None:
        self.now += timedelta(hours=hours)


class Show:
    """One guild, its stores and its backups."""

    def __init__(self, redis: Redis, pool: Pool, guild: int, data_dir: Path) -> None:
        async def opener(guild_id: int) -> None:
            await recovery.open_guild(guild_id, redis, self.archive)

        self.redis = redis
        self.guild = guild
        self.archive = Archive(pool)
        self.scripts = Scripts(redis, opener)
        self.queue = Queue(redis, self.scripts)
        self.points = Points(redis, self.scripts)
        self.clock = Day()
        self.store = BackupStore(data_dir, pool)
        self.backups = Backups(redis, self.store, self.clock)
        self.way = Way(
            redis=redis,
            archive=self.archive,
            backups=self.backups,
            put=Restoration(self.scripts, ADMIN).put,
            by=ADMIN.id,
            by_name=ADMIN.name,
        )

    async def submit(self, number: int, claimed: int | None = None) -> int:
        song = NewSong(
            title=f"Song {number}",
            artist="Ärtist 🎵",
            user=5000 + number,
            user_name=f"user{number}",
            link=f"https://example.org/{number}",
            track=f"t:{number}",
            claimed=claimed,
        )
        return (await self.queue.submit(self.guild, secrets.token_hex(8), MIA, song)).song.number

    async def next(self) -> None:
        await self.queue.next(self.guild, secrets.token_hex(8), MIA)

    async def play_on(self, songs: int, seed: int = 5) -> None:
        """Songs of every tier and state, points, a linked handle and some history."""
        dice = random.Random(seed)
        for number in range(1, songs + 1):
            claimed = dice.choice([None, None, 5, 10, 25])
            member = await self.submit(number, claimed)
            if claimed and dice.random() < 0.8:
                await self.queue.approve(self.guild, f"a{number}", MIA, member, claimed)
            if dice.random() < 0.05:
                held = await self.queue.song(self.guild, member)
                if held is not None and held.state == "waiting":
                    await self.queue.hold(self.guild, f"h{number}", MIA, member)
        changes = [PointsChange("user", 5000 + n, dice.randint(1, 10**6)) for n in range(1, songs, 2)]
        changes.append(PointsChange("handle", 77, 12345))
        await self.points.add(self.guild, "points", MIA, changes)
        await self.points.link(self.guild, "link", MIA, 77, 5001, name="@one")
        for _ in range(5):
            await self.next()

    async def archive_all(self) -> int:
        """What the archive writer does, without waiting for anything."""
        reached = await self.archive.cursor(self.guild) or 0
        while events := await recovery.entries(self.guild, reached, 500, self.redis):
            reached = await self.archive.append(self.guild, events)
        return reached

    async def lose(self) -> None:
        """Destroys everything Redis knows of the guild."""
        names = await live_keys.names_of(self.guild, self.redis)
        await self.redis.delete(*[key(self.guild, name) for name in names])
        await self.redis.srem("sl:guilds", str(self.guild))

    async def forget(self, pool: Pool) -> None:
        """Destroys everything the archive knows of the guild."""
        async with pool.connection() as connection:
            for table in ("guilds", "events", "live", "gaps", "submissions"):
                await connection.execute(f"DELETE FROM {table} WHERE guild_id = $1", self.guild)

    async def agrees(self) -> None:
        """Asserts that the archive holds what Redis holds."""
        await self.archive_all()
        state = await self.archive.live(self.guild)
        assert state is not None and set(state.rows) == set(await live_keys.read(self.guild, self.redis))

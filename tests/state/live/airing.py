"""A host on air: what viewers do, sent as one message each."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

from redis.asyncio import Redis

from state.live import Began, Ingested, Live
from state.live_events import LiveEvent, LiveKind
from state.moved import Moved
from state.scripts import Actor
from state.song import NewSong
from tests.state.plays import Client

START = 1_764_000_000_000
FAN, OTHER, THIRD = 7 * 10**18 + 1, 7 * 10**18 + 2, 6 * 10**18
MIA = Actor(901, "Mia")


@dataclass
class Airing:
    """One guild with a client, and a session that began at `START`."""

    client: Client
    live: Live
    guild: int
    session: int = 0
    now: int = START
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    @classmethod
    async def on(cls, redis: Redis, guild: int, host: str = "mia") -> Airing:
        client = Client.on(redis)
        airing = cls(client, Live(redis, client.queue._scripts), guild)
        airing.session = (await airing.begin(host)).session
        return airing

    async def begin(self, host: str = "mia", room: int = 71) -> Began:
        return await self.live.begin(self.guild, host, 6000, room, self.now)

    def request(self) -> str:
        return f"a{next(self._numbers)}"

    def event(self, kind: LiveKind, viewer: int = FAN, **facts: int | str | bool) -> LiveEvent:
        message = facts.pop("message", 10**18 + next(self._numbers))
        at = facts.pop("at", self.now)
        facts.setdefault("name", f"v{viewer % 100}")
        return LiveEvent(kind, message, at, viewer, **facts)  # type: ignore[arg-type]

    def gift(self, viewer: int, coins: int, **facts: int | str | bool) -> LiveEvent:
        """One unit of that price, unless `count` says otherwise."""
        return self.event(LiveKind.GIFT, viewer, price=coins, gift=5655, **facts)

    async def send(self, *events: LiveEvent) -> Ingested:
        return await self.live.ingest(self.guild, self.session, events)

    async def submit(self, user: int, title: str = "Song", **more: object) -> Moved:
        song = NewSong(title, f"A{user}", user, f"user{user}", **more)  # type: ignore[arg-type]
        actor = Actor(user, f"user{user}")
        return await self.client.queue.submit(self.guild, self.request(), actor, song)

    async def link(self, handle: int, user: int, *, force: bool = False) -> None:
        await self.client.points.link(self.guild, self.request(), MIA, handle, user, name="@x", force=force)

    async def tier(self, number: int) -> int:
        song = await self.client.queue.song(self.guild, number)
        assert song is not None
        return song.tier

"""A live on a stage: named viewers send gifts, as the bot books them."""

from __future__ import annotations

import itertools
import secrets
import time
from dataclasses import dataclass, field

from state.live_events import LiveEvent, LiveKind
from state.scripts import Actor
from state.song import NewSong
from tests.stage import Stage

MIA = Actor(9001, "Mia")
_messages = itertools.count(10**18)


@dataclass
class Showing:
    """A live of one guild, with people whose handles are linked to their accounts."""

    stage: Stage
    session: int
    handles: dict[int, int] = field(default_factory=dict[int, int])

    @classmethod
    async def begin(cls, stage: Stage) -> Showing:
        # What nobody wants is ended.
        await stage.app.stores.hosts.connect(stage.id, secrets.token_hex(8), MIA, "mia")
        now = round(time.time() * 1000)
        began = await stage.app.stores.live.begin(stage.id, "mia", secrets.randbelow(10**9) + 1, 71, now)
        return cls(stage, began.session)

    async def artist(self, title: str, name: str, *, artist: str = "The Band") -> int:
        """Somebody with a song that waits; gives the id of their handle."""
        user = secrets.randbelow(10**15) + 1
        handle = self.handles[user] = secrets.randbelow(10**15) + 1
        song = NewSong(title, artist, user, name)
        stores = self.stage.app.stores
        await stores.queue.submit(self.stage.id, secrets.token_hex(8), Actor(user, name), song)
        await stores.points.link(self.stage.id, secrets.token_hex(8), MIA, handle, user, name=f"h{handle}")
        return handle

    def gift(self, handle: int, coins: int, *, count: int = 1, group: int = 0, name: str = "") -> LiveEvent:
        return LiveEvent(
            LiveKind.GIFT,
            next(_messages),
            round(time.time() * 1000),
            handle,
            name or f"h{handle}",
            count=count,
            gift=5655,
            group=group,
            price=coins,
            streakable=group > 0,
        )

    async def send(self, *gifts: LiveEvent) -> None:
        await self.stage.app.stores.live.ingest(self.stage.id, self.session, gifts)

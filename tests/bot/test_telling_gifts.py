"""The artist is told that gifts lifted a song, whose they were, and each time."""

from __future__ import annotations

from state.live import Live
from state.live_events import LiveEvent, LiveKind
from state.scripts import Actor
from tests.bot.test_telling import told
from tests.plugins.reviewing import submitted
from tests.stage import Stage

FAN = 7 * 10**18 + 9


async def test_gifts_that_lift_a_song_are_told(stage: Stage) -> None:
    stores = stage.app.stores
    await stage.configure(lock="0")
    await submitted(stage, stage.alice, "One")
    live = Live(stores.redis, stores.queue._scripts)  # pyright: ignore[reportPrivateUsage] - the stage's own
    session = (await live.begin(stage.id, "mia", 6000, 71, 1_764_000_000_000)).session
    await live.support(stage.id, "s", Actor(0, "Skipline"), [FAN], 1)
    for message, tier in ((1, "5 Skip"), (2, "10 Skip")):
        gift = LiveEvent(
            LiveKind.GIFT, message, 1_764_000_000_000, FAN, name="fan_one", price=1000, gift=5, count=1
        )
        await live.ingest(stage.id, session, [gift])
        await told(stage.alice, f"moved up to {tier} because of gifts from @fan\\_one")

"""A recorded live through the real client to the books, though the process that listens is killed twice."""

from __future__ import annotations

import pytest

from sandbox.tiktok import TikTok
from tests.live.recorded import Recorded, worker
from tests.stage import Stage

EVENTS = 20_000


@pytest.mark.timeout(240)
async def test_a_recorded_live_is_booked_to_the_unit_though_the_worker_is_killed_twice(
    stage: Stage, tiktok: TikTok
) -> None:
    stores = stage.app.stores
    recorded = Recorded.of(tiktok, stores, stage.id, seed=4, events=EVENTS, drops=4, rooms=0)
    await recorded.prepare([int(person.id) for person in (stage.alice, stage.bruno, stage.carla)])
    async with worker(stage.app.settings, stores, tiktok) as process:
        await recorded.play(process, kills=2)
        await recorded.settled()
        figures = await recorded.check(stores.ledger.pool)
    assert figures["sent"] >= EVENTS
    assert figures["lost"] > 0 and figures["lifts"] > 0

"""A recorded live through the real client to the books, though the process that listens is killed twice."""

from __future__ import annotations

import pytest

from sandbox.tiktok import TikTok
from tests.live.acts import connected, session_of, stands
from tests.live.conftest import Start
from tests.live.recorded import Recorded, worker
from tests.stage import Stage

EVENTS = 8_000


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


async def test_what_was_missed_of_a_live_that_ended_before_it_was_found_again_is_a_gap(
    stage: Stage, tiktok: TikTok, listen: Start
) -> None:
    await listen()
    host = await connected(stage, tiktok)
    live, anna = host.live, tiktok.viewer("anna")
    assert live is not None
    seen = anna.comment(live, "hello")
    await live.acknowledged()
    await tiktok.shut_sign()
    tiktok.faults.cut(live)
    await stands(stage, host, "sign_down")
    missed = anna.comment(live, "is anybody there?")
    live.vanish()
    await stands(stage, host, "waiting")
    session = await session_of(stage, host)
    assert session.comments == 1
    (gap,) = session.gaps
    assert seen.at <= gap.start <= missed.at <= gap.end
    # A live in the evening that goes on is missed from then on alone.
    host.go_live()
    await tiktok.open_sign()
    await stands(stage, host, "live")
    first, second = (await session_of(stage, host)).gaps
    assert first == gap
    assert second.start == gap.end < second.end

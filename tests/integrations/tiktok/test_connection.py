"""A connection over many lives: waiting, following, restarts, stopping, and what it tells of itself."""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import replace

import pytest

from integrations.tiktok.connection import Connection
from integrations.tiktok.events import LiveEvent
from integrations.tiktok.gate import SignGate
from integrations.tiktok.status import Resume, State, Status
from integrations.tiktok.tiktoklive import TikTokLiveSource
from sandbox.tiktok import TikTok
from tests.integrations.tiktok.conftest import PACE, WATCHFUL, Follow, endpoints


async def test_an_offline_host_is_waited_for_without_a_signature(
    tiktok: TikTok, source: TikTokLiveSource, follow: Follow
) -> None:
    host = tiktok.host("dj")
    host.go_live().end()
    follower = await follow("dj", source)
    waiting = await follower.reaches(State.WAITING)
    assert waiting.next_try is not None
    assert (waiting.host_id, waiting.room) == (host.id, 0)
    await tiktok.wait_until(lambda: tiktok.calls("api") >= 4)
    assert tiktok.calls("sign") == 0
    live = host.go_live()
    connected = await follower.reaches(State.LIVE)
    assert (connected.room, connected.gap, connected.failures) == (live.room, None, 0)
    assert tiktok.calls("sign") == 1


async def test_an_unknown_host_is_told_and_found_once_it_exists(
    tiktok: TikTok, source: TikTokLiveSource, follow: Follow
) -> None:
    follower = await follow("newcomer", source)
    await follower.reaches(State.UNKNOWN)
    tiktok.host("newcomer").go_live()
    await follower.reaches(State.LIVE)


async def test_a_live_for_adults_is_told(tiktok: TikTok, source: TikTokLiveSource, follow: Follow) -> None:
    host = tiktok.host("dj")
    host.age_restricted = True
    host.go_live()
    follower = await follow("dj", source)
    await follower.reaches(State.RESTRICTED)
    assert tiktok.calls("sign") == 0
    host.age_restricted = False
    await follower.reaches(State.LIVE)


async def test_the_next_live_is_followed_after_the_end(
    tiktok: TikTok, source: TikTokLiveSource, follow: Follow
) -> None:
    host = tiktok.host("dj")
    first = host.go_live()
    follower = await follow("dj", source)
    await follower.reaches(State.LIVE)
    first.end()
    over = await follower.reaches(State.WAITING)
    assert (over.room, over.gap, over.lost_at) == (0, None, None)
    second = host.go_live()
    assert (await follower.reaches(State.LIVE)).room == second.room
    said = tiktok.viewer("ann").comment(second, "again")
    await follower.has(said.id)
    assert follower.batches[-1][0] == second.room
    assert State.RECONNECTING not in follower.states


@pytest.mark.parametrize("heartbeats_answered", [True, False])
async def test_a_live_that_ends_without_a_word_is_noticed(
    heartbeats_answered: bool, tiktok: TikTok, source: TikTokLiveSource, follow: Follow
) -> None:
    live = tiktok.host("dj").go_live()
    follower = await follow("dj", source, pace=WATCHFUL)
    await follower.reaches(State.LIVE)
    live.vanish()
    if not heartbeats_answered:
        tiktok.faults.stall(live)
    over = await follower.reaches(State.WAITING)
    assert over.reason == "the live is over"
    assert (tiktok.calls("alive"), tiktok.calls("sign")) == (1, 1)


async def test_a_quiet_live_that_answers_is_left_alone_for_a_while(
    tiktok: TikTok, source: TikTokLiveSource, follow: Follow
) -> None:
    live = tiktok.host("dj").go_live()
    follower = await follow("dj", source, pace=WATCHFUL)
    await follower.reaches(State.LIVE)
    await tiktok.wait_until(lambda: tiktok.calls("alive") >= 3)
    assert follower.states[-1] is State.LIVE
    assert (tiktok.calls("sign"), len(live.connections)) == (1, 1)


async def test_a_live_that_is_quiet_for_too_long_is_connected_anew(
    tiktok: TikTok, source: TikTokLiveSource, follow: Follow
) -> None:
    tiktok.host("dj").go_live()
    follower = await follow("dj", source, pace=replace(PACE, silence=0.2, quiet=0.5))
    await follower.reaches(State.LIVE)
    assert "nothing came" in (await follower.reaches(State.RECONNECTING)).reason
    await follower.reaches(State.LIVE)


async def test_a_live_restarted_in_a_new_room_is_followed_there(
    tiktok: TikTok, source: TikTokLiveSource, follow: Follow
) -> None:
    host = tiktok.host("dj")
    first = host.go_live()
    follower = await follow("dj", source, pace=WATCHFUL)
    await follower.reaches(State.LIVE)
    tiktok.faults.stall(first)
    second = host.go_live()
    back = await follower.reaches(State.LIVE)
    assert back.room == second.room
    said = tiktok.viewer("ann").comment(second, "you are back")
    await follower.has(said.id)


async def test_a_lost_live_that_is_over_meanwhile_tells_the_gap(
    tiktok: TikTok, source: TikTokLiveSource, follow: Follow
) -> None:
    live = tiktok.host("dj").go_live()
    follower = await follow("dj", source)
    await follower.reaches(State.LIVE)
    live.vanish()
    tiktok.faults.cut(live)
    lost = await follower.reaches(State.RECONNECTING)
    over = await follower.reaches(State.WAITING)
    assert over.gap is not None
    assert over.gap.since == lost.lost_at
    assert over.lost_at is None


async def test_a_limit_of_the_sign_service_is_kept_to_by_every_connection(
    tiktok: TikTok, source: TikTokLiveSource
) -> None:
    gate = SignGate(spacing=0)
    told: asyncio.Queue[Status] = asyncio.Queue()

    async def ignore(room: int, batch: list[LiveEvent]) -> None: ...

    async def until_limited() -> Status:
        async with asyncio.timeout(20):
            while (status := await told.get()).state is not State.LIMITED:
                pass
        return status

    tiktok.host("one").go_live()
    tiktok.host("two").go_live()
    tiktok.faults.limit_sign(3_600, times=None)
    first, second = (
        Connection(name, source, gate, ignore, told.put, pace=replace(PACE, jitter=0.0))
        for name in ("one", "two")
    )
    running = [asyncio.create_task(first.run())]
    limited = await until_limited()
    assert limited.next_try is not None
    assert 3_500_000 < limited.next_try - limited.since < 3_601_000
    assert 3_500 < await gate.closed_for() <= 3_600
    running.append(asyncio.create_task(second.run()))
    assert (await until_limited()).handle == "two"
    assert tiktok.calls("sign") == 1, "the second one did not have to be told by the service"
    for connection in (first, second):
        await connection.stop()
    await asyncio.gather(*running)
    assert [first.status.state, second.status.state] == [State.STOPPED, State.STOPPED]


async def test_a_limit_is_told_to_who_waited_for_a_turn_and_outlasts_no_ended_live(
    tiktok: TikTok, source: TikTokLiveSource, follow: Follow
) -> None:
    lives = [tiktok.host(name).go_live() for name in ("one", "two")]
    gate = SignGate(spacing=60)
    pace = replace(PACE, silence=0.05)
    limit = tiktok.faults.limit_sign(1)
    limit.hang = True
    first = await follow("one", source, gate=gate, pace=pace)
    await limit.struck()
    second = await follow("two", source, gate=gate, pace=pace)
    await second.reaches(State.CONNECTING)
    limit.end()
    for follower in (first, second):
        assert (await follower.reaches(State.LIMITED)).next_try is not None
    for live in lives:
        live.vanish()
    for follower in (first, second):
        await follower.reaches(State.WAITING)
    assert tiktok.calls("sign") == 1, "no signature for a live that ended while the gate was closed"


async def test_passes_of_the_gate_are_apart_and_in_order() -> None:
    gate = SignGate(spacing=0.05)
    clock = asyncio.get_running_loop()
    passed: list[tuple[int, float]] = []

    async def one(number: int) -> None:
        await gate.pass_()
        passed.append((number, clock.time()))

    await asyncio.gather(*(one(number) for number in range(4)))
    assert [number for number, _ in passed] == [0, 1, 2, 3]
    assert all(later[1] - earlier[1] >= 0.049 for earlier, later in itertools.pairwise(passed))
    await gate.limited(0.1)
    await gate.limited(0.01)
    start = clock.time()
    await gate.pass_()
    assert clock.time() - start >= 0.09, "a shorter limit does not shorten a longer one"


async def test_a_live_is_taken_over_with_one_call_and_the_gap_is_told(
    tiktok: TikTok, source: TikTokLiveSource, follow: Follow
) -> None:
    live = tiktok.host("dj").go_live()
    missed = tiktok.viewer("ann").comment(live, "while nobody listened")
    follower = await follow("dj", source, known=Resume(live.room, 1_700_000_000_000))
    await follower.reaches(State.RECONNECTING)
    back = await follower.reaches(State.LIVE)
    assert back.gap is not None
    assert back.gap.since == 1_700_000_000_000
    await follower.has(missed.id)
    assert [endpoint for _, endpoint, _ in tiktok.requests] == ["sign", "socket"]


async def test_a_replay_is_handed_over_under_the_same_numbers(
    tiktok: TikTok, source: TikTokLiveSource, follow: Follow
) -> None:
    live = tiktok.host("dj").go_live()
    follower = await follow("dj", source)
    await follower.reaches(State.LIVE)
    said = tiktok.viewer("ann").comment(live, "twice")
    await live.acknowledged()
    tiktok.faults.cut(live)
    await follower.reaches(State.RECONNECTING)
    await follower.reaches(State.LIVE)
    await follower.until(lambda: len(follower.events) == 2)
    assert [event.message for event in follower.events] == [said.id, said.id]


async def test_stopping_hands_over_what_has_arrived_and_closes_the_socket(
    tiktok: TikTok, source: TikTokLiveSource
) -> None:
    live = tiktok.host("dj").go_live()
    entered, release = asyncio.Event(), asyncio.Event()
    handed: list[int] = []

    async def slowly(room: int, batch: list[LiveEvent]) -> None:
        entered.set()
        await release.wait()
        handed.extend(event.message for event in batch)

    async def ignore(status: Status) -> None: ...

    connection = Connection("dj", source, SignGate(spacing=0), slowly, ignore, pace=PACE)
    running = asyncio.create_task(connection.run())
    await tiktok.connected(live)
    ann = tiktok.viewer("ann")
    sent = [ann.comment(live, "first").id]
    await entered.wait()
    sent += [ann.comment(live, str(number)).id for number in range(30)]
    await live.acknowledged()
    assert connection.status.depth == 30
    stopping = asyncio.create_task(connection.stop())
    release.set()
    await stopping
    await running
    assert handed == sent
    assert connection.status.state is State.STOPPED
    await tiktok.wait_until(lambda: not live.connections)


async def test_what_arrives_while_the_state_is_told_is_handed_over_by_a_stop(
    tiktok: TikTok, source: TikTokLiveSource
) -> None:
    live = tiktok.host("dj").go_live()
    handed: list[int] = []

    async def take(room: int, batch: list[LiveEvent]) -> None:
        handed.extend(event.message for event in batch)

    async def never_done(status: Status) -> None:
        if status.state is State.LIVE:
            await asyncio.Event().wait()

    connection = Connection("dj", source, SignGate(spacing=0), take, never_done, pace=PACE)
    running = asyncio.create_task(connection.run())
    await tiktok.connected(live)
    said = tiktok.viewer("ann").comment(live, "just in time")
    await live.acknowledged()
    await connection.stop()
    await running
    assert handed == [said.id]


async def test_what_the_receiver_raises_ends_the_run_and_closes_the_socket(
    tiktok: TikTok, source: TikTokLiveSource
) -> None:
    live = tiktok.host("dj").go_live()

    async def broken(room: int, batch: list[LiveEvent]) -> None:
        raise RuntimeError("no place to put it")

    async def ignore(status: Status) -> None: ...

    running = asyncio.create_task(Connection("dj", source, SignGate(0), broken, ignore, pace=PACE).run())
    await tiktok.connected(live)
    tiktok.viewer("ann").comment(live, "hi")
    with pytest.raises(RuntimeError, match="no place"):
        await running
    await tiktok.wait_until(lambda: not live.connections)


async def test_the_status_counts_and_remembers(
    tiktok: TikTok, source: TikTokLiveSource, follow: Follow
) -> None:
    live = tiktok.host("dj").go_live()
    follower = await follow("dj", source)
    await follower.reaches(State.LIVE)
    messages = tiktok.viewer("ann").like(live, 45)
    live.send_unknown()
    live.send_unparsable()
    await follower.has(*(message.id for message in messages))
    await live.acknowledged()
    status = follower.connection.status
    assert (status.per_minute, status.skipped, status.depth) == (3, 2, 0)
    assert status.last_event_at == messages[-1].at


async def test_failures_wait_longer_and_longer_up_to_the_cap(
    tiktok: TikTok, source: TikTokLiveSource, follow: Follow
) -> None:
    tiktok.host("dj").go_live()
    tiktok.faults.answer("sign", 500, times=None)
    pace = replace(PACE, backoff=0.01, backoff_cap=0.04)
    follower = await follow("dj", source, pace=pace)
    for _ in range(6):
        await follower.reaches(State.SIGN_DOWN)
    downs = [status for status in follower.statuses if status.state is State.SIGN_DOWN]
    assert [status.failures for status in downs] == [1, 2, 3, 4, 5, 6]
    assert len({status.since for status in downs}) == 1, "an outage begins once"
    # The room is looked up at the start, and anew after every third failure.
    await tiktok.wait_until(lambda: tiktok.calls("api") == 3)


async def test_a_connection_that_is_stopped_while_it_waits_stops_at_once(
    tiktok: TikTok, follow: Follow
) -> None:
    tiktok.host("dj").go_live()
    async with TikTokLiveSource(endpoints(tiktok)) as source:
        fault = tiktok.faults.hang("sign")
        follower = await follow("dj", source)
        await fault.struck()
        await follower.connection.stop()
        assert follower.states[-1] is State.STOPPED
        fault.end()

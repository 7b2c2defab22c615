"""A session: what is the same evening, what is measured in it, and what is left of it."""

from __future__ import annotations

import time
from typing import Any

import pytest
from redis.asyncio import Redis

from state import live_keys
from state.live_events import LiveKind
from state.refusal import Reason, Refused
from tests.state import raw
from tests.state.live.airing import FAN, MIA, OTHER, START, Airing

MINUTE = 60_000


@pytest.fixture
async def air(redis: Redis, guild: int) -> Airing:
    return await Airing.on(redis, guild)


async def test_within_the_grace_time_it_is_the_same_evening(air: Airing) -> None:
    await air.live.away(air.guild, air.session, START + MINUTE, "ended")
    air.now = START + 9 * MINUTE
    began = await air.begin(room=72)
    assert (began.session, began.resumed, began.ended) == (air.session, True, None)
    assert await air.begin(room=72) == began
    session = await air.live.session(air.guild, air.session)
    assert session is not None
    assert (session.rooms, session.room, session.state) == ((71, 72), 72, "live")
    assert session.gaps == ((START + MINUTE, air.now, "ended"),)
    await air.live.away(air.guild, air.session, air.now, "dropped")
    air.now += 11 * MINUTE
    later = await air.begin(room=72)
    assert (later.session, later.resumed, later.ended) == (air.session + 1, False, air.session)
    assert await air.live.ended(air.guild) == [air.session]
    assert [session.id for session in await air.live.open(air.guild)] == [later.session]


async def test_a_worker_that_died_leaves_a_gap_and_the_same_session(air: Airing) -> None:
    air.now += 5 * MINUTE
    await air.send(air.event(LiveKind.COMMENT))
    heard = air.now
    air.now += MINUTE
    assert (await air.begin()).session == air.session
    session = await air.live.session(air.guild, air.session)
    assert session is not None and session.gaps == ((heard, air.now, "crash"),)


async def test_active_time_and_viewers_are_measured_only_while_connected(air: Airing) -> None:
    async def at(minute: float, viewers: int) -> None:
        air.now = START + int(minute * MINUTE)
        await air.send(air.event(LiveKind.LIKE, total=1), air.event(LiveKind.VIEWERS, 0, count=viewers))

    await at(1, 10)
    await at(3, 30)  # 2 minutes active; of the viewers 60 s
    await at(10, 30)  # 5 minutes of 7; 60 s
    await air.live.away(air.guild, air.session, air.now, "dropped")
    air.now += MINUTE // 2
    await air.live.back(air.guild, air.session, air.now)
    await at(11, 50)  # across the drop: nothing
    await at(11.5, 20)  # half a minute
    (row,) = await air.live.viewers(air.guild, air.session)
    assert row.active_ms == (2 + 5) * MINUTE + MINUTE // 2
    session = await air.live.session(air.guild, air.session)
    assert session is not None
    assert session.measured_ms == 2 * MINUTE + MINUTE // 2
    assert session.viewer_ms == (10 + 30) * MINUTE + 50 * MINUTE // 2
    assert (session.viewers, session.viewers_peak) == (20, 50)


async def test_likes_of_every_room_are_added(air: Airing) -> None:
    await air.send(air.event(LiveKind.LIKE, total=500), air.event(LiveKind.LIKE, total=480))
    air.now += MINUTE
    await air.begin(room=72)
    await air.send(air.event(LiveKind.LIKE, total=30))
    session = await air.live.session(air.guild, air.session)
    assert session is not None and (session.likes, session.likes_seen) == (530, 3)


async def test_songs_that_begin_are_marked_and_unmarked_by_undo(air: Airing) -> None:
    number = (await air.submit(11)).song.number
    await air.client.queue.next(air.guild, air.request(), MIA)
    (minute,) = await air.live.curve(air.guild, air.session)
    assert minute.songs == (number,)
    await air.client.queue.undo(air.guild, air.request(), MIA)
    (minute,) = await air.live.curve(air.guild, air.session)
    assert minute.songs == ()


async def test_what_is_stored_leaves_redis_and_nothing_is_booked_on_it(air: Airing) -> None:
    await air.send(air.event(LiveKind.COMMENT), air.gift(OTHER, 7))
    await air.live.end(air.guild, air.session, START)
    with pytest.raises(Refused) as refused:
        await air.send(air.event(LiveKind.COMMENT))
    assert refused.value.reason is Reason.NO_SESSION
    assert await air.live.ended(air.guild) == [air.session]
    await air.live.stored(air.guild, air.session)
    assert await air.live.ended(air.guild) == []
    left = await raw.dump(air.client.redis, air.guild)
    assert not [name for name in left if name.startswith("session:")]
    await raw.check(air.client.redis, air.guild)


async def test_a_session_that_a_backup_brought_back_can_be_stored_again(air: Airing) -> None:
    redis: Any = air.client.redis
    key = live_keys.session(air.guild, air.session)
    await air.live.end(air.guild, air.session, START)
    fields = await redis.hgetall(key)
    for _ in range(2):
        await air.live.stored(air.guild, air.session)
        assert await air.live.ended(air.guild) == [] and not await redis.exists(key)
        await redis.hset(key, mapping=fields)
        await redis.zadd(live_keys.unstored(air.guild), {str(air.session): START})


async def test_what_was_sent_in_the_future_was_sent_now(air: Airing) -> None:
    """Or one false clock would hold every later measure off, and the session open, until then."""
    now = time.time_ns() // 10**6
    tomorrow = now + 24 * 60 * MINUTE
    air.now = now
    session = (await air.begin("theo")).session
    viewers = air.event(LiveKind.VIEWERS, 0, count=9, at=tomorrow)
    await air.live.ingest(air.guild, session, [viewers, air.gift(FAN, 5, at=tomorrow)])
    kept = await air.live.session(air.guild, session)
    assert kept is not None and now <= kept.last_at < now + MINUTE
    (row,) = await air.live.viewers(air.guild, session)
    assert now <= row.last_at < now + MINUTE and now <= row.first_at < now + MINUTE
    assert {minute.at // MINUTE for minute in await air.live.curve(air.guild, session)} == {
        kept.last_at // MINUTE
    }


async def test_idle_streaks_leave(air: Airing) -> None:
    redis: Redis = air.client.redis
    await air.send(air.gift(FAN, 1, count=3, group=1, streakable=True))
    (streak,) = await redis.hkeys(live_keys.streaks(air.guild))  # type: ignore[misc]
    await redis.hset(live_keys.streaks(air.guild), streak, "3 1000")  # type: ignore[misc]
    await redis.hset(live_keys.session(air.guild, air.session), "swept_at", "1000")  # type: ignore[misc]
    await air.send(air.gift(FAN, 1, count=3, group=2, streakable=True))
    assert len(await redis.hkeys(live_keys.streaks(air.guild))) == 1  # type: ignore[misc]


async def test_masked_viewers_and_nobody_count_only_in_the_totals(air: Airing) -> None:
    await air.send(air.gift(FAN, 10, masked=True), air.gift(0, 10))
    session = await air.live.session(air.guild, air.session)
    assert session is not None and (session.coins, session.points) == (20, 40)
    assert await air.live.viewers(air.guild, air.session) == []
    keys = await raw.dump(air.client.redis, air.guild)
    assert not keys.keys() & {"points:handle", "bank:handle", "coins", "viewers", "earning"}


async def test_what_cannot_be_true_is_skipped_and_told(air: Airing) -> None:
    sent = await air.send(
        air.gift(FAN, 10**9), air.gift(FAN, -5), air.event(LiveKind.LIKE, count=10**12), air.gift(FAN, 5)
    )
    assert (sent.new, sent.skipped, sent.coins) == (1, 3, 5)
    session = await air.live.session(air.guild, air.session)
    assert session is not None and session.skipped == 3


async def test_a_gap_begins_with_the_newest_event_that_is_booked(air: Airing) -> None:
    air.now += MINUTE
    await air.send(air.event(LiveKind.COMMENT))
    heard = air.now
    # The last frame came later than that, and what followed it was under way when the connection broke.
    await air.live.away(air.guild, air.session, heard + 900, "dropped")
    air.now += MINUTE
    await air.begin()
    air.now += MINUTE
    await air.send(air.event(LiveKind.COMMENT))
    # This one ended in our sight: nothing is missing before its end.
    await air.live.away(air.guild, air.session, air.now + 900, "over")
    again = air.now = air.now + MINUTE
    await air.begin(room=72)
    session = await air.live.session(air.guild, air.session)
    assert session is not None and session.gaps == (
        (heard, heard + MINUTE, "dropped"),
        (again - MINUTE + 900, again, "over"),
    )


async def test_who_looked_long_ago_ends_nothing_that_is_on_again(air: Airing) -> None:
    session = (await air.begin()).session
    await air.live.away(air.guild, session, air.now + 10, "lost")
    away = await air.live.session(air.guild, session)
    assert away is not None and away.away_at is not None
    await air.live.back(air.guild, session, air.now + 20)
    # It was read while it was away, and the host came back since.
    await air.live.end(air.guild, session, away.away_at, left=away.away_at)
    kept = await air.live.session(air.guild, session)
    assert kept is not None and kept.state == "live"
    heard = max(kept.last_at, kept.connected_at)
    await air.live.end(air.guild, session, heard, left=heard)
    kept = await air.live.session(air.guild, session)
    assert kept is not None and kept.state == "ended"


@pytest.mark.parametrize("wrong", [-2 * 60 * MINUTE, -5000, 5000, 2 * 60 * MINUTE])
async def test_a_worker_with_a_wrong_clock_tells_the_right_times(
    air: Airing, redis: Redis, wrong: int
) -> None:
    seconds, micros = await redis.time()
    server = seconds * 1000 + micros // 1000
    clock, room = server + wrong, 73

    def near(told: int | None, ago: int) -> bool:
        return told is not None and abs(server - ago - told) < 1000

    began = await air.live.begin(air.guild, "theo", 6001, room, clock - 3000, now=clock)
    await air.live.gap(air.guild, began.session, clock - 2500, clock - 2000, "dropped", now=clock)
    await air.live.away(air.guild, began.session, clock - 1500, "dropped", now=clock)
    session = await air.live.session(air.guild, began.session)
    assert session is not None
    assert near(session.started_at, 3000) and near(session.away_at, 1500)
    ((since, until, _),) = session.gaps
    assert near(since, 2500) and near(until, 2000)
    await air.live.end(air.guild, began.session, clock, now=clock)
    session = await air.live.session(air.guild, began.session)
    assert session is not None and near(session.ended_at, 0)


async def test_nothing_ends_before_it_began_though_a_clock_was_set_in_between(air: Airing) -> None:
    await air.live.away(air.guild, air.session, START - 2 * 60 * MINUTE, "dropped")
    session = await air.live.session(air.guild, air.session)
    assert session is not None and session.away_at == START
    await air.live.end(air.guild, air.session, START - 2 * 60 * MINUTE)
    session = await air.live.session(air.guild, air.session)
    assert session is not None and session.ended_at == START

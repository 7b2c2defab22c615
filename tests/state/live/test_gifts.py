"""Gifts: what they are worth, where they are banked, and how they lift songs."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis

from state import keys, live_keys
from state.live_events import LiveKind
from tests.state import raw
from tests.state.live.airing import FAN, MIA, OTHER, Airing


@pytest.fixture
async def air(redis: Redis, guild: int) -> Airing:
    return await Airing.on(redis, guild)


async def test_a_gift_lifts_the_artists_song_and_the_rest_is_kept(air: Airing) -> None:
    await air.link(FAN, 11)
    song = (await air.submit(11)).song.number
    sent = await air.send(air.gift(FAN, 2300))
    assert (sent.new, sent.coins, sent.points) == (1, 2300, 2300)
    (promotion,) = sent.promotions
    assert (promotion.song.number, promotion.from_tier, promotion.to_tier) == (song, 0, 10)
    assert (promotion.coins, promotion.handle, promotion.name) == (2000, FAN, "v1")
    assert await air.tier(song) == 10
    assert await air.live.bank(air.guild, user=11) == 300
    # 1700 more reach the next threshold, for what is missing.
    assert (await air.send(air.gift(FAN, 1700))).promotions[0].to_tier == 15
    assert await air.live.bank(air.guild, user=11) == 0
    await raw.check(air.client.redis, air.guild)


async def test_small_gifts_count_double(air: Airing) -> None:
    sent = await air.send(
        air.gift(FAN, 999), air.gift(FAN, 1000), air.event(LiveKind.LIKE, count=15, total=90)
    )
    assert sent.points == 2 * 999 + 1000 + 15


async def test_a_gift_before_submitting_lifts_the_song_when_it_comes(air: Airing) -> None:
    await air.link(FAN, 11)
    await air.send(air.gift(FAN, 1000))
    moved = await air.submit(11)
    assert moved.song.tier == 5
    assert await air.live.bank(air.guild, user=11) == 0


async def test_gifts_of_a_handle_nobody_owns_wait_for_its_owner(air: Airing) -> None:
    song = (await air.submit(11)).song.number
    await air.send(air.gift(FAN, 4100))
    assert await air.live.bank(air.guild, handle=FAN) == 4100
    await air.link(FAN, 11)
    assert await air.tier(song) == 15
    assert await air.live.bank(air.guild, handle=FAN) == 0
    assert await air.live.bank(air.guild, user=11) == 100
    await air.client.points.unlink(air.guild, "u", MIA, FAN)
    assert await air.live.bank(air.guild, user=11) == 100
    await raw.check(air.client.redis, air.guild)


async def test_fans_pool_on_one_song_and_a_removal_gives_each_their_own(air: Airing) -> None:
    song = (await air.submit(11)).song.number
    await air.send(air.gift(FAN, 600))
    await air.live.support(air.guild, air.request(), MIA, [FAN, OTHER], song)
    sent = await air.send(air.gift(OTHER, 500))
    assert sent.promotions[0].to_tier == 5
    assert await air.live.bank(air.guild, handle=FAN) == 0
    assert await air.live.bank(air.guild, handle=OTHER) == 100
    before = raw.without_bookkeeping(await raw.dump(air.client.redis, air.guild))
    await air.client.queue.remove(air.guild, air.request(), MIA, song)
    assert await air.live.bank(air.guild, handle=FAN) == 600
    assert await air.live.bank(air.guild, handle=OTHER) == 500
    await air.client.queue.undo(air.guild, air.request(), MIA)
    after = raw.without_bookkeeping(await raw.dump(air.client.redis, air.guild))
    assert after == before
    await raw.check(air.client.redis, air.guild)


async def test_a_streak_counts_once_whatever_frames_come(air: Airing) -> None:
    def frame(count: int, message: int = 0) -> object:
        more = {"message": message} if message else {}
        return air.gift(FAN, 1, count=count, group=77, streakable=True, **more)

    await air.send(frame(1), frame(3), frame(2))  # type: ignore[arg-type]
    await air.send(frame(5), frame(5))  # type: ignore[arg-type]
    session = await air.live.session(air.guild, air.session)
    assert session is not None and (session.gifts, session.coins) == (5, 5)
    assert (await air.send(air.gift(FAN, 1, message=5))).new == 1
    again = await air.send(air.gift(FAN, 1, message=5))
    assert (again.new, again.revision) == (0, None)


async def test_the_first_submission_of_a_day_earns_points(air: Airing) -> None:
    await air.submit(11, "One")
    assert await air.client.points.of_user(air.guild, 11) == 10
    await air.client.queue.remove(air.guild, air.request(), MIA, 1)
    await air.submit(11, "Two", claimed=5)
    assert await air.client.points.of_user(air.guild, 11) == 10
    # As if the first had been yesterday.
    today = int(await air.client.redis.hget(live_keys.rewarded(air.guild), "11") or 0)  # type: ignore[misc]
    await air.client.redis.hset(live_keys.rewarded(air.guild), "11", str(today - 1))  # type: ignore[misc]
    await air.submit(11, "Three")
    assert await air.client.points.of_user(air.guild, 11) == 20
    assert (await air.client.queue.board(air.guild)).songs[0].title == "Three"


async def test_a_name_that_was_awaited_is_linked_as_its_viewer_appears(air: Airing) -> None:
    song = (await air.submit(11)).song.number
    arguments = {"name": "fan", "user": "11", "force": True}
    await air.live._scripts.move("await_name", air.guild, "w", MIA, arguments)  # pyright: ignore[reportPrivateUsage]
    await air.send(air.gift(FAN, 900, name=""))
    sent = await air.send(air.gift(FAN, 200, name="Fan"))
    assert sent.linked == ((FAN, "Fan", 11),)
    assert [promotion.song.number for promotion in sent.promotions] == [song]
    assert await air.live.bank(air.guild, user=11) == 100
    # 1,100 coins are worth 22 Luxury Coins; both gifts count.
    assert await air.client.redis.zscore(keys.wallet(air.guild), "11") == 22
    await raw.check(air.client.redis, air.guild)


async def test_a_closed_tier_takes_no_song_by_gifts(air: Airing) -> None:
    await air.client.configuration.change(air.guild, "c", MIA, {"closed:10": "1"})
    await air.link(FAN, 11)
    song = (await air.submit(11)).song.number
    await air.send(air.gift(FAN, 2000))
    assert await air.tier(song) == 5
    assert await air.live.bank(air.guild, user=11) == 1000


async def test_a_played_song_keeps_what_was_spent(air: Airing) -> None:
    await air.link(FAN, 11)
    await air.submit(11)
    await air.send(air.gift(FAN, 1000))
    for _ in range(2):
        await air.client.queue.next(air.guild, air.request(), MIA)
    assert await air.live.bank(air.guild, user=11) == 0


async def test_points_of_a_free_song_go_as_it_plays_and_come_back_on_top(air: Airing) -> None:
    await air.link(FAN, 11)
    await air.submit(11)
    await air.send(air.event(LiveKind.LIKE, count=15, total=15))
    await air.client.queue.next(air.guild, air.request(), MIA)
    assert await air.client.points.of_user(air.guild, 11) == 0
    await air.send(air.event(LiveKind.COMMENT))
    await air.client.queue.undo(air.guild, air.request(), MIA)
    assert await air.client.points.of_user(air.guild, 11) == 10 + 15 + 2
    await raw.check(air.client.redis, air.guild)

"""Scores, sequences and ids keep every digit, in the server, in the effects and in the answers."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis.asyncio import Redis

from state import keys, score
from state.ladder import HIGHEST_LABEL, Ladder
from state.points import PointsChange
from state.scripts import Actor
from state.song import NewSong
from tests.state import raw
from tests.state.plays import Client

SNOWFLAKE = 1_180_000_000_000_000_007
TIKTOK = 7_312_345_678_901_234_567
MIA = Actor(SNOWFLAKE, "Mia")
LABELS = [HIGHEST_LABEL, 44, 25, 1]
SEQUENCES = [0, 1, 99_999, 10**13 - 1, 10**14 - 3]


@pytest.fixture
def client(redis: Redis) -> Client:
    return Client.on(redis)


async def _start_at(redis: Redis, guild: int, seq: int) -> None:
    """A guild whose sequence has come that far."""
    await redis.set(keys.revision(guild), "0")
    await redis.set(keys.key(guild, "seq"), str(seq))


async def _raw_score(redis: Redis, guild: int, name: str, member: str) -> str:
    """The score's digits as the server itself writes them out."""
    script = (
        "return string.format('%.0f', tonumber(redis.call('ZSCORE', KEYS[1], ARGV[1]))) .. '|' .. "
        "redis.call('ZSCORE', KEYS[1], ARGV[1])"
    )
    client: Any = redis
    exact, shown = (await client.eval(script, 1, keys.key(guild, name), member)).split("|")
    assert shown == exact, "the server shows the score in full, never as 1e+15 or -0"
    return exact


@given(
    st.lists(st.tuples(st.integers(1, score.LOCK), st.integers(0, score.SPAN - 1)), min_size=2, max_size=6),
    st.lists(st.integers(-5, score.SPAN + 5), min_size=1, max_size=4),
)
def test_packing_keeps_the_order_and_every_digit(paid: list[tuple[int, int]], free: list[int]) -> None:
    packed = sorted(score.paid(label, seq) for label, seq in paid)
    assert packed == [
        score.paid(label, seq) for label, seq in sorted(paid, key=lambda pair: (-pair[0], pair[1]))
    ]
    for label, seq in paid:
        value = score.paid(label, seq)
        assert float(value) == value and abs(value) < 2**53
        assert divmod(-value, score.SPAN) == (label, score.SPAN - 1 - seq)
        assert all(value < score.free(points) or label == 0 for points in free)
    assert all(-score.SPAN < score.free(points) <= 0 for points in free)


@pytest.mark.parametrize("seq", SEQUENCES)
async def test_the_scripts_pack_paid_songs_as_python_does(client: Client, guild: int, seq: int) -> None:
    redis = client.redis
    await _start_at(redis, guild, seq)
    ladder = Ladder.of([*((label, f"Tier {label}") for label in LABELS), (0, "Free")])
    await client.configuration.set_ladder(guild, "l", MIA, ladder)
    await redis.set(keys.key(guild, "seq"), str(seq))
    label = LABELS[seq % len(LABELS)]
    await client.queue.submit(guild, "s", MIA, NewSong("T", "A", SNOWFLAKE, "x"))
    moved = await client.queue.promote(guild, "p", MIA, 1, label)
    expected = score.paid(label, seq + 2)
    assert await _raw_score(redis, guild, "queue", "000000000001") == str(expected)
    assert moved.song.tier == label
    events: Any = await redis.xrevrange(keys.events(guild), count=1)
    effects = orjson.loads(events[0][1]["effects"])
    assert ["z", "queue", "000000000001", str(expected)] in effects
    assert ["s", "seq", None, str(seq + 2)] in effects
    board = await client.queue.board(guild)
    assert board.counts[label] == 1 and sum(board.counts.values()) == 1


@pytest.mark.parametrize("seq", SEQUENCES[:-1])
async def test_the_scripts_pack_locked_songs_as_python_does(client: Client, guild: int, seq: int) -> None:
    await _start_at(client.redis, guild, 0)
    for user in (1, 2):
        await client.queue.submit(guild, f"s{user}", MIA, NewSong("T", "A", user, "x"))
    await client.redis.set(keys.key(guild, "seq"), str(seq))
    await client.queue.next(guild, "n", MIA)
    assert await _raw_score(client.redis, guild, "queue", "000000000002") == str(
        score.paid(score.LOCK, seq + 1)
    )
    board = await client.queue.board(guild)
    assert board.counts[0] == 1 and board.songs[0].locked


@pytest.mark.parametrize("points", [0, 1, 999_999, 6_000_000_000_002, 10**14 - 2, 10**14 - 1])
async def test_free_scores_read_as_minus_the_points(client: Client, guild: int, points: int) -> None:
    await client.configuration.change(guild, "c", MIA, {"points:submission": "0"})
    await client.queue.submit(guild, "s", MIA, NewSong("T", "A", SNOWFLAKE, "x"))
    if points:
        totals = await client.points.add(guild, "p", MIA, [PointsChange("user", SNOWFLAKE, points)])
        assert totals == {SNOWFLAKE: points}
        assert await _raw_score(client.redis, guild, "points:user", str(SNOWFLAKE)) == str(points)
    assert await _raw_score(client.redis, guild, "queue", "000000000001") == str(score.free(points))
    assert await client.points.of_user(guild, SNOWFLAKE) == points


async def test_points_stay_within_0_and_the_clamp(client: Client, guild: int) -> None:
    most = 10**14 - 1

    async def add(request: str, *rows: PointsChange) -> dict[int, int]:
        return await client.points.add(guild, request, MIA, rows)

    await client.queue.submit(guild, "s", MIA, NewSong("T", "A", SNOWFLAKE, "x"))
    await client.points.link(guild, "l", MIA, TIKTOK, SNOWFLAKE, name="@x")
    assert await add("a", PointsChange("user", SNOWFLAKE, most), PointsChange("handle", TIKTOK, most)) == {
        SNOWFLAKE: most,
        TIKTOK: most,
    }
    assert await add("b", PointsChange("handle", TIKTOK, 5)) == {TIKTOK: most}
    assert await _raw_score(client.redis, guild, "queue", "000000000001") == str(-most)
    assert (await client.queue.board(guild)).counts[0] == 1
    assert await add("c", PointsChange("handle", TIKTOK, -most - 0)) == {TIKTOK: 0}
    assert await add("d", PointsChange("user", SNOWFLAKE, -most), PointsChange("user", SNOWFLAKE, -1)) == {
        SNOWFLAKE: 0
    }
    assert await _raw_score(client.redis, guild, "queue", "000000000001") == "0"
    await raw.check(client.redis, guild)
    for delta in (10**14, -(10**14), 10**30):
        with pytest.raises(ValueError, match=r"10\^14"):
            await add("e", PointsChange("user", 1, delta))


async def test_long_ids_keep_every_digit(client: Client, guild: int) -> None:
    redis = client.redis
    await client.configuration.change(guild, "c", MIA, {"points:submission": "0"})
    moved = await client.queue.submit(guild, "s", MIA, NewSong("T", "A", SNOWFLAKE, "x"))
    assert (moved.song.user, moved.song.by) == (SNOWFLAKE, SNOWFLAKE)
    await client.points.link(guild, "l", MIA, TIKTOK, SNOWFLAKE, name="@x")
    await client.points.add(guild, "p", MIA, [PointsChange("handle", TIKTOK, 6_000_000_000_002)])
    await client.queue.next(guild, "n", MIA)
    stake = (await redis.hgetall(keys.song(guild, 1)))["stake"]
    assert orjson.loads(stake) == [["points:handle", str(TIKTOK), "6000000000002"]]
    await client.queue.undo(guild, "u", MIA)
    assert await client.points.of_user(guild, SNOWFLAKE) == 6_000_000_000_002
    assert await redis.hgetall(keys.links(guild)) == {str(TIKTOK): str(SNOWFLAKE)}
    events: Any = await redis.xrange(keys.events(guild))
    assert {fields["by"] for _, fields in events} == {str(SNOWFLAKE)}
    assert not [text for _, fields in events for text in fields.values() if "e+1" in text]
    facts = orjson.loads(events[1][1]["data"])["song"]
    assert facts["user"] == str(SNOWFLAKE)
    await raw.check(redis, guild)


async def test_a_late_revision_and_number_keep_every_digit(client: Client, guild: int) -> None:
    redis = client.redis
    await redis.set(keys.revision(guild), "99999999999990")
    await redis.set(keys.key(guild, "number"), "999999999990")
    moved = await client.queue.submit(guild, "s", MIA, NewSong("T", "A", 1, "x"))
    assert (moved.revision, moved.song.number) == (99_999_999_999_991, 999_999_999_991)
    assert (await client.queue.places(guild, [999_999_999_991])) == ({999_999_999_991: 1}, 1)
    await client.queue.next(guild, "n", MIA, expect_none=True)
    await client.queue.next(guild, "m", MIA, expected=999_999_999_991)
    assert (await client.queue.undo(guild, "u", MIA, expected=99_999_999_999_993)).playing == 999_999_999_991

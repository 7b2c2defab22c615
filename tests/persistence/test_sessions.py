"""Lives that are over: kept once, read in order, added up."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from persistence.pool import Pool
from persistence.sessions import Sessions
from state.live_records import LiveSession, Viewer

GUILD = 10**17 + 3
START = datetime(2026, 11, 20, 20, tzinfo=UTC)
EVENING = LiveSession(
    session=1,
    host="dj_mara",
    host_id=7 * 10**18,
    rooms=[7 * 10**18 + 1, 7 * 10**18 + 2],
    started_at=START,
    ended_at=START + timedelta(hours=2),
    likes=90_000,
    coins=1234,
    viewer_ms=120_000,
    watched_ms=40_000,
    gaps=[[1, 2, "drop"]],
    curve=[[0, 12, 30], [1, 14, 0]],
)


def viewer(number: int, points: int, **more: object) -> Viewer:
    values: dict[str, object] = {
        "handle_id": 6 * 10**18 + number,
        "name": f"viewer{number}",
        "user_id": None,
        "points": points,
        "first_at": START,
        "last_at": START + timedelta(minutes=number % 50),
        **more,
    }
    return Viewer(**values)  # type: ignore[arg-type]


@pytest.fixture
def sessions(pool: Pool) -> Sessions:
    return Sessions(pool)


async def test_what_is_kept_is_read_back_and_kept_once(sessions: Sessions) -> None:
    rows = [viewer(number, number * 3 % 101) for number in range(2500)]
    for _ in range(2):
        await sessions.save(GUILD, EVENING, rows)
    assert await sessions.session(GUILD, 1) == EVENING
    assert EVENING.viewers_average == 3.0
    expected = sorted(rows, key=lambda each: (-each.points, -each.coins, -each.active_ms, each.handle_id))
    assert [each async for each in sessions.every_viewer(GUILD, 1)] == expected
    assert await sessions.viewers(GUILD, 1, offset=25, limit=25) == (expected[25:50], 2500)
    assert await sessions.session(GUILD, 2) is None
    assert await sessions.session(GUILD + 1, 1) is None


async def test_a_later_save_replaces(sessions: Sessions) -> None:
    await sessions.save(GUILD, EVENING, [viewer(1, 5)])
    more = replace(EVENING, coins=2000)
    await sessions.save(GUILD, more, [viewer(1, 9, name="renamed"), viewer(2, 1)])
    assert await sessions.session(GUILD, 1) == more
    rows, count = await sessions.viewers(GUILD, 1)
    assert count == 2 and (rows[0].points, rows[0].name) == (9, "renamed")


async def test_the_newest_first_and_by_host(sessions: Sessions) -> None:
    for number, host in enumerate(("dj_mara", "other", "dj_mara"), 1):
        start = START + timedelta(days=number)
        await sessions.save(GUILD, replace(EVENING, session=number, host=host, started_at=start), [])
    assert [each.session for each in await sessions.newest(GUILD)] == [3, 2, 1]
    assert [each.session for each in await sessions.newest(GUILD, host="dj_mara", limit=1)] == [3]


async def test_leaders_add_up_over_sessions_under_the_newest_name(sessions: Sessions) -> None:
    later = START + timedelta(days=7)
    await sessions.save(GUILD, EVENING, [viewer(1, 10, coins=5), viewer(2, 30)])
    await sessions.save(
        GUILD,
        replace(EVENING, session=2, started_at=later, ended_at=later + timedelta(hours=1)),
        [viewer(1, 25, coins=7, name="new_name", user_id=42, first_at=later, last_at=later)],
    )
    rows, count = await sessions.leaders(GUILD)
    assert count == 2
    first = rows[0]
    assert (first.name, first.user_id, first.points, first.coins, first.sessions) == (
        "new_name",
        42,
        35,
        12,
        2,
    )
    assert [each.name for each in (await sessions.leaders(GUILD, since=later))[0]] == ["new_name"]
    assert (await sessions.leaders(GUILD, offset=1))[0][0].points == 30

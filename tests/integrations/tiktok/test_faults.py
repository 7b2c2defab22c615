"""Whatever goes wrong on the way to a live or on it: every event that could come is handed over."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest

from integrations.tiktok.status import State
from integrations.tiktok.tiktoklive import TikTokLiveSource
from sandbox.tiktok import ROSE, Live, TikTok
from tests.integrations.tiktok.conftest import PACE, WATCHFUL, Follow, endpoints

COUNTED = {"gift", "like", "comment", "share", "follow", "subscribe", "join", "viewers", "ended"}

Inject = Callable[[TikTok, Live], object]


def happen(tiktok: TikTok, live: Live, name: str) -> None:
    """A bit of everything, by one viewer."""
    viewer = tiktok.viewer(name)
    viewer.join(live)
    viewer.gift(live, ROSE, 3)
    viewer.like(live, 20)
    viewer.comment(live, f"hello from {name}")
    viewer.share(live)
    viewer.follow(live)
    viewer.subscribe(live)
    live.viewers(7, 9)


def sent(tiktok: TikTok) -> set[int]:
    return {message.id for message in tiktok.books.sent if message.kind in COUNTED}


# What befalls the sign service and the socket when a client that lost its live comes back.
ON_RETURN: dict[str, Inject] = {
    "sign limited": lambda tiktok, live: tiktok.faults.limit_sign(1),
    "sign key refused": lambda tiktok, live: tiktok.faults.answer("sign", 401, '{"message": "no"}'),
    "sign payment wanted": lambda tiktok, live: tiktok.faults.answer("sign", 402),
    "sign broken": lambda tiktok, live: tiktok.faults.answer("sign", 500, times=2),
    "sign unavailable": lambda tiktok, live: tiktok.faults.answer("sign", 503),
    "sign answers nothing": lambda tiktok, live: tiktok.faults.answer("sign", 200),
    "sign answers rubbish": lambda tiktok, live: tiktok.faults.answer("sign", 200, "\x08\x08what?"),
    "sign without cookie": lambda tiktok, live: tiktok.faults.spoil_sign("cookie"),
    "sign without cursor": lambda tiktok, live: tiktok.faults.spoil_sign("cursor"),
    "sign without address": lambda tiktok, live: tiktok.faults.spoil_sign("push_server"),
    "sign without first": lambda tiktok, live: tiktok.faults.spoil_sign("first"),
    "sign reset": lambda tiktok, live: tiktok.faults.reset("sign"),
    "sign hangs": lambda tiktok, live: tiktok.faults.hang("sign"),
    "sign is slow": lambda tiktok, live: tiktok.faults.delay("sign", 0.05),
    "socket blocked": lambda tiktok, live: tiktok.faults.reject_socket(200),
    "socket refused": lambda tiktok, live: tiktok.faults.reject_socket(400),
    "socket broken": lambda tiktok, live: tiktok.faults.answer("socket", 502),
    "socket reset": lambda tiktok, live: tiktok.faults.reset("socket"),
    "socket hangs": lambda tiktok, live: tiktok.faults.hang("socket"),
    "four failures": lambda tiktok, live: tiktok.faults.reject_socket(200, times=4),
}

# What befalls a connection that is up, and costs it.
ON_AIR: dict[str, Inject] = {
    "closed 1000": lambda tiktok, live: tiktok.faults.close(live, 1000),
    "closed 1001": lambda tiktok, live: tiktok.faults.close(live, 1001),
    "closed 1011": lambda tiktok, live: tiktok.faults.close(live, 1011),
    "closed 4000": lambda tiktok, live: tiktok.faults.close(live, 4000),
    "connection reset": lambda tiktok, live: tiktok.faults.cut(live),
    "corrupt frame": lambda tiktok, live: tiktok.faults.corrupt(live),
    "corrupt gzip": lambda tiktok, live: tiktok.faults.corrupt_gzip(live),
    "silent stall": lambda tiktok, live: tiktok.faults.stall(live),
}

# What befalls TikTok's pages while a host is looked for.
ON_SEARCH: dict[str, Inject] = {
    "captcha in the API": lambda tiktok, live: tiktok.faults.captcha("api"),
    "captcha everywhere": lambda tiktok, live: (tiktok.faults.captcha("api"), tiktok.faults.captcha("page")),
    "pages blocked": lambda tiktok, live: (
        tiktok.faults.answer("api", 403),
        tiktok.faults.answer("page", 403),
    ),
    "pages broken": lambda tiktok, live: (
        tiktok.faults.answer("api", 500),
        tiktok.faults.answer("page", 500),
    ),
    "pages reset": lambda tiktok, live: (tiktok.faults.reset("api"), tiktok.faults.reset("page")),
    "API hangs": lambda tiktok, live: tiktok.faults.hang("api"),
    "room info blocked": lambda tiktok, live: tiktok.faults.answer("info", 403),
}


@pytest.fixture
async def hasty(tiktok: TikTok) -> AsyncIterator[TikTokLiveSource]:
    """A source that gives up on calls early."""
    async with TikTokLiveSource(endpoints(tiktok), timeout=0.6) as opened:
        yield opened


@pytest.mark.parametrize("fault", ON_RETURN)
async def test_a_live_is_found_again_in_spite_of(
    fault: str, tiktok: TikTok, hasty: TikTokLiveSource, follow: Follow
) -> None:
    live = tiktok.host("dj").go_live()
    follower = await follow("dj", hasty)
    await follower.reaches(State.LIVE)
    happen(tiktok, live, "ann")
    await live.acknowledged()
    ON_RETURN[fault](tiktok, live)
    tiktok.faults.cut(live)
    happen(tiktok, live, "ben")
    back = await follower.reaches(State.LIVE)
    assert back.gap is not None
    assert back.gap.since <= back.gap.until
    happen(tiktok, live, "cat")
    ended = live.end()
    await follower.has(ended.id)
    assert {event.message for event in follower.events} == sent(tiktok)
    assert not tiktok.faults.active


@pytest.mark.parametrize("fault", ON_AIR)
async def test_a_connection_recovers_from(
    fault: str, tiktok: TikTok, source: TikTokLiveSource, follow: Follow
) -> None:
    live = tiktok.host("dj").go_live()
    follower = await follow("dj", source, pace=WATCHFUL if fault == "silent stall" else PACE)
    await follower.reaches(State.LIVE)
    happen(tiktok, live, "ann")
    await live.acknowledged()
    before = len(tiktok.requests), tiktok.calls("alive")
    ON_AIR[fault](tiktok, live)
    happen(tiktok, live, "ben")
    lost = await follower.reaches(State.RECONNECTING)
    assert lost.lost_at is not None
    back = await follower.reaches(State.LIVE)
    assert back.gap is not None
    assert (back.gap.since, back.lost_at) == (lost.lost_at, None)
    asked = tiktok.calls("alive") - before[1]
    assert asked == (fault == "silent stall")
    assert len(tiktok.requests) - before[0] - asked == 2, "one signature and the socket"
    happen(tiktok, live, "cat")
    ended = live.end()
    await follower.has(ended.id)
    assert {event.message for event in follower.events} == sent(tiktok)


@pytest.mark.parametrize("fault", ON_SEARCH)
async def test_a_host_is_found_in_spite_of(
    fault: str, tiktok: TikTok, hasty: TikTokLiveSource, follow: Follow
) -> None:
    live = tiktok.host("dj").go_live()
    happen(tiktok, live, "ann")
    ON_SEARCH[fault](tiktok, live)
    follower = await follow("dj", hasty)
    await follower.reaches(State.LIVE)
    happen(tiktok, live, "ben")
    await follower.has(live.end().id)
    assert {event.message for event in follower.events} == sent(tiktok)
    assert not tiktok.faults.active


async def test_a_sign_server_that_is_down_costs_nothing_once_it_is_back(
    tiktok: TikTok, source: TikTokLiveSource, follow: Follow
) -> None:
    live = tiktok.host("dj").go_live()
    follower = await follow("dj", source)
    await follower.reaches(State.LIVE)
    await tiktok.faults.shut_sign()
    tiktok.faults.cut(live)
    happen(tiktok, live, "ann")
    down = await follower.reaches(State.SIGN_DOWN)
    assert down.lost_at is not None
    await tiktok.faults.open_sign()
    await follower.reaches(State.LIVE)
    await follower.has(live.end().id)
    assert {event.message for event in follower.events} == sent(tiktok)


async def test_a_frame_of_more_than_a_mebibyte_is_no_fault(
    tiktok: TikTok, source: TikTokLiveSource, follow: Follow
) -> None:
    live = tiktok.host("dj").go_live()
    follower = await follow("dj", source)
    await follower.reaches(State.LIVE)
    tiktok.faults.oversize(live, 2 << 20)
    live.send_unparsable()
    happen(tiktok, live, "ann")
    await follower.has(live.end().id)
    assert {event.message for event in follower.events} == sent(tiktok)
    assert State.RECONNECTING not in follower.states

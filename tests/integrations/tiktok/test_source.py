"""TikTokLive as a source: finding hosts, opening lives, and everything that can be refused."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable

import httpx
import psutil
import pytest

from integrations.tiktok import events
from integrations.tiktok.source import (
    AgeRestricted,
    Dropped,
    Endpoints,
    Host,
    HostOffline,
    SignDown,
    SignLimited,
    SignRefused,
    SourceBlocked,
    SourceDown,
    SourceError,
    UnknownHost,
)
from integrations.tiktok.tiktoklive import TikTokLiveSource, retry_after
from sandbox.tiktok import ROSE, UNIVERSE, TikTok
from tests.integrations.tiktok.conftest import endpoints


def ours() -> set[asyncio.Task[object]]:
    """The tasks of a connection; the double, and a bot that other tests keep running, have some, too."""
    made_by = ("integrations/tiktok", "TikTokLive", "websockets", "httpx", "httpcore")
    return {task for task in asyncio.all_tasks() if any(name in repr(task) for name in made_by)}


async def test_a_host_is_found_with_its_room(tiktok: TikTok, source: TikTokLiveSource) -> None:
    dj = tiktok.host("dj.one")
    live = dj.go_live()
    assert await source.resolve("@DJ.one ") == Host(dj.id, "dj.one", live.room, live=True)
    live.end()
    assert await source.resolve("dj.one") == Host(dj.id, "dj.one", live.room, live=False)
    assert tiktok.calls("sign") == 0, "looking is never paid with a signature"


@pytest.mark.parametrize("name", ["nobody", "never_live", "not a name!", ""])
async def test_a_host_that_cannot_be_live_is_unknown(
    name: str, tiktok: TikTok, source: TikTokLiveSource
) -> None:
    tiktok.host("never_live")
    with pytest.raises(UnknownHost):
        await source.resolve(name)
    tiktok.faults.captcha("api")
    with pytest.raises(UnknownHost):
        await source.resolve(name)


async def test_a_live_for_adults_is_told_apart(tiktok: TikTok, source: TikTokLiveSource) -> None:
    host = tiktok.host("dj")
    host.age_restricted = True
    host.go_live()
    with pytest.raises(AgeRestricted):
        await source.resolve("dj")


async def test_blocked_pages_and_broken_pages_are_told_apart(
    tiktok: TikTok, source: TikTokLiveSource
) -> None:
    tiktok.host("dj").go_live()
    tiktok.faults.captcha("api")
    tiktok.faults.captcha("page")
    with pytest.raises(SourceBlocked):
        await source.resolve("dj")
    tiktok.faults.answer("api", 500)
    tiktok.faults.answer("page", 502)
    with pytest.raises(SourceDown):
        await source.resolve("dj")
    tiktok.faults.answer("alive", 200, "[]")
    with pytest.raises(SourceBlocked):
        await source.alive([1])


async def test_rooms_are_asked_after_together(tiktok: TikTok, source: TikTokLiveSource) -> None:
    one, two = tiktok.host("one").go_live(), tiktok.host("two").go_live()
    two.vanish()
    assert await source.alive([one.room, two.room, 5]) == {one.room: True, two.room: False}
    assert tiktok.calls("alive") == 1


async def test_opening_a_live_costs_one_call_and_gives_all_that_happens(
    tiktok: TikTok, source: TikTokLiveSource
) -> None:
    live = tiktok.host("dj").go_live()
    ann = tiktok.viewer("ann", "Ann", moderator=True)
    ben = tiktok.viewer("ben", "Ben", masked=True)
    before = ann.comment(live, "early")
    async with await source.open("dj", live.room) as stream:
        assert [endpoint for _, endpoint, _ in tiktok.requests] == ["sign", "socket"]
        sent = [before, *ann.gift(live, ROSE, 3), *ben.gift(live, UNIVERSE), *ben.like(live, 20)]
        sent += [ann.comment(live, "hi"), ann.share(live), ben.follow(live), ann.subscribe(live)]
        sent += [ben.join(live), live.viewers(7, 9), live.pause(), live.resume()]
        live.send_unknown("WebcastNewMessage")
        live.send_unparsable("WebcastChatMessage")
        await live.acknowledged()
        sent.append(live.end())
        got = [event async for batch in stream for event in batch]
        assert stream.skipped == {"unknown WebcastNewMessage": 1, "unparsable WebcastChatMessage": 1}
    assert [(event.message, event.at, event.room) for event in got] == [
        (message.id, message.at, live.room) for message in sent
    ]
    kinds = (
        "Comment Gift Gift Gift Like Like Comment Share Follow Subscribe Join Viewers Paused Resumed Ended"
    )
    assert [type(event).__name__ for event in got] == kinds.split()
    viewers = [event.viewer for event in got if isinstance(event, events.Deed)]
    assert {(viewer.id, viewer.name, viewer.nickname, viewer.masked) for viewer in viewers} == {
        (ann.id, "ann", "Ann", False),
        (ben.id, "ben", "Ben", True),
    }
    assert tiktok.books.deliveries[0].entered
    assert tiktok.books.deliveries[0].acks > 0


@pytest.mark.parametrize(
    ("inject", "expected"),
    [
        (lambda faults: faults.limit_sign(90), SignLimited),
        (lambda faults: faults.limit_sign(90, headers=False), SignLimited),
        (lambda faults: faults.answer("sign", 401), SignRefused),
        (lambda faults: faults.answer("sign", 403), SignRefused),
        (lambda faults: faults.answer("sign", 500), SignDown),
        (lambda faults: faults.answer("sign", 200), SignDown),
        (lambda faults: faults.answer("sign", 200, "\x08\x08what?"), SignDown),
        (lambda faults: faults.spoil_sign("cookie"), SignDown),
        (lambda faults: faults.reset("sign"), SignDown),
        (lambda faults: faults.answer("sign", 404), HostOffline),
        (lambda faults: faults.spoil_sign("cursor"), SourceBlocked),
        (lambda faults: faults.spoil_sign("push_server"), SourceBlocked),
        (lambda faults: faults.reject_socket(200), SourceBlocked),
        (lambda faults: faults.reject_socket(400), SourceBlocked),
        (lambda faults: faults.answer("socket", 502), SourceDown),
        (lambda faults: faults.reset("socket"), SourceDown),
    ],
)
async def test_what_is_wrong_is_said(
    inject: Callable[[object], object],
    expected: type[SourceError],
    tiktok: TikTok,
    source: TikTokLiveSource,
) -> None:
    live = tiktok.host("dj").go_live()
    inject(tiktok.faults)
    tasks = ours()
    with pytest.raises(expected) as caught:
        await source.open("dj", live.room)
    if isinstance(caught.value, SignLimited):
        assert caught.value.retry_after in (60, 90)
    assert ours() == tasks
    async with await source.open("dj", live.room):
        assert live.connections


def test_a_limit_is_read_from_whatever_header_says_it() -> None:
    import time
    from email.utils import formatdate

    def seconds(**headers: str) -> float:
        return retry_after(httpx.Headers({name.replace("_", "-"): value for name, value in headers.items()}))

    assert seconds(Retry_After="17", RateLimit_Reset="99") == 17
    assert seconds(RateLimit_Remaining="0", RateLimit_Reset="40") == 40
    assert seconds(RateLimit_Reset=str(time.time() + 30)) == pytest.approx(30, abs=2)
    assert seconds(RateLimit_Reset=str((time.time() + 30) * 1000)) == pytest.approx(30, abs=2)
    assert seconds(Retry_After=formatdate(time.time() + 30, usegmt=True)) == pytest.approx(30, abs=2)
    assert seconds(Retry_After="soon", RateLimit_Reset="5") == 5
    assert seconds(RateLimit_Remaining="0") == 60
    assert seconds(Retry_After="-5") == 1
    assert seconds(Retry_After="99999999") == 86_400


async def test_what_came_before_a_break_is_given_and_then_the_break_is_told(
    tiktok: TikTok, source: TikTokLiveSource
) -> None:
    live = tiktok.host("dj").go_live()
    ann = tiktok.viewer("ann")
    async with await source.open("dj", live.room) as stream:
        sent = [ann.comment(live, str(number)).id for number in range(500)]
        await live.acknowledged()
        tiktok.faults.close(live, 1011)
        got: list[int] = []
        with pytest.raises(Dropped, match="1011"):
            async for batch in stream:
                got += [event.message for event in batch]
        assert got == sent


async def test_a_slow_consumer_stops_the_reading(tiktok: TikTok) -> None:
    live = tiktok.host("dj").go_live()
    ann = tiktok.viewer("ann")
    async with (
        TikTokLiveSource(endpoints(tiktok), buffer=50) as source,
        await source.open("dj", live.room) as stream,
    ):
        await tiktok.connected(live)
        [connection] = live.connections
        sent = [ann.comment(live, str(number)).id for number in range(3_000)]
        await connection.wait_until(lambda it: it.delivery.acks > 0)
        # While nobody takes events heartbeats go on, and acknowledgements do not.
        beats = connection.delivery.heartbeats
        await connection.wait_until(lambda it: it.delivery.heartbeats >= beats + 3)
        assert 50 <= stream.depth < 50 + tiktok.per_frame
        assert connection.delivery.acks <= 50 // tiktok.per_frame + 1
        got: list[int] = []
        deepest = 0
        while len(got) < len(sent):
            batch = await anext(stream)
            deepest = max(deepest, len(batch))
            got += [event.message for event in batch]
    assert got == sent
    assert deepest < 50 + tiktok.per_frame


async def test_frames_that_came_before_the_close_are_read_after_it(tiktok: TikTok) -> None:
    live = tiktok.host("dj").go_live()
    ann = tiktok.viewer("ann")
    async with (
        TikTokLiveSource(endpoints(tiktok), buffer=5) as source,
        await source.open("dj", live.room) as stream,
    ):
        await tiktok.connected(live)
        sent = [ann.comment(live, str(number)).id for number in range(4 * tiktok.per_frame)]
        tiktok.faults.close(live, 1011)
        await tiktok.wait_until(lambda: not live.connections)
        assert stream.depth == tiktok.per_frame, "the other frames still wait to be read"
        got: list[int] = []
        with pytest.raises(Dropped, match="1011"):
            async for batch in stream:
                got += [event.message for event in batch]
    assert got == sent


@pytest.mark.parametrize("endpoint", ["sign", "socket"])
async def test_giving_up_while_a_live_is_opened_leaves_nothing_behind(
    endpoint: str, tiktok: TikTok, source: TikTokLiveSource
) -> None:
    live = tiktok.host("dj").go_live()
    tasks = ours()
    fault = tiktok.faults.hang(endpoint)  # type: ignore[arg-type]
    opening = asyncio.create_task(source.open("dj", live.room))
    await fault.struck()
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening
    fault.end()
    assert ours() == tasks


async def test_150_connections_leave_no_descriptor_task_or_memory_behind(
    tiktok: TikTok, source: TikTokLiveSource
) -> None:
    live = tiktok.host("dj").go_live()
    ann = tiktok.viewer("ann")
    process = psutil.Process()

    async def once(number: int) -> None:
        async with await source.open("dj", live.room) as stream:
            ann.like(live, 5)
            await anext(stream)
            await tiktok.connected(live)
            await live.connections[0].wait_until(lambda it: it.settled and it.delivery.heartbeats > 0)
            endings = (tiktok.faults.cut, tiktok.faults.close, tiktok.faults.corrupt, lambda live: None)
            endings[number % 4](live)
            if number % 4 != 3:
                with pytest.raises(Dropped):
                    async for _ in stream:
                        pass
        await tiktok.wait_until(lambda: not live.connections)

    for number in range(30):
        await once(number)
    gc.collect()
    before = process.num_fds(), len(ours()), process.memory_info().rss
    for number in range(150):
        await once(number)
    gc.collect()
    assert process.num_fds() <= before[0] + 4, "one connection's are 4 at most; the last may be closing yet"
    assert len(ours()) <= before[1]
    assert process.memory_info().rss - before[2] < 10 << 20


async def test_a_source_that_is_not_there_is_down() -> None:
    nowhere = "http://127.0.0.1:9"
    async with TikTokLiveSource(Endpoints(nowhere, nowhere, nowhere)) as source:
        with pytest.raises(SourceDown):
            await source.resolve("dj")
        with pytest.raises(SignDown):
            await source.open("dj", 1)

"""Faults of an open connection, and what is told again after it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from TikTokLive.events import CommentEvent, ConnectEvent, DisconnectEvent, GiftEvent, UnknownEvent
from websockets.exceptions import ConnectionClosedError

from sandbox.tiktok import ROSE, Size
from tests.sandbox.tiktok.listening import Listener, listening

if TYPE_CHECKING:
    from sandbox.tiktok import TikTok


async def test_everything_is_acknowledged_and_the_books_know(tiktok: TikTok) -> None:
    live = tiktok.host("dj_mara").go_live()
    tiktok.ping_interval = 0.02
    async with listening(tiktok, "dj_mara") as client:
        sent = [tiktok.viewer("anna").comment(live, str(n)) for n in range(25)]
        await client.hears(CommentEvent, 25)
        await live.acknowledged()
        (delivery,) = tiktok.books.deliveries
        connection = live.connections[0]
        await connection.wait_until(lambda self: self.delivery.entered and self.delivery.heartbeats >= 2)
        assert delivery.written == [each.id for each in sent]
        assert delivery.acked == {each.id for each in sent}
        assert delivery.acks == 3
        assert tiktok.books.received().total.comments == 25
    await connection.wait_until(lambda self: not self.open)
    assert delivery.ending == "closed 1000"


@pytest.mark.parametrize("code", [1000, 1001])
async def test_a_close_that_is_meant(tiktok: TikTok, code: int) -> None:
    live = tiktok.host("dj_mara").go_live()
    async with listening(tiktok, "dj_mara") as client:
        tiktok.faults.close(live, code)
        assert await client.ends() is None
        assert client.of(DisconnectEvent)


@pytest.mark.parametrize("code", [1011, 4003])
async def test_a_close_that_is_not_meant(tiktok: TikTok, code: int) -> None:
    live = tiktok.host("dj_mara").go_live()
    async with listening(tiktok, "dj_mara") as client:
        tiktok.faults.close(live, code)
        ended = await client.ends()
        assert isinstance(ended, ConnectionClosedError)
        assert not client.of(DisconnectEvent)
        assert tiktok.books.deliveries[0].ending == f"closed {code} by TikTok"


async def test_a_drop_in_the_middle_of_a_streak(tiktok: TikTok) -> None:
    live = tiktok.host("dj_mara").go_live()
    anna = tiktok.viewer("anna")
    async with listening(tiktok, "dj_mara") as client:
        streak = anna.streak(live, ROSE)
        await client.hears(GiftEvent)
        await live.acknowledged()
        tiktok.faults.cut(live)
        assert isinstance(await client.ends(), ConnectionClosedError)
        await tiktok.wait_until(lambda: not live.connections)
    streak.more(3)
    async with listening(tiktok, "dj_mara") as client:
        streak.more(5)
        streak.end(times=2)
        gifts = await client.hears(GiftEvent, 3)
        await live.acknowledged()
    assert [(each.repeat_count, each.repeat_end) for each in gifts] == [(9, 0), (9, 1), (9, 1)]
    assert len({each.common.msg_id for each in gifts}) == 3
    assert len({each.group_id for each in gifts}) == 1
    assert tiktok.books.of().total.coins == 9
    assert tiktok.books.received().total.coins == 9
    assert [each.ending.split()[0] for each in tiktok.books.deliveries] == ["reset", "closed"]
    assert streak.messages[1].id not in tiktok.books.possible()


@pytest.mark.parametrize("gzip", [False, True])
async def test_a_corrupt_frame(tiktok: TikTok, gzip: bool) -> None:
    live = tiktok.host("dj_mara").go_live()
    async with listening(tiktok, "dj_mara") as client:
        if gzip:
            tiktok.faults.corrupt_gzip(live)
        else:
            tiktok.faults.corrupt(live)
        assert await client.ends() is not None


async def test_a_message_nobody_can_parse_or_knows(tiktok: TikTok) -> None:
    live = tiktok.host("dj_mara").go_live()
    async with listening(tiktok, "dj_mara") as client:
        live.send_unparsable()
        live.send_unknown()
        tiktok.viewer("anna").comment(live, "still here")
        await client.hears(CommentEvent)
        assert len(client.of(UnknownEvent)) == 1
        assert not client.of(GiftEvent)


async def test_a_silent_stall(tiktok: TikTok) -> None:
    live = tiktok.host("dj_mara").go_live()
    tiktok.ping_interval = 0.02
    async with listening(tiktok, "dj_mara") as client:
        tiktok.viewer("anna").comment(live, "before")
        await client.hears(CommentEvent)
        await live.acknowledged()
        tiktok.faults.stall(live)
        missed = tiktok.viewer("anna").comment(live, "unheard")
        connection = live.connections[0]
        beats = connection.delivery.heartbeats
        await connection.wait_until(lambda self: self.delivery.heartbeats > beats + 2)
        assert client.client.connected
        assert len(client.of(CommentEvent)) == 1
        assert missed.id not in tiktok.books.possible()
        assert tiktok.books.received().total.comments == 1


async def test_a_frame_over_a_mebibyte(tiktok: TikTok) -> None:
    live = tiktok.host("dj_mara").go_live()
    listener = Listener(tiktok, "dj_mara", ws_kwargs={"max_size": 16 << 20})
    try:
        await listener.start()
        await listener.hears(ConnectEvent)
        tiktok.faults.oversize(live)
        await listener.hears(UnknownEvent)
    finally:
        await listener.close()
    stock = Listener(tiktok, "dj_mara", ws_kwargs={"close_timeout": 0.1})
    try:
        await stock.start()
        await stock.hears(ConnectEvent)
        tiktok.faults.oversize(live)
        assert isinstance(await stock.ends(), ConnectionClosedError)
        await tiktok.wait_until(lambda: not live.connections)
    finally:
        await stock.close()
    assert tiktok.books.deliveries[1].ending == "closed 1009"


async def test_history_is_told_again_with_the_same_ids(tiktok: TikTok) -> None:
    live = tiktok.host("dj_mara").go_live()
    anna = tiktok.viewer("anna")
    comments = [anna.comment(live, str(n)) for n in range(8)]
    anna.gift(live, ROSE)
    async with listening(tiktok, "dj_mara") as client:
        heard = await client.hears(CommentEvent, 6)
        assert [each.common.msg_id for each in heard] == [each.id for each in comments[2:]]
        assert not client.of(GiftEvent)
    tiktok.history_depth, tiktok.history_kinds = 100, None
    async with listening(tiktok, "dj_mara") as client:
        assert len(await client.hears(CommentEvent, 8)) == 8
        assert len(await client.hears(GiftEvent, 2)) == 2
        assert tiktok.books.deliveries[1].history == [each.id for each in tiktok.books.sent]
    assert tiktok.books.received().total.coins == 1
    async with listening(tiktok, "dj_mara", process_connect_events=False) as client:
        last = anna.comment(live, "new")
        (heard,) = await client.hears(CommentEvent)
        assert heard.common.msg_id == last.id


async def test_what_happens_between_signature_and_socket_is_not_lost(tiktok: TikTok) -> None:
    live = tiktok.host("dj_mara").go_live()
    slow = tiktok.faults.delay("socket", 0.1)
    listener = Listener(tiktok, "dj_mara")
    try:
        await listener.start()
        await slow.struck()
        between = tiktok.viewer("anna").comment(live, "in between")
        (heard,) = await listener.hears(CommentEvent)
        assert heard.common.msg_id == between.id
        await live.acknowledged()
        assert tiktok.books.arrived() == {between.id}
    finally:
        await listener.close()


async def test_a_live_that_vanishes_leaves_a_silent_socket(tiktok: TikTok) -> None:
    host = tiktok.host("dj_mara")
    live = host.go_live(size=Size.BARE)
    async with listening(tiktok, "dj_mara") as client:
        again = host.go_live()
        assert again.room != live.room
        assert client.client.connected
        assert not await client.client.web.fetch_is_live(room_id=live.room)
        with pytest.raises(RuntimeError, match="is over"):
            tiktok.viewer("anna").comment(live, "too late")
    async with listening(tiktok, "dj_mara") as client:
        assert client.client.room_id == again.room


async def test_a_client_that_speaks_something_else_is_shown_out(tiktok: TikTok) -> None:
    live = tiktok.host("dj_mara").go_live()
    async with listening(tiktok, "dj_mara") as client:
        connection = live.connections[0]
        await client.client._ws.send(b"\x0f\x01")  # pyright: ignore[reportPrivateUsage]
        assert isinstance(await client.ends(), ConnectionClosedError)
        await connection.wait_until(lambda self: not self.open)
    assert tiktok.books.deliveries[0].ending.startswith("the client sent no push frame")

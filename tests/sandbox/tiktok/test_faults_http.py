"""Faults before the socket is open: offline and hidden hosts, blocked pages, a sign server in trouble."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import aiohttp
import httpx
import pytest
from EulerApiSdk.models.get_rate_limits import GetRateLimits
from TikTokLive.client.errors import (
    AgeRestrictedError,
    InitialCursorMissingError,
    SignAPIError,
    SignatureRateLimitError,
    UserNotFoundError,
    UserOfflineError,
    WebcastBlockedError,
    WebsocketURLMissingError,
)
from TikTokLive.client.web.routes.fetch_is_live import MissingRoomIdInResponse
from TikTokLive.events import CommentEvent, ConnectEvent

from tests.sandbox.tiktok.listening import Listener, listening

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sandbox.tiktok import TikTok
    from sandbox.tiktok.faults import Missing


@pytest.fixture
async def client(tiktok: TikTok) -> AsyncIterator[Listener]:
    listener = Listener(tiktok, "dj_mara")
    yield listener
    await listener.close()


async def test_nobody_knows_an_unknown_host(tiktok: TikTok, client: Listener) -> None:
    with pytest.raises(UserNotFoundError):
        await client.start()
    assert (tiktok.calls("page"), tiktok.calls("api"), tiktok.calls("sign")) == (1, 1, 0)


async def test_a_host_who_never_was_live_is_not_found(tiktok: TikTok, client: Listener) -> None:
    tiktok.host("dj_mara")
    with pytest.raises(UserNotFoundError):
        await client.start()


async def test_a_host_after_the_live_is_offline(tiktok: TikTok, client: Listener) -> None:
    live = tiktok.host("dj_mara").go_live()
    live.end()
    with pytest.raises(UserOfflineError):
        await client.start()
    assert not await client.client.web.fetch_is_live(room_id=live.room)
    assert not await client.client.is_live()


async def test_several_rooms_are_asked_for_at_once(tiktok: TikTok, client: Listener) -> None:
    first, second = tiktok.host("dj_mara").go_live(), tiktok.host("tio_beat").go_live()
    first.vanish()
    alive = client.client.web.fetch_is_live.fetch_is_live_room_ids
    assert await alive(second.room, first.room) == [True, False]
    with pytest.raises(MissingRoomIdInResponse):
        await client.client.web.fetch_is_live(room_id=77)


async def test_room_info_of_a_live_for_adults_is_hidden(tiktok: TikTok, client: Listener) -> None:
    host = tiktok.host("dj_mara")
    live = host.go_live()
    info = await client.client.web.fetch_room_info(room_id=live.room)
    assert (info["id"], info["owner"]["id"], info["owner"]["display_id"]) == (live.room, host.id, "dj_mara")
    host.age_restricted = True
    with pytest.raises(AgeRestrictedError):
        await client.start(fetch_room_info=True)


@pytest.mark.parametrize("status", [None, 403, 500])
async def test_a_blocked_page_leaves_the_api(tiktok: TikTok, status: int | None) -> None:
    tiktok.host("dj_mara").go_live()
    if status is None:
        tiktok.faults.captcha("page")
    else:
        tiktok.faults.answer("page", status)
    async with listening(tiktok, "dj_mara"):
        assert tiktok.calls("api") == 1


async def test_a_page_that_hangs_leaves_the_api_when_the_client_gives_up(tiktok: TikTok) -> None:
    tiktok.host("dj_mara").go_live()
    hung = tiktok.faults.hang("page")
    listener = Listener(tiktok, "dj_mara", web_kwargs={"httpx_kwargs": {"timeout": 0.2}})
    try:
        await listener.start()
        await listener.hears(ConnectEvent)
    finally:
        await listener.close()
    assert hung.hits == 1


async def test_page_and_api_blocked(tiktok: TikTok, client: Listener) -> None:
    tiktok.host("dj_mara").go_live()
    tiktok.faults.captcha("page")
    tiktok.faults.captcha("api")
    with pytest.raises(ValueError, match="Expecting value"):
        await client.start()


@pytest.mark.parametrize("status", [401, 403, 500, 503])
async def test_a_broken_sign_server_answers_a_status(tiktok: TikTok, client: Listener, status: int) -> None:
    tiktok.host("dj_mara").go_live()
    tiktok.faults.answer("sign", status, '{"message": "no"}')
    with pytest.raises(SignAPIError) as refused:
        await client.start()
    assert refused.value.response is not None
    assert refused.value.response.status_code == status


async def test_a_sign_server_wants_the_right_key(tiktok: TikTok, client: Listener) -> None:
    tiktok.host("dj_mara").go_live()
    tiktok.sign_key = "another"
    with pytest.raises(SignAPIError) as refused:
        await client.start()
    assert refused.value.reason is SignAPIError.ErrorReason.SIGN_NOT_200


async def test_a_sign_server_that_says_nothing(tiktok: TikTok, client: Listener) -> None:
    tiktok.host("dj_mara").go_live()
    tiktok.faults.answer("sign", 200, "")
    with pytest.raises(SignAPIError) as refused:
        await client.start()
    assert refused.value.reason is SignAPIError.ErrorReason.EMPTY_PAYLOAD


async def test_a_sign_server_that_forgets_the_cookie(tiktok: TikTok, client: Listener) -> None:
    tiktok.host("dj_mara").go_live()
    tiktok.faults.spoil_sign("cookie")
    with pytest.raises(SignAPIError) as refused:
        await client.start()
    assert refused.value.reason is SignAPIError.ErrorReason.EMPTY_COOKIES


async def test_a_signature_without_a_cursor_or_a_socket(tiktok: TikTok) -> None:
    tiktok.host("dj_mara").go_live()
    parts: tuple[tuple[Missing, type[Exception]], ...] = (
        ("cursor", InitialCursorMissingError),
        ("push_server", WebsocketURLMissingError),
    )
    for missing, raised in parts:
        listener = Listener(tiktok, "dj_mara")
        tiktok.faults.spoil_sign(missing)
        await listener.start()
        assert isinstance(await listener.ends(), raised)
        await listener.close()


async def test_a_first_answer_that_is_not_first_is_no_connection(tiktok: TikTok, client: Listener) -> None:
    live = tiktok.host("dj_mara").go_live()
    tiktok.faults.spoil_sign("first")
    await client.start()
    await tiktok.connected(live)
    tiktok.viewer("anna").comment(live, "hello")
    await client.hears(CommentEvent)
    assert not client.of(ConnectEvent)
    assert not tiktok.books.deliveries[0].entered


async def test_a_limited_sign_server_says_when(tiktok: TikTok, client: Listener) -> None:
    tiktok.host("dj_mara").go_live()
    tiktok.faults.limit_sign(37, label="hour")
    with pytest.raises(SignatureRateLimitError, match="rate_limit_account_hour") as limited:
        await client.start()
    assert limited.value.response is not None
    assert limited.value.response.headers["Retry-After"] == "37"
    assert limited.value.reset_time > 1_700_000_000
    assert limited.value.retry_after == 0


async def test_a_limited_sign_server_without_headers(tiktok: TikTok, client: Listener) -> None:
    tiktok.host("dj_mara").go_live()
    tiktok.faults.limit_sign(headers=False)
    with pytest.raises(TypeError):
        await client.start()


async def test_the_sign_server_counts_its_windows(tiktok: TikTok) -> None:
    tiktok.host("dj_mara").go_live()
    tiktok.signer.limits["day"] = 1
    async with listening(tiktok, "dj_mara"):
        pass
    listener = Listener(tiktok, "dj_mara")
    with pytest.raises(SignatureRateLimitError, match="rate_limit_account_day"):
        await listener.start()
    await listener.close()
    headers = {"X-Api-Key": tiktok.sign_key}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.get(f"{tiktok.sign_url}/webcast/rate_limits") as answer,
    ):
        limits = GetRateLimits.from_dict(await answer.json())
    told: Any = limits.day
    assert (told.max_, told.remaining) == (1, 0)


async def test_a_sign_server_that_hangs(tiktok: TikTok, client: Listener) -> None:
    tiktok.host("dj_mara").go_live()
    hung = tiktok.faults.hang("sign")
    starting = asyncio.create_task(client.start())
    await hung.struck()
    assert not starting.done()
    hung.end()
    await starting
    await client.hears(ConnectEvent)


async def test_a_slow_sign_server(tiktok: TikTok, client: Listener) -> None:
    tiktok.host("dj_mara").go_live()
    slow = tiktok.faults.delay("sign", 0.05)
    await client.start()
    await client.hears(ConnectEvent)
    assert slow.hits == 1


async def test_a_sign_server_that_cuts(tiktok: TikTok, client: Listener) -> None:
    tiktok.host("dj_mara").go_live()
    tiktok.faults.reset("sign")
    with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
        await client.start()


async def test_a_sign_server_that_is_down_and_comes_back(tiktok: TikTok, client: Listener) -> None:
    tiktok.host("dj_mara").go_live()
    url = tiktok.sign_url
    await tiktok.faults.shut_sign()
    with pytest.raises(SignAPIError) as refused:
        await client.start()
    assert refused.value.reason is SignAPIError.ErrorReason.CONNECT_ERROR
    await tiktok.faults.open_sign()
    assert tiktok.sign_url == url
    await client.start()
    await client.hears(ConnectEvent)


@pytest.mark.parametrize("status", [200, 400])
async def test_a_socket_that_is_refused(tiktok: TikTok, client: Listener, status: int) -> None:
    tiktok.host("dj_mara").go_live()
    tiktok.faults.reject_socket(status, "DEVICE_BLOCKED")
    await client.start()
    ended = await client.ends()
    assert isinstance(ended, WebcastBlockedError)
    assert "DEVICE_BLOCKED" in str(ended)


async def test_a_signature_that_is_too_old(tiktok: TikTok, client: Listener) -> None:
    tiktok.host("dj_mara").go_live()
    tiktok.signature_seconds = -1.0
    await client.start()
    assert "expired" in str(await client.ends())


async def test_a_signature_is_good_once(tiktok: TikTok) -> None:
    tiktok.host("dj_mara").go_live()
    async with listening(tiktok, "dj_mara"):
        _, _, used = next(each for each in tiktok.requests if each[1] == "socket")
        async with aiohttp.ClientSession() as session, session.get(f"{tiktok.app_url}{used}") as answer:
            assert (answer.status, answer.headers["Handshake-Msg"]) == (200, "illegal secret key")


async def test_a_signature_needs_its_room_and_its_cookie(tiktok: TikTok) -> None:
    live = tiktok.host("dj_mara").go_live()
    headers = {"X-Api-Key": tiktok.sign_key}
    async with aiohttp.ClientSession(headers=headers, cookie_jar=aiohttp.DummyCookieJar()) as session:
        for room, reason in ((live.room, "DEVICE_BLOCKED"), (live.room + 1, "room does not match")):
            url = f"{tiktok.sign_url}/webcast/fetch?room_id={live.room}"
            async with session.get(url) as answer:
                body = await answer.read()
            token = body.partition(b"imprp\x12\x20")[2][:32].decode()
            async with session.get(
                f"{tiktok.push_url.replace('ws:', 'http:')}?imprp={token}&room_id={room}"
            ) as answer:
                assert answer.headers["Handshake-Msg"] == reason

"""The source of lives that there is: TikTokLive 7.0.1, with our decoders and our reading of its socket."""

from __future__ import annotations

import contextlib
import email.utils
import json
import re
import ssl
import time
from collections.abc import Iterable
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self, cast

import httpx

from integrations.tiktok.decoders import Reader, installed
from integrations.tiktok.frames import Inbox
from integrations.tiktok.source import (
    AgeRestricted,
    Endpoints,
    Host,
    HostOffline,
    LiveStream,
    SignDown,
    SignLimited,
    SignRefused,
    SourceBlocked,
    SourceDown,
    UnknownHost,
)

if TYPE_CHECKING:
    from integrations.tiktok.client import TikTokWebClient

__all__ = ["TikTokLiveSource", "retry_after"]

_HANDLE: Final = re.compile(r"[\w.-]{1,64}", re.ASCII)
_STATE: Final = re.compile(r'<script id="SIGI_STATE" type="application/json">(.*?)</script>', re.DOTALL)
_OFFLINE: Final = 4
_RETRY: Final = 60.0  # seconds, when the sign service limits us without saying for how long
_A_DAY: Final = 86_400.0
_EPOCH: Final = 10**9  # a reset above this is a time of day, below it a number of seconds


class TikTokLiveSource:
    """Lives by way of TikTokLive. Enter it before use: that imports the library (4 s, 65-95 MB).

    `buffer` is how many events of a stream may wait for their consumer. `timeout` is in seconds, for
    an HTTP call and for opening the websocket.
    """

    def __init__(
        self, endpoints: Endpoints | None = None, *, buffer: int = 2_000, timeout: float = 20.0
    ) -> None:
        self._endpoints = endpoints or Endpoints()
        self._buffer = buffer
        self._timeout = timeout
        self._known: frozenset[str] = frozenset()
        self._prices: dict[int, tuple[str, int, bool]] = {}
        self._open = contextlib.AsyncExitStack()
        self._tls = ssl.create_default_context()
        self._web: TikTokWebClient | None = None
        self._sign: httpx.AsyncClient | None = None

    async def __aenter__(self) -> Self:
        from integrations.tiktok import client

        client.warm()
        self._known = self._open.enter_context(installed(client.EVENT_MAPPINGS))
        self._web = client.web_client(self._endpoints, self._tls, self._timeout)
        self._open.push_async_callback(self._web.close)
        self._sign = httpx.AsyncClient(
            base_url=self._endpoints.sign,
            headers={"X-Api-Key": self._endpoints.key} if self._endpoints.key else {},
            timeout=self._timeout,
            verify=self._tls,
            event_hooks={"response": [_signed]},
        )
        await self._open.enter_async_context(self._sign)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the HTTP clients and give the library its decoders back. Streams are not closed by it."""
        await self._open.aclose()

    async def resolve(self, handle: str) -> Host:
        """Look a host up: through the API, else from the host's page. For the rest see `LiveSource`."""
        handle = handle.strip().removeprefix("@").lower()
        if not _HANDLE.fullmatch(handle):
            raise UnknownHost(f"{handle!r} cannot be a name on TikTok")
        try:
            host = _from_api(
                handle,
                await self._json(
                    f"{self._endpoints.app}/api-live/user/room/", {"uniqueId": handle, "sourceType": 54}
                ),
            )
        except (SourceBlocked, SourceDown):
            host = await self._from_page(handle)
        if host.live:
            await self._check_age(host)
        return host

    async def alive(self, rooms: Iterable[int]) -> dict[int, bool]:
        """Tell for each room whether its live goes on. For the rest see `LiveSource`."""
        asked = ",".join(str(room) for room in rooms)
        answer = await self._json(f"{self._endpoints.webcast}/room/check_alive/", {"room_ids": asked})
        try:
            return {
                int(entry.get("room_id_str") or entry["room_id"]): bool(entry["alive"])
                for entry in answer["data"]
            }
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise SourceBlocked(f"TikTok's answer to the live check cannot be read: {error!r}") from error

    async def open(self, handle: str, room: int) -> LiveStream:
        """Connect to a live. For the rest see `LiveSource`."""
        from integrations.tiktok.client import Attempt

        assert self._sign is not None, "the source is not entered"
        inbox = Inbox(Reader(room, self._known, prices=self._prices), self._buffer)
        return await Attempt(
            handle, room, inbox, self._endpoints, self._sign, self._tls, self._timeout
        ).start()

    async def _get(self, url: str, parameters: dict[str, Any] | None) -> httpx.Response:
        assert self._web is not None, "the source is not entered"
        try:
            response = await self._web.get(
                url=url, extra_params=parameters, base_params=parameters is not None
            )
        except httpx.HTTPError as error:
            raise SourceDown(f"TikTok cannot be reached: {error!r}") from error
        if response.status_code >= 500:
            raise SourceDown(f"TikTok answers with status {response.status_code}")
        if response.status_code in (403, 429):
            raise SourceBlocked(f"TikTok answers with status {response.status_code}")
        return response

    async def _json(self, url: str, parameters: dict[str, Any]) -> dict[str, Any]:
        response = await self._get(url, parameters)
        try:
            answer = response.json()
        except ValueError as error:
            raise SourceBlocked("TikTok answers with a page instead of data") from error
        if not isinstance(answer, dict):
            raise SourceBlocked("TikTok answers with something else than was asked for")
        return cast(dict[str, Any], answer)

    async def _from_page(self, handle: str) -> Host:
        response = await self._get(f"{self._endpoints.app}/@{handle}/live", None)
        found = _STATE.search(response.text)
        if found is None:
            raise SourceBlocked("TikTok shows something else than the host's page")
        try:
            live = json.loads(found.group(1)).get("LiveRoom")
            if live is None:
                raise UnknownHost(f"@{handle} does not exist or has never been live")
            return _host(handle, live["liveRoomUserInfo"]["user"])
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise SourceBlocked(f"the host's page cannot be read: {error!r}") from error

    async def _check_age(self, host: Host) -> None:
        try:
            answer = await self._json(f"{self._endpoints.webcast}/room/info/", {"room_id": host.room})
        except (SourceBlocked, SourceDown):
            return  # it only ever says no; the signature and the socket say the rest
        data = answer.get("data")
        if isinstance(data, dict) and "prompts" in data:
            raise AgeRestricted(f"the live of @{host.handle} is for signed-in adults")


def _host(handle: str, user: dict[str, Any]) -> Host:
    room = int(user.get("roomId") or 0)
    return Host(
        int(user["id"]), user.get("uniqueId") or handle, room, bool(room) and user.get("status") != _OFFLINE
    )


def _from_api(handle: str, answer: dict[str, Any]) -> Host:
    if answer.get("message") == "user_not_found":
        raise UnknownHost(f"@{handle} does not exist or has never been live")
    try:
        data: dict[str, Any] = answer["data"]
        host = _host(handle, data["user"])
        status: object = data["liveRoom"]["status"] if data.get("liveRoom") else None
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise SourceBlocked(f"TikTok's answer about @{handle} cannot be read: {error!r}") from error
    return replace(host, live=host.live and status != _OFFLINE)


async def _signed(response: httpx.Response) -> None:
    """Judge an answer of the sign service before the library does, which misreads refusals."""
    status = response.status_code
    if status == 200:
        return
    await response.aread()
    said = _said(response)
    if status == 429:
        raise SignLimited(f"the sign service limits us{said}", retry_after(response.headers))
    if status == 404:
        raise HostOffline(f"the sign service knows no such live{said}")
    if status in (401, 402, 403):
        raise SignRefused(f"the sign service refuses our key ({status}){said}")
    raise SignDown(f"the sign service answers with status {status}{said}")


def _said(response: httpx.Response) -> str:
    try:
        answer = response.json()
        parts = [str(answer[name]) for name in ("limit_label", "message") if answer.get(name)]
    except (ValueError, AttributeError):
        return ""
    return ": " + ", ".join(parts)[:200] if parts else ""


def retry_after(headers: httpx.Headers) -> float:
    """Seconds to wait, 1 to a day, of `Retry-After` or `RateLimit-Reset`: a span or a moment."""
    for name in ("Retry-After", "RateLimit-Reset", "X-RateLimit-Reset"):
        if value := headers.get(name):
            try:
                seconds = float(value)
            except ValueError:
                with contextlib.suppress(ValueError, TypeError):
                    return _bounded(email.utils.parsedate_to_datetime(value).timestamp() - time.time())
                continue
            if seconds > _EPOCH * 1000:
                seconds /= 1000
            return _bounded(seconds - time.time() if seconds > _EPOCH else seconds)
    return _RETRY


def _bounded(seconds: float) -> float:
    return min(max(seconds, 1.0), _A_DAY)

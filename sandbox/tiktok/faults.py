"""Everything that can go wrong with TikTok and with the sign server, on request."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from aiohttp import web

from sandbox.tiktok.frames import push_frame
from sandbox.tiktok.push import abort

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from sandbox.tiktok.live import Live
    from sandbox.tiktok.push import Connection
    from sandbox.tiktok.server import TikTok

Endpoint = Literal["page", "profile", "api", "alive", "info", "sign", "limits", "socket"]
Missing = Literal["cookie", "cursor", "push_server", "first"]

# What the sign server shall leave out of its answer to this request.
MISSING: Final = web.RequestKey("missing", str)

_CAPTCHA: Final = (
    '<!DOCTYPE html><html><head><title>Security Check</title><script id="captcha">'
    'window._wafchallengeid="wci";</script></head><body>Please wait...</body></html>'
)


@dataclass(slots=True, eq=False)
class Fault:
    """What shall happen to the next `times` requests of an endpoint; None: to all until it is called off.

    `status` answers, `seconds` waits before anything else, `hang` never answers, `cut` resets the connection,
    `missing` leaves a part of the sign server's answer out. `hits` counts the requests struck so far.
    """

    endpoint: Endpoint
    times: int | None
    status: int | None = None
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    seconds: float = 0.0
    hang: bool = False
    cut: bool = False
    missing: Missing | None = None
    hits: int = 0
    over: asyncio.Event = field(default_factory=asyncio.Event)
    _struck: asyncio.Event = field(default_factory=asyncio.Event)

    def strikes(self, endpoint: str) -> bool:
        """Whether a request to this endpoint is meant."""
        wanted = self.times is None or self.hits < self.times
        return wanted and self.endpoint == endpoint and not self.over.is_set()

    def strike(self) -> None:
        """Count a hit."""
        self.hits += 1
        self._struck.set()

    def end(self) -> None:
        """Call it off; what hangs is let go on."""
        self.over.set()

    async def struck(self, timeout: float = 15.0) -> None:
        """Wait for the first hit. Raises TimeoutError."""
        async with asyncio.timeout(timeout):
            await self._struck.wait()


class Faults:
    """Faults of the pages, of the sign server and of open connections. The oldest matching fault strikes.

    Endpoints: `page` (the HTML of a live), `profile` (of a user), `api` (user/room), `alive`, `info`,
    `sign`, `limits`, `socket`.
    """

    def __init__(self, tiktok: TikTok) -> None:
        self._tiktok = tiktok
        self._faults: list[Fault] = []

    def answer(
        self,
        endpoint: Endpoint,
        status: int = 500,
        body: str = "",
        *,
        headers: Mapping[str, str] | None = None,
        times: int | None = 1,
    ) -> Fault:
        """Answer with a status, a body and headers instead of the truth."""
        return self._add(Fault(endpoint, times, status=status, body=body, headers=headers or {}))

    def captcha(self, endpoint: Endpoint = "page", *, times: int | None = 1) -> Fault:
        """Answer 200 with a page that asks for a captcha."""
        return self.answer(endpoint, 200, _CAPTCHA, times=times)

    def delay(self, endpoint: Endpoint, seconds: float, *, times: int | None = 1) -> Fault:
        """Hold requests for some seconds, then answer truly."""
        return self._add(Fault(endpoint, times, seconds=seconds))

    def hang(self, endpoint: Endpoint, *, times: int | None = 1) -> Fault:
        """Accept requests and never answer, until the fault is called off."""
        return self._add(Fault(endpoint, times, hang=True))

    def reset(self, endpoint: Endpoint, *, times: int | None = 1) -> Fault:
        """Cut the TCP connection of requests."""
        return self._add(Fault(endpoint, times, cut=True))

    def limit_sign(
        self, seconds: int = 60, *, label: str = "minute", headers: bool = True, times: int | None = 1
    ) -> Fault:
        """Answer the sign server's 429: with `headers` that say when, or without any."""
        told = limit_headers(seconds) if headers else {}
        return self.answer("sign", 429, limit_body(label), headers=told, times=times)

    def spoil_sign(self, missing: Missing, *, times: int | None = 1) -> Fault:
        """Leave a part out of the sign server's answer."""
        return self._add(Fault("sign", times, missing=missing))

    def reject_socket(
        self, status: int = 200, reason: str = "DEVICE_BLOCKED", *, times: int | None = 1
    ) -> Fault:
        """Refuse the push socket with a status and a reason."""
        return self.answer("socket", status, headers={"Handshake-Msg": reason}, times=times)

    async def shut_sign(self) -> None:
        """Take the sign server down: connections to it are refused. Open ones are cut."""
        await self._tiktok.shut_sign()

    async def open_sign(self) -> None:
        """Bring the sign server back at the same address."""
        await self._tiktok.open_sign()

    def close(self, live: Live, code: int = 1011) -> None:
        """Close the connections of a live with a code, once everything in line is written."""
        for connection in self._of(live):
            connection.finish(code)

    def cut(self, live: Live) -> None:
        """Reset the TCP connections of a live. What was written last may never arrive."""
        for connection in self._of(live):
            connection.reset()

    def corrupt(self, live: Live) -> None:
        """Send a frame that is no push frame."""
        for connection in self._of(live):
            connection.push(-2, b"\x0a\xff\xff\xff\xff\x0f\x00", ())

    def corrupt_gzip(self, live: Live) -> None:
        """Send a push frame that says gzip and is none."""
        frame = push_frame(-2, "msg", b"x" * 64, compress=True)
        for connection in self._of(live):
            connection.push(-2, frame.replace(b"\x1f\x8b", b"\x00\x00", 1), ())

    def oversize(self, live: Live, size: int = (1 << 20) + 1024) -> None:
        """Send a well-formed frame of more than `size` bytes: one big message of an unknown method."""
        live.send_unknown(size=size)
        live.flush()

    def stall(self, live: Live) -> None:
        """Keep the connections of a live open and send nothing more: events go by unseen, no heartbeats."""
        for connection in self._of(live):
            connection.stalled = True

    def clear(self) -> None:
        """Call off every fault of requests; connections that stall stay silent."""
        for fault in self._faults:
            fault.end()
        self._faults.clear()

    @property
    def active(self) -> list[Fault]:
        """The faults of requests that may still strike."""
        return [each for each in self._faults if each.strikes(each.endpoint)]

    @web.middleware
    async def strike(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        """Write a request down, and let a fault strike before the endpoint answers."""
        endpoint = request.match_info.route.name or ""
        if endpoint:
            self._tiktok.requests.append((time.time(), endpoint, request.path_qs))
            self._tiktok.changed()
        fault = next((each for each in self._faults if each.strikes(endpoint)), None)
        if fault is None:
            return await handler(request)
        fault.strike()
        if fault.seconds:
            await asyncio.sleep(fault.seconds)
        if fault.hang:
            await fault.over.wait()
        if fault.cut:
            abort(request)
        if fault.status is not None:
            kind = "application/json" if fault.body.startswith("{") else "text/html"
            return web.Response(
                status=fault.status, text=fault.body, headers=dict(fault.headers), content_type=kind
            )
        if fault.missing is not None:
            request[MISSING] = fault.missing
        return await handler(request)

    def _of(self, live: Live) -> list[Connection]:
        live.flush()
        return list(live.connections)

    def _add(self, fault: Fault) -> Fault:
        self._faults.append(fault)
        return fault


def limit_headers(seconds: int) -> dict[str, str]:
    """The headers of a limited sign server: how long, and until when (seconds since the epoch)."""
    return {
        "Retry-After": str(seconds),
        "RateLimit-Limit": "10",
        "RateLimit-Remaining": "0",
        "RateLimit-Reset": str(int(time.time()) + seconds),
    }


def limit_body(label: str) -> str:
    """The body of a limited sign server."""
    return (
        f'{{"code": 429, "message": "Too many requests this {label}.", '
        f'"limit_label": "rate_limit_account_{label}"}}'
    )

"""The sign server: an address for the push socket that is good once and for a short time."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Literal

from aiohttp import web

from sandbox.tiktok.faults import MISSING, limit_body, limit_headers
from sandbox.tiktok.frames import fetch_result

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.tiktok.live import Live
    from sandbox.tiktok.server import TikTok

Window = Literal["minute", "hour", "day"]

WINDOWS: Final[dict[Window, int]] = {"minute": 60, "hour": 3_600, "day": 86_400}
_UNLIMITED: Final = 1_000_000
_NO_LOAD: Final = {"at": 0, "chance": 0}


@dataclass(slots=True)
class Grant:
    """Leave to open the push socket of a live once. `cursor` is the latest message at that moment."""

    live: Live
    cookie: str
    cursor: int
    history: list[int]
    expires: float


class Signer:
    """Plays Euler Stream. `calls` counts requests for a signature that reached it, refused ones too.

    `limits` sets how many signatures a minute, an hour or a day are given; without an entry, any number.
    """

    def __init__(self, tiktok: TikTok) -> None:
        self._tiktok = tiktok
        self._grants: dict[str, Grant] = {}
        self.calls = 0
        self.limits: dict[Window, int] = {}
        self._used: dict[Window, tuple[int, int]] = {}

    async def fetch(self, request: web.Request) -> web.StreamResponse:
        """Answer `webcast/fetch`: the first fetch result, and the cookies the socket wants."""
        self.calls += 1
        key = self._tiktok.sign_key
        if key and request.headers.get("X-Api-Key") != key:
            return _refuse(401, "The API key is missing or invalid.")
        spent = self._spend()
        if spent is not None:
            label, seconds = spent
            body, headers = limit_body(label), limit_headers(seconds)
            return web.Response(status=429, text=body, headers=headers, content_type="application/json")
        room = request.query.get("room_id", "")
        live = self._tiktok.rooms.get(int(room)) if room.isdigit() else None
        if live is None or live.over:
            return _refuse(404, "The room does not exist or is not live.")
        live.flush()
        missing = request.get(MISSING, "")
        history = live.history(self._tiktok.history_depth, self._tiktok.remembers)
        token, cookie = secrets.token_urlsafe(24), secrets.token_hex(16)
        cursor = live.recent[-1][0].id if live.recent else 0
        self._grants[token] = Grant(
            live,
            cookie,
            cursor,
            [message.id for message, _ in history],
            time.monotonic() + self._tiktok.signature_seconds,
        )
        answer = fetch_result(
            (each for _, each in history),
            cursor="" if missing == "cursor" else f"{self._tiktok.now()}_{cursor}",
            internal_ext=f"internal_src:dim|wss_push_room_id:{live.room}|wss_push_did:7{live.room}",
            now=self._tiktok.now(),
            first=missing != "first",
            need_ack=False,
            push_server="" if missing == "push_server" else self._tiktok.push_url,
            route_params={"compress": "gzip", "imprp": token, "wrss": secrets.token_urlsafe(32)},
        )
        told = {"Content-Type": "application/octet-stream"}
        if missing != "cookie":
            told["X-Set-TT-Cookie"] = f"ttwid={cookie}; Path=/; Domain=.tiktok.com; HttpOnly"
        return web.Response(body=answer, headers=told)

    def redeem(self, token: str, room: str, cookies: Mapping[str, str]) -> tuple[Grant | None, str]:
        """Use a signature up. Gives nothing and a reason when it is unknown, used, late or not for this."""
        grant = self._grants.pop(token, None)
        if grant is None:
            return None, "illegal secret key"
        if time.monotonic() > grant.expires:
            return None, "signature expired"
        if room != str(grant.live.room):
            return None, "room does not match"
        if cookies.get("ttwid") != grant.cookie:
            return None, "DEVICE_BLOCKED"
        if grant.live.over:
            return None, "room has finished"
        return grant, ""

    async def rate_limits(self, request: web.Request) -> web.StreamResponse:
        """Answer `webcast/rate_limits`: what is left of each window."""
        if self._tiktok.sign_key and request.headers.get("X-Api-Key") != self._tiktok.sign_key:
            return _refuse(401, "The API key is missing or invalid.")
        told: dict[str, Any] = {"code": 200, "message": "OK", "load_shedding": _NO_LOAD}
        for window, seconds in WINDOWS.items():
            most = self.limits.get(window, _UNLIMITED)
            index, used = self._used.get(window, (0, 0))
            current = int(time.time()) // seconds
            reset = datetime.fromtimestamp((current + 1) * seconds, UTC).isoformat()
            left = most - used if index == current else most
            told[window] = {"max": most, "remaining": left, "reset_at": reset}
        return web.json_response(told)

    def _spend(self) -> tuple[Window, int] | None:
        """Use one of every window; a full one gives its name and the seconds until it opens again."""
        now = int(time.time())
        used: dict[Window, tuple[int, int]] = {}
        for window, seconds in WINDOWS.items():
            current = now // seconds
            index, count = self._used.get(window, (current, 0))
            count = count if index == current else 0
            if count >= self.limits.get(window, _UNLIMITED):
                return window, (current + 1) * seconds - now
            used[window] = (current, count + 1)
        self._used = used
        return None


def _refuse(status: int, message: str) -> web.Response:
    return web.json_response({"code": status, "message": message}, status=status)

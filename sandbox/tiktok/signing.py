"""The sign server: an address for the push socket that is good once and for a short time."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiohttp import web

from sandbox.tiktok.frames import fetch_result

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.tiktok.live import Live
    from sandbox.tiktok.server import TikTok


@dataclass(slots=True)
class Grant:
    """Leave to open the push socket of a live once. `cursor` is the latest message at that moment."""

    live: Live
    cookie: str
    cursor: int
    history: list[int]
    expires: float


class Signer:
    """Plays Euler Stream. `calls` counts requests for a signature, refused ones too."""

    def __init__(self, tiktok: TikTok) -> None:
        self._tiktok = tiktok
        self._grants: dict[str, Grant] = {}
        self.calls = 0

    async def fetch(self, request: web.Request) -> web.StreamResponse:
        """Answer `webcast/fetch`: the first fetch result, and the cookies the socket wants."""
        self.calls += 1
        self._tiktok.changed()
        key = self._tiktok.sign_key
        if key and request.headers.get("X-Api-Key") != key:
            return _refuse(401, "The API key is missing or invalid.")
        room = request.query.get("room_id", "")
        live = self._tiktok.rooms.get(int(room)) if room.isdigit() else None
        if live is None or live.over:
            return _refuse(404, "The room does not exist or is not live.")
        live.flush()
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
        body = fetch_result(
            (each for _, each in history),
            cursor=f"{self._tiktok.now()}_{cursor}",
            internal_ext=f"internal_src:dim|wss_push_room_id:{live.room}|wss_push_did:7{live.room}",
            now=self._tiktok.now(),
            first=True,
            need_ack=False,
            push_server=self._tiktok.push_url,
            route_params={"compress": "gzip", "imprp": token, "wrss": secrets.token_urlsafe(32)},
        )
        headers = {"X-Set-TT-Cookie": f"ttwid={cookie}; Path=/; Domain=.tiktok.com; HttpOnly"}
        return web.Response(body=body, content_type="application/octet-stream", headers=headers)

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


def _refuse(status: int, message: str) -> web.Response:
    return web.json_response({"code": status, "message": message}, status=status)

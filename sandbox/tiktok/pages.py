"""tiktok.com and webcast over HTTP: the page of a live, the room of a user, whether rooms are alive."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from aiohttp import web

if TYPE_CHECKING:
    from sandbox.tiktok.people import Host
    from sandbox.tiktok.server import TikTok

_ON_AIR = 2
_OFF_AIR = 4
_AGE_RESTRICTED = 4003110


def page(tiktok: TikTok, request: web.Request) -> web.Response:
    """Answer `/@name/live`: its SIGI_STATE tells the room, and has no LiveRoom for who never was live."""
    host = tiktok.find_host(request.match_info["name"])
    state: dict[str, Any] = {"AppContext": {"appContext": {"region": "US"}}, "SEOState": {}}
    if host is not None and host.lives:
        state["LiveRoom"] = {
            "liveRoomStatus": 0,
            "liveRoomUserInfo": {"user": _user(host), "liveRoom": _room(host)},
        }
    return _page("SIGI_STATE", state)


def profile(tiktok: TikTok, request: web.Request) -> web.Response:
    """Answer `/@name`, and `/@id` too: a page that tells the @name of a host, whatever it was once."""
    asked = request.match_info["name"]
    by_id = {str(each.id): each for each in tiktok.hosts.values()}
    host = tiktok.find_host(asked) or by_id.get(asked)
    scope: dict[str, Any] = {"webapp.app-context": {"language": "en", "region": "US"}}
    if host is not None:
        user = {"id": str(host.id), "uniqueId": host.name, "nickname": host.name}
        scope["webapp.user-detail"] = {"userInfo": {"user": user}, "statusCode": 0}
    return _page("__UNIVERSAL_DATA_FOR_REHYDRATION__", {"__DEFAULT_SCOPE__": scope})


def user_room(tiktok: TikTok, request: web.Request) -> web.Response:
    """Answer `api-live/user/room`."""
    host = tiktok.find_host(request.query.get("uniqueId", ""))
    if host is None or not host.lives:
        return web.json_response({"data": {}, "message": "user_not_found", "statusCode": 19881007})
    data = {"user": _user(host), "liveRoom": _room(host)}
    return web.json_response({"data": data, "message": "", "statusCode": 0})


def check_alive(tiktok: TikTok, request: web.Request) -> web.Response:
    """Answer `room/check_alive` for the rooms asked, in their order; unknown rooms are left out."""
    asked = [int(each) for each in request.query.get("room_ids", "").split(",") if each.isdigit()]
    data = [
        {"alive": not tiktok.rooms[room].over, "room_id": room, "room_id_str": str(room)}
        for room in asked
        if room in tiktok.rooms
    ]
    return web.json_response({"data": data, "extra": {"now": tiktok.now()}, "status_code": 0})


def room_info(tiktok: TikTok, request: web.Request) -> web.Response:
    """Answer `room/info`; an age-restricted room gives a prompt instead."""
    room = request.query.get("room_id", "")
    live = tiktok.rooms.get(int(room)) if room.isdigit() else None
    if live is None:
        return web.json_response({"data": {}, "extra": {"now": tiktok.now()}, "status_code": 30003})
    if live.host.age_restricted:
        data: dict[str, Any] = {
            "message": "age restricted",
            "prompts": "This LIVE is for adults. Log in to watch.",
        }
        return web.json_response({"data": data, "status_code": _AGE_RESTRICTED})
    data = {
        "id": live.room,
        "id_str": str(live.room),
        "status": _OFF_AIR if live.over else _ON_AIR,
        "title": f"{live.host.name} reviews your songs",
        "create_time": live.started_at // 1000,
        "like_count": live.likes,
        "user_count": live.watching,
        "stats": {"total_user": live.visitors, "share_count": live.shares, "like_count": live.likes},
        "owner": {
            "id": live.host.id,
            "id_str": str(live.host.id),
            "display_id": live.host.name,
            "nickname": live.host.name,
        },
    }
    return web.json_response({"data": data, "extra": {"now": tiktok.now()}, "status_code": 0})


def _page(script: str, state: dict[str, Any]) -> web.Response:
    body = (
        "<!DOCTYPE html><html><head><title>TikTok</title></head><body>"
        f'<script id="{script}" type="application/json">{json.dumps(state)}</script></body></html>'
    )
    return web.Response(text=body, content_type="text/html")


def _user(host: Host) -> dict[str, Any]:
    return {
        "id": str(host.id),
        "uniqueId": host.name,
        "nickname": host.name,
        "roomId": str(host.lives[-1].room),
        "status": _OFF_AIR if host.live is None else _ON_AIR,
        "verified": False,
    }


def _room(host: Host) -> dict[str, Any]:
    live = host.lives[-1]
    return {
        "title": f"{host.name} reviews your songs",
        "startTime": live.started_at // 1000,
        "status": _OFF_AIR if live.over else _ON_AIR,
        "liveRoomStats": {"userCount": live.watching, "enterCount": live.visitors},
    }

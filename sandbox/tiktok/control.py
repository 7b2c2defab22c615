"""The control endpoint: the double driven and read over HTTP, in JSON, on its own port."""

from __future__ import annotations

import asyncio
import contextlib
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, cast

from aiohttp import web

from sandbox.tiktok.actions import Action, BadActionError, Stage
from sandbox.tiktok.recording import BadRecordingError, Player, read_recording

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from sandbox.tiktok.books import Account, Message
    from sandbox.tiktok.live import Live
    from sandbox.tiktok.server import TikTok


class Control:
    """Answers under /control. One recording plays at a time; `trouble` says why the latest one stopped."""

    def __init__(self, tiktok: TikTok) -> None:
        self._tiktok = tiktok
        self._stage = Stage(tiktok)
        self._player: Player | None = None
        self._playing: asyncio.Task[None] | None = None
        self.trouble = ""

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Add the routes."""
        router.add_get("/control", self._state)
        router.add_get("/control/books", self._books)
        router.add_post("/control/act", _told(self._act))
        router.add_post("/control/play", _told(self._play))
        router.add_delete("/control/play", self._stop)

    async def close(self) -> None:
        """Stop what plays."""
        playing, self._playing = self._playing, None
        if playing is not None:
            playing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await playing

    async def _state(self, _request: web.Request) -> web.Response:
        tiktok = self._tiktok
        hosts = {
            host.name: {
                "id": str(host.id),
                "age_restricted": host.age_restricted,
                "live": None if host.live is None else _live(host.live),
                "rooms": [str(live.room) for live in host.lives],
            }
            for host in tiktok.hosts.values()
        }
        player = self._player
        state = {
            "app_url": tiktok.app_url,
            "webcast_url": tiktok.webcast_url,
            "sign_url": tiktok.sign_url,
            "hosts": hosts,
            "sent": len(tiktok.books.sent),
            "signatures": tiktok.signer.calls,
            "faults": [
                {"endpoint": fault.endpoint, "times": fault.times, "hits": fault.hits}
                for fault in tiktok.faults.active
            ],
            "recording": None
            if player is None
            else {
                "actions": len(player.actions),
                "done": player.done,
                "playing": self._playing is not None and not self._playing.done(),
                "trouble": self.trouble,
            },
        }
        return web.json_response(state)

    async def _books(self, request: web.Request) -> web.Response:
        host = request.query.get("host")
        books = self._tiktok.books
        deliveries = [each for each in books.deliveries if host is None or each.host == host]
        answer = {
            "sent": _account(books.of(host)),
            "received": _account(books.received(host)),
            "connections": [
                {
                    "host": each.host,
                    "room": str(each.room),
                    "opened_at": each.opened_at,
                    "closed_at": each.closed_at,
                    "ending": each.ending,
                    "history": [str(message) for message in each.history],
                    "written": len(each.written),
                    "acknowledged": len(each.acked),
                    "heartbeats": each.heartbeats,
                }
                for each in deliveries
            ],
        }
        return web.json_response(answer)

    async def _act(self, request: web.Request) -> web.Response:
        told: Any = await request.json()
        actions = cast("list[Any]", told) if isinstance(told, list) else [told]
        sent: list[Message] = []
        for action in actions:
            if not isinstance(action, dict):
                message = "An action is a JSON object with `do`."
                raise BadActionError(message)
            sent += await self._stage.act(cast("Action", action))
        return web.json_response({"messages": [{"id": str(each.id), "kind": each.kind} for each in sent]})

    async def _play(self, request: web.Request) -> web.Response:
        if self._playing is not None and not self._playing.done():
            message = "A recording plays already. Stop it with DELETE /control/play."
            raise BadActionError(message)
        pace = request.query.get("speed", "1")
        speed = None if pace == "max" else float(pace)
        if speed is not None and not speed > 0:
            message = "`speed` is a number above 0, or max."
            raise BadActionError(message)
        actions = read_recording((await request.text()).splitlines())
        self._player = Player(self._tiktok, actions, speed=speed)
        self.trouble = ""
        self._playing = asyncio.create_task(self._run(self._player))
        return web.json_response({"actions": len(actions)})

    async def _run(self, player: Player) -> None:
        try:
            await player.run()
        except BadRecordingError as wrong:
            self.trouble = str(wrong)
        except TimeoutError:
            self.trouble = f"Action {player.done + 1} waited too long for a client."
        self._tiktok.changed()

    async def _stop(self, _request: web.Request) -> web.Response:
        await self.close()
        return web.json_response({"done": 0 if self._player is None else self._player.done})


def _told(
    handler: Callable[[web.Request], Awaitable[web.Response]],
) -> Callable[[web.Request], Awaitable[web.Response]]:
    """Answer 400 with a sentence for what cannot be done, 504 for a wait that was too long."""

    async def answer(request: web.Request) -> web.Response:
        try:
            return await handler(request)
        except json.JSONDecodeError as wrong:
            return web.json_response({"error": f"The body is no JSON: {wrong}"}, status=400)
        except ValueError as wrong:
            return web.json_response({"error": str(wrong)}, status=400)
        except TimeoutError:
            return web.json_response({"error": "No client came or answered in time."}, status=504)

    return answer


def _live(live: Live) -> dict[str, Any]:
    return {
        "room": str(live.room),
        "paused": live.paused,
        "size": live.size.name.lower(),
        "likes": live.likes,
        "shares": live.shares,
        "watching": live.watching,
        "visitors": live.visitors,
        "connections": len(live.connections),
    }


def _account(account: Account) -> dict[str, Any]:
    return {
        "total": asdict(account.total),
        "viewers": {str(viewer): asdict(totals) for viewer, totals in account.viewers.items()},
    }

"""The page's own server on loopback. Only who was given its address gets anything from it."""

from __future__ import annotations

import asyncio
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Final

from aiohttp import WSCloseCode, web

from sandbox.discord.members import UPLOAD_LIMITS
from sandbox.page.session import Session, Side
from sandbox.page.tiktok import Panel

if TYPE_CHECKING:
    from sandbox.discord.channels import Channel
    from sandbox.discord.exchanges import Exchange
    from sandbox.discord.guilds import Guild
    from sandbox.page.tour import Tour
    from sandbox.tiktok import TikTok

_STATIC: Final = Path(__file__).parent / "static"
_TYPES: Final = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_FOREVER: Final = 365 * 86400.0
_LARGEST: Final = UPLOAD_LIMITS[-1] + 2**16
"""Bytes of a frame: the largest file anybody may send, and its header. `Person` checks who may send it."""


class Page:
    """Discord's client in the browser, for everybody in one guild. Start it with `Page.start`.

    It needs no login, so nobody may reach it by chance: it listens on 127.0.0.1 alone, the path begins with
    a random token, and a websocket is opened for its own pages only, not for other sites in the same browser.
    With a TikTok there is a panel beside the messages that plays its viewers, with a tour its steps.
    """

    def __init__(self, guild: Guild, tiktok: TikTok | None = None, tour: Tour | None = None) -> None:
        self.guild = guild
        self.port = 0
        self._token = secrets.token_urlsafe(24)
        self._runner: web.AppRunner | None = None
        self._sessions: set[Session] = set()
        self._watched: dict[int, asyncio.Task[None]] = {}
        self._panel = None if tiktok is None else Panel(tiktok, lambda: self._tell([]))
        self._sides: dict[str, Side] = {} if self._panel is None else {"tiktok": self._panel}
        self._tour = tour
        if tour is not None:
            self._sides["tour"] = tour
            tour.listen(lambda: self._tell([]))

    @classmethod
    async def start(
        cls, guild: Guild, port: int = 0, *, tiktok: TikTok | None = None, tour: Tour | None = None
    ) -> Page:
        """Start the page of a guild on 127.0.0.1; port 0 takes a free one."""
        page = cls(guild, tiktok, tour)
        await page._listen(port)
        return page

    @property
    def origin(self) -> str:
        """Where the page's server is, without the token."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        """The address to open in a browser."""
        return f"{self.origin}/{self._token}/"

    async def close(self) -> None:
        """Close all open pages and stop listening."""
        self.guild.sandbox.on_exchange.remove(self._exchanged)
        if self._panel is not None:
            await self._panel.close()
        if self._tour is not None:
            await self._tour.close()
        for task in self._watched.values():
            task.cancel()
        await asyncio.gather(*self._watched.values(), return_exceptions=True)
        for session in tuple(self._sessions):
            await session.socket.close(code=WSCloseCode.GOING_AWAY)
        if self._runner is not None:
            await self._runner.cleanup()

    async def _listen(self, port: int) -> None:
        app = web.Application()
        app.router.add_get(f"/{self._token}/", self._file)
        app.router.add_get(f"/{self._token}/socket", self._socket)
        app.router.add_get(f"/{self._token}/{{name}}", self._file)
        # Log lines would carry the token.
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        await site.start()
        self.port = self._runner.addresses[0][1]
        self.guild.sandbox.on_exchange.append(self._exchanged)
        if self._panel is not None:
            self._panel.start()

    async def _file(self, request: web.Request) -> web.Response:
        self._check_host(request)
        name = request.match_info.get("name", "index.html")
        found = next((each for each in _STATIC.iterdir() if each.name == name), None)
        if found is None:
            raise web.HTTPNotFound
        return web.Response(
            body=found.read_bytes(),
            content_type=_TYPES[found.suffix],
            charset="utf-8",
            headers=self._headers(),
        )

    async def _socket(self, request: web.Request) -> web.WebSocketResponse:
        self._check_host(request)
        if request.headers.get("Origin") != self.origin:
            raise web.HTTPForbidden(text="Only the sandbox's own page may open this.")
        wanted = request.query.get("person", "")
        people = {
            str(each.user.id): each.user.id for each in self.guild.members.values() if not each.user.bot
        }
        person = self.guild.person(people.get(wanted, self.guild.owner_id))
        socket = web.WebSocketResponse(max_msg_size=_LARGEST, heartbeat=30.0)
        await socket.prepare(request)
        session = Session(socket, person, self._sides)
        self._sessions.add(session)
        self._watch(session.screen.channels())
        try:
            await session.run()
        finally:
            self._sessions.discard(session)
        return socket

    def _check_host(self, request: web.Request) -> None:
        """Refuse another name for this address, with which a site could pass for the page's own origin."""
        if request.headers.get("Host") != f"127.0.0.1:{self.port}":
            raise web.HTTPForbidden(text="Open the address the sandbox gave you.")

    def _headers(self) -> dict[str, str]:
        files = self.guild.sandbox.world.attachments.base_url
        return {
            "Content-Security-Policy": "; ".join(
                (
                    "default-src 'none'",
                    "script-src 'self'",
                    "style-src 'self'",
                    f"img-src 'self' {files}",
                    f"media-src {files}",
                    f"connect-src ws://127.0.0.1:{self.port}",
                    "base-uri 'none'",
                    "form-action 'none'",
                    "frame-ancestors 'none'",
                )
            ),
            "Cache-Control": "no-store",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
        }

    def _exchanged(self, _: Exchange) -> None:
        """The bot did something: there may be another channel, role or name."""
        self._tell([])
        if self._tour is not None:
            self._tour.look_soon()
        for session in self._sessions:
            self._watch(session.screen.channels())

    def _tell(self, channels: list[Channel]) -> None:
        for session in self._sessions:
            session.changed(channels)

    def _watch(self, channels: list[Channel]) -> None:
        for channel in channels:
            if channel.id not in self._watched:
                self._watched[channel.id] = asyncio.create_task(self._follow(channel))

    async def _follow(self, channel: Channel) -> None:
        def look() -> bool:
            self._tell([channel])
            if self._tour is not None:
                self._tour.look_soon()
            return channel.deleted

        await channel.wait_until(look, _FOREVER)
        del self._watched[channel.id]

"""The TikTok double: one object that is tiktok.com, webcast, sign server and push socket on loopback."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from typing import TYPE_CHECKING, Final, TypedDict

from aiohttp import web

from sandbox.tiktok import pages, push
from sandbox.tiktok.books import Books
from sandbox.tiktok.control import Control
from sandbox.tiktok.faults import Faults
from sandbox.tiktok.people import Host, Viewer
from sandbox.tiktok.profiles import Size
from sandbox.tiktok.signing import Signer

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Unpack

    from sandbox.tiktok.books import Kind, Message
    from sandbox.tiktok.faults import Endpoint
    from sandbox.tiktok.live import Live

_REQUESTS: Final = 20_000
_FIRST_ROOM: Final = 7_450_000_000_000_000_001
_FIRST_MESSAGE: Final = 7_450_100_000_000_000_001
_FIRST_USER: Final = 6_800_000_000_000_000_001


class Settings(TypedDict, total=False):
    """What `TikTok.start` takes beside the port."""

    clock: Callable[[], float]
    size: Size
    per_frame: int
    history_depth: int
    history_kinds: frozenset[Kind] | None
    signature_seconds: float
    ping_interval: float
    sign_key: str


class TikTok:
    """A local TikTok. Several can live on one loop. Start it with `TikTok.start`.

    `clock` gives seconds since the epoch for the times of messages. `size` is what events weigh, `per_frame`
    how many messages a frame holds at most, `history_depth` and `history_kinds` what a connection is told of
    the past (None: every kind), `signature_seconds` how long a signature is good, `ping_interval` how often
    a client shall send heartbeats (seconds), `sign_key` the key the sign server wants ("": none).
    """

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.time,
        size: Size = Size.USUAL,
        per_frame: int = 10,
        history_depth: int = 6,
        history_kinds: frozenset[Kind] | None = frozenset({"comment"}),
        signature_seconds: float = 30.0,
        ping_interval: float = 10.0,
        sign_key: str = "sandbox-key",
    ) -> None:
        self.clock = clock
        self.size = size
        self.per_frame = per_frame
        self.history_depth = history_depth
        self.history_kinds = history_kinds
        self.signature_seconds = signature_seconds
        self.ping_interval = ping_interval
        self.sign_key = sign_key
        self.books = Books()
        self.signer = Signer(self)
        self.faults = Faults(self)
        self.control = Control(self)
        self.requests: deque[tuple[float, str, str]] = deque(maxlen=_REQUESTS)
        self.rooms: dict[int, Live] = {}
        self.hosts: dict[str, Host] = {}
        self.viewers: dict[str, Viewer] = {}
        self.port = 0
        self.sign_port = 0
        self._rooms = self._messages = self._users = 0
        self._waiting: set[asyncio.Future[None]] = set()
        self._runner: web.AppRunner | None = None
        self._sign_site: web.TCPSite | None = None

    @classmethod
    async def start(cls, port: int = 0, **settings: Unpack[Settings]) -> TikTok:
        """Start a double on 127.0.0.1; port 0 takes a free one. The settings are those of the class."""
        tiktok = cls(**settings)
        await tiktok._listen(port)
        return tiktok

    @property
    def app_url(self) -> str:
        """What stands for https://www.tiktok.com."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def webcast_url(self) -> str:
        """What stands for https://webcast.tiktok.com/webcast."""
        return f"http://127.0.0.1:{self.port}/webcast"

    @property
    def sign_url(self) -> str:
        """What stands for https://api.eulerstream.com."""
        return f"http://127.0.0.1:{self.sign_port}"

    @property
    def push_url(self) -> str:
        """Where the push socket is; a client learns it from the sign server."""
        return f"ws://127.0.0.1:{self.port}/webcast/im/ws_proxy/ws_reuse_supplement/"

    async def close(self) -> None:
        """Cut all connections and stop listening."""
        self.faults.clear()
        await self.control.close()
        for live in self.rooms.values():
            for connection in tuple(live.connections):
                connection.reset()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def host(self, name: str) -> Host:
        """Give the host of that @name, a new one if there is none. It never was live until `go_live`."""
        host = self.find_host(name)
        if host is None:
            host = self.hosts[name.casefold()] = Host(self, self._next_user(), name)
        return host

    def find_host(self, name: str) -> Host | None:
        """Find a host by its @name."""
        return self.hosts.get(name.removeprefix("@").casefold())

    def rename(self, host: Host, name: str) -> None:
        """Give a host another @name. Raises ValueError when it is taken."""
        if self.find_host(name) not in (None, host):
            message = f"@{name} is taken."
            raise ValueError(message)
        del self.hosts[host.name.casefold()]
        host.name = name
        self.hosts[name.casefold()] = host

    def viewer(
        self, name: str, nickname: str | None = None, *, moderator: bool = False, masked: bool = False
    ) -> Viewer:
        """Give the viewer of that @name, a new one if there is none."""
        viewer = self.viewers.get(name.casefold())
        if viewer is None:
            viewer = Viewer(
                self, self._next_user(), name, nickname or name.title(), moderator=moderator, masked=masked
            )
            self.viewers[name.casefold()] = viewer
        return viewer

    async def connected(self, live: Live, count: int = 1, timeout: float = 10.0) -> None:
        """Wait until this many clients are in a live's room. Raises TimeoutError."""
        await self.wait_until(lambda: len(live.connections) >= count, timeout)

    async def wait_until(self, condition: Callable[[], bool], timeout: float = 10.0) -> None:
        """Wait until a condition on connections, requests or messages holds. Raises TimeoutError."""
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(timeout):
            while not condition():
                waiter: asyncio.Future[None] = loop.create_future()
                self._waiting.add(waiter)
                try:
                    await waiter
                finally:
                    self._waiting.discard(waiter)

    def changed(self) -> None:
        """Wake whoever waits for a condition."""
        for waiter in tuple(self._waiting):
            if not waiter.done():
                waiter.set_result(None)

    def calls(self, endpoint: Endpoint) -> int:
        """Count the requests to an endpoint so far, those a fault struck too."""
        return sum(each == endpoint for _, each, _ in self.requests)

    def now(self) -> int:
        """The time messages are stamped with, in milliseconds."""
        return int(self.clock() * 1000)

    def next_room(self) -> int:
        """Give a new room id."""
        self._rooms += 1
        return _FIRST_ROOM + self._rooms * 7919

    def next_message(self) -> int:
        """Give a new message id; later messages have higher ones."""
        self._messages += 1
        return _FIRST_MESSAGE + self._messages * 1009

    def remembers(self, message: Message) -> bool:
        """Whether a message belongs to the history a connection is told."""
        return self.history_kinds is None or message.kind in self.history_kinds

    def _next_user(self) -> int:
        self._users += 1
        return _FIRST_USER + self._users * 104_729

    async def _listen(self, port: int) -> None:
        app = web.Application(middlewares=[self.faults.strike])
        app.router.add_get("/@{name}/live", self._page, name="page")
        app.router.add_get("/@{name}", self._profile, name="profile")
        app.router.add_get("/api-live/user/room/", self._user_room, name="api")
        app.router.add_get("/webcast/room/check_alive/", self._check_alive, name="alive")
        app.router.add_get("/webcast/room/info/", self._room_info, name="info")
        app.router.add_get("/webcast/fetch", self.signer.fetch, name="sign")
        app.router.add_get("/webcast/rate_limits", self.signer.rate_limits, name="limits")
        app.router.add_get("/webcast/im/ws_proxy/ws_reuse_supplement/", self._push, name="socket")
        self.control.add_to(app.router)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        _, self.port = await self._open(port)
        # The sign server has a door of its own, so that it can be shut while TikTok stays open.
        await self.open_sign()

    async def shut_sign(self) -> None:
        """Refuse connections to the sign server and cut those there are."""
        site, self._sign_site = self._sign_site, None
        if site is None or self._runner is None or self._runner.server is None:
            return
        await site.stop()
        for protocol in self._runner.server.connections:
            transport = protocol.transport
            if transport is not None and transport.get_extra_info("sockname")[1] == self.sign_port:
                transport.abort()

    async def open_sign(self) -> None:
        """Listen for the sign server, at the address it had."""
        if self._sign_site is None:
            self._sign_site, self.sign_port = await self._open(self.sign_port)

    async def _open(self, port: int) -> tuple[web.TCPSite, int]:
        assert self._runner is not None
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        await site.start()
        return site, self._runner.addresses[-1][1]

    async def _page(self, request: web.Request) -> web.StreamResponse:
        return pages.page(self, request)

    async def _profile(self, request: web.Request) -> web.StreamResponse:
        return pages.profile(self, request)

    async def _user_room(self, request: web.Request) -> web.StreamResponse:
        return pages.user_room(self, request)

    async def _check_alive(self, request: web.Request) -> web.StreamResponse:
        return pages.check_alive(self, request)

    async def _room_info(self, request: web.Request) -> web.StreamResponse:
        return pages.room_info(self, request)

    async def _push(self, request: web.Request) -> web.StreamResponse:
        return await push.serve(self, request)

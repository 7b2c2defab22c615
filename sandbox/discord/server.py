"""The sandbox: one object that is a whole local Discord on one port of loopback."""

from __future__ import annotations

import asyncio
import base64
import secrets
import time
from collections import deque
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import orjson
from aiohttp import web

from sandbox.discord import (
    rest_applications,
    rest_channels,
    rest_guilds,
    rest_interactions,
    rest_messages,
)
from sandbox.discord.commands import Commands
from sandbox.discord.exchanges import Exchange
from sandbox.discord.faults import Faults
from sandbox.discord.gateway import Gateway
from sandbox.discord.guilds import BOT, Guild
from sandbox.discord.intents import Intent
from sandbox.discord.interactions import Interactions
from sandbox.discord.members import User
from sandbox.discord.people import Person
from sandbox.discord.rate_limits import RateLimits
from sandbox.discord.refusals import Refusal, not_allowed, unauthorized
from sandbox.discord.rest import Call, Moment, Router, read, run
from sandbox.discord.world import World

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiohttp.abc import AbstractStreamWriter
    from aiohttp.http_parser import RawRequestMessage
    from aiohttp.streams import StreamReader
    from aiohttp.web_protocol import RequestHandler

    from sandbox.discord.faults import Fault
    from sandbox.discord.rate_limits import Mode
    from sandbox.discord.rest import Route

_PREFIX: Final = "/api/v10"
_GATEWAY: Final = "/gateway"
_LARGEST: Final = 600 * 2**20
_JSON: Final = "application/json"

_ROUTER: Final = Router(
    (
        rest_applications.routes,
        rest_channels.routes,
        rest_guilds.routes,
        rest_interactions.routes,
        rest_messages.routes,
    )
)


class Sandbox:
    """A local Discord for one application. Several can live on one loop.

    Start it with `Sandbox.start`. `requests` holds the latest exchanges over REST, and every function in
    `on_exchange` is called with each of them.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.time,
        rate_limits: Mode = "headers",
        deadline: float = 3.0,
        max_concurrency: int = 1,
        identify_window: float = 0.1,
        shards: int = 1,
        name: str = "Skipline",
        keep_requests: int | None = 20_000,
    ) -> None:
        self.clock = clock
        self.shards = shards
        self.world = World(clock)
        self.application_id = self.world.snowflakes.next()
        self.bot = self.world.create_user(name, bot=True, user_id=self.application_id)
        first = base64.urlsafe_b64encode(str(self.application_id).encode()).decode().rstrip("=")
        self.token = f"{first}.sandbox.{secrets.token_urlsafe(20)}"
        self.gateway = Gateway(self, max_concurrency=max_concurrency, identify_window=identify_window)
        self.world.gateway = self.gateway
        # Who is in the team of the application, and whether they took the invitation; nobody: it has none.
        self.team: dict[User, bool] = {}
        self.commands = Commands(self.application_id, self.world.snowflakes)
        self.interactions = Interactions(self, deadline)
        self.faults = Faults(self)
        self.rate_limits = RateLimits(rate_limits, clock)
        self.requests: deque[Exchange] = deque(maxlen=keep_requests)
        self.on_exchange: list[Callable[[Exchange], None]] = []
        self.port = 0
        self._runner: web.ServerRunner | None = None
        self._exchanged: set[asyncio.Future[None]] = set()

    @classmethod
    async def start(
        cls,
        port: int = 0,
        *,
        clock: Callable[[], float] = time.time,
        rate_limits: Mode = "headers",
        deadline: float = 3.0,
        max_concurrency: int = 1,
        identify_window: float = 0.1,
        shards: int = 1,
        name: str = "Skipline",
        keep_requests: int | None = 20_000,
    ) -> Sandbox:
        """Start a sandbox on 127.0.0.1; port 0 takes a free one.

        `clock` gives seconds since the epoch and rules ages (tokens, messages, addresses). `deadline` is the
        time in seconds for a first answer. `shards` is what GET /gateway/bot recommends. `keep_requests`
        bounds `requests`, None keeps all.
        """
        sandbox = cls(
            clock=clock,
            rate_limits=rate_limits,
            deadline=deadline,
            max_concurrency=max_concurrency,
            identify_window=identify_window,
            shards=shards,
            name=name,
            keep_requests=keep_requests,
        )
        await sandbox._listen(port)
        return sandbox

    @property
    def application_flags(self) -> int:
        """The application's flags: which privileged intents are switched on (`gateway.privileged`)."""
        flags = {
            Intent.GUILD_PRESENCES: 1 << 13,
            Intent.GUILD_MEMBERS: 1 << 15,
            Intent.MESSAGE_CONTENT: 1 << 19,
        }
        return sum(flag for intent, flag in flags.items() if self.gateway.privileged & intent)

    @property
    def rest_url(self) -> str:
        """Where REST is, version included and without a final slash."""
        return f"http://127.0.0.1:{self.port}{_PREFIX}"

    @property
    def gateway_url(self) -> str:
        """Where the gateway is."""
        return f"ws://127.0.0.1:{self.port}{_GATEWAY}"

    @property
    def guilds(self) -> list[Guild]:
        """All guilds."""
        return list(self.world.guilds.values())

    async def close(self) -> None:
        """Cut all connections and stop listening."""
        self.gateway.close()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def connected(self, shards: int = 1, timeout: float = 10.0) -> None:
        """Wait until this many shards are connected and ready. Raises TimeoutError."""
        await self.gateway.wait_until(lambda: len(self.gateway.connected) >= shards, timeout)

    def create_guild(
        self,
        name: str,
        owner: str | Person = "Olga",
        *,
        guild_id: int | None = None,
        bot_permissions: int = BOT,
    ) -> Guild:
        """Create a guild the bot is in. Without `guild_id`, guilds fall on the shards by turns."""
        user = owner.user if isinstance(owner, Person) else self.world.create_user(owner)
        return self.world.create_guild(
            self, name, user, guild_id=guild_id, bot_permissions=int(bot_permissions)
        )

    def remove_guild(self, guild: Guild) -> None:
        """Throw the bot out of a guild."""
        self.world.remove_guild(guild)

    def calls(self, method: str, route: str) -> list[Exchange]:
        """Give the recorded exchanges with this method and path template, oldest first."""
        return [each for each in self.requests if each.method == method and each.route == route]

    async def wait_for_request(
        self, predicate: Callable[[Exchange], bool], timeout: float = 15.0
    ) -> Exchange:
        """Wait for an exchange, past or to come, that `predicate` accepts. Raises TimeoutError."""
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(timeout):
            while True:
                for exchange in self.requests:
                    if predicate(exchange):
                        return exchange
                waiter: asyncio.Future[None] = loop.create_future()
                self._exchanged.add(waiter)
                try:
                    await waiter
                finally:
                    self._exchanged.discard(waiter)

    async def _listen(self, port: int) -> None:
        loop = asyncio.get_running_loop()

        def make(
            message: RawRequestMessage,
            payload: StreamReader,
            protocol: RequestHandler,
            writer: AbstractStreamWriter,
            task: asyncio.Task[None],
        ) -> web.BaseRequest:
            return web.BaseRequest(message, payload, protocol, writer, task, loop, client_max_size=_LARGEST)

        server = web.Server(self._handle, request_factory=make, access_log=None)
        self._runner = web.ServerRunner(server, shutdown_timeout=0.5)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        await site.start()
        self.port = self._runner.addresses[0][1]
        self.world.attachments.base_url = f"http://127.0.0.1:{self.port}"

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        path = request.path
        if path.startswith(_PREFIX):
            return await self._rest(request, path[len(_PREFIX) :])
        if path == _GATEWAY:
            return await self.gateway.serve(request)
        parts = path.split("/")
        if len(parts) == 5 and parts[1] in {"attachments", "ephemeral-attachments"}:
            attachment = self.world.attachments.open(parts[3], request.query)
            if attachment is None:
                return web.Response(status=404, text="This content is no longer available.")
            headers = {
                "Content-Type": attachment.content_type or "application/octet-stream",
                # So that no browser opens a page that somebody sent as one of this server's own.
                "Content-Disposition": f"attachment; filename*=UTF-8''{quote(attachment.filename)}",
            }
            return web.Response(body=attachment.content, headers=headers)
        return _respond(404, Refusal(0).body, {})

    async def _rest(self, request: web.BaseRequest, path: str) -> web.StreamResponse:
        started = time.perf_counter()
        method = request.method
        route, params, known = _ROUTER.find(method, path)
        template = route.template if route is not None else path
        exchange = Exchange(
            method=method,
            route=template,
            path=path,
            query=dict(request.query),
            body=None,
            files=[],
            at=self.clock(),
            reason=request.headers.get("X-Audit-Log-Reason"),
        )
        fault: Fault | None = None
        headers: dict[str, str] = {}
        try:
            exchange.body, files = await read(request)
            received = self._now()
            exchange.files = [(upload.filename, len(upload.content)) for upload in files.values()]
            if route is None:
                raise not_allowed() if known else Refusal(0)
            if route.auth and request.headers.get("Authorization") != f"Bot {self.token}":
                raise unauthorized()
            fault = self.faults.take(method, template, path)
            if fault is not None and not fault.after:
                await self._before(fault)
                if fault.cut:
                    return self._cut(request, exchange, started)
                # What was held up on the way counts as received when it arrives.
                received = self._now()
            headers = self._count(route, params)
            call = Call(self, route, params, request.query, received, exchange.body, files)
            exchange.status, exchange.response, extra = run(call)
            headers |= extra
        except Refusal as refusal:
            exchange.status, exchange.response = refusal.status, refusal.body
            headers |= refusal.headers or {}
        self.rate_limits.record(exchange.status)
        if fault is not None and fault.after:
            if fault.delay:
                await asyncio.sleep(fault.delay)
            if fault.cut:
                exchange.lost = True
                return self._cut(request, exchange, started)
            if fault.status is not None:
                refusal = Refusal(fault.code, fault.message, status=fault.status)
                exchange.status, exchange.response = refusal.status, refusal.body
        exchange.headers = headers
        self._record(exchange, started)
        return _respond(exchange.status, exchange.response, headers)

    def _now(self) -> Moment:
        return Moment(self.clock(), time.perf_counter())

    async def _before(self, fault: Fault) -> None:
        if fault.delay:
            await asyncio.sleep(fault.delay)
        if fault.retry_after is not None:
            scope = "global" if fault.is_global else "shared"
            headers = {"Retry-After": str(int(fault.retry_after) + 1), "X-RateLimit-Scope": scope}
            if fault.is_global:
                headers["X-RateLimit-Global"] = "true"
            extra = {"retry_after": fault.retry_after, "global": fault.is_global}
            raise Refusal(0, fault.message, status=429, extra=extra, headers=headers)
        if fault.status is not None:
            raise Refusal(fault.code, fault.message, status=fault.status)

    def _count(self, route: Route, params: dict[str, str]) -> dict[str, str]:
        verdict = self.rate_limits.check(route.method, route.template, route.major(params))
        if not verdict.allowed:
            extra = {"retry_after": verdict.retry_after, "global": verdict.is_global}
            raise Refusal(
                0, "You are being rate limited.", status=429, extra=extra, headers=dict(verdict.headers)
            )
        return dict(verdict.headers)

    def _cut(self, request: web.BaseRequest, exchange: Exchange, started: float) -> web.StreamResponse:
        if not exchange.lost:
            exchange.status = 0
        self._record(exchange, started)
        if request.transport is not None:
            request.transport.abort()
        return web.Response(status=500)

    def _record(self, exchange: Exchange, started: float) -> None:
        exchange.seconds = time.perf_counter() - started
        self.requests.append(exchange)
        for listener in self.on_exchange:
            listener(exchange)
        for waiter in tuple(self._exchanged):
            if not waiter.done():
                waiter.set_result(None)


def _respond(status: int, body: Any, headers: dict[str, str]) -> web.Response:
    if body is None:
        return web.Response(status=status, headers=headers)
    return web.Response(status=status, body=orjson.dumps(body), content_type=_JSON, headers=headers or None)

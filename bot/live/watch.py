"""Which hosts this process listens to: those that any guild wants and no other process has."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from redis.asyncio import Redis
from redis.exceptions import RedisError

from bot.errors import Reporter
from bot.live.chat import Chat
from bot.live.listener import PATIENCE, SHOW_SECONDS, Listener
from integrations.tiktok.connection import Connection
from integrations.tiktok.gate import Gate
from integrations.tiktok.source import LiveSource
from integrations.tiktok.status import Pace, Resume
from state import keys
from state.feed import Change, Feed
from state.hosts import Hosts, wanted
from state.lease import Lease
from state.live import Live
from state.refusal import Fenced, Unopened
from state.scripts import Fence

_log = logging.getLogger("skipline.live")

LOOK_SECONDS: Final = 30.0
"""How often it is looked again at what is wanted, should a change not have been heard."""

TAKE_OVER_SECONDS: Final = 6.0
"""A process that died keeps others out for so long."""

RETRY_SECONDS: Final = 5.0
"""Until a host whose connection failed for an unknown reason is tried again."""

_WATCHED: Final = frozenset({"host_connected", "host_disconnected", "restored", "restored_backup"})


@dataclass(frozen=True, slots=True)
class Books:
    """What a connection writes to, under its lease."""

    live: Live
    hosts: Hosts
    chat: Chat


class Watch:
    """Keeps one listener for each wanted host whose lease this process has."""

    def __init__(
        self,
        *,
        source: LiveSource,
        gate: Gate,
        redis: Redis,
        books: Callable[[Fence], Books],
        feed: Feed,
        reporter: Reporter,
        pace: Pace | None = None,
        patience: float = PATIENCE,
    ) -> None:
        self._source = source
        self._gate = gate
        self._redis = redis
        self._books = books
        self._reporter = reporter
        self._pace = pace
        self._patience = patience
        self._wanted: dict[str, set[int]] = {}
        self._keepers: dict[str, asyncio.Task[None]] = {}
        self._listeners: dict[str, Listener] = {}
        self._news = asyncio.Event()
        feed.listen(self._heard, self._resumed)

    def _heard(self, change: Change) -> None:
        if change.kind in _WATCHED:
            self._news.set()

    async def _resumed(self) -> None:
        self._news.set()

    async def run(self) -> None:
        """Works until cancelled; then every connection is closed and every lease given up."""
        try:
            while True:
                self._news.clear()
                try:
                    await self._look()
                except (RedisError, OSError, Unopened) as gone:
                    _log.warning("The list of hosts waits for Redis (%s).", type(gone).__name__)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_SECONDS):
                        await self._news.wait()
        finally:
            keepers = list(self._keepers.values())
            for keeper in keepers:
                _end(keeper)
            await asyncio.gather(*keepers, return_exceptions=True)

    async def _look(self) -> None:
        found = await wanted(self._redis)
        self._wanted = {handle: set(guilds) for handle, guilds in found.items()}
        for handle in self._wanted:
            if handle not in self._keepers:
                keeper = asyncio.create_task(self._keep(handle), name=f"host {handle}")
                self._keepers[handle] = keeper
        changes = [self._meet(handle, listener) for handle, listener in self._listeners.items()]
        # One whose bookings wait for Redis must not keep the others waiting.
        await asyncio.gather(*changes)
        for handle, keeper in list(self._keepers.items()):
            if handle not in self._wanted:
                _end(keeper)

    async def _meet(self, handle: str, listener: Listener) -> None:
        """Has a host heard by those guilds that want it by now."""
        guilds = self._wanted.get(handle, set())
        for guild in listener.guilds - guilds:
            await listener.left(guild)
        for guild in guilds - listener.guilds:
            await listener.joined(guild)

    async def _keep(self, handle: str) -> None:
        """Has the host listened to for as long as it is wanted, here or, while its lease is, elsewhere."""
        try:
            while handle in self._wanted:
                try:
                    await self._hold(handle)
                except Fenced:
                    _log.warning("@%s went to another process.", handle)
                except (RedisError, OSError, Unopened) as gone:
                    _log.warning("@%s waits for Redis (%s).", handle, type(gone).__name__)
                    await asyncio.sleep(1.0)
                except Exception as error:
                    self._reporter.report(error, f"the host @{handle}")
                    await asyncio.sleep(RETRY_SECONDS)
        finally:
            del self._keepers[handle]
            # It may be wanted again since.
            self._news.set()

    async def _hold(self, handle: str) -> None:
        work = f"tiktok:{handle}"
        lease = Lease(self._redis, keys.common_lease(work), seconds=TAKE_OVER_SECONDS)
        async with lease.held():
            books = self._books(Fence(work, lease.token))
            listener = Listener(handle, books.live, books.hosts, books.chat, self._reporter, self._patience)
            known: Resume | None = None
            for guild in sorted(self._wanted.get(handle, ())):
                left = await listener.adopt(guild)
                if left is not None and (known is None or left.last_at > known.last_at):
                    known = left
            connection = Connection(
                handle, self._source, self._gate, listener.heard, listener.turned, known, self._pace
            )
            listener.unread = lambda: connection.status.skipped
            self._listeners[handle] = listener
            # Who came or went while the sessions were read.
            self._news.set()
            try:
                await _until_lost(connection, lease, listener)
            finally:
                del self._listeners[handle]


def _end(keeper: asyncio.Task[None]) -> None:
    """Cancels it once: a second time would cut short how it closes its connection."""
    if not keeper.cancelling():
        keeper.cancel()


async def _until_lost(connection: Connection, lease: Lease, listener: Listener) -> None:
    """Runs a connection until it is cancelled or its lease is gone; then it is closed."""
    running = asyncio.create_task(connection.run(), name=f"connection {connection.handle}")
    lost = asyncio.create_task(lease.lost.wait())
    showing = asyncio.create_task(_show(connection, listener))
    try:
        await asyncio.wait({running, lost}, return_when=asyncio.FIRST_COMPLETED)
        if lost.done():
            listener.replaced()
            _log.warning("The lease of @%s is gone; another process may listen now.", connection.handle)
        else:
            running.result()
    finally:
        lost.cancel()
        showing.cancel()
        await connection.stop()
        await asyncio.gather(running, lost, showing, return_exceptions=True)


async def _show(connection: Connection, listener: Listener) -> None:
    """Shows how it goes, again and again: a status that is not renewed says that nobody listens."""
    while True:
        await asyncio.sleep(min(SHOW_SECONDS, max(listener.patience, 0.1)))
        try:
            await listener.look(connection.status)
        except Fenced:
            return
        except (RedisError, OSError, Unopened) as gone:
            _log.debug("@%s is not shown (%s).", connection.handle, type(gone).__name__)

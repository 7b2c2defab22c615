"""Hearing what is announced anywhere on a cluster."""

from __future__ import annotations

import asyncio
import contextlib
from collections import OrderedDict
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self, cast

from redis.asyncio.client import PubSub
from redis.exceptions import ConnectionError

from state.cluster.batch import NodePool

if TYPE_CHECKING:
    from state.cluster.client import Cluster

SILENCE_SECONDS: Final = 5.0
"""After so long without a word a server is asked for one, and is lost when none comes as long again."""

_REMEMBERED: Final = 10_000


class Hearing:
    """Subscriptions on every primary, in place of redis-py's on one.

    Each server tells all others what is announced on it, but such a word may be lost without any connection
    of ours being lost, and nobody would know. The server that announces tells its own subscribers, in order
    and until the connection breaks, as a single server does. So all are heard, and copies are dropped.
    """

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._parts: dict[str, PubSub] = {}
        self._readers: list[asyncio.Task[None]] = []
        self._heard: asyncio.Queue[tuple[str, dict[str, Any] | Exception]] = asyncio.Queue()
        self._standing: set[str] = set()
        self._copies = Copies()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def subscribe(self, *channels: str) -> None:
        """Subscribes everywhere, once. Raises `ConnectionError` when a server cannot be reached."""
        await self._cluster.look_again()
        for node in self._cluster.get_primaries():
            part = self._parts[node.name] = PubSub(NodePool(node), encoder=self._cluster.encoder)
            await part.subscribe(*channels)
        for name, part in self._parts.items():
            self._readers.append(asyncio.create_task(self._read(name, part), name=f"hearing {name}"))

    async def get_message(
        self, ignore_subscribe_messages: bool = False, timeout: float | None = 0.0
    ) -> dict[str, Any] | None:
        """The next message, None after `timeout` seconds without any (None: waits for ever).

        The first one says "subscribe" once all subscriptions stand. Raises `ConnectionError` when one is
        lost, or the cluster has other primaries by now.
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                while True:
                    self._check()
                    name, message = await self._heard.get()
                    if isinstance(message, Exception):
                        raise message
                    if not self._counts(name, message):
                        continue
                    if message["type"] != "subscribe" or not ignore_subscribe_messages:
                        return message
        self._check()
        return None

    async def ping(self) -> None:
        """Is answered by a message "pong" while all servers are heard: each is asked by whoever reads it."""
        self._heard.put_nowait(("", {"type": "pong", "pattern": None, "channel": None, "data": ""}))

    async def aclose(self) -> None:
        """Ends the subscriptions."""
        for reader in self._readers:
            reader.cancel()
        await asyncio.gather(*self._readers, return_exceptions=True)
        self._readers.clear()
        for part in self._parts.values():
            await part.aclose()
        self._parts.clear()

    def _check(self) -> None:
        if {node.name for node in self._cluster.get_primaries()} != self._parts.keys():
            raise ConnectionError("the cluster has other servers now")

    def _counts(self, name: str, message: dict[str, Any]) -> bool:
        if message["type"] == "subscribe":
            # Later ones tell that redis-py has reconnected by itself.
            again = name in self._standing
            self._standing.add(name)
            return again or len(self._standing) == len(self._parts)
        return message["type"] == "pong" or self._copies.first(name, str(message["data"]))

    async def _read(self, name: str, part: PubSub) -> None:
        asked = False
        try:
            while True:
                message = cast("dict[str, Any] | None", await part.get_message(timeout=SILENCE_SECONDS))
                if message is not None:
                    asked = False
                    if message["type"] in ("subscribe", "message"):
                        self._heard.put_nowait((name, message))
                elif asked:
                    raise ConnectionError(f"{name} has been silent for {2 * SILENCE_SECONDS:.0f} s")
                else:
                    asked = True
                    await part.ping()
        except Exception as error:
            self._heard.put_nowait((name, error))


class Copies:
    """Tells the first arrival of a word from the copies of it that come over other servers.

    A word may be said several times. It counts as often as the server says it that said it most often so far.
    """

    def __init__(self) -> None:
        self._said: OrderedDict[str, dict[str, int]] = OrderedDict()

    def first(self, name: str, text: str) -> bool:
        """Whether this is no copy; `name` is the server that it came over."""
        said = self._said.setdefault(text, {})
        self._said.move_to_end(text)
        known = max(said.values(), default=0)
        said[name] = said.get(name, 0) + 1
        if len(self._said) > _REMEMBERED:
            self._said.popitem(last=False)
        return said[name] > known

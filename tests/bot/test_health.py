"""How a process is, over real HTTP: what is told while all is well, and while a server is gone."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlsplit

import aiohttp
import asyncpg
import pytest

from bot import embedded
from bot.errors import StartupError
from bot.health import checks
from bot.settings import Role
from state import keys, timer_keys
from state.connection import connect
from state.scripts import Actor
from tests.bot.asking import get_json, healthz
from tests.stage import settings_for, until
from tests.wire import Wire

if TYPE_CHECKING:
    from sandbox.discord import Sandbox

OWNER = Actor(1, "test")


@pytest.fixture(autouse=True)
def always_fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every question is answered by a look of its own."""
    monkeypatch.setattr("bot.health.server.FRESH_SECONDS", -1.0)


def stack_of(discord: Sandbox, valkey: embedded.Server, database_url: str, folder: Path, role: Role) -> Any:
    from bot.app import running  # only who needs the bot pays for loading it

    settings = settings_for(discord, valkey.url, database_url, folder / "data", role=role, health_port=0)
    return running(settings, live=False)


async def test_a_healthy_process_tells_every_part_with_state_and_age(
    discord: Sandbox, valkey: embedded.Server, database_url: str, folder: Path
) -> None:
    async with stack_of(discord, valkey, database_url, folder, Role.ALL) as app:
        await asyncio.wait_for(app.commands_declared.wait(), 10)
        guild = discord.create_guild("Health", owner="Olga")
        host = app.stores.hosts
        await host.connect(int(guild.id), "connect", OWNER, "nobody.listens")
        await app.writer.settled(int(guild.id), 1)
        status, report = await healthz(app)
        parts = report["parts"]
        assert status == 200
        assert set(parts) == {"redis", "postgres", "shards", "tiktok", "archive", "timers", "leases"}
        assert all(part["age"] >= 0 for part in parts.values())
        states = {name: part["state"] for name, part in parts.items()}
        # Nobody looks after the host, since no TikTok process runs here.
        assert states == dict.fromkeys(parts, "ok") | {"tiktok": "degraded"}
        assert report["status"] == "degraded"
        redis = parts["redis"]
        assert (redis["appendonly"], redis["appendfsync"]) == ("yes", "always")
        assert redis["maxmemory_policy"] == "noeviction"
        (shard,) = parts["shards"]["shards"]
        assert (shard["id"], shard["state"]) == (0, "connected")
        (connection,) = parts["tiktok"]["connections"]
        assert (connection["host"], connection["state"]) == ("nobody.listens", "unattended")
        assert (parts["archive"]["owed"], parts["archive"]["writer"]) == (0, "running")
        held = {lease["lease"]: lease for lease in parts["leases"]["held"]}
        lease = held[keys.common_lease("shard:0/1")]
        assert lease["state"] == "held" and lease["age"] >= 0

        await host.disconnect(int(guild.id), "disconnect", OWNER, "nobody.listens")
        status, report = await healthz(app)
        assert (status, report["status"]) == (200, "ok")
        status, ready = await get_json(app, "/readyz")
        assert (status, ready) == (200, {"ready": True, "shards": True, "commands": True, "work": True})


async def test_without_redis_the_process_is_down_and_comes_back(
    discord: Sandbox, database_url: str, folder: Path
) -> None:
    async with AsyncExitStack() as stack:
        valkey = await stack.enter_async_context(embedded.valkey(folder))
        app = await stack.enter_async_context(stack_of(discord, valkey, database_url, folder, Role.WORKER))
        assert (await healthz(app))[0] == 200
        os.kill(valkey.pid, signal.SIGKILL)
        status, report = await healthz(app)
        assert (status, report["status"], report["parts"]["redis"]["state"]) == (503, "down", "down")
        assert report["parts"]["postgres"]["state"] == "ok"
        assert str(folder) not in str(report)
        async with aiohttp.ClientSession() as session, session.get(app.health.url + "/metrics") as answer:
            text = await answer.text()
        assert answer.status == 200
        assert 'skipline_redis_errors_total{during="scrape"} 1.0' in text
        assert "skipline_guilds NaN" in text and "skipline_queue_songs{" not in text

        await stack.enter_async_context(embedded.valkey(folder))

        async def back() -> bool:
            return (await healthz(app))[0] == 200

        await until(back, 15)


async def test_a_redis_that_keeps_less_is_told(
    discord: Sandbox, valkey: embedded.Server, database_url: str, folder: Path
) -> None:
    async with stack_of(discord, valkey, database_url, folder, Role.WORKER) as app:
        await app.stores.redis.config_set("appendfsync", "everysec")
        status, report = await healthz(app)
        assert (status, report["status"]) == (200, "degraded")
        redis = report["parts"]["redis"]
        assert redis["appendfsync"] == "everysec" and not app.stores.warnings
        mend = "set it to always: anything else loses acknowledged moves in a crash"
        assert redis["warnings"] == [f"appendfsync is everysec; {mend}"]
        await app.stores.redis.config_set("maxmemory-policy", "allkeys-lru")
        await app.stores.redis.config_set("appendonly", "no")
        # Whoever starts now says so.
        async with stack_of(discord, valkey, database_url, folder, Role.WORKER) as late:
            weak = [warning.split(";")[0] for warning in late.stores.warnings]
        assert weak == [
            *("Redis: appendonly is no", "Redis: appendfsync is everysec"),
            "Redis: maxmemory-policy is allkeys-lru",
        ]


async def test_a_redis_that_hides_its_settings_is_told_in_a_sentence_and_used(
    discord: Sandbox, valkey: embedded.Server, database_url: str, folder: Path
) -> None:
    async with connect(valkey.url) as client:
        await client.execute_command("ACL", "SETUSER", "default", "-config")
        try:
            async with stack_of(discord, valkey, database_url, folder, Role.WORKER) as app:
                (told,) = app.stores.warnings
                status, report = await healthz(app)
        finally:
            await client.execute_command("ACL", "SETUSER", "default", "+config")
    assert told.startswith(
        "Redis: the server does not tell its settings; make sure that it has appendonly yes"
    )
    assert "appendfsync always" in told and "maxmemory-policy noeviction" in told
    redis = report["parts"]["redis"]
    assert (status, redis["state"], redis["durability"]) == (200, "ok", "the server does not tell")


async def test_a_start_on_the_tables_of_a_newer_version_is_refused_in_a_sentence(
    discord: Sandbox, valkey: embedded.Server, database_url: str, folder: Path
) -> None:
    connection = await asyncpg.connect(database_url)
    await connection.execute("UPDATE alembic_version SET version_num = '9999'")
    await connection.close()
    with pytest.raises(StartupError, match=r"9999, made by a newer Skipline\. Run that version, or restore"):
        async with stack_of(discord, valkey, database_url, folder, Role.WORKER):
            pass


async def test_without_postgres_the_show_goes_on_and_the_archive_falls_behind(
    discord: Sandbox,
    valkey: embedded.Server,
    database_url: str,
    folder: Path,
) -> None:
    async with AsyncExitStack() as stack:
        relay, url = await through_relay(stack, database_url, folder)
        app = await stack.enter_async_context(stack_of(discord, valkey, url, folder, Role.WORKER))
        guild = int(discord.create_guild("Behind", owner="Olga").id)
        await app.stores.hosts.connect(guild, "first", OWNER, "somebody")
        await app.writer.settled(guild, 1)
        await relay.cut()
        await app.stores.hosts.disconnect(guild, "second", OWNER, "somebody")

        async def noticed() -> bool:
            return app.writer.lag().state == "no postgres" and app.writer.lag().owed == 1

        await until(noticed)
        status, report = await healthz(app)
        parts = report["parts"]
        assert (status, report["status"]) == (200, "degraded")
        assert (parts["postgres"]["state"], parts["redis"]["state"]) == ("degraded", "ok")
        assert (parts["archive"]["state"], parts["archive"]["owed"]) == ("degraded", 1)
        async with aiohttp.ClientSession() as session, session.get(app.health.url + "/metrics") as answer:
            assert "skipline_archive_owed_moves 1.0" in await answer.text()

        await relay.mend()
        await asyncio.wait_for(app.writer.settled(guild, 2), 15)

        async def well() -> bool:
            return (await healthz(app))[1]["status"] == "ok"

        await until(well, 15)


@pytest.mark.parametrize("team", [False, True])
async def test_whoever_runs_the_bot_is_told_once_that_postgres_is_away_and_once_that_it_is_back(
    discord: Sandbox,
    valkey: embedded.Server,
    database_url: str,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    team: bool,
) -> None:
    monkeypatch.setattr("bot.database_watch.LOOK_SECONDS", 0.02)
    monkeypatch.setattr("bot.database_watch.PATIENCE", 0.0)
    guild = discord.create_guild("Told", owner="Olga")
    # The application is theirs.
    owner = next(iter(discord.world.guilds.values())).owner
    mia, invited = guild.join("Mia"), guild.join("Noa")
    monkeypatch.setattr(discord, "team", {mia.user: True, invited.user: False} if team else {})
    direct = (mia if team else owner).dm
    others = (owner if team else mia).dm
    before, elsewhere = len(direct.messages), len(others.messages)
    async with AsyncExitStack() as stack:
        relay, url = await through_relay(stack, database_url, folder)
        apps = [
            await stack.enter_async_context(stack_of(discord, valkey, url, folder, Role.WORKER))
            for _ in range(2)
        ]
        client: Any = apps[0].stores.redis

        async def looks(count: int) -> None:
            """Waits until somebody has looked so often since."""
            seen: set[str] = set()

            async def so() -> bool:
                seen.add(await client.hget(timer_keys.claims(0), "token"))
                return len(seen) > count

            await until(so)

        await looks(3)
        assert len(direct.messages) == before
        await relay.cut()
        (told,) = await direct.wait_for(lambda found: found[before:], 15)
        assert "PostgreSQL cannot be reached since <t:" in told.text and "The show goes on" in told.text
        await looks(5)
        await relay.mend()
        await direct.wait_for(lambda found: len(found) > before + 1, 30)
        await looks(5)
        assert await client.get(keys.POSTGRES_AWAY) is None
    assert len(direct.messages) == before + 2 and "PostgreSQL is back" in direct.messages[-1].text
    assert len(others.messages) == elsewhere and not invited.dm.messages


async def through_relay(stack: AsyncExitStack, database_url: str, folder: Path) -> tuple[Wire, str]:
    """A wire to the PostgreSQL of the run that can be cut, and the address of its near end."""
    parts = urlsplit(database_url)
    host = next(unquote(pair[5:]) for pair in parts.query.split("&") if pair.startswith("host="))
    port = parts.port or 5432
    (folder / "wire").mkdir()
    relay = Wire(folder / "wire" / f".s.PGSQL.{port}", Path(host) / f".s.PGSQL.{port}")
    await stack.enter_async_context(relay)
    return relay, database_url.replace(f"host={quote(host, safe='')}", f"host={folder / 'wire'}").replace(
        f"host={host}", f"host={folder / 'wire'}"
    )


async def test_a_gateway_sees_an_archive_that_nobody_writes(
    discord: Sandbox,
    valkey: embedded.Server,
    database_url: str,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(checks, "BEHIND_SECONDS", -1.0)
    async with stack_of(discord, valkey, database_url, folder, Role.GATEWAY) as app:
        assert (await healthz(app))[1]["parts"]["archive"]["state"] == "ok"
        guild = int(discord.create_guild("Unwritten", owner="Olga").id)
        await app.stores.hosts.connect(guild, "first", OWNER, "somebody")
        await app.stores.hosts.disconnect(guild, "second", OWNER, "somebody")
        status, report = await healthz(app)
        archive = report["parts"]["archive"]
        assert (status, archive["state"], archive["owed"], archive["guilds"]) == (200, "degraded", 2, 1)
        await asyncio.wait_for(app.commands_declared.wait(), 10)
        assert await get_json(app, "/readyz") == (200, {"ready": True, "shards": True, "commands": True})


async def test_a_gateway_sees_what_should_have_been_done_and_that_a_worker_does_it(
    discord: Sandbox, valkey: embedded.Server, database_url: str, folder: Path
) -> None:
    async with AsyncExitStack() as stack:
        app = await stack.enter_async_context(stack_of(discord, valkey, database_url, folder, Role.GATEWAY))
        client: Any = app.stores.redis
        guild = int(discord.create_guild("Overdue", owner="Olga").id)
        await app.stores.hosts.connect(guild, "first", OWNER, "somebody")
        # In Redis, and in no worker: a refusal that leaves the channel, and what a move set.
        await app.stores.timers.set(guild, "refusal:1:2", 60)
        timers = (await healthz(app))[1]["parts"]["timers"]
        assert (timers["state"], timers["overdue"], timers["oldest"]) == ("ok", 0, 0)
        await app.stores.timers.set(guild, "refusal:1:2", 0)
        await client.zincrby(timer_keys.due(guild), -20_000, "refusal:1:2")
        timers = (await healthz(app))[1]["parts"]["timers"]
        assert (timers["state"], timers["overdue"]) == ("ok", 1) and 20 <= timers["oldest"] < 30
        seconds, _ = await client.time()
        await client.zadd(timer_keys.timers(guild), {"outage:somebody": (seconds - 100) * 1000})
        status, report = await healthz(app)
        timers = report["parts"]["timers"]
        assert (status, timers["state"], timers["overdue"]) == (200, "degraded", 2)
        assert 99 <= timers["oldest"] < 130
        async with aiohttp.ClientSession() as session, session.get(app.health.url + "/metrics") as answer:
            text = await answer.text()
        assert "skipline_timers_overdue 2.0" in text and "skipline_timers_overdue_seconds 1" in text

        await stack.enter_async_context(stack_of(discord, valkey, database_url, folder, Role.WORKER))

        async def done() -> bool:
            return (await healthz(app))[1]["parts"]["timers"]["overdue"] == 0

        await until(done)
        assert (await healthz(app))[1]["parts"]["timers"]["state"] == "ok"


async def test_a_lost_shard_is_down_only_when_it_stays_away(
    discord: Sandbox,
    valkey: embedded.Server,
    database_url: str,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with stack_of(discord, valkey, database_url, folder, Role.GATEWAY) as app:
        (shard,) = app.bot.shards.values()
        await shard.close()
        status, report = await healthz(app)
        assert (status, report["parts"]["shards"]["state"]) == (200, "degraded")
        assert report["parts"]["shards"]["shards"][0]["state"] == "closed"
        monkeypatch.setattr(checks, "SHARD_SECONDS", 0.0)
        assert (await healthz(app))[0] == 503
        assert (await get_json(app, "/readyz"))[0] == 503


async def test_a_port_that_is_taken_is_one_sentence(
    discord: Sandbox, valkey: embedded.Server, database_url: str, folder: Path
) -> None:
    from bot.app import running

    taken = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = taken.sockets[0].getsockname()[1]
    settings = settings_for(
        discord, valkey.url, database_url, folder / "data", role=Role.WORKER, health_port=port
    )
    async with taken:
        with pytest.raises(StartupError, match=rf"port {port} .*SKIPLINE_HEALTH_PORT"):
            async with running(settings, live=False):
                pass

"""Two bots of one process on one Redis: the second is ready, and takes over what the first leaves."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from hikari.impl import shard as upstream

from bot import embedded
from bot.app import App, running
from bot.errors import StartupError
from bot.settings import Role, Settings
from bot.shards import kept
from sandbox.discord import Sandbox
from state.connection import connect
from state.keys import common_lease
from state.lease import Lease
from state.shard_keys import shard_session
from tests.schema_plugin import watch
from tests.stage import free_port, settings_for, until


@pytest.fixture
async def discord() -> AsyncIterator[Sandbox]:
    sandbox = await Sandbox.start()
    watch(sandbox)
    yield sandbox
    await sandbox.close()


@pytest.fixture
def settings(discord: Sandbox, valkey: embedded.Server, database_url: str, folder: Path) -> Settings:
    return settings_for(discord, valkey.url, database_url, folder / "data", role=Role.GATEWAY)


@contextlib.asynccontextmanager
async def starting(settings: Settings) -> AsyncIterator[asyncio.Task[App]]:
    """A bot that may have to wait; the task gives it once it is up, and it ends with the block."""
    over, up = asyncio.Event(), asyncio.get_running_loop().create_future()

    async def run() -> None:
        try:
            async with running(settings, live=False) as app:
                up.set_result(app)
                await over.wait()
        except BaseException as error:
            if not up.done():
                up.set_exception(error)
            raise

    task = asyncio.create_task(run())
    try:
        yield asyncio.ensure_future(up)  # type: ignore[arg-type]
    finally:
        over.set()
        if not up.done():
            task.cancel()
        await asyncio.gather(task, up, return_exceptions=True)


async def waits(caplog: pytest.LogCaptureFixture) -> None:
    async with asyncio.timeout(10):
        while "ready, and waiting for it" not in caplog.text:  # noqa: ASYNC110 - a log has no event
            await asyncio.sleep(0.02)


async def test_the_second_takes_over_and_knows_what_the_first_was_told(
    discord: Sandbox, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    guild = discord.create_guild("Late", owner="Olga")
    channel, role = guild.create_channel("general"), guild.create_role("Reviewer")
    port = free_port()
    async with contextlib.AsyncExitStack() as second:
        async with running(settings, live=False) as first:
            await first.commands_declared.wait()
            (session,) = discord.gateway.connected
            up = await second.enter_async_context(starting(settings.model_copy(update={"health_port": port})))
            await waits(caplog)
            assert not up.done() and discord.gateway.connected == [session]
            async with aiohttp.ClientSession() as http, http.get(f"http://127.0.0.1:{port}/healthz") as found:
                part = (await found.json())["parts"]["shards"]
            assert (part["state"], part["waiting"]) == ("ok", ["0/1"])
        app = await asyncio.wait_for(up, 10)
        assert discord.gateway.connected == [session] and session.resumes == 1
        assert app.bot is not None and app.bot.get_me() is not None
        # Discord did not tell it of the guild; whoever chooses among its roles sees them all the same.
        assert app.bot.cache.get_guild(guild.id) is None
        for name, word, wanted in (
            ("reviewer_role", "rev", ("Reviewer", str(role.id))),
            ("queue_channel", "gen", ("general", str(channel.id))),
        ):
            offered = await guild.owner.autocomplete(
                "settings set", "value", word, channel, options={"name": name}
            )
            assert wanted in offered, (name, offered)
        later = guild.create_role("Reviser")
        asked = len(discord.calls("GET", "/guilds/{guild_id}/roles"))
        offered = await guild.owner.autocomplete(
            "settings set", "value", "rev", channel, options={"name": "reviewer_role"}
        )
        assert ("Reviser", str(later.id)) in offered
        assert len(discord.calls("GET", "/guilds/{guild_id}/roles")) == asked == 1


async def test_who_waits_ends_at_once_when_it_is_told_to(
    discord: Sandbox, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    async with running(settings, live=False):
        async with asyncio.timeout(10):
            async with starting(settings) as up:
                await waits(caplog)
            assert up.cancelled() or isinstance(up.exception(), asyncio.CancelledError)
        (session,) = discord.gateway.connected
        assert session.resumes == 0


@pytest.mark.parametrize("gone", ["session", "address", "intents"])
async def test_a_session_that_cannot_be_gone_on_with_is_begun_anew(
    discord: Sandbox,
    settings: Settings,
    valkey: embedded.Server,
    gone: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(upstream, "_BACKOFF_WINDOW", 0.0)
    monkeypatch.setattr("state.identify.IDENTIFY_SECONDS", 0.2)
    async with running(settings, live=False):
        left = discord.gateway.starts_left
        (before,) = discord.gateway.connected
    async with asyncio.timeout(20):
        redis = connect(valkey.url)
        key = shard_session("0/1")
        if gone == "session":
            discord.faults.forget_sessions()
        elif gone == "address":
            await redis.hset(key, "url", "ws://127.0.0.1:1/gateway")  # type: ignore[misc]
        else:
            await redis.hset(key, "intents", "1")  # type: ignore[misc]
        async with running(settings, live=False):
            (after,) = discord.gateway.connected
            if gone == "address":
                assert after is before and after.resumes == 1
            else:
                assert after is not before and discord.gateway.starts_left == left - 1
        await redis.aclose()


async def test_what_a_killed_process_was_told_and_did_not_note_is_told_again(
    discord: Sandbox, settings: Settings, valkey: embedded.Server, caplog: pytest.LogCaptureFixture
) -> None:
    guild = discord.create_guild("Late", owner="Olga")
    async with running(settings, live=False):
        (session,) = discord.gateway.connected
    redis = connect(valkey.url)
    await redis.hset(shard_session("0/1"), "sequence", "1")  # type: ignore[misc]
    await redis.aclose()
    async with running(settings, live=False) as app:
        assert discord.gateway.connected == [session] and session.resumes == 1
        assert app.bot is not None and app.bot.cache.get_guild(guild.id) is not None
    assert "Exception" not in caplog.text and "ERROR" not in caplog.text


async def test_a_start_beyond_what_discord_allows_is_not_tried(discord: Sandbox, settings: Settings) -> None:
    discord.gateway.starts_left = 0
    with pytest.raises(StartupError, match="no further session begin until"):
        async with running(settings, live=False):
            pass
    assert not discord.gateway.connections


async def test_while_redis_is_away_the_shard_stays_and_says_so(
    discord: Sandbox,
    settings: Settings,
    folder: Path,
    valkey: embedded.Server,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    # Short, so that it runs out while Redis is away.
    monkeypatch.setitem(Lease.__init__.__kwdefaults__, "seconds", 1.5)
    monkeypatch.setattr(kept, "KEEP_SECONDS", 0.2)
    guild = discord.create_guild("Late", owner="Olga")
    channel = guild.create_channel("general")
    async with running(settings, live=False) as app:
        await app.commands_declared.wait()
        (session,) = discord.gateway.connected
        assert (await guild.owner.command("queue show", channel)).ok
        os.kill(valkey.pid, signal.SIGKILL)
        async with asyncio.timeout(20):
            while "stays open" not in caplog.text:  # noqa: ASYNC110 - a log has no event
                await asyncio.sleep(0.02)
            reply = await guild.owner.command("queue show", channel)
            assert reply.ok
            assert "again" in (await reply.settled()).text
            async with embedded.valkey(folder):
                while "goes on: nobody has taken it" not in caplog.text:  # noqa: ASYNC110 - a log has no event
                    await asyncio.sleep(0.02)
                reply = await guild.owner.command("queue show", channel)
                assert "Nobody waits" in (await reply.settled()).text
                assert discord.gateway.connected == [session] and session.resumes == 0
                await until(lambda: app.stores.redis.exists(common_lease("shard:0/1")))

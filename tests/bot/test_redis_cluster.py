"""The whole bot on a cluster that loses a server in the middle of a show."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.app import running
from sandbox.discord import Message, Sandbox
from state import keys
from state.scripts import Actor
from state.song import NewSong
from tests.schema_plugin import watch
from tests.stage import Stage, set_up, settings_for
from tests.valkeys import Cluster, cluster

ARTIST = Actor(7, "artist")
AWAY = "The queue's memory cannot be reached right now."


@pytest.fixture
async def shards(tmp_path: Path) -> AsyncIterator[Cluster]:
    async with cluster(tmp_path / "cluster", replicas=3, timeout=500) as running:
        yield running


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    sandbox = await Sandbox.start()
    watch(sandbox)
    yield sandbox
    await sandbox.close()


async def _submit(stage: Stage, title: str, user: int) -> None:
    song = NewSong(title, "Artist", user, f"user{user}")
    await stage.app.stores.queue.submit(stage.id, secrets.token_hex(8), ARTIST, song)


async def _shown(stage: Stage, text: str) -> Message:
    return await stage.queue.wait_for(
        lambda messages: next((m for m in messages if text in m.text), None), timeout=20
    )


async def test_people_are_told_and_the_show_goes_on(
    sandbox: Sandbox, shards: Cluster, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.displays.PACE", 0.05)
    async with running(settings_for(sandbox, shards.url, database_url, tmp_path / "data"), live=False) as app:
        assert any("a cluster, found through 3 addresses" in line for line in app.stores.report)
        await asyncio.wait_for(app.commands_declared.wait(), 10)
        stage = await set_up(app, sandbox)
        await stage.display("public", stage.queue)
        for number in range(1, 4):
            await _submit(stage, f"Night Bus {number}", number)
        await stage.host.command("review next", channel=stage.review)
        await _shown(stage, "Night Bus 3")

        client: Any = app.stores.redis
        index = client.keyslot(keys.revision(stage.id)) * 3 // 16384
        # What a replica has not got yet is lost with its primary; that is not what is tested here.
        assert await shards.primaries[index].client.wait(1, 5000) == 1
        await shards.primaries[index].kill()
        async with asyncio.timeout(30):
            # A press waits out the tries of the bot, so this is as fast as people are.
            while AWAY in (reply := await stage.host.command("review next", channel=stage.review)).text:
                pass
        assert "Night Bus" in reply.text

        await _submit(stage, "Last Train", 4)
        await _shown(stage, "Last Train")
        revision = int(await app.stores.redis.get(keys.revision(stage.id)) or 0)
        assert app.writer is not None
        async with asyncio.timeout(20):
            await app.writer.settled(stage.id, revision)

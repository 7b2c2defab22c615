"""The REST client that has no message sent back: hikari must go on giving what is asked of it here."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bot import embedded
from tests.schema_plugin import watch
from tests.stage import settings_for

if TYPE_CHECKING:
    from sandbox.discord import Sandbox

CALLBACK = "/interactions/{interaction_id}/{interaction_token}/callback"


@pytest.fixture
async def discord() -> AsyncIterator[Sandbox]:
    """One of its own: on that of the run another bot may answer first."""
    from sandbox.discord import Sandbox  # only who needs it pays for loading it

    sandbox = await Sandbox.start()
    watch(sandbox)
    yield sandbox
    await sandbox.close()


async def test_no_answer_has_its_message_sent_back_by_discord(
    discord: Sandbox, valkey: embedded.Server, database_url: str, folder: Path
) -> None:
    from bot.app import running  # only who needs the bot pays for loading it

    guild = discord.create_guild("Late Night Reviews", owner="Olga")
    channel = guild.create_channel("queue")
    for health_port in (None, 0):
        settings = settings_for(discord, valkey.url, database_url, folder / "data", health_port=health_port)
        async with running(settings, live=False) as app:
            await asyncio.wait_for(app.commands_declared.wait(), 10)
            reply = await guild.owner.command("queue show", channel)
            assert reply.ok and "Nobody waits" in reply.text
            (*_, answer) = discord.calls("POST", CALLBACK)
            assert (answer.status, answer.query, answer.response) == (204, {}, None)

"""Commands as Discord has them: those of whoever began last, also when an older process wakes up late."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import hikari
import pytest
import tanjun

from bot.declaring import Declaring
from state import keys
from tests.bot.slow import Slow
from tests.stage import Stage, until


def _client(rest: Any, command: str) -> tanjun.Client:
    client = tanjun.Client(rest)

    @tanjun.as_slash_command(command, "What this version has.")
    async def answer(context: tanjun.abc.SlashContext) -> None:
        await context.respond("Here.")

    return client.add_component(tanjun.Component().add_slash_command(answer))


@pytest.fixture(autouse=True)
def brisk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.declaring.LOOK_SECONDS", 0.05)


async def test_commands_that_an_old_process_declares_late_are_put_right(stage: Stage) -> None:
    redis, bot = stage.app.stores.redis, stage.app.bot
    assert bot is not None
    slow = Slow(bot.rest, "set_application_commands")
    before, after = asyncio.Event(), asyncio.Event()
    old = Declaring(redis, _client(slow, "older"), stage.id, before)
    new = Declaring(redis, _client(bot.rest, "newer"), stage.id, after)
    async with contextlib.AsyncExitStack() as stack:
        for declaring in (old, new):
            task = asyncio.create_task(declaring.run())
            stack.callback(task.cancel)
            if declaring is old:
                await slow.reached.wait()
                # It stands still, and its lease goes to the next one.
                await redis.delete(keys.common_lease(f"commands:{stage.id}"))
        async with asyncio.timeout(10):
            await after.wait()
        assert await _declared(stage) == ["newer"]
        puts = _puts(stage)
        slow.gate.set()
        async with asyncio.timeout(10):
            await before.wait()

        async def again() -> bool:
            return _puts(stage) == puts + 2 and await _declared(stage) == ["newer"]

        await until(again)
    await redis.delete(keys.declared(str(stage.id)))


async def test_who_lost_its_lease_to_nobody_declares_again(stage: Stage) -> None:
    redis, bot = stage.app.stores.redis, stage.app.bot
    assert bot is not None
    slow, declared = Slow(bot.rest, "set_application_commands"), asyncio.Event()
    task = asyncio.create_task(Declaring(redis, _client(slow, "mine"), stage.id, declared).run())
    await slow.reached.wait()
    await redis.delete(keys.common_lease(f"commands:{stage.id}"))
    slow.gate.set()
    async with asyncio.timeout(10):
        await declared.wait()
    assert await _declared(stage) == ["mine"]
    record: Any = redis.hgetall(keys.declared(str(stage.id)))
    assert (await record).keys() == {"token"}
    task.cancel()
    await redis.delete(keys.declared(str(stage.id)))


async def _declared(stage: Stage) -> list[str]:
    assert stage.app.bot is not None
    rest = stage.app.bot.rest
    application = await rest.fetch_application()
    found = await rest.fetch_application_commands(application, guild=hikari.Snowflake(stage.id))
    return [command.name for command in found]


def _puts(stage: Stage) -> int:
    path = f"/guilds/{stage.id}/commands"
    return sum(each.method == "PUT" and each.path.endswith(path) for each in stage.discord.requests)

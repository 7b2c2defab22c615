"""Displays painted by a process that stood still while its lease went to another one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import hikari
import pytest

from bot.displays import Displays
from bot.errors import Reporter
from sandbox.discord import Channel
from state import keys
from state.connection import fields_of
from state.feed import Feed
from state.lease import Lease, Lost
from tests.bot.slow import Slow
from tests.bot.test_displays import quiet, shows, submit
from tests.stage import Stage, until


@pytest.fixture
async def paused(stage: Stage) -> AsyncIterator[tuple[Displays, Slow]]:
    """The displays of another process, which hears nothing by itself."""
    stores = stage.app.stores
    assert stage.app.bot is not None
    slow = Slow(stage.app.bot.rest, "edit_message")
    displays = Displays(
        rest=slow,  # type: ignore[arg-type]
        redis=stores.redis,
        queue=stores.queue,
        configuration=stores.configuration,
        feed=Feed(stores.redis),
        files=stores.files,
        timers=stores.timers,
        reporter=Reporter(),
    )
    displays._closed.clear()
    yield displays, slow
    slow.gate.set()
    await displays.close()


@pytest.fixture(autouse=True)
def brisk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.displays.PACE", 0.05)


async def _mine(stage: Stage) -> Lease:
    """The lease of the displays, once nobody paints."""
    lease = Lease(stage.app.stores.redis, keys.lease(stage.id, "displays"), seconds=60)
    await quiet(stage)
    assert await lease.take()
    return lease


async def _gone(lease: Lease, stage: Stage) -> None:
    """The lease goes as it does from a process that is paused: it knows nothing of that."""
    await stage.app.stores.redis.delete(keys.lease(stage.id, "displays"))


def _without(channel: Channel, text: str) -> bool:
    return not any(text in message.text for message in channel.messages)


async def test_what_a_late_edit_shows_is_painted_over(stage: Stage, paused: tuple[Displays, Slow]) -> None:
    displays, slow = paused
    await stage.display("public", stage.queue)
    lease = await _mine(stage)
    await submit(stage, "Before the pause", 1)
    late = asyncio.create_task(displays._round(stage.id, lease))
    await slow.reached.wait()
    await _gone(lease, stage)
    await submit(stage, "After the pause", 2)
    await shows(stage.queue, "After the pause")
    await quiet(stage)
    overwritten = asyncio.create_task(
        stage.queue.wait_for(lambda _: _without(stage.queue, "After the pause") or None, timeout=5)
    )
    slow.gate.set()
    await late
    await overwritten
    shown = await shows(stage.queue, "After the pause")
    assert "Before the pause" in shown.text

    async def certain() -> bool:
        painted = await fields_of(stage.app.stores.redis, keys.painted(stage.id, "public"))
        return "digest" in painted and not painted.keys() & {"late", "painting"}

    await until(certain)
    await lease.release()


async def test_what_nobody_knows_is_painted_again(stage: Stage, paused: tuple[Displays, Slow]) -> None:
    """A process that dies between its edit and the note leaves a message that shows something else."""
    displays, slow = paused
    await stage.display("public", stage.queue)
    lease = await _mine(stage)
    key = keys.painted(stage.id, "public")
    (message,) = [each for each in stage.queue.messages if not each.is_notice]
    assert stage.app.bot is not None
    assert await lease.write(["HSET", key, "painting", str(lease.token)])
    await stage.app.bot.rest.edit_message(stage.queue.id, message.id, embed=hikari.Embed(title="half done"))
    slow.gate.set()
    await displays._round(stage.id, lease)
    assert "half done" not in message.text and message.embeds
    assert "painting" not in await fields_of(stage.app.stores.redis, key)
    await lease.release()


async def test_who_wakes_up_in_an_edit_sends_no_more_of_it(
    stage: Stage, paused: tuple[Displays, Slow]
) -> None:
    """A real lease runs out by the process's own clock: the edit is cancelled, and noted as uncertain."""
    displays, slow = paused
    await stage.display("public", stage.queue)
    await quiet(stage)
    lease = Lease(stage.app.stores.redis, keys.lease(stage.id, "displays"), seconds=1.0)
    assert await lease.take()
    await submit(stage, "Never sent late", 1)
    with pytest.raises(Lost):
        async with lease.acting():
            working = asyncio.create_task(displays._round(stage.id, lease))
            await slow.reached.wait()
            await stage.app.stores.redis.set(keys.lease(stage.id, "displays"), "1 somebody else", px=5000)
            await working
    painted = await fields_of(stage.app.stores.redis, keys.painted(stage.id, "public"))
    assert painted["late"] == str(lease.token)
    await stage.app.stores.redis.delete(keys.lease(stage.id, "displays"))
    await shows(stage.queue, "Never sent late")

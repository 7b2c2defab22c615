"""`/display`, and what displays do about their own faults: told once, tried again, healed, pinned."""

from __future__ import annotations

import secrets
from typing import Any

import pytest

from sandbox.discord import Channel, Message, Overwrite, OverwriteType, Permission, Person
from state import keys, timer_keys
from state.scripts import Actor
from state.song import NewSong
from tests.stage import Stage, until

SEND = int(Permission.SEND_MESSAGES)


async def run(stage: Stage, name: str, /, person: Person | None = None, **values: object) -> Message:
    channel = values.pop("where", stage.review)
    assert isinstance(channel, Channel)
    reply = await (person or stage.mod).command(f"display {name}", channel=channel, options=values)
    assert reply.ephemeral, reply
    return await reply.settled()


async def shown(channel: Channel, text: str = "") -> Message:
    return await channel.wait_for(
        lambda messages: next((m for m in messages if not m.ephemeral and text in m.text), None), timeout=5
    )


async def settled(stage: Stage, kind: str) -> None:
    """Waits until the display of a kind has been painted, or was refused."""

    async def known() -> bool:
        painted: Any = await stage.app.stores.redis.hgetall(keys.painted(stage.id, kind))
        return "digest" in painted or "off" in painted

    await until(known)


async def submit(stage: Stage, title: str) -> None:
    song = NewSong(title, "x", secrets.randbelow(10**9), "x")
    await stage.app.stores.queue.submit(stage.id, secrets.token_hex(8), Actor(7, "x"), song)


async def test_a_display_is_put_up_moved_and_taken_down(stage: Stage) -> None:
    assert "not put up" in (await run(stage, "list")).text
    assert "comes in a moment" in (await run(stage, "add", kind="public", where=stage.queue)).text
    message = await shown(stage.queue)
    await settled(stage, "public")
    assert message.pinned and not [each for each in stage.queue.messages if each.type == 6]
    assert "Queue for everybody** in" in (await run(stage, "list")).text
    assert "stands in" in (await run(stage, "add", kind="public", channel=stage.queue)).text
    await run(stage, "add", kind="public", channel=stage.pending)
    await shown(stage.pending)
    assert message.deleted and not stage.queue.pins
    await settled(stage, "public")
    assert "taken down" in (await run(stage, "remove", kind="public")).text
    assert not [each for each in stage.pending.messages if not each.ephemeral]
    assert "not put up here" in (await run(stage, "remove", kind="public")).text


async def test_a_deleted_display_is_healed(stage: Stage) -> None:
    await stage.display("public", stage.queue)
    await settled(stage, "public")
    assert "Every display works" in (await run(stage, "heal")).text
    stage.discord.faults.delete_message(await shown(stage.queue))
    assert "its message was deleted" in (await run(stage, "list")).text
    assert "Put up again: Queue for everybody" in (await run(stage, "heal")).text
    await shown(stage.queue)


async def test_a_refused_display_is_told_once_and_comes_back(stage: Stage) -> None:
    await stage.configure(channel_review=str(stage.review.id))
    await stage.display("public", stage.queue)
    await settled(stage, "public")
    mine = Overwrite(stage.discord.bot.id, OverwriteType.MEMBER, deny=int(Permission.VIEW_CHANNEL))
    stage.queue.overwrites[mine.id] = mine
    await submit(stage, "One")
    told = await shown(stage.review, "is off, because I cannot see the channel")
    assert "Queue for everybody" in told.text
    assert "off, because I cannot see the channel" in (await run(stage, "list")).text
    redis, painted = stage.app.stores.redis, keys.painted(stage.id, "public")

    # Ten minutes later it is tried again by itself; the same cause is not told again.
    first, timers = await redis.hget(painted, "off_at"), stage.app.stores.timers
    await submit(stage, "Two")
    left = await redis.zscore(timer_keys.due(stage.id), "display:public")
    assert left is not None and 590_000 < left - int(first or 0) <= 601_000
    await timers.set(stage.id, "display:public", 0)

    async def tried_again() -> bool:
        return await redis.hget(painted, "off_at") != first

    await until(tried_again)
    assert len([each for each in stage.review.messages if "is off, because" in each.text]) == 1
    stage.queue.overwrites.clear()
    await submit(stage, "Three")
    await timers.set(stage.id, "display:public", 0)
    await shown(stage.queue, "Three")

    async def works() -> bool:
        return not await redis.hexists(painted, "off")

    await until(works)
    assert "works (" in (await run(stage, "list")).text


async def test_heal_tries_a_refused_display_at_once(stage: Stage) -> None:
    await stage.display("public", stage.queue)
    await settled(stage, "public")
    mine = Overwrite(stage.discord.bot.id, OverwriteType.MEMBER, deny=int(Permission.VIEW_CHANNEL))
    stage.queue.overwrites[mine.id] = mine
    await submit(stage, "One")
    # Without a review channel it is the owner who is told.
    await shown(stage.owner.dm, "is off, because I cannot see the channel")
    stage.queue.overwrites.clear()
    assert "Put up again: Queue for everybody" in (await run(stage, "heal")).text
    await shown(stage.queue, "One")


async def test_without_the_permission_to_pin_it_stands_unpinned(stage: Stage) -> None:
    mine = Overwrite(stage.discord.bot.id, OverwriteType.MEMBER, deny=int(Permission.PIN_MESSAGES))
    stage.queue.overwrites[mine.id] = mine
    await stage.display("public", stage.queue)
    await settled(stage, "public")
    assert not (await shown(stage.queue)).pinned


async def test_a_channel_that_cannot_show_it_is_refused(stage: Stage) -> None:
    shut = stage.guild.create_channel("shut", [Overwrite(stage.guild.id, OverwriteType.ROLE, deny=SEND)])
    said = await run(stage, "add", kind="public", channel=shut)
    assert "I lack **Send Messages**" in said.text
    assert not await stage.app.stores.configuration.displays(stage.id)
    said = await run(stage, "add", kind="reviewer", channel=stage.queue)
    assert f"Everybody can see <#{stage.queue.id}>" in said.text


@pytest.mark.parametrize("name", ["add", "list", "heal", "remove"])
async def test_nobody_else_may(stage: Stage, name: str) -> None:
    values = {"kind": "public"} if name in ("add", "remove") else {}
    for person in (stage.host, stage.alice):
        assert not person.offers("display", stage.review)
        reply = await person.command(f"display {name}", channel=stage.review, options=values, forge=True)
        assert "may manage this server" in (await reply.settled()).text
    assert not await stage.app.stores.configuration.displays(stage.id)

"""The displays through the running bot: true, prompt, sparing, and healed when somebody deletes them."""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter

import pytest

from bot.displays import PACE
from sandbox.discord import Channel, Message
from state import keys
from state.lease import Lease
from state.points import PointsChange
from state.scripts import Actor
from state.song import NewSong
from tests.stage import Stage, until

ARTIST = Actor(7, "artist")


async def submit(stage: Stage, title: str, user: int) -> None:
    song = NewSong(title, f"Artist {user}", user, f"user{user}")
    await stage.app.stores.queue.submit(stage.id, secrets.token_hex(8), ARTIST, song)


def calls(stage: Stage, channel: Channel) -> Counter[str]:
    """REST calls so far that wrote to a channel, by method."""
    path = f"/channels/{channel.id}/messages"
    return Counter(
        exchange.method
        for exchange in stage.discord.requests
        if exchange.path.startswith(path) and exchange.method in ("POST", "PATCH", "DELETE")
    )


async def shows(channel: Channel, text: str, timeout: float = 15.0) -> Message:
    return await channel.wait_for(
        lambda messages: next((m for m in messages if text in m.text), None), timeout=timeout
    )


def displayed(channel: Channel) -> list[Message]:
    """The messages of a channel without what Discord itself says there, as of a pin."""
    return [message for message in channel.messages if not message.is_notice]


async def looks(stage: Stage) -> int:
    """How often a painter of the guild has come; each time it paints until nothing is new."""
    return int(await stage.app.stores.redis.get(f"{keys.lease(stage.id, 'displays')}:token") or 0)


async def quiet(stage: Stage, after: int = 0) -> None:
    """Waits until nothing of the guild is being painted any more, and a painter came `after` those looks."""

    async def released() -> bool:
        came = await looks(stage) > after
        return came and not await stage.app.stores.redis.exists(keys.lease(stage.id, "displays"))

    await until(released)


@pytest.fixture(autouse=True)
def brisk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spares the pause after each painting, which only the test of the pace needs."""
    monkeypatch.setattr("bot.displays.PACE", 0.05)


async def test_a_change_is_shown_at_once_and_bursts_together(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.displays.PACE", PACE)
    await stage.display("public", stage.queue)
    await quiet(stage)
    before = calls(stage, stage.queue)
    loop = asyncio.get_running_loop()
    started = loop.time()
    await submit(stage, "First of many", 1)
    await shows(stage.queue, "First of many")
    assert loop.time() - started < 1.0
    for number in range(2, 9):
        await submit(stage, f"Burst {number}", number)
    await shows(stage.queue, "Burst 8")
    elapsed = loop.time() - started
    edits = calls(stage, stage.queue)["PATCH"] - before["PATCH"]
    assert edits <= 1 + elapsed / PACE
    assert elapsed < PACE + 1.0
    assert len(displayed(stage.queue)) == 1


async def test_nothing_new_costs_no_call(stage: Stage) -> None:
    await stage.display("public", stage.queue)
    await submit(stage, "Still here", 1)
    await shows(stage.queue, "Still here")
    await quiet(stage)
    before, looked = calls(stage, stage.queue), await looks(stage)
    # Points of somebody who waits for nothing are a change of the guild, not of what the display shows.
    change = [PointsChange("user", 999, 5)]
    await stage.app.stores.points.add(stage.id, secrets.token_hex(8), ARTIST, change)
    await quiet(stage, after=looked)
    assert calls(stage, stage.queue) == before


async def test_the_panel_is_posted_below_what_came_with_it(stage: Stage) -> None:
    review, configuration = stage.guild.create_channel("review"), stage.app.stores.configuration
    place = (int(review.id), 0)
    # Nobody paints before both are known.
    async with Lease(stage.app.stores.redis, keys.lease(stage.id, "displays")).held():
        for kind in ("reviewer", "pending"):
            await configuration.set_display(stage.id, f"put up {kind}", ARTIST, kind, place)

    async def posted() -> bool:
        return all(message for _, message in (await configuration.displays(stage.id)).values())

    await until(posted)
    places = await configuration.displays(stage.id)
    assert [int(each.id) for each in displayed(review)] == [places["pending"][1], places["reviewer"][1]]


async def test_a_deleted_message_is_posted_again_once(stage: Stage) -> None:
    await stage.display("public", stage.queue)
    await quiet(stage)
    stage.discord.faults.delete_message(displayed(stage.queue)[0])
    await submit(stage, "Back again", 1)
    await shows(stage.queue, "Back again")
    await quiet(stage)
    assert len(displayed(stage.queue)) == 1


async def test_a_lost_reply_posts_no_second_message(stage: Stage) -> None:
    fault = stage.discord.faults.lose_reply("POST", f"/channels/{stage.queue.id}/messages")
    await stage.display("public", stage.queue)
    await fault.struck()
    await submit(stage, "Only one", 1)
    await shows(stage.queue, "Only one")
    await quiet(stage)
    assert len(displayed(stage.queue)) == 1


@pytest.mark.parametrize("to", ["elsewhere", None])
async def test_whoever_moves_a_display_while_it_is_posted_has_the_last_word(
    stage: Stage, to: str | None
) -> None:
    route = f"/channels/{stage.queue.id}/messages"
    fault = stage.discord.faults.delay("POST", route, 0.3, after=True)
    configuration = stage.app.stores.configuration
    await configuration.set_display(stage.id, "put up", ARTIST, "public", (int(stage.queue.id), 0))
    await fault.struck()
    target = stage.guild.create_channel(to) if to else None
    place = (int(target.id), 0) if target else None
    await configuration.set_display(stage.id, "moved", ARTIST, "public", place)
    await until(lambda: _posted_and_gone(stage))
    if target:
        await target.wait_for(lambda messages: bool(messages))
        await quiet(stage)
        assert len(displayed(target)) == 1
    registered = (await configuration.displays(stage.id)).get("public")
    assert registered == ((int(target.id), int(displayed(target)[0].id)) if target else None)


async def _posted_and_gone(stage: Stage) -> bool:
    return calls(stage, stage.queue)["POST"] == 1 and not stage.queue.messages


async def test_a_withdrawn_permission_turns_a_display_off_and_leaves_the_others(stage: Stage) -> None:
    await stage.display("public", stage.queue)
    await stage.display("reviewer", stage.review)
    await quiet(stage)
    stage.discord.faults.withdraw(stage.queue, 1 << 10)
    await submit(stage, "For reviewers", 1)
    await shows(stage.review, "For reviewers")
    await quiet(stage)
    refused, looked = calls(stage, stage.queue)["PATCH"], await looks(stage)
    await submit(stage, "And another", 2)
    await shows(stage.review, "And another")
    await quiet(stage, after=looked)
    assert calls(stage, stage.queue)["PATCH"] == refused

"""`/queue open`, `close`, `pause`, `resume` and `clear`: by reviewers, seen by artists, and taken back."""

from __future__ import annotations

from sandbox.discord import Message, Person, Reply
from tests.plugins.reviewing import order, submitted
from tests.stage import Stage


async def run(stage: Stage, name: str, /, person: Person | None = None, **values: object) -> Message:
    reply = await (person or stage.host).command(f"queue {name}", channel=stage.review, **values)
    assert reply.ephemeral, reply
    return await reply.settled()


async def hand_in(stage: Stage, person: Person, title: str) -> str:
    reply = await person.command(
        "submit link", stage.submissions, url=f"https://soundcloud.com/x/{title}", artist="x", title=title
    )
    return (await reply.settled()).text


async def said(reply: Reply) -> str:
    return (reply.followups[0] if reply.followups else await reply.settled()).text


async def test_a_tier_is_closed_and_opened(stage: Stage) -> None:
    assert "Free is closed" in (await run(stage, "close", tier="Free")).text
    assert "Free is closed right now" in await hand_in(stage, stage.alice, "one")
    assert "like that already" in (await run(stage, "close", tier="Free")).text
    assert "Free is open" in (await run(stage, "open", tier="0")).text
    assert "place **1**" in await hand_in(stage, stage.alice, "one")
    assert "There is no tier" in (await run(stage, "close", tier="Gold")).text
    tiers = await stage.host.autocomplete("queue close", "tier", "fr", stage.review)
    assert tiers == [("Free", "Free")]


async def test_everything_is_closed_paused_and_opened(stage: Stage) -> None:
    assert "closed for all tiers" in (await run(stage, "close")).text
    assert "closed" in await hand_in(stage, stage.alice, "one")
    assert "paused" in (await run(stage, "pause")).text
    assert "every tier is closed" in (await run(stage, "resume")).text
    await run(stage, "pause")
    assert "are paused" in (await run(stage, "open", tier="Free")).text
    assert "paused" in await hand_in(stage, stage.alice, "one")
    assert "open for all tiers" in (await run(stage, "open")).text
    assert "place **1**" in await hand_in(stage, stage.alice, "one")


async def test_a_tier_is_cleared_and_brought_back(stage: Stage) -> None:
    people = (stage.alice, stage.bruno, stage.carla)
    paid = await submitted(stage, stage.stranger, "Paid", tier=10)
    numbers = [await submitted(stage, person, f"Song {person.name}") for person in people]
    before = await order(stage)
    asked = await run(stage, "clear", tier="Free", reason="The show is over")
    assert "There are **3**" in asked.text and "/review undo" in asked.text
    assert await order(stage) == before
    done = await stage.host.press(asked, label="Take out 3 songs")
    assert "3 songs were taken out of Free" in (await done.settled()).text
    assert await order(stage) == [paid]
    song = await stage.app.stores.queue.song(stage.id, numbers[0])
    assert song is not None and song.reason == "The show is over"
    undone = await stage.mod.command("review undo", channel=stage.review)
    if undone.message is not None and undone.components:
        undone = await stage.mod.press(undone.message, label="Take one more back anyway")
    assert await order(stage) == before


async def test_a_second_press_clears_nothing_more(stage: Stage) -> None:
    await submitted(stage, stage.alice, "Old")
    asked = await run(stage, "clear", tier="Free")
    (yes, _) = asked.custom_ids
    await (await stage.host.press(asked, yes)).settled()
    new = await submitted(stage, stage.bruno, "New")
    again = await stage.host.press(asked, yes, forge=True)
    assert again.ok
    assert await order(stage) == [new]


async def test_songs_that_came_meanwhile_are_asked_about(stage: Stage) -> None:
    await submitted(stage, stage.alice, "Old")
    asked = await run(stage, "clear", tier="Free")
    await submitted(stage, stage.bruno, "New")
    await (await stage.host.press(asked, label="Take out 1 song")).settled()
    assert "There are **2** now" in asked.text and len(await order(stage)) == 2
    await (await stage.host.press(asked, label="No, leave it")).settled()
    assert "Nothing was changed" in asked.text and len(await order(stage)) == 2


async def test_an_empty_tier_is_not_asked_about(stage: Stage) -> None:
    assert "Nobody waits in Free" in (await run(stage, "clear", tier="Free")).text


async def test_artists_may_not(stage: Stage) -> None:
    await submitted(stage, stage.bruno, "Here")
    for name in ("open", "close", "pause", "resume"):
        assert "Only this server's reviewers" in (await run(stage, name, stage.alice)).text
    assert "Only this server's reviewers" in (await run(stage, "clear", stage.alice, tier="Free")).text
    asked = await run(stage, "clear", tier="Free")
    for custom_id in asked.custom_ids:
        pressed = await stage.alice.press(asked, custom_id, forge=True)
        assert "Only this server's reviewers" in await said(pressed)
    pressed = await stage.mod.press(asked, asked.custom_ids[0], forge=True)
    assert "of somebody else" in await said(pressed)
    assert len(await order(stage)) == 1

"""`/points`: shown to whom they concern, given and taken by managers, and given back as they were earned."""

from __future__ import annotations

import secrets

from sandbox.discord import Message, Person, Reply
from state.points import PointsChange
from state.scripts import Actor
from tests.plugins.reviewing import order, submitted
from tests.stage import Stage


async def run(stage: Stage, name: str, /, person: Person | None = None, **values: object) -> Message:
    reply = await (person or stage.mod).command(f"points {name}", channel=stage.review, **values)
    assert reply.ephemeral, reply
    return await reply.settled()


async def said(reply: Reply) -> str:
    return (reply.followups[0] if reply.followups else await reply.settled()).text


async def earn(stage: Stage, person: Person, amount: int) -> None:
    change = [PointsChange("user", int(person.id), amount)]
    await stage.app.stores.points.add(stage.id, secrets.token_hex(8), Actor(0, "test"), change)


async def held(stage: Stage, person: Person) -> int:
    return await stage.app.stores.points.of_user(stage.id, int(person.id))


async def test_points_are_given_and_move_the_song(stage: Stage) -> None:
    first = await submitted(stage, stage.alice, "First")
    second = await submitted(stage, stage.bruno, "Second")
    told = await run(stage, "give", user=stage.bruno, amount=1500, reason="for *the* cover")
    assert "got 1,500 points (for \\*the\\* cover)" in told.text
    assert await order(stage) == [second, first]
    assert "You have **1,500** points" in (await run(stage, "show", stage.bruno)).text
    assert "**1,500** points" in (await run(stage, "show", stage.host, user=stage.bruno)).text
    assert "You have **0** points" in (await run(stage, "show", stage.alice)).text
    refused = await run(stage, "show", stage.alice, user=stage.bruno)
    assert "Only this server's reviewers" in refused.text and "1,500" not in refused.text


async def test_one_persons_points_are_taken_and_given_back(stage: Stage) -> None:
    first = await submitted(stage, stage.alice, "First")
    second = await submitted(stage, stage.bruno, "Second")
    await earn(stage, stage.bruno, 300)
    await earn(stage, stage.alice, 50)
    asked = await run(stage, "reset user", user=stage.bruno)
    assert "**300** points" in asked.text and await held(stage, stage.bruno) == 300
    await (await stage.mod.press(asked, label="Take 300 points")).settled()
    assert (await held(stage, stage.bruno), await held(stage, stage.alice)) == (0, 50)
    assert await order(stage) == [first, second]
    await earn(stage, stage.bruno, 7)
    await (await stage.mod.press(asked, label="Give them back")).settled()
    assert "given back" in asked.text and await held(stage, stage.bruno) == 307
    assert await order(stage) == [second, first]
    assert "has no points" in (await run(stage, "reset user", user=stage.carla)).text


async def test_everybodys_points_are_taken_and_undone_like_any_move(stage: Stage) -> None:
    assert "Nobody has points" in (await run(stage, "reset everyone")).text
    await earn(stage, stage.alice, 10)
    await earn(stage, stage.bruno, 20)
    asked = await run(stage, "reset everyone", stage.owner)
    assert "**30** points from 2 accounts" in asked.text
    await (await stage.owner.press(asked, label="No, leave it")).settled()
    assert await held(stage, stage.bruno) == 20
    asked = await run(stage, "reset everyone", stage.owner)
    (yes, _) = asked.custom_ids
    await (await stage.owner.press(asked, yes)).settled()
    assert (await held(stage, stage.alice), await held(stage, stage.bruno)) == (0, 0)
    # A second press of the same button takes nothing that was earned since.
    await earn(stage, stage.alice, 5)
    await stage.owner.press(asked, yes, forge=True)
    assert await held(stage, stage.alice) == 5
    undone = await stage.host.command("review undo", channel=stage.review)
    assert "a reset of points" in (await undone.settled()).text
    assert (await held(stage, stage.alice), await held(stage, stage.bruno)) == (15, 20)
    late = await stage.owner.press(asked, label="Give them back")
    assert await held(stage, stage.alice) == 15, await said(late)


async def test_nobody_else_may(stage: Stage) -> None:
    await earn(stage, stage.bruno, 20)
    asked = await run(stage, "reset user", user=stage.bruno)
    for person in (stage.host, stage.alice):
        for name, values in (
            ("give", {"user": person, "amount": 5}),
            ("reset user", {"user": stage.bruno}),
            ("reset everyone", {}),
        ):
            assert "may manage this server" in (await run(stage, name, person, **values)).text
        for custom_id in (*asked.custom_ids, "s1:points.back:1"):
            assert "may manage this server" in await said(await person.press(asked, custom_id, forge=True))
    pressed = await stage.owner.press(asked, asked.custom_ids[0], forge=True)
    assert "of somebody else" in await said(pressed)
    for wrong in ("s1:points.back:99999", "s1:points.back:x", "s1:points.reset:yes:" + "9" * 30):
        await stage.mod.press(asked, wrong, forge=True)
    reply = await stage.mod.command(
        "points give", channel=stage.review, user=stage.bruno, amount=-5, forge=True
    )
    assert reply.ok
    assert await held(stage, stage.bruno) in (20, 21)

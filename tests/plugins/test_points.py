"""`/points`: shown to whom they concern, given and taken by managers, and given back as they were earned."""

from __future__ import annotations

import contextlib
import secrets

import pytest

from persistence.backups import NotKept
from sandbox.discord import Message, Person, Reply
from state import keys
from state.points import PointsChange
from state.refusal import Refused
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


async def handle(stage: Stage, id_: int, name: str, points: int, owner: Person | None = None) -> None:
    """A viewer who was seen in a live, with points, and perhaps somebody's."""
    stores = stage.app.stores
    await stores.redis.hset(keys.viewers(stage.id), str(id_), name)
    await stores.redis.hset(keys.names(stage.id), name.lower(), str(id_))
    who = Actor(0, "test")
    if points:
        await stores.points.add(stage.id, secrets.token_hex(8), who, [PointsChange("handle", id_, points)])
    if owner is not None:
        request = secrets.token_hex(8)
        await stores.points.link(stage.id, request, who, id_, int(owner.id), name=f"@{name}")


async def level(stage: Stage) -> None:
    """Takes what handing songs in brought."""
    with contextlib.suppress(Refused):
        await stage.app.stores.points.reset(stage.id, secrets.token_hex(8), Actor(0, "test"))


async def reset(stage: Stage, name: str, label: str, **values: object) -> Message:
    asked = await run(stage, f"reset {name}", **values)
    await (await stage.mod.press(asked, label=label)).settled()
    await stage.review.wait_for(lambda _: "were taken" in asked.text, timeout=10)
    return asked


async def held(stage: Stage, person: Person) -> int:
    return await stage.app.stores.points.of_user(stage.id, int(person.id))


async def test_points_are_given_and_move_the_song(stage: Stage) -> None:
    first = await submitted(stage, stage.alice, "First")
    second = await submitted(stage, stage.bruno, "Second")
    await level(stage)
    told = await run(stage, "give", user=stage.bruno, amount=1500, reason="for *the* cover")
    assert "got 1,500 points (for \\*the\\* cover)" in told.text
    assert await order(stage) == [second, first]
    assert "You have **1,500** points" in (await run(stage, "show", stage.bruno)).text
    assert "**1,500** points" in (await run(stage, "show", stage.host, user=stage.bruno)).text
    assert "You have **0** points" in (await run(stage, "show", stage.alice)).text
    refused = await run(stage, "show", stage.alice, user=stage.bruno)
    assert "Only this server's reviewers" in refused.text and "1,500" not in refused.text


async def test_points_are_shown_with_where_they_come_from(stage: Stage) -> None:
    await earn(stage, stage.bruno, 300)
    await handle(stage, 71, "bruno.live", 45, stage.bruno)
    await handle(stage, 72, "bruno_b", 0, stage.bruno)
    told = (await run(stage, "show", stage.bruno)).text
    assert "You have **345** points" in told
    assert "this account: 300" in told and "@bruno.live on TikTok: 45" in told.replace("\\", "")
    assert "@bruno_b on TikTok: 0" in told.replace("\\", "")
    assert "@bruno.live on TikTok: 45" in (
        await run(stage, "show", stage.host, user=stage.bruno)
    ).text.replace("\\", "")


async def test_the_leaderboard_counts_each_point_once(stage: Stage) -> None:
    assert "Nobody has points" in (await run(stage, "leaderboard", stage.alice)).text
    await earn(stage, stage.bruno, 30)
    await handle(stage, 71, "bruno.live", 45, stage.bruno)
    await handle(stage, 73, "nobodys", 50)
    await earn(stage, stage.alice, 60)
    board = (await run(stage, "leaderboard", stage.alice)).text.replace("\\", "")
    assert f"**1.** <@{stage.bruno.id}>: 75\n**2.** <@{stage.alice.id}>: 60\n**3.** @nobodys: 50" in board
    assert "You: place **2** with 60" in board
    # It is kept by whatever happens next: a link, a reset, its Undo, points of a handle.
    points, guild = stage.app.stores.points, stage.id
    await points.link(guild, "l", Actor(0, "test"), 73, int(stage.alice.id), name="@nobodys")
    board = (await run(stage, "leaderboard")).text
    assert f"**1.** <@{stage.alice.id}>: 110" in board and "nobodys" not in board
    await points.unlink(guild, "u", Actor(0, "test"), 73)
    await points.reset(guild, "r", Actor(0, "test"), user=int(stage.bruno.id))
    board = (await run(stage, "leaderboard")).text.replace("\\", "")
    assert f"<@{stage.bruno.id}>: 45" in board and "**2.** @nobodys: 50" in board
    await stage.app.stores.queue.undo(guild, "z", Actor(0, "test"))
    assert f"**1.** <@{stage.bruno.id}>: 75" in (await run(stage, "leaderboard")).text


async def test_a_long_leaderboard_has_pages(stage: Stage) -> None:
    changes = [PointsChange("handle", 1000 + rank, 1000 - rank) for rank in range(25)]
    await stage.app.stores.points.add(stage.id, "many", Actor(0, "test"), changes)
    first = await run(stage, "leaderboard", stage.alice)
    assert "**10.** 1009: 991" in first.text and "**11.**" not in first.text and "Page 1 of 3" in first.text
    await (await stage.alice.press(first, label="Next")).settled()
    assert "**11.** 1010: 990" in first.text
    await (await stage.alice.press(first, label="Last")).settled()
    assert "**25.** 1024: 976" in first.text and "Page 3 of 3" in first.text
    assert "**25.**" in (await run(stage, "leaderboard", stage.alice, page=99)).text


async def test_one_persons_points_are_taken_and_given_back(stage: Stage) -> None:
    first = await submitted(stage, stage.alice, "First")
    second = await submitted(stage, stage.bruno, "Second")
    await level(stage)
    await earn(stage, stage.bruno, 300)
    await handle(stage, 71, "bruno.live", 20, stage.bruno)
    await earn(stage, stage.alice, 50)
    asked = await run(stage, "reset user", user=stage.bruno)
    assert "**300** points" in asked.text and "backup" in asked.text and await held(stage, stage.bruno) == 320
    before = await stage.app.stores.backups.store.entries(stage.id)
    await (await stage.mod.press(asked, label="Take 300 points")).settled()
    await stage.review.wait_for(lambda _: "were taken" in asked.text, timeout=10)
    assert (await held(stage, stage.bruno), await held(stage, stage.alice)) == (20, 50)
    assert await order(stage) == [first, second]
    (backup, *_) = await stage.app.stores.backups.store.entries(stage.id)
    assert backup not in before
    saved = (await stage.app.stores.backups.store.load(backup)).keys["points:user"].values
    assert saved[str(stage.bruno.id)] == "300"
    await earn(stage, stage.bruno, 7)
    await (await stage.mod.press(asked, label="Give them back")).settled()
    assert "given back" in asked.text and await held(stage, stage.bruno) == 327
    assert await order(stage) == [second, first]
    assert "has no points" in (await run(stage, "reset user", user=stage.carla)).text


async def test_the_handles_of_a_person_are_reset_together_or_alone(stage: Stage) -> None:
    await earn(stage, stage.bruno, 300)
    await handle(stage, 71, "bruno.live", 20, stage.bruno)
    await handle(stage, 72, "bruno_b", 5, stage.bruno)
    await handle(stage, 73, "nobodys", 50)
    await reset(stage, "handles", "Take 25 points", user=stage.bruno)
    assert await held(stage, stage.bruno) == 300
    assert "No TikTok handle" in (await run(stage, "reset handles", user=stage.bruno)).text
    await (await stage.mod.command("review undo", channel=stage.review)).settled()
    assert await held(stage, stage.bruno) == 325
    choices = await stage.mod.autocomplete("points reset handle", "handle", "bru", channel=stage.review)
    assert [value for _, value in choices] == ["@bruno.live", "@bruno_b"]
    assert await stage.alice.autocomplete("points reset handle", "handle", "", channel=stage.review) == []
    await reset(stage, "handle", "Take 20 points", handle="@Bruno.Live")
    assert await held(stage, stage.bruno) == 305
    await reset(stage, "handle", "Take 50 points", handle="nobodys")
    assert "has no points" in (await run(stage, "reset handle", handle="@nobodys")).text
    assert "Nobody called" in (await run(stage, "reset handle", handle="@whoever")).text
    await handle(stage, 74, "carla", 8, stage.carla)
    assert "of their own" in (await run(stage, "reset user", user=stage.carla)).text


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
    await stage.review.wait_for(lambda _: "were taken" in asked.text, timeout=10)
    assert (await held(stage, stage.alice), await held(stage, stage.bruno)) == (0, 0)
    # A second press of the same button takes nothing that was earned since.
    await earn(stage, stage.alice, 5)
    await (await stage.owner.press(asked, yes, forge=True)).settled()
    assert await held(stage, stage.alice) == 5
    undone = await stage.host.command("review undo", channel=stage.review)
    assert "a reset of points" in (await undone.settled()).text
    assert (await held(stage, stage.alice), await held(stage, stage.bruno)) == (15, 20)
    late = await stage.owner.press(asked, label="Give them back")
    assert await held(stage, stage.alice) == 15, await said(late)


async def test_without_a_backup_nothing_is_reset(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    await earn(stage, stage.bruno, 20)
    asked = await run(stage, "reset user", user=stage.bruno)

    async def lost(*_: object, **__: object) -> None:
        raise NotKept("nowhere to keep it")

    monkeypatch.setattr("persistence.backups.store.BackupStore.keep", lost)
    pressed = await stage.mod.press(asked, label="Take 20 points")
    assert "No backup could be taken" in (await pressed.followup()).text
    assert await held(stage, stage.bruno) == 20


async def test_nobody_else_may(stage: Stage) -> None:
    await earn(stage, stage.bruno, 20)
    asked = await run(stage, "reset user", user=stage.bruno)
    for person in (stage.host, stage.alice):
        for name, values in (
            ("give", {"user": person, "amount": 5}),
            ("reset user", {"user": stage.bruno}),
            ("reset handles", {"user": stage.bruno}),
            ("reset handle", {"handle": "@whoever"}),
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

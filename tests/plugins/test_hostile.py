"""What people try, by mistake or on purpose: each gets a clear sentence, and nothing changes."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.app import App
from sandbox.discord import Reply, Sandbox
from state.scripts import Actor
from tests.doors import doors_of
from tests.plugins.hostile.acts import MEGABYTE, YOUTUBE, Act, Dump, Scene, choose, dump, heard, press, send
from tests.plugins.hostile.table import TABLE
from tests.plugins.reviewing import claimed, shown, submitted
from tests.stage import set_up


@pytest.fixture(scope="module")
async def scene(app: App, discord: Sandbox) -> AsyncIterator[Scene]:
    stage, other = await set_up(app, discord), await set_up(app, discord)
    await stage.configure(free_limit="10", limit_0="10", double_press_ms="0")
    numbers = {
        "playing": await submitted(stage, stage.carla, "Kerosene", tier=25),
        "held": await submitted(stage, stage.bruno, "Glass", tier=20),
        "waiting": await submitted(stage, stage.alice, "Low tide", link=YOUTUBE, track="youtube:dQw4w9WgXcQ"),
        "bruno": await submitted(stage, stage.bruno, "Paper moon", tier=10),
        "pending": await claimed(stage, stage.alice, "Neon rain", 15),
    }
    for _ in range(20):
        numbers["foreign"] = await submitted(other, other.alice, "Elsewhere", tier=5)
    queue = app.stores.queue
    await queue.next(stage.id, "hostile.1", Actor(1, "test"))
    await queue.hold(stage.id, "hostile.2", Actor(1, "test"), numbers["held"])
    await stage.display("public", stage.queue)
    await stage.display("reviewer", stage.review)
    await stage.display("pending", stage.pending)
    yield Scene(
        stage,
        other,
        doors_of(app),
        shown(stage.queue),
        shown(stage.review),
        shown(stage.pending),
        numbers,
        stage.guild.join("Dario", upload_limit=50 * MEGABYTE),
    )


@pytest.mark.parametrize(("act", "told"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
async def test_a_clear_sentence_and_no_change(scene: Scene, act: Act, told: str) -> None:
    await judge(scene, act, told=told)


async def judge(scene: Scene, *acts: Act, told: str = "") -> None:
    before = (await dump(scene.stage), await dump(scene.other))
    for act in acts:
        text = await heard(await act(scene), told)
        assert text.strip() and "Something went wrong on our side" not in text
        assert told in text
    after = (await dump(scene.stage), await dump(scene.other))
    assert changed(before[0], after[0]) == changed(before[1], after[1]) == {}


CARGO = ("", ":-1:1", ":<foreign>:25", ":%E2%80%AEabc:9")
"""What a routed id may carry, and what nothing ever made it carry."""


@pytest.mark.parametrize("who", ["stranger", "host"])
async def test_no_forged_button_or_select_does_anything(scene: Scene, who: str) -> None:
    assert len(scene.doors.components) > 10
    for name in sorted(scene.doors.components):
        await judge(
            scene,
            *(press(who, "board", f"s1:{name}{cargo}") for cargo in CARGO),
            choose(who, "board", f"s1:{name}:<foreign>:1", "25", "<foreign>", "@everyone"),
        )


@pytest.mark.parametrize("who", ["stranger", "host"])
async def test_no_forged_form_does_anything(scene: Scene, who: str) -> None:
    assert len(scene.doors.modals) > 3
    nonsense = {"url": "x" * 4000, "title": "\u202e@everyone", "artist": "'; --", "tier": "\u0000"}
    for name in sorted(scene.doors.modals):
        await judge(
            scene,
            *(send(who, f"s1:{name}{cargo}") for cargo in CARGO),
            send(who, f"s1:{name}:<foreign>:1", **nonsense),
        )


async def test_no_stranger_presses_a_panel(scene: Scene) -> None:
    assert len(scene.doors.views) > 5
    for custom_id in sorted(scene.doors.views):
        await judge(
            scene,
            press("stranger", "panel", custom_id),
            press("stranger", "board", custom_id),
            choose("stranger", "panel", custom_id, "<waiting>"),
            told="Only this server's reviewers",
        )
        await judge(scene, press("host", "board", custom_id), told="older message")


async def test_a_form_sent_twice_counts_once(scene: Scene) -> None:
    bruno, channel = scene.stage.bruno, scene.stage.submissions
    opened = await bruno.command("submit form", channel)
    given = {"url": "https://youtu.be/bbbbbbbbbbb", "artist": "Bruno", "title": "Twice"}
    assert "is in the queue" in (await bruno.submit(opened.modal, given)).text

    async def again(_: Scene) -> Reply:
        return await bruno.submit(opened.modal, given, forge=True)

    await judge(scene, again, told="already in the queue")


def changed(before: Dump, after: Dump) -> Dump:
    return {
        key: (before.get(key), after.get(key))
        for key in before.keys() | after.keys()
        if before.get(key) != after.get(key)
    }

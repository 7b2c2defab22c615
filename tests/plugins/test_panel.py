from __future__ import annotations

import asyncio
import secrets

import pytest

from components.panel import Facts
from sandbox.discord import Message
from state.ladder import HIGHEST_LABEL, Ladder
from state.scripts import Actor
from tests.plugins.reviewing import (
    board,
    claimed,
    option_values,
    order,
    panel,
    playing,
    redrawn,
    shown,
    shows,
    submitted,
)
from tests.stage import Stage

CALLBACK = "/interactions/{interaction_id}/{interaction_token}/callback"


async def test_next_plays_the_first_song_and_answers_with_the_new_panel(stage: Stage) -> None:
    first = await submitted(stage, stage.alice, "First light", tier=10)
    second = await submitted(stage, stage.bruno, "Second wind", tier=5)
    reply = await redrawn(await stage.host.press(await panel(stage), label="Next"))
    assert "First light" in reply.text and f"#{first} playing" in reply.text
    assert await playing(stage) == first and await order(stage) == [second]
    assert not reply.followups


async def test_who_manages_the_server_may_press_without_the_role(stage: Stage) -> None:
    first = await submitted(stage, stage.alice, "First light")
    await redrawn(await stage.mod.press(await panel(stage), "panel:next"))
    assert await playing(stage) == first


@pytest.mark.parametrize("custom_id", ["panel:next", "panel:undo", "panel:pause"])
async def test_a_stranger_is_told_and_nothing_moves(stage: Stage, custom_id: str) -> None:
    await submitted(stage, stage.alice, "First light", tier=5)
    message = await panel(stage)
    before = (await board(stage)).revision
    reply = await stage.stranger.press(message, custom_id)
    assert reply.ephemeral and "reviewers" in reply.text, reply.text
    assert (await board(stage)).revision == before


async def test_a_reviewer_who_lost_the_role_is_refused_at_the_next_press(stage: Stage) -> None:
    await submitted(stage, stage.alice, "First light")
    second = await submitted(stage, stage.bruno, "Second wind")
    message = await panel(stage)
    await redrawn(await stage.host.press(message, label="Next"))
    await stage.configure(role_reviewer=None)
    reply = await stage.host.press(shown(stage.review), label="Next")
    assert reply.ephemeral and "reviewers" in reply.text
    assert second in await order(stage)


async def test_two_reviewers_pressing_at_once_move_one_song(stage: Stage) -> None:
    numbers = [await submitted(stage, stage.alice, f"Song {n}", tier=25 - 5 * n) for n in range(4)]
    message = await panel(stage)
    replies = await asyncio.gather(
        stage.host.press(message, label="Next"), stage.mod.press(message, label="Next")
    )
    assert await playing(stage) == numbers[0] and await order(stage) == numbers[1:]
    told = [reply for reply in replies if not await silent(reply)]
    assert len(told) == 1
    told_text = (await told[0].followup()).text
    winner = "Mia" if told[0] is replies[1] else "Theo"
    assert f"{winner} already played the next song" in told_text, told_text
    assert f"#{numbers[0]} Song 0" in told_text and "Nothing was changed by you" in told_text
    # The loser looks at the panel of now, too.
    assert f"#{numbers[0]} playing" in told[0].text


async def test_an_answer_that_draws_an_old_panel_over_a_newer_one_is_drawn_over(stage: Stage) -> None:
    """Discord may take the answer to a press after the edit that shows what somebody else did since."""
    await submitted(stage, stage.alice, "Song 0", tier=10)
    message = await panel(stage)
    slow = stage.discord.faults.delay("PATCH", "/webhooks/.*/messages/@original", 4.0)
    pressed = asyncio.create_task(stage.host.press(message, label="Next"))
    await slow.struck()
    await submitted(stage, stage.bruno, "Late one")
    await shows(stage.review, "Late one")
    assert "Late one" not in (await redrawn(await pressed)).text
    await shows(stage.review, "Late one")


async def silent(reply: object) -> bool:
    """Whether a press was answered by the new panel alone."""
    try:
        await reply.followup(timeout=0.3)  # type: ignore[attr-defined]
    except TimeoutError:
        return True
    return False


async def test_a_second_press_of_the_same_person_is_taken_for_a_double_click(stage: Stage) -> None:
    first = await submitted(stage, stage.alice, "First light", tier=10)
    await submitted(stage, stage.bruno, "Second wind", tier=5)
    message = await panel(stage)
    await redrawn(await stage.host.press(message, label="Next"))
    reply = await stage.host.press(shown(stage.review), label="Next")
    assert await playing(stage) == first
    assert "You already played the next song" in (await reply.followup()).text


async def test_a_press_on_a_panel_of_before_says_who_did_what(stage: Stage) -> None:
    first = await submitted(stage, stage.alice, "First light", tier=10)
    second = await submitted(stage, stage.bruno, "Second wind", tier=5)
    message = await panel(stage)
    queue = stage.app.stores.queue
    stage.discord.faults.fail("PATCH", "/channels/{channel_id}/messages/{message_id}", status=500, times=50)
    for _ in range(2):
        await queue.next(stage.id, secrets.token_hex(8), Actor(int(stage.mod.id), "Theo"))
    reply = await stage.host.press(message, label="Next")
    stage.discord.faults.clear()
    assert await playing(stage) == second and first not in await order(stage)
    assert "Theo already played the next song" in (await reply.followup()).text
    assert f"#{second} playing" in reply.text


async def test_next_on_an_empty_queue_says_so(stage: Stage) -> None:
    await claimed(stage, stage.alice, "Claimed", 10)
    reply = await stage.host.press(await panel(stage), label="Next")
    text = (await reply.followup()).text
    assert "Nobody waits" in text and "approval" in text


async def test_presses_are_carried_out_and_told_though_the_replies_to_their_promises_were_lost(
    stage: Stage,
) -> None:
    numbers = [await submitted(stage, stage.alice, f"Song {n}", tier=25 - 5 * n) for n in range(2)]
    message = await panel(stage)
    lost = stage.discord.faults.lose_reply("POST", CALLBACK, times=2)
    replies = await asyncio.gather(
        stage.host.press(message, label="Next"), stage.mod.press(message, label="Next")
    )
    replies = [await redrawn(reply) for reply in replies]
    assert len(lost.paths) == 2
    assert await playing(stage) == numbers[0] and await order(stage) == numbers[1:]
    assert all(f"#{numbers[0]} playing" in reply.text for reply in replies)
    (told,) = [reply for reply in replies if not await silent(reply)]
    assert "already played the next song" in (await told.followup()).text


async def test_undo_takes_back_the_move_the_panel_showed(stage: Stage) -> None:
    first = await submitted(stage, stage.alice, "First light", tier=10)
    await redrawn(await stage.host.press(await panel(stage), label="Next"))
    assert await playing(stage) == first
    await redrawn(await stage.mod.press(shown(stage.review), label="Undo"))
    assert await playing(stage) is None and await order(stage) == [first]


async def test_undo_of_a_move_that_is_not_the_last_any_more_tells_of_the_last(stage: Stage) -> None:
    first = await submitted(stage, stage.alice, "First light", tier=10)
    message = await panel(stage)
    stage.discord.faults.fail("PATCH", "/channels/{channel_id}/messages/{message_id}", status=500, times=50)
    theo = Actor(int(stage.mod.id), "Theo")
    await stage.app.stores.queue.promote(stage.id, secrets.token_hex(8), theo, first, 20)
    reply = await stage.host.press(message, label="Undo")
    stage.discord.faults.clear()
    text = (await reply.followup()).text
    assert "Theo" in text and "change of tier" in text and "Nothing was taken back" in text, text
    assert (await board(stage)).songs[0].tier == 20


async def test_hold_and_back(stage: Stage) -> None:
    first = await submitted(stage, stage.alice, "First light", tier=10)
    second = await submitted(stage, stage.bruno, "Second wind", tier=5)
    await redrawn(await stage.host.press(await panel(stage), label="Next"))
    reply = await redrawn(await stage.host.press(shown(stage.review), label="Not here"))
    assert "On hold (1)" in reply.text
    assert await playing(stage) is None and await order(stage) == [second]
    await redrawn(await stage.host.choose(shown(stage.review), "panel:back", [str(first)]))
    # The song announced as the next keeps its place, however high the tier of the one that comes back.
    assert await order(stage) == [second, first]


async def test_pause_and_open(stage: Stage) -> None:
    message = await panel(stage)
    reply = await redrawn(await stage.host.press(message, label="Pause submissions"))
    assert "Submissions paused" in reply.text
    assert (await board(stage)).settings.paused
    reply = await redrawn(await stage.mod.press(shown(stage.review), label="Open submissions"))
    assert "Submissions open" in reply.text
    assert not (await board(stage)).settings.paused


async def test_promote_asks_for_the_tier_and_moves(stage: Stage) -> None:
    first = await submitted(stage, stage.alice, "First light", tier=10)
    second = await submitted(stage, stage.bruno, "Second wind")
    message = await panel(stage)
    step = await stage.host.choose(message, "panel:promote", [str(second)])
    assert step.ephemeral and "Second wind" in step.text
    menu = step.components[0]["components"][0]
    assert "0" not in option_values(menu) and "20" in option_values(menu)
    done = await stage.host.choose(step.message, menu["custom_id"], ["20"])
    assert "from Free to 20 Skip" in done.text and not done.components
    assert await order(stage) == [second, first]


async def test_every_tier_of_the_longest_ladder_can_be_promoted_to(stage: Stage) -> None:
    skips = [(label, f"{label} Skip") for label in range(1, HIGHEST_LABEL + 1)]
    ladder = Ladder.of([*skips, (0, "Free")])
    await stage.app.stores.configuration.set_ladder(stage.id, "long", Actor(1, "Olga"), ladder)
    number = await submitted(stage, stage.alice, "First light")
    message = await panel(stage)
    for tier in (1, HIGHEST_LABEL, 40):
        step = await stage.host.choose(message, "panel:promote", [str(number)])
        menus = [row["components"][0] for row in step.components]
        menu = next(each for each in menus if str(tier) in option_values(each))
        done = await stage.host.choose(step.message, menu["custom_id"], [str(tier)])
        assert f"to {tier} Skip" in done.text and not done.components


async def test_remove_asks_why_and_can_be_undone(stage: Stage) -> None:
    first = await submitted(stage, stage.alice, "First light", tier=10)
    message = await panel(stage)
    asked = await stage.host.choose(message, "panel:remove", [str(first)])
    assert asked.modal is not None
    reply = await redrawn(await stage.host.submit(asked.modal, reason="the link is *dead*"))
    assert "Nobody waits" in reply.text
    assert "the link is \\*dead\\*" in (await reply.followup()).text
    song = await stage.app.stores.queue.song(stage.id, first)
    assert song is not None and song.reason == "the link is *dead*" and song.by_name == "Mia"
    await redrawn(await stage.host.press(shown(stage.review), label="Undo"))
    assert await order(stage) == [first]


async def test_the_second_steps_check_the_role_again(stage: Stage) -> None:
    first = await submitted(stage, stage.alice, "First light", tier=10)
    message = await panel(stage)
    step = await stage.host.choose(message, "panel:promote", [str(first)])
    asked = await stage.host.choose(message, "panel:remove", [str(first)])
    await stage.configure(role_reviewer=None)
    custom_id = step.components[0]["components"][0]["custom_id"]
    assert "reviewers" in (await stage.host.choose(step.message, custom_id, ["20"])).text
    assert asked.modal is not None
    assert "reviewers" in (await stage.host.submit(asked.modal, reason="")).text
    assert (await board(stage)).songs[0].tier == 10


async def test_a_song_that_is_gone_by_now_is_answered_with_what_became_of_it(stage: Stage) -> None:
    first = await submitted(stage, stage.alice, "First light", tier=10)
    message = await panel(stage)
    step = await stage.host.choose(message, "panel:promote", [str(first)])
    theo = Actor(int(stage.mod.id), "Theo")
    await stage.app.stores.queue.remove(stage.id, secrets.token_hex(8), theo, first)
    custom_id = step.components[0]["components"][0]["custom_id"]
    done = await stage.host.choose(step.message, custom_id, ["20"])
    assert "was removed (by Theo" in done.text, done.text


@pytest.mark.parametrize("value", ["x", "", "-3", "999999999999999", "#1 ", "5"])
async def test_values_that_no_panel_offers_move_nothing(stage: Stage, value: str) -> None:
    await submitted(stage, stage.alice, "First light", tier=10)
    message = await panel(stage)
    before = (await board(stage)).revision
    for custom_id in ("panel:promote", "panel:remove", "panel:back"):
        reply = await stage.host.choose(message, custom_id, [value], forge=True)
        assert reply.ok, (custom_id, reply.refusal)
        if reply.modal is not None:
            await stage.host.submit(reply.modal, reason="")
    forged = await stage.host.choose(message, "s1:panel.tier:1", [value], forge=True)
    assert (forged.ephemeral and "older" in forged.text) or value == "5", forged.text
    if value not in ("#1 ", "5"):
        assert (await board(stage)).revision == before


async def test_a_panel_id_on_a_message_that_is_no_panel_moves_nothing(stage: Stage) -> None:
    await submitted(stage, stage.alice, "First light", tier=10)
    await stage.display("public", stage.queue)
    reply = await stage.host.press(shown(stage.queue), "panel:next", forge=True)
    assert reply.ephemeral and "older" in reply.text
    assert await playing(stage) is None


async def test_the_panel_is_painted_when_others_change_the_queue(stage: Stage) -> None:
    await panel(stage)
    await submitted(stage, stage.alice, "Late night train")
    message: Message = await shows(stage.review, "Late night train")
    assert "1 waiting" in message.text


def test_facts_are_read_back_as_written() -> None:
    for facts in (Facts(None, 0, None), Facts(12, 3, 41)):
        assert Facts.parse(facts.text()) == facts
    for text in ("", "#x playing · turn 1 · no move", "#1 playing · turn 1 · move 1 · more", "#1\nplaying"):
        assert Facts.parse(text) is None

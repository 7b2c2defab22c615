from __future__ import annotations

import secrets

import pytest

from bot.router import encode
from state.scripts import Actor
from state.song import SongState
from tests.plugins.reviewing import board, buttons, claimed, option_values, order, redrawn, shown
from tests.stage import Stage


async def pending_list(stage: Stage):
    await stage.display("pending", stage.pending)
    return shown(stage.pending)


async def test_approve_lets_the_song_in_at_the_claimed_tier(stage: Stage) -> None:
    number = await claimed(
        stage, stage.alice, "Claimed", 10, note="paid by gift", link="https://example.com/a"
    )
    message = await pending_list(stage)
    assert "paid by gift" in message.text and "https://example.com/a" in message.text
    reply = await redrawn(await stage.host.press(message, label=f"#{number} → 10 Skip"))
    assert "No skip waits" in reply.text
    song = (await board(stage)).songs[0]
    assert (song.number, song.tier, song.state, song.by_name) == (number, 10, SongState.WAITING, "Mia")


async def test_approve_into_another_tier(stage: Stage) -> None:
    number = await claimed(stage, stage.alice, "Claimed", 10)
    step = await stage.host.press(await pending_list(stage), label="Other tier…")
    assert step.ephemeral
    menu = step.components[0]["components"][0]
    assert "10" not in option_values(menu)
    done = await stage.host.choose(step.message, menu["custom_id"], ["20"])
    assert "is in 20 Skip now, at place 1" in done.text and not done.components
    assert await order(stage) == [number]


async def test_approve_with_tier_method_and_amount(stage: Stage) -> None:
    number = await claimed(stage, stage.alice, "Claimed", 10)
    asked = await stage.host.press(await pending_list(stage), label="With amount…")
    assert asked.modal is not None
    reply = await redrawn(await stage.host.submit(asked.modal, tier="20", method="Tip", amount="15 €"))
    assert "No skip waits" in reply.text
    song = (await board(stage)).songs[0]
    assert (song.number, song.tier, song.method, song.amount) == (number, 20, "tip", "15 €")


async def test_the_form_says_the_claimed_tier_and_refuses_what_is_none(stage: Stage) -> None:
    number = await claimed(stage, stage.alice, "Claimed", 10)
    message = await pending_list(stage)
    for values, told in (
        ({"tier": "11 Skip", "method": "gift", "amount": ""}, "The tiers are"),
        ({"tier": "10 Skip", "method": "love", "amount": ""}, "gift, tip or other"),
    ):
        asked = await stage.host.press(message, label="With amount…")
        assert asked.modal is not None
        assert told in (await stage.host.submit(asked.modal, **values)).text
        assert (await board(stage)).pending == 1
    asked = await stage.host.press(message, label="With amount…")
    theirs = await stage.mod.press(message, label="With amount…")
    assert asked.modal is not None
    await redrawn(await stage.host.submit(asked.modal, tier="10 Skip", method="", amount=""))
    song = await stage.app.stores.queue.song(stage.id, number)
    assert song is not None and (song.tier, song.method, song.amount) == (10, None, None)
    # A second reviewer had the form open, too.
    late = await stage.mod.submit(theirs.modal, tier="20 Skip", method="gift", amount="1")
    assert "no longer waits for approval" in (await late.followup()).text
    assert (await board(stage)).songs[0].tier == 10


async def test_reject_asks_why(stage: Stage) -> None:
    number = await claimed(stage, stage.alice, "Claimed", 10)
    asked = await stage.host.press(await pending_list(stage), label="Reject…")
    assert asked.modal is not None
    reply = await redrawn(await stage.host.submit(asked.modal, reason="no gift seen"))
    assert "No skip waits" in reply.text
    song = (await board(stage)).songs[0]
    assert (song.number, song.tier, song.state) == (number, 0, SongState.WAITING)
    assert song.turned_down_for == "no gift seen"


async def test_reject_says_where_the_song_is_then(stage: Stage) -> None:
    first = await claimed(stage, stage.alice, "First", 10)
    second = await claimed(stage, stage.alice, "Second", 10)
    waits = await stage.host.command("review reject", channel=stage.review, song=f"#{first}", reason="late")
    assert "was turned away: late\nIt waits in Free, at place 1 of 1." in waits.text
    ended = await stage.host.command("review reject", channel=stage.review, song=f"#{second}")
    assert "as many Free songs as are allowed" in ended.text
    song = await stage.app.stores.queue.song(stage.id, second)
    assert song is not None and song.state is SongState.REJECTED
    undone = await stage.host.command("review undo", channel=stage.review)
    assert "Second" in undone.text and (await board(stage)).pending == 1


async def test_a_press_on_what_another_decided_says_who_and_what(stage: Stage) -> None:
    number = await claimed(stage, stage.alice, "Claimed", 10)
    message = await pending_list(stage)
    theo = Actor(int(stage.mod.id), "Theo")
    stage.discord.faults.fail("PATCH", "/channels/{channel_id}/messages/{message_id}", status=500, times=50)
    await stage.app.stores.queue.reject(stage.id, secrets.token_hex(8), theo, number)
    before = (await board(stage)).revision
    reply = await stage.host.press(message, encode("pending.approve", number, 10))
    other = await stage.mod.press(message, encode("pending.other", number), forge=True)
    stage.discord.faults.clear()
    assert "No skip waits" in reply.text
    assert "waits in Free (by Theo" in (await reply.followup()).text
    assert "waits in Free (by you" in (await other.followup()).text
    assert (await board(stage)).revision == before


async def test_the_fifth_and_later_entries_are_decided_from_a_select(stage: Stage) -> None:
    await stage.configure(limit_pending="0")
    numbers = [await claimed(stage, stage.alice, f"Claim {n}", 5) for n in range(6)]
    message = await pending_list(stage)
    assert len(message.components) == 5
    picked = await stage.host.choose(message, encode("pending.pick"), [str(numbers[5])])
    assert picked.ephemeral and "Claim 5" in picked.text
    done = await stage.host.press(picked.message, buttons(picked.components)["Approve: 5 Skip"])
    assert f"#{numbers[5]} Claim 5" in done.text and "is in 5 Skip now" in done.text
    again = await stage.host.choose(message, encode("pending.pick"), [str(numbers[4])])
    asked = await stage.host.press(again.message, label="Reject…")
    assert asked.modal is not None
    gone = await stage.host.submit(asked.modal, reason="")
    assert "was turned away" in gone.text and not gone.components


@pytest.mark.parametrize("name", ["pending.approve", "pending.paid", "pending.other", "pending.reject"])
async def test_a_stranger_decides_nothing(stage: Stage, name: str) -> None:
    number = await claimed(stage, stage.alice, "Claimed", 10)
    message = await pending_list(stage)
    args = (number, 10) if name == "pending.approve" else (number,)
    reply = await stage.stranger.press(message, encode(name, *args))
    assert reply.ephemeral and reply.modal is None and "reviewers" in reply.text
    assert (await board(stage)).pending == 1


@pytest.mark.parametrize(
    "custom_id",
    [
        "s1:pending.approve",
        "s1:pending.approve:1",
        "s1:pending.approve:x:10",
        "s1:pending.approve:-1:10",
        "s1:pending.approve:9999999999999:10",
        "s1:pending.approve:1:ten",
        "s1:pending.reject:",
        "s1:pending.tier:1",
        "s1:pending.nothing:1",
        "s2:pending.approve:1:10",
        "pending",
    ],
)
async def test_ids_nobody_was_given_are_answered_and_move_nothing(stage: Stage, custom_id: str) -> None:
    await claimed(stage, stage.alice, "Claimed", 10)
    message = await pending_list(stage)
    before = (await board(stage)).revision
    reply = await stage.host.press(message, custom_id, forge=True)
    assert reply.ok and reply.ephemeral and "older" in reply.text, reply.text
    assert (await board(stage)).revision == before


async def test_a_number_or_a_tier_that_is_none_is_refused_by_the_engine(stage: Stage) -> None:
    number = await claimed(stage, stage.alice, "Claimed", 10)
    message = await pending_list(stage)
    unknown = await stage.host.press(message, encode("pending.approve", 77, 10), forge=True)
    assert "no song #77" in (await unknown.followup()).text
    tier = await stage.host.press(message, encode("pending.approve", number, 11), forge=True)
    assert "The tiers are" in (await tier.followup()).text
    assert (await board(stage)).pending == 1


async def test_the_role_is_asked_for_again_when_the_form_comes_back(stage: Stage) -> None:
    await claimed(stage, stage.alice, "Claimed", 10)
    asked = await stage.host.press(await pending_list(stage), label="Reject…")
    await stage.configure(role_reviewer=None)
    assert asked.modal is not None
    assert "reviewers" in (await stage.host.submit(asked.modal, reason="")).text
    assert (await board(stage)).pending == 1

"""Score, bookmark and move down from the panel, and that every moderator sees the same at once."""

from __future__ import annotations

import asyncio
import secrets
import time

import pytest

from bot.router import encode
from bot.stores import open_stores
from sandbox.discord import Message
from state.scripts import Actor
from tests.plugins.reviewing import board, buttons, order, panel, playing, redrawn, shown, shows, submitted
from tests.stage import Stage


async def on_stage(stage: Stage) -> tuple[Message, int]:
    """A panel with a playing song of Alice's, and its number."""
    first = await submitted(stage, stage.alice, "First light", tier=10)
    await redrawn(await stage.host.press(await panel(stage), label="Next"))
    return shown(stage.review), first


async def test_score_and_note_stand_on_the_card(stage: Stage) -> None:
    message, first = await on_stage(stage)
    assert "First time here" in message.text
    asked = await stage.host.press(message, label="Score and note…")
    assert asked.modal is not None
    reply = await redrawn(
        await stage.host.submit(asked.modal, score="8", note="warm [x](https://evil.example)")
    )
    assert "8/10" in reply.text and "(Mia)" in reply.text and "](" not in reply.text.replace("\\](", "")
    # The next form shows what there is; emptied, it takes it away.
    song = await stage.app.stores.queue.song(stage.id, first)
    assert song is not None and song.score == 8
    asked = await stage.mod.press(shown(stage.review), label="Score and note…")
    assert asked.modal is not None
    await redrawn(await stage.mod.submit(asked.modal, score="", note=""))
    song = await stage.app.stores.queue.song(stage.id, first)
    assert song is not None and (song.score, song.review_note, song.reviewer) == (None, None, None)
    wrong = await stage.host.press(shown(stage.review), label="Score and note…")
    assert wrong.modal is not None
    assert "whole number" in (await stage.host.submit(wrong.modal, score="12", note="x")).text


async def test_a_form_that_comes_late_scores_the_song_it_was_opened_for(stage: Stage) -> None:
    message, first = await on_stage(stage)
    asked = await stage.host.press(message, label="Score and note…")
    await stage.app.stores.queue.next(stage.id, secrets.token_hex(8), Actor(int(stage.mod.id), "Theo"))
    assert asked.modal is not None and await playing(stage) is None
    reply = await stage.host.submit(asked.modal, score="6", note="")
    assert f"#{first} First light" in (await reply.followup()).text
    song = await stage.app.stores.queue.song(stage.id, first)
    assert song is not None and song.score == 6


async def test_bookmark_marks_once(stage: Stage) -> None:
    message, first = await on_stage(stage)
    replies = await asyncio.gather(
        stage.host.press(message, label="Bookmark"), stage.mod.press(message, label="Bookmark")
    )
    for reply in replies:
        await redrawn(reply)
    song = await stage.app.stores.queue.song(stage.id, first)
    assert song is not None and song.bookmarked_by_name in ("Mia", "Theo")
    loser = replies[1] if song.bookmarked_by_name == "Mia" else replies[0]
    assert "bookmarked already" in (await loser.followup()).text
    assert f"Bookmarked by {song.bookmarked_by_name}" in replies[0].text
    # The button takes it off now, for two who press at once, too.
    message = shown(stage.review)
    refused = await stage.stranger.press(message, label="Take the bookmark off")
    assert "reviewers" in refused.text
    replies = await asyncio.gather(
        *(who.press(message, label="Take the bookmark off") for who in (stage.host, stage.mod))
    )
    told = [await (await redrawn(reply)).followup() for reply in replies if reply.followups]
    song = await stage.app.stores.queue.song(stage.id, first)
    assert song is not None and song.bookmarked_at is None
    assert all("has no bookmark" in each.text for each in told)


async def test_fairness_is_switched_in_the_middle_of_a_show(stage: Stage) -> None:
    message, _ = await on_stage(stage)
    free = await submitted(stage, stage.bruno, "Free one")
    paid = [await submitted(stage, stage.carla, f"Paid {n}", tier=5) for n in range(3)]
    await stage.configure(lock="0")
    asked = await stage.host.press(message, label="Fairness: off")
    assert asked.ephemeral and "Paid songs go before all Free ones." in asked.text
    chosen = await stage.host.choose(asked.message, encode("panel.fair_paid"), ["2"])
    assert "Paid songs in a row before a Free one: 2." in chosen.text
    # One paid song plays: one more, then the Free one.
    assert await order(stage) == [paid[0], free, paid[1], paid[2]]
    chosen = await stage.host.choose(asked.message, encode("panel.fair_turns"), ["1"])
    assert "take turns" in chosen.text
    board_ = await board(stage)
    assert (board_.settings.fair_paid, board_.settings.fair_round_robin) == (2, True)
    shows_it = await shows(stage.review, "First light")
    await stage.review.wait_for(
        lambda messages: any(
            "Fairness: 2 paid, 1 Free + turns" in buttons(message.components) for message in messages
        ),
        timeout=5,
    )
    # Somebody else chose the same meanwhile: it is so, and nothing is refused.
    theirs = await stage.mod.press(shows_it, "panel:fairness")
    again = await stage.mod.choose(theirs.message, encode("panel.fair_turns"), ["1"], forge=True)
    assert "take turns" in again.text
    before = (await board(stage)).revision
    for name, value in (("panel.fair_paid", "7"), ("panel.fair_turns", "x"), ("panel.fair_paid", "-1")):
        forged = await stage.host.choose(theirs.message, encode(name), [value], forge=True)
        assert "older" in forged.text
        stranger = await stage.stranger.choose(message, encode(name), ["1"], forge=True)
        assert "reviewers" in stranger.text
    assert (await board(stage)).revision == before


async def test_a_note_that_is_too_long_is_refused_and_never_cut(stage: Stage) -> None:
    message, first = await on_stage(stage)
    asked = await stage.host.press(message, label="Score and note…")
    assert asked.modal is not None and asked.modal.fields["note"]["max_length"] == 500
    long = await stage.host.submit(asked.modal, score="8", note="x" * 501, forge=True)
    assert "The note is too long: 501 characters, at most 500" in long.text
    song = await stage.app.stores.queue.song(stage.id, first)
    assert song is not None and (song.score, song.review_note) == (None, None)


async def test_move_down_asks_how_many_go_first(stage: Stage) -> None:
    message, first = await on_stage(stage)
    others = [await submitted(stage, artist, "Other", tier=5) for artist in (stage.bruno, stage.carla)]
    for places in ("0", "101", "-1", "x", "٣"):
        again = await stage.host.press(message, label="Move down…")
        assert again.modal is not None
        before = (await board(stage)).revision
        answer = await stage.host.submit(again.modal, places=places)
        assert "whole number from 1 to 100" in answer.text, places
        assert (await board(stage)).revision == before
    asked = await stage.host.press(message, label="Move down…")
    assert asked.modal is not None
    reply = await redrawn(await stage.host.submit(asked.modal, places="1"))
    assert await playing(stage) is None and await order(stage) == [others[0], first, others[1]]
    assert "place 2 of 3" in (await reply.followup()).text


@pytest.mark.parametrize("custom_id", ["panel:bump", "panel:score", "panel:bookmark", "panel:fairness"])
async def test_a_stranger_and_a_former_reviewer_are_refused(stage: Stage, custom_id: str) -> None:
    message, _ = await on_stage(stage)
    before = (await board(stage)).revision
    reply = await stage.stranger.press(message, custom_id)
    assert reply.modal is None and "reviewers" in reply.text
    for name in ("panel.bumped", "panel.scored"):
        forged = await stage.stranger.press(message, encode(name, 1), forge=True)
        assert "older" in forged.text
    asked = await stage.host.press(message, "panel:score")
    await stage.configure(role_reviewer=None)
    late = await stage.host.press(message, custom_id)
    assert late.modal is None and "reviewers" in late.text
    assert asked.modal is not None
    assert "reviewers" in (await stage.host.submit(asked.modal, score="9", note="")).text
    assert (await board(stage)).revision == before + 1


async def test_a_move_in_another_process_is_on_every_panel_within_two_seconds(stage: Stage) -> None:
    message, first = await on_stage(stage)
    second = await submitted(stage, stage.bruno, "Second wind", tier=5)
    async with open_stores(stage.app.settings) as other:
        began = time.monotonic()
        await other.queue.next(stage.id, secrets.token_hex(8), Actor(int(stage.mod.id), "Theo"))
        await shows(stage.review, f"#{second} playing")
        assert time.monotonic() - began < 2
        began = time.monotonic()
        await other.queue.review(
            stage.id, secrets.token_hex(8), Actor(int(stage.mod.id), "Theo"), second, score=9
        )
        await shows(stage.review, "9/10")
        assert time.monotonic() - began < 2
    # Both look at the same message, and what it says is what both are judged by.
    stale = await stage.host.press(message, "panel:bookmark")
    await redrawn(stale)
    song = await stage.app.stores.queue.song(stage.id, second)
    assert song is not None and song.bookmarked_by_name == "Mia"
    assert first not in await order(stage)

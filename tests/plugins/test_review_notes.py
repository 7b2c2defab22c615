from __future__ import annotations

import pytest

from sandbox.discord import ClientRefused
from tests.plugins.reviewing import board, claimed, order, panel, playing, submitted
from tests.stage import Stage, until


async def kept(stage: Stage, number: int):
    song = await stage.app.stores.queue.song(stage.id, number)
    assert song is not None
    return song


async def test_hold_back_and_bump_tell_the_place(stage: Stage) -> None:
    await stage.configure(lock="0")
    first, second, third = [
        await submitted(stage, artist, title, tier=10)
        for artist, title in ((stage.alice, "One"), (stage.bruno, "Two"), (stage.carla, "Three"))
    ]
    reply = await stage.host.command("review bump", channel=stage.review, song=f"#{first}", places=1)
    assert "place 2 of 3" in reply.text and await order(stage) == [second, first, third]
    reply = await stage.host.command("review hold", channel=stage.review, song=f"#{second}")
    # What was moved down keeps its turn: one more song goes first.
    assert "is on hold" in reply.text and await order(stage) == [third, first]
    reply = await stage.host.command("review back", channel=stage.review, song=f"#{second}")
    assert "is back in 10 Skip, at place" in reply.text
    # The place it tells is the place it has.
    place = (await order(stage)).index(second) + 1
    assert f"at place {place} of 3" in reply.text
    wrong = await stage.host.command("review back", channel=stage.review, song=f"#{second}")
    assert "It is not on hold" in wrong.text


async def test_approve_keeps_how_it_was_paid(stage: Stage) -> None:
    number = await claimed(stage, stage.alice, "Claimed", 10)
    reply = await stage.host.command(
        "review approve",
        channel=stage.review,
        song=f"#{number}",
        tier="10 Skip",
        method="gift",
        amount="2000",
    )
    assert "in 10 Skip now (gift 2,000)" in reply.text, reply.text
    song = await kept(stage, number)
    assert (song.method, song.amount, song.approved_by_name) == ("gift", "2000", "Mia")


async def test_note_keeps_a_score_and_a_text(stage: Stage) -> None:
    number = await submitted(stage, stage.alice, "First light")
    early = await stage.host.command("review note", channel=stage.review, song=f"#{number}", score=7)
    assert "once it has played" in early.text
    await stage.host.command("review next", channel=stage.review)
    reply = await stage.host.command(
        "review note", channel=stage.review, song=f"#{number}", score=7, text="**loud** @everyone"
    )
    assert "7/10" in reply.text and "\\*\\*loud\\*\\*" in reply.text, reply.text
    song = await kept(stage, number)
    assert (song.score, song.review_note, song.reviewer_name) == (7, "**loud** @everyone", "Mia")
    again = await stage.mod.command("review note", channel=stage.review, song=f"#{number}", score=0)
    assert "0/10" in again.text and (await kept(stage, number)).review_note == "**loud** @everyone"
    nothing = await stage.host.command("review note", channel=stage.review, song=f"#{number}")
    assert "a score, a note, or both" in nothing.text
    with pytest.raises(ClientRefused):
        await stage.host.command("review note", channel=stage.review, song=f"#{number}", score=11)
    forged = await stage.host.command(
        "review note", channel=stage.review, song=f"#{number}", score=11, forge=True
    )
    assert "from 0 to 10" in forged.text and (await kept(stage, number)).score == 0
    undone = await stage.host.command("review undo", channel=stage.review)
    assert "a score or note" in undone.text or "took a move back" in undone.text


async def test_played_songs_are_offered_for_a_note(stage: Stage) -> None:
    first = await submitted(stage, stage.alice, "First light", tier=10)
    second = await submitted(stage, stage.bruno, "Second wind", tier=5)
    third = await submitted(stage, stage.carla, "Third rail")
    await stage.host.command("review next", channel=stage.review)
    await stage.host.command("review next", channel=stage.review)
    choices = await stage.host.autocomplete("review note", "song", "", channel=stage.review)
    assert [value for _, value in choices] == [f"#{second}", f"#{first}"]
    assert await stage.stranger.autocomplete("review note", "song", "", channel=stage.review) == []
    choices = await stage.host.autocomplete("review bookmark", "song", "", channel=stage.review)
    assert {value for _, value in choices} == {f"#{first}", f"#{second}", f"#{third}"}


async def test_bookmark_twice_tells_who_did(stage: Stage) -> None:
    number = await submitted(stage, stage.alice, "First light")
    reply = await stage.mod.command("review bookmark", channel=stage.review, song=f"#{number}")
    assert "is bookmarked" in reply.text
    again = await stage.host.command("review bookmark", channel=stage.review, song=f"#{number}")
    assert "bookmarked already (by Theo" in again.text
    assert (await kept(stage, number)).bookmarked_by_name == "Theo"
    off = await stage.mod.command("review bookmark", channel=stage.review, song=f"#{number}")
    assert "The bookmark of" in off.text and "is taken off" in off.text
    assert (await kept(stage, number)).bookmarked_at is None


@pytest.mark.parametrize(
    ("command", "options"),
    [
        ("review hold", {}),
        ("review back", {}),
        ("review bump", {"places": 2}),
        ("review note", {"score": 3}),
        ("review bookmark", {}),
    ],
)
async def test_a_stranger_moves_nothing(stage: Stage, command: str, options: dict[str, object]) -> None:
    number = await submitted(stage, stage.alice, "First light")
    before = (await board(stage)).revision
    reply = await stage.stranger.command(
        command, channel=stage.submissions, options={"song": f"#{number}", **options}
    )
    assert reply.ephemeral and "reviewers" in reply.text
    assert (await board(stage)).revision == before


async def test_the_menu_of_a_message_scores_the_song_it_shows(stage: Stage) -> None:
    number = await submitted(stage, stage.alice, "First light")
    message = await panel(stage)
    await stage.host.command("review next", channel=stage.review)
    assert await playing(stage) == number
    await stage.review.wait_for(
        lambda messages: any(f"#{number} playing" in message.text for message in messages), timeout=5
    )
    asked = await stage.host.use_on("Score this song", message)
    assert asked.modal is not None
    reply = await stage.host.submit(asked.modal, score="9", note="lovely")
    assert "9/10" in reply.text and (await kept(stage, number)).score == 9
    emptied = await stage.host.use_on("Score this song", message)
    assert emptied.modal is not None
    reply = await stage.host.submit(emptied.modal, score="", note="")
    assert "no score and no note" in reply.text and (await kept(stage, number)).score is None
    for wrong in ("11", "-1", "ten", "7.5", "٣"):
        asked = await stage.host.use_on("Score this song", message)
        assert asked.modal is not None
        reply = await stage.host.submit(asked.modal, score=wrong[:2], note="")
        assert "whole number from 0 to 10" in reply.text, wrong
    said = await stage.alice.say(stage.submissions, "hello #1")
    nothing = await stage.host.use_on("Score this song", said)
    assert nothing.modal is None and "no song on that message" in nothing.text
    refused = await stage.stranger.use_on("Score this song", message)
    assert refused.modal is None and "reviewers" in refused.text


async def test_history_is_searched_by_artist_title_score_and_day(stage: Stage) -> None:
    await stage.configure(limit_0="0")
    numbers = [await submitted(stage, stage.alice, f"Tide {n}") for n in range(10)]
    other = await submitted(stage, stage.bruno, "Kerosene 100%")
    queue, archive = stage.app.stores.queue, stage.app.stores.archive
    for _ in range(2):
        await stage.mod.command("review next", channel=stage.review)
    scored = (await board(stage)).now.song
    assert scored is not None
    await stage.mod.command("review note", channel=stage.review, song=f"#{scored}", score=8, text="warm")
    revision = (await queue.board(stage.id)).revision

    async def archived() -> bool:
        return await archive.cursor(stage.id) == revision

    await until(archived)

    async def found(**options: object):
        return await stage.host.command("review history", channel=stage.review, options=options)

    reply = await found()
    assert reply.ephemeral and "History · 11 songs" in reply.text and "1/2" in reply.text
    assert f"#{other}" in reply.text and f"#{numbers[0]}**" not in reply.text
    turned = await stage.host.press(reply.message, label="Next")
    assert "2/2" in turned.text and f"#{numbers[0]}**" in turned.text
    reply = await found(artist="alice", title="tide")
    assert "History · 10 songs" in reply.text
    turned = await stage.host.press(reply.message, label="Last")
    assert "History · 10 songs" in turned.text and "2/2 · artist “alice” · title “tide”" in turned.text
    reply = await found(score=8)
    assert f"#{scored}**" in reply.text
    assert "8/10" in reply.text and "“warm”" in reply.text and "History · 1 song" in reply.text
    assert "No song matches" in (await found(score=9)).text
    assert f"#{other}" in (await found(title="100%")).text
    assert "No song matches" in (await found(title="1_0%")).text
    assert "History · 11 songs" in (await found(since="2020-01-01", until="2199-12-31")).text
    assert "No song matches" in (await found(until="2020-01-01")).text
    assert "year-month-day" in (await found(since="yesterday")).text
    assert "year-month-day" in (await found(since="2026-02-31")).text
    assert "History · 1 song" in (await found(person=stage.bruno)).text
    assert "No song matches" in (await found(bookmarks=True)).text
    assert "“”" not in (await found(artist="“”")).text
    one = await stage.host.use_on("Songs of this person", stage.bruno, stage.review)
    assert (
        one.ephemeral
        and "History · 1 song" in one.text
        and "1 songs" not in one.text
        and "Kerosene" in one.text
    )
    refused = await stage.stranger.use_on("Songs of this person", stage.bruno, stage.submissions)
    assert "reviewers" in refused.text and "Kerosene" not in refused.text
    assert "reviewers" in (await stage.stranger.command("review history", channel=stage.submissions)).text
    forged = await stage.host.press(one.message, "s1:review.history:next:999999", forge=True)
    assert "1/1" in forged.text
    await stage.configure(role_reviewer=None)
    late = await stage.host.press(turned.message, label="First")
    assert "reviewers" in late.text

from __future__ import annotations

import secrets

import pytest

from state.scripts import Actor
from state.song import SongState
from tests.plugins.reviewing import board, buttons, claimed, order, playing, submitted
from tests.stage import Stage


async def test_next_says_what_plays_now_and_how_many_wait(stage: Stage) -> None:
    first = await submitted(stage, stage.alice, "First *light*", tier=10)
    await submitted(stage, stage.bruno, "Second wind")
    reply = await stage.host.command("review next", channel=stage.review)
    assert reply.ephemeral
    assert f"Now playing #{first} First \\*light\\* — Alice Band (10 Skip)" in reply.text, reply.text
    assert "1 waiting" in reply.text
    assert await playing(stage) == first
    assert "is done" not in reply.text


async def test_the_last_song_ends_and_an_empty_queue_is_told(stage: Stage) -> None:
    await submitted(stage, stage.alice, "First light")
    await stage.host.command("review next", channel=stage.review)
    ended = await stage.host.command("review next", channel=stage.review)
    assert "First light — Alice Band is done" in ended.text
    empty = await stage.host.command("review next", channel=stage.review)
    assert empty.ephemeral and "Nobody waits" in empty.text


async def test_next_right_after_somebody_elses_asks_first(stage: Stage) -> None:
    first = await submitted(stage, stage.alice, "First light", tier=10)
    second = await submitted(stage, stage.bruno, "Second wind", tier=5)
    await stage.mod.command("review next", channel=stage.review)
    asked = await stage.host.command("review next", channel=stage.review)
    assert "Theo already played the next song" in asked.text and f"#{first} First light" in asked.text
    assert await playing(stage) == first
    button = buttons(asked.components)["Play the next one anyway"]
    done = await stage.host.press(asked.message, button)
    assert "Second wind" in done.text and not done.components
    assert await playing(stage) == second


async def test_the_button_of_the_question_moves_nothing_once_the_song_is_another(stage: Stage) -> None:
    for n in range(4):
        await submitted(stage, stage.alice, f"Song {n}", tier=20 - 5 * n)
    await stage.mod.command("review next", channel=stage.review)
    asked = await stage.host.command("review next", channel=stage.review)
    await stage.mod.command("review next", channel=stage.review)
    now = await playing(stage)
    done = await stage.host.press(asked.message, buttons(asked.components)["Play the next one anyway"])
    assert "Theo already played the next song" in done.text and "Song 1" in done.text
    assert await playing(stage) == now


async def test_undo_says_what_was_taken_back(stage: Stage) -> None:
    first = await submitted(stage, stage.alice, "First light", tier=10)
    await stage.host.command("review next", channel=stage.review)
    reply = await stage.host.command("review undo", channel=stage.review)
    assert "Taken back: Next by Mia" in reply.text and "waits in 10 Skip" in reply.text
    assert await order(stage) == [first]


async def test_undo_right_after_somebody_elses_asks_first(stage: Stage) -> None:
    first = await submitted(stage, stage.alice, "First light", tier=10)
    await stage.host.command("review next", channel=stage.review)
    await stage.mod.command("review undo", channel=stage.review)
    asked = await stage.host.command("review undo", channel=stage.review)
    assert "Theo took a move back" in asked.text
    assert (await board(stage)).songs[0].tier == 10
    done = await stage.host.press(asked.message, buttons(asked.components)["Take one more back anyway"])
    assert "Taken back: a change of tier by test" in done.text
    assert await order(stage) == [first] and (await board(stage)).songs[0].tier == 0


async def test_undo_with_nothing_to_take_back(stage: Stage) -> None:
    reply = await stage.host.command("review undo", channel=stage.review)
    assert reply.ephemeral and "nothing to take back" in reply.text


@pytest.mark.parametrize("form", ["{}", "#{}", "#{} First light — Alice Band"])
async def test_promote_takes_the_number_in_each_form(stage: Stage, form: str) -> None:
    number = await submitted(stage, stage.alice, "First light")
    reply = await stage.host.command(
        "review promote", channel=stage.review, song=form.format(number), tier="15 skip"
    )
    assert "moved from Free to 15 Skip: place 1 of 1" in reply.text


async def test_promote_refuses_what_is_no_song_or_no_tier(stage: Stage) -> None:
    number = await submitted(stage, stage.alice, "First light")
    for song, tier, told in (
        ("First light", "15 Skip", "Choose a song from the list"),
        ("#999", "15 Skip", "no song #999"),
        (f"#{number}", "Gold", "The tiers are: 25+ Skip"),
        (f"#{number}", "Free", "already in Free"),
    ):
        reply = await stage.host.command("review promote", channel=stage.review, song=song, tier=tier)
        assert reply.ephemeral and told in reply.text, reply.text


async def test_remove_keeps_the_reason(stage: Stage) -> None:
    number = await submitted(stage, stage.alice, "First light")
    reply = await stage.host.command(
        "review remove", channel=stage.review, song=f"#{number}", reason="link dead"
    )
    assert "was removed: link dead" in reply.text
    song = await stage.app.stores.queue.song(stage.id, number)
    assert song is not None and (song.state, song.reason) == (SongState.REMOVED, "link dead")
    again = await stage.mod.command("review remove", channel=stage.review, song=f"#{number}")
    assert "was removed (by Mia" in again.text


async def test_approve_and_reject(stage: Stage) -> None:
    await stage.configure(limit_pending="0")
    one = await claimed(stage, stage.alice, "Claim one", 10)
    two = await claimed(stage, stage.alice, "Claim two", 20)
    reply = await stage.host.command("review approve", channel=stage.review, song=f"#{one}", tier="5 Skip")
    assert "is in 5 Skip now, at place 1" in reply.text
    reply = await stage.host.command("review reject", channel=stage.review, song=f"#{two}", reason="no gift")
    assert "no gift" in reply.text
    reply = await stage.mod.command("review approve", channel=stage.review, song=f"#{two}", tier="20 Skip")
    assert "waits in Free (by Mia" in reply.text and "no longer waits for approval" in reply.text
    assert await order(stage) == [one, two]


@pytest.mark.parametrize(
    ("command", "options"),
    [
        ("review next", {}),
        ("review undo", {}),
        ("review promote", {"song": "#1", "tier": "20 Skip"}),
        ("review remove", {"song": "#1"}),
        ("review approve", {"song": "#2", "tier": "20 Skip"}),
        ("review reject", {"song": "#2"}),
    ],
)
async def test_who_is_no_reviewer_moves_nothing(stage: Stage, command: str, options: dict[str, str]) -> None:
    await submitted(stage, stage.alice, "First light")
    await claimed(stage, stage.bruno, "Claim", 10)
    before = (await board(stage)).revision
    reply = await stage.stranger.command(command, channel=stage.review, **options)
    assert reply.ephemeral and "reviewers" in reply.text
    assert (await board(stage)).revision == before


async def test_autocomplete_offers_the_songs_a_command_can_take(stage: Stage) -> None:
    first = await submitted(stage, stage.alice, "First light", tier=10)
    second = await submitted(stage, stage.bruno, "Second wind")
    pending = await claimed(stage, stage.carla, "Claimed light", 10)
    await stage.host.command("review next", channel=stage.review)

    async def offered(command: str, typed: str, who=stage.host) -> list[str]:
        choices = await who.autocomplete(command, "song", typed, channel=stage.review)
        return [value for _, value in choices]

    assert await offered("review promote", "") == [f"#{second}"]
    assert set(await offered("review remove", "")) == {f"#{first}", f"#{second}", f"#{pending}"}
    assert await offered("review remove", "light first") == [f"#{first}"]
    assert await offered("review remove", f"#{pending}") == [f"#{pending}"]
    assert await offered("review approve", "LIGHT") == [f"#{pending}"]
    assert await offered("review approve", "carla band") == [f"#{pending}"]
    assert await offered("review remove", "", stage.stranger) == []


async def test_autocomplete_offers_the_tiers_of_the_guild(stage: Stage) -> None:
    await submitted(stage, stage.alice, "First light")
    choices = await stage.host.autocomplete("review promote", "tier", "5", channel=stage.review)
    assert [name for name, _ in choices] == ["25+ Skip", "15 Skip", "5 Skip"]


async def test_the_same_interaction_twice_moves_once(stage: Stage) -> None:
    first = await submitted(stage, stage.alice, "First light", tier=10)
    await submitted(stage, stage.bruno, "Second wind")
    queue, actor, request = stage.app.stores.queue, Actor(int(stage.host.id), "Mia"), secrets.token_hex(8)
    answers = [await queue.next(stage.id, request, actor) for _ in range(2)]
    assert answers[0] == answers[1] and await playing(stage) == first

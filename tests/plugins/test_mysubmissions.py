from __future__ import annotations

import re
from typing import Any

import asyncpg
import pytest

from sandbox.discord import Message, Person, Reply
from state.ladder import FREE, HIGHEST_LABEL, Ladder, Tier
from state.scripts import Actor
from tests.stage import Stage, until


async def submit(stage: Stage, person: Person, title: str, **more: Any) -> Reply:
    slug = re.sub(r"[^a-z0-9]+", "-", title.lower())
    reply = await person.command(
        "submit link",
        stage.submissions,
        url=f"https://soundcloud.com/{person.name.lower()}/{slug}",
        artist=person.name,
        title=title,
        **more,
    )
    assert reply.ok, reply
    return reply


async def archived(stage: Stage, ended: int, *, active: int = 0) -> None:
    """Waits until the archive knows that many ended, and that many active, submissions of the guild."""

    async def done() -> bool:
        found = await stage.app.stores.archive.history(stage.id, limit=200)
        over = [row for row in found if row.state in ("played", "removed", "rejected")]
        return len(over) >= ended and len(found) - len(over) >= active

    await until(done)


async def test_nobody_has_songs_at_first(stage: Stage) -> None:
    reply = await stage.alice.command("mysubmissions", stage.submissions)
    assert reply.ephemeral and not reply.components
    assert "not handed in a song here yet" in reply.text


async def test_own_songs_alone_active_and_ended(stage: Stage) -> None:
    await submit(stage, stage.bruno, "Glass Harbour")
    await submit(stage, stage.alice, "Night Bus")
    await submit(stage, stage.alice, "Low Tide", tier="10 Skip")
    queue, mia = stage.app.stores.queue, Actor(int(stage.host.id), "Mia")
    await queue.reject(stage.id, "reject", mia, 3, reason="No *payment* found")
    await archived(stage, 1)
    reply = await stage.alice.command("mysubmissions", stage.submissions)
    assert reply.ephemeral
    assert "Night Bus" in reply.text and "Place 2 of 2 · Free" in reply.text
    assert "Low Tide" in reply.text and "Skip not confirmed" in reply.text
    assert "No \\*payment\\* found" in reply.text
    assert "Glass Harbour" not in reply.text
    assert reply.message is not None and reply.message.custom_ids == [
        f"s1:mine.{verb}:2:1" for verb in ("remove", "edit", "claim")
    ]


async def test_a_free_song_goes_with_one_press(stage: Stage) -> None:
    await submit(stage, stage.alice, "Night Bus")
    reply = await stage.alice.command("mysubmissions", stage.submissions)
    assert reply.message is not None
    pressed = await stage.alice.press(reply.message, label="Remove #1")
    assert pressed.kind == "update"
    assert "Night Bus — Alice was taken back" in reply.message.text
    assert not reply.message.custom_ids
    song = await stage.app.stores.queue.song(stage.id, 1)
    assert song is not None and song.state == "removed" and song.by == int(stage.alice.id)
    await archived(stage, 1)
    again = await stage.alice.command("mysubmissions", stage.submissions)
    assert "You took it back" in again.text
    assert (await submit(stage, stage.alice, "Night Bus")).text.startswith("**#2")


async def test_a_claimed_skip_is_asked_about(stage: Stage) -> None:
    await submit(stage, stage.carla, "Paper Moon", tier="10 Skip")
    reply = await stage.carla.command("mysubmissions", stage.submissions)
    message = reply.message
    assert message is not None and "Waits for a reviewer to confirm 10 Skip" in message.text
    assert (await stage.carla.press(message, label="Remove #1")).kind == "update"
    assert "no reviewer has confirmed yet" in message.text and not message.embeds
    assert (await stage.carla.press(message, label="Keep it")).kind == "update"
    assert message.embeds and not message.content
    song = await stage.app.stores.queue.song(stage.id, 1)
    assert song is not None and song.state == "pending"
    await stage.carla.press(message, label="Remove #1")
    await stage.carla.press(message, label="Yes, take it back")
    song = await stage.app.stores.queue.song(stage.id, 1)
    assert song is not None and song.state == "removed"


@pytest.mark.parametrize("name", ["remove", "sure", "edit", "claim", "withdraw"])
@pytest.mark.parametrize("rest", [":1:1", ":%231:1", ":999:1", ":0:1", ":-1:1", ":x:1", "", ":1", ":1:1:1"])
async def test_forged_buttons_touch_nobody_elses_song(stage: Stage, name: str, rest: str) -> None:
    await submit(stage, stage.alice, "Night Bus")
    await submit(stage, stage.bruno, "Glass Harbour")
    reply = await stage.bruno.command("mysubmissions", stage.submissions)
    assert reply.message is not None
    pressed = await stage.bruno.press(reply.message, f"s1:mine.{name}{rest}", forge=True)
    assert pressed.ephemeral and "no such song of yours" in pressed.text
    board = await stage.app.stores.queue.board(stage.id)
    assert [song.number for song in board.songs] == [1, 2]


async def test_a_song_that_plays_or_is_gone_stays_as_it_is(stage: Stage) -> None:
    await submit(stage, stage.alice, "Night Bus")
    reply = await stage.alice.command("mysubmissions", stage.submissions)
    message = reply.message
    assert message is not None
    assert (await stage.host.command("review next", stage.review)).ok
    pressed = await stage.alice.press(message, label="Remove #1")
    assert "is playing right now" in pressed.text
    assert (await stage.host.command("review remove", stage.review, song="#1")).ok
    pressed = await stage.alice.press(message, label="Remove #1")
    assert "was removed" in pressed.text


async def test_many_songs_come_in_pages(stage: Stage) -> None:
    await stage.configure(limit_0="0")
    for number in range(1, 13):
        await submit(stage, stage.alice, f"Song {number:02d}")
    reply = await stage.alice.command("mysubmissions", stage.submissions)
    message = reply.message
    assert message is not None and "Page 1 of 3" in message.text
    assert "Song 12" in message.text and "Song 07" not in message.text
    await stage.alice.press(message, label="Last")
    assert "Song 01" in message.text and "Page 3 of 3" in message.text
    await archived(stage, 0, active=12)
    await stage.alice.press(message, label="Remove #1")
    await stage.alice.press(message, label="Remove #2")
    assert "Page 3 of 3" in message.text


async def test_without_the_archive_the_live_songs_are_shown(stage: Stage, session_database_url: str) -> None:
    await submit(stage, stage.alice, "Night Bus")
    connection = await asyncpg.connect(session_database_url)
    try:
        async with connection.transaction():
            # Whoever reads it now waits: the archive is there, and does not answer.
            await connection.execute("LOCK TABLE submissions IN ACCESS EXCLUSIVE MODE")
            reply = await stage.alice.command("mysubmissions", stage.submissions)
            await reply.settled()
    finally:
        await connection.close()
    assert reply.ephemeral
    assert "Night Bus" in reply.text and "Earlier ones cannot be shown right now" in reply.text


async def edit(stage: Stage, person: Person, message: Message, number: int, **fields: str) -> Reply:
    """Opens the form of a song and sends it with what is given changed."""
    opened = await person.press(message, label=f"Edit #{number}")
    assert opened.modal is not None, opened
    return await person.submit(opened.modal, **fields)


async def own_list(stage: Stage, person: Person) -> Message:
    reply = await person.command("mysubmissions", stage.submissions)
    assert reply.message is not None
    return reply.message


async def test_an_edit_keeps_the_place(stage: Stage) -> None:
    await submit(stage, stage.alice, "Nihgt Bus", note="old")
    await submit(stage, stage.bruno, "Glass Harbour")
    message = await own_list(stage, stage.alice)
    sent = await edit(stage, stage.alice, message, 1, title="Night Bus", url="https://youtu.be/dQw4w9WgXcQ")
    assert sent.kind == "update" and "#1 Night Bus — Alice is as you wrote it now" in message.text
    board = await stage.app.stores.queue.board(stage.id)
    assert [song.title for song in board.songs] == ["Night Bus", "Glass Harbour"]
    assert board.songs[0].track == "youtube:dQw4w9WgXcQ" and board.songs[0].note == "old"
    assert board.songs[0].link == "https://www.youtube.com/watch?v=dQw4w9WgXcQ"
    # The track it had is free again, the new one is taken.
    again = await stage.carla.command(
        "submit link", stage.submissions, url="https://youtu.be/dQw4w9WgXcQ", artist="C", title="Copy"
    )
    assert "already in the queue, at place 1" in again.text
    assert (await submit(stage, stage.host, "nihgt-bus")).ok


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"title": "\u200b"}, "The title is empty"),
        ({"title": "x" * 201}, "The title is too long: 201 characters"),
        ({"note": "x" * 501}, "The note is too long"),
        ({"url": ""}, "The link is empty"),
        ({"url": "https://music.apple.com/us/album/x/1"}, "Apple Music"),
        ({"url": "https://youtube.com@evil.tld/watch?v=dQw4w9WgXcQ"}, "hides where it leads"),
        ({"url": "https://soundcloud.com/bruno/glass-harbour"}, "already in the queue"),
        ({}, "It is like that already"),
    ],
)
async def test_an_edit_that_cannot_be_changes_nothing(
    stage: Stage, fields: dict[str, str], told: str
) -> None:
    await submit(stage, stage.alice, "Night Bus")
    await submit(stage, stage.bruno, "Glass Harbour")
    message = await own_list(stage, stage.alice)
    opened = await stage.alice.press(message, label="Edit #1")
    assert opened.modal is not None
    sent = await stage.alice.submit(opened.modal, forge=True, **fields)
    assert sent.ephemeral and told in sent.text, sent.text
    song = await stage.app.stores.queue.song(stage.id, 1)
    assert song is not None and (song.title, song.track) == ("Night Bus", "soundcloud:alice/night-bus")


async def test_forged_forms_edit_nobody_elses_song(stage: Stage) -> None:
    await submit(stage, stage.alice, "Night Bus")
    await submit(stage, stage.bruno, "Glass Harbour")
    message = await own_list(stage, stage.bruno)
    for forged in ("s1:mine.edited:1:1", "s1:mine.edited:999:1", "s1:mine.edited:x:1", "s1:mine.edited"):
        opened = await stage.bruno.press(message, label="Edit #2")
        assert opened.modal is not None
        assert opened.modal.interaction.modal is not None
        opened.modal.interaction.modal["custom_id"] = forged
        sent = await stage.bruno.submit(opened.modal, forge=True, title="Mine now")
        assert sent.ephemeral and "no such song of yours" in sent.text
    board = await stage.app.stores.queue.board(stage.id)
    assert [song.title for song in board.songs] == ["Night Bus", "Glass Harbour"]


async def test_what_plays_is_not_edited(stage: Stage) -> None:
    await submit(stage, stage.alice, "Night Bus")
    message = await own_list(stage, stage.alice)
    opened = await stage.alice.press(message, label="Edit #1")
    assert opened.modal is not None and (await stage.host.command("review next", stage.review)).ok
    sent = await stage.alice.submit(opened.modal, title="Late")
    assert "cannot be changed any more" in sent.text


async def test_a_skip_is_claimed_and_taken_back(stage: Stage) -> None:
    for person in (stage.alice, stage.bruno, stage.carla):
        await submit(stage, person, "Night Bus")
    message = await own_list(stage, stage.alice)
    await stage.alice.press(message, label="Claim a skip #1")
    assert "Which skip did you pay for" in message.text
    chosen = await stage.alice.choose(message, "s1:mine.tier:1:1", ["10"])
    assert chosen.kind == "update" and "confirms your **10 Skip**" in message.text
    board = await stage.app.stores.queue.board(stage.id, pending=5)
    assert [song.number for song in board.songs] == [2, 3]
    assert [(song.number, song.tier) for song in board.pending_songs] == [(1, 10)]
    await stage.alice.press(message, label="Take claim back #1")
    assert "waits in Free again, at place 1 of 3" in message.text
    board = await stage.app.stores.queue.board(stage.id, pending=5)
    assert [song.number for song in board.songs] == [1, 2, 3] and not board.pending


async def test_every_skip_of_the_longest_ladder_can_be_claimed(stage: Stage) -> None:
    skips = [Tier(label, f"{label} Skip") for label in range(HIGHEST_LABEL, FREE, -1)]
    ladder = Ladder((*skips, Tier(FREE, "Free")))
    actor = Actor(int(stage.owner.id), "Olga")
    await stage.app.stores.configuration.set_ladder(stage.id, "long", actor, ladder)
    refused = await stage.alice.command(
        "submit link", stage.submissions, url="https://youtu.be/dQw4w9WgXcQ", artist="A", title="T", tier="x"
    )
    assert "There is no skip of that name here" in refused.text
    for number, skip in enumerate((skips[0], skips[25], skips[60], skips[-1]), 1):
        await submit(stage, stage.alice, f"Song {number}")
        message = await own_list(stage, stage.alice)
        await stage.alice.press(message, label=f"Claim a skip #{number}")
        menu = next(row for row in message.custom_ids if offers(message, row, str(skip.label)))
        chosen = await stage.alice.choose(message, menu, [skip.name])
        assert chosen.kind == "update" and f"confirms your **{skip.name}**" in message.text
        assert (
            await stage.host.command("review approve", stage.review, song=f"#{number}", tier=skip.name)
        ).ok


def offers(message: Message, custom_id: str, value: str) -> bool:
    """Whether a select of the message has an option of that value."""
    found = message.component(custom_id)
    return found is not None and value in [option["value"] for option in found.get("options", ())]


async def test_claims_that_cannot_be_leave_the_song_where_it_is(stage: Stage) -> None:
    await submit(stage, stage.alice, "Night Bus")
    await submit(stage, stage.bruno, "Glass Harbour")
    message = await own_list(stage, stage.alice)
    await stage.alice.press(message, label="Claim a skip #1")
    for value, told in (("3", "no such tier"), ("0", "no such tier"), ("x", "older message")):
        chosen = await stage.alice.choose(message, "s1:mine.tier:1:1", [value], forge=True)
        assert told in chosen.text, (value, chosen.text)
    await stage.configure(closed_10="1")
    chosen = await stage.alice.choose(message, "s1:mine.tier:1:1", ["10"])
    assert "10 Skip is closed right now" in chosen.text
    foreign = await stage.bruno.choose(
        await own_list(stage, stage.bruno), "s1:mine.tier:1:1", ["20"], forge=True
    )
    assert "no such song of yours" in foreign.text
    await stage.configure(paused="1")
    await stage.alice.press(message, label="Back")
    await stage.alice.press(message, label="Claim a skip #1")
    assert message.embeds, "nothing can be claimed while submissions are paused"
    board = await stage.app.stores.queue.board(stage.id, pending=5)
    assert [song.number for song in board.songs] == [1, 2] and not board.pending

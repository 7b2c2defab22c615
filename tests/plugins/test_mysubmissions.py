from __future__ import annotations

import re
from typing import Any

import asyncpg
import pytest

from sandbox.discord import Person, Reply
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
    assert reply.message is not None and reply.message.custom_ids == ["s1:mine.remove:2:1"]


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


@pytest.mark.parametrize("name", ["mine.remove", "mine.sure"])
@pytest.mark.parametrize("rest", [":1:1", ":%231:1", ":999:1", ":0:1", ":-1:1", ":x:1", "", ":1", ":1:1:1"])
async def test_forged_buttons_touch_nobody_elses_song(stage: Stage, name: str, rest: str) -> None:
    await submit(stage, stage.alice, "Night Bus")
    await submit(stage, stage.bruno, "Glass Harbour")
    reply = await stage.bruno.command("mysubmissions", stage.submissions)
    assert reply.message is not None
    pressed = await stage.bruno.press(reply.message, f"s1:{name}{rest}", forge=True)
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

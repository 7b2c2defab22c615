from __future__ import annotations

import secrets
from typing import Any

import pytest

from bot.app import running
from sandbox.discord import Message, Reply, Sandbox, Upload
from sandbox.discord.intents import Intent
from state.scripts import Actor
from tests.stage import OWNER, Stage, settings_for, until

YOUTUBE = "https://youtu.be/dQw4w9WgXcQ"
MP3 = b"ID3\x04\x00\x00\x00\x00\x00\x00" + b"\xff\xfb\x90\x00" + bytes(4096)


async def portal(stage: Stage) -> Message:
    await stage.configure(channel_submissions=str(stage.submissions.id))
    await stage.display("portal", stage.submissions)
    return stage.submissions.messages[0]


async def end(stage: Stage, number: int) -> None:
    """Takes a song out as a reviewer, and waits until the archive knows."""
    queue, mia = stage.app.stores.queue, Actor(int(stage.host.id), "Mia")
    await queue.remove(stage.id, secrets.token_hex(4), mia, number, reason="later")

    async def known() -> bool:
        rows = await stage.app.stores.archive.history(stage.id, limit=100)
        return any(row.number == number and row.state == "removed" for row in rows)

    await until(known)


async def again(stage: Stage, **given: Any) -> Reply:
    return await stage.alice.command("submit again", stage.submissions, **given)


async def test_a_link_through_the_form(stage: Stage) -> None:
    message = await portal(stage)
    assert message.labels == [
        "Submit a link",
        "Submit a file",
        "From my history",
        "My submissions",
        "My points",
    ]
    opened = await stage.alice.press(message, label="Submit a link")
    assert opened.modal is not None
    sent = await stage.alice.submit(opened.modal, url=YOUTUBE, title="Night Bus", artist="Alice")
    assert sent.ephemeral and "place **1** of 1" in sent.text


async def test_a_file_is_explained(stage: Stage) -> None:
    message = await portal(stage)
    reply = await stage.alice.press(message, label="Submit a file")
    assert reply.ephemeral and "/submit file" in reply.text
    assert f"drop the file into <#{stage.submissions.id}>" in reply.text


async def test_own_songs_and_points_for_the_presser_alone(stage: Stage) -> None:
    message = await portal(stage)
    given = await stage.alice.command(
        "submit link", stage.submissions, url=YOUTUBE, artist="Alice", title="Night Bus"
    )
    assert given.ok
    mine = await stage.alice.press(message, label="My submissions")
    assert mine.ephemeral and "Night Bus" in mine.text
    theirs = await stage.bruno.press(message, label="My submissions")
    assert theirs.ephemeral and "Night Bus" not in theirs.text
    points = await stage.alice.press(message, label="My points")
    assert points.ephemeral and "**10** points" in points.text, "the first song of the day earns them"
    assert message.text == stage.submissions.messages[0].text


async def test_an_earlier_song_from_the_history(stage: Stage) -> None:
    message = await portal(stage)
    nothing = await stage.alice.press(message, label="From my history")
    assert nothing.ephemeral and "no earlier song" in nothing.text
    upload = Upload("song.mp3", MP3 + secrets.token_bytes(16))
    first = await stage.alice.command(
        "submit file", stage.submissions, file=upload, artist="Alice", title="Night Bus", note="hi"
    )
    await first.settled()
    await end(stage, 1)
    offered = await stage.alice.press(message, label="From my history")
    assert offered.message is not None
    stolen = await stage.bruno.choose(message, "s1:portal.again", ["1"], forge=True)
    assert stolen.ephemeral and "no earlier song of yours" in stolen.text
    chosen = await stage.alice.choose(offered.message, "s1:portal.again", ["1"])
    assert chosen.kind == "update" and "#2 Night Bus — Alice" in offered.message.text
    queue = stage.app.stores.queue
    old, new = await queue.song(stage.id, 1), await queue.song(stage.id, 2)
    assert old is not None and new is not None and old.file is not None
    assert (new.file, new.track, new.note, new.file_size) == (old.file, old.track, "hi", old.file_size)


async def test_submit_again_takes_ones_own_ended_songs_alone(stage: Stage) -> None:
    for person, slug in ((stage.alice, "a"), (stage.bruno, "b")):
        given = await person.command(
            "submit link",
            stage.submissions,
            url=f"https://soundcloud.com/x/{slug}",
            artist=person.name,
            title=f"Song {slug}",
        )
        assert given.ok
    await end(stage, 1)
    await end(stage, 2)
    offered = await stage.alice.autocomplete("submit again", "song", "", stage.submissions)
    assert offered == [("#1 Song a — Alice", "#1")]
    for forged in ("#2", "2", "#99", "0", "-1", "x" * 100, "#1 " + "9" * 90, "@everyone"):
        reply = await again(stage, song=forged)
        if forged.startswith("#1"):
            assert "#3 Song a — Alice" in reply.text
        else:
            assert reply.ephemeral and "#3" not in reply.text, (forged, reply.text)
    assert "already have a Free song" in (await again(stage, song="#1")).text
    board = await stage.app.stores.queue.board(stage.id)
    assert [song.number for song in board.songs] == [3]
    assert board.songs[0].track == "soundcloud:x/a"
    # What waits is no earlier song.
    assert not await stage.alice.autocomplete("submit again", "song", "", stage.submissions)
    reply = await again(stage, song="#3")
    assert "no earlier song of yours" in reply.text


async def test_again_checks_note_and_tier(stage: Stage) -> None:
    given = await stage.alice.command(
        "submit link", stage.submissions, url=YOUTUBE, artist="Alice", title="Night Bus"
    )
    assert given.ok
    await end(stage, 1)
    assert "no skip of that name" in (await again(stage, song="#1", tier="Gold")).text
    reply = await again(stage, song="#1", tier="10 Skip", note="now paid")
    assert "waits for a reviewer" in reply.text
    song = await stage.app.stores.queue.song(stage.id, 2)
    assert song is not None and (song.note, song.claimed) == ("now paid", 10)


@pytest.mark.parametrize("handler", ["link", "file", "history", "again", "points"])
async def test_forged_buttons_of_the_portal_take_nothing_in(stage: Stage, handler: str) -> None:
    message = await portal(stage)
    for rest in ("", ":1", ":x:y:z", ":%00"):
        reply = await stage.stranger.press(message, f"s1:portal.{handler}{rest}", forge=True)
        assert reply.ok and (reply.modal is not None or reply.ephemeral), reply
    for value in ("1", "x", "-1", "999999999999999999999"):
        reply = await stage.stranger.choose(message, "s1:portal.again", [value], forge=True)
        assert reply.ephemeral and reply.text
    assert not (await stage.app.stores.queue.board(stage.id)).songs


async def test_it_shows_what_is_open_and_asks_nothing_while_closed(stage: Stage) -> None:
    message = await portal(stage)
    assert "Submissions are open." in message.text and "25+ Skip" in message.text
    await stage.configure(closed_0="1")
    await stage.submissions.wait_until(lambda: "~~Free~~ (closed)" in message.text)
    await stage.configure(paused="1")
    await stage.submissions.wait_until(lambda: "Submissions are paused" in message.text)
    for label in ("Submit a link", "Submit a file", "From my history"):
        reply = await stage.alice.press(message, label=label)
        assert reply.modal is None and reply.ephemeral and "paused" in reply.text
    assert "points" in (await stage.alice.press(message, label="My points")).text


async def test_without_message_content_the_bot_starts_and_says_so_and_with_it_takes_songs(
    discord: Sandbox,
    redis_url: str,
    database_url: str,
    tmp_path: Any,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    sandbox = await Sandbox.start()
    try:
        sandbox.gateway.privileged &= ~Intent.MESSAGE_CONTENT
        guild = sandbox.create_guild("No reading", owner="Olga")
        general = guild.create_channel("general")
        settings = settings_for(sandbox, redis_url, database_url, tmp_path)
        async with running(settings) as app:
            assert "may not read messages" in caplog.text
            await app.commands_declared.wait()
            reply = await guild.owner.command("setup", general)
            await reply.settled()
            assert "Message Content Intent" in reply.text and "portal" in reply.text
            assert app.bot is not None and not app.bot.intents & Intent.GUILD_MESSAGES
            channels = (await app.stores.configuration.settings(int(guild.id))).channels
            submissions = guild.channel_by_id[channels["submissions"]]
            message = await submissions.wait_for(
                lambda messages: next((m for m in messages if m.component(label="Submit a file")), None)
            )
            explained = await guild.owner.press(message, label="Submit a file")
            assert "/submit file" in explained.text and "drop the file" not in explained.text
        # Granted, and started again: the same message and its buttons work, and dropped songs are taken.
        sandbox.gateway.privileged |= Intent.MESSAGE_CONTENT
        async with running(settings) as app:
            points = await guild.owner.press(message, label="My points")
            assert "**0** points" in points.text
            await guild.owner.say(submissions, f"Olga - Night Bus {YOUTUBE}")
            await submissions.wait_for(lambda messages: any("#1 Night Bus" in m.text for m in messages))
            assert not message.deleted
    finally:
        await sandbox.close()


async def test_setup_again_puts_the_portal_up_where_there_was_none(stage: Stage) -> None:
    guild = stage.discord.create_guild(f"Old {secrets.token_hex(3)}", owner="Olga")
    general = guild.create_channel("general")
    configuration = stage.app.stores.configuration
    reply = await guild.owner.command("setup", general)
    await reply.settled()
    await configuration.set_display(int(guild.id), "as before", OWNER, "portal", None)
    assert "portal" not in await configuration.displays(int(guild.id))
    reply = await guild.owner.command("setup", general)
    await reply.settled()
    assert "portal" in await configuration.displays(int(guild.id))

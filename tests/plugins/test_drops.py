from __future__ import annotations

import asyncio
from collections.abc import Sequence

import hikari
import pytest

from sandbox.discord import Message, Overwrite, OverwriteType, Permission, Person, Upload
from state.song import Song
from tests.stage import Stage, until

YOUTUBE = "https://youtu.be/dQw4w9WgXcQ"
OTHER = "https://youtu.be/aaaaaaaaaaa"
MP3 = b"ID3\x04\x00\x00\x00\x00\x00\x00" + b"\xff\xfb\x90\x00" + bytes(4096)
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(4096)


@pytest.fixture
async def stage(stage: Stage) -> Stage:
    await stage.configure(channel_submissions=str(stage.submissions.id))
    return stage


async def songs(stage: Stage) -> list[Song]:
    board = await stage.app.stores.queue.board(stage.id, pending=10)
    return [*board.songs, *board.pending_songs]


async def answer(stage: Stage, to: Message) -> Message:
    """The bot's reply to a message."""

    def reply(messages: list[Message]) -> Message | None:
        return next((m for m in messages if m.id > to.id and m.author.bot and m.text), None)

    found = await stage.submissions.wait_for(reply)
    assert found is not None
    return found


async def drop(stage: Stage, person: Person, text: str, files: Sequence[Upload] = ()) -> Message:
    return await answer(stage, await person.say(stage.submissions, text, files))


async def untouched(stage: Stage, person: Person, text: str, files: Sequence[Upload] = ()) -> None:
    """The bot has read it, and says nothing: it answers the next message and that one alone."""
    said = await person.say(stage.submissions, text, files)
    marker = await person.say(stage.submissions, "https://music.apple.com/us/album/x/1")
    reply = await answer(stage, said)
    assert reply.id > marker.id and "Apple Music" in reply.text
    assert not await songs(stage)


async def test_a_link_is_asked_about_and_becomes_a_submission(stage: Stage) -> None:
    posted = await stage.alice.say(stage.submissions, f"please play {YOUTUBE}?si=x !")
    reply = await answer(stage, posted)
    assert "What is it called" in reply.text and not await songs(stage)
    opened = await stage.alice.press(reply, label="Add title and artist")
    assert opened.modal is not None and opened.modal.fields["artist"]["value"] == "Alice"
    sent = await stage.alice.submit(opened.modal, title="Night *Bus*", artist="Alice")
    assert sent.kind == "update", sent
    assert "#1 Night \\*Bus\\* — Alice" in reply.text and "place **1** of 1" in reply.text
    assert not reply.custom_ids and not posted.deleted
    (song,) = await songs(stage)
    assert (song.track, song.user, song.note) == (
        "youtube:dQw4w9WgXcQ",
        int(stage.alice.id),
        "please play !",
    )


async def test_nothing_is_asked_that_the_message_tells(stage: Stage) -> None:
    reply = await drop(stage, stage.alice, f"Alice & Bob – Night Bus\n<{YOUTUBE}>")
    assert "#1 Night Bus — Alice & Bob" in reply.text
    (song,) = await songs(stage)
    assert song.note is None


async def test_a_file_with_a_good_name_is_in_at_once(stage: Stage) -> None:
    reply = await drop(stage, stage.alice, "", [Upload("Alice_-_Night_Bus.mp3", MP3)])
    assert "#1 Night Bus — Alice" in reply.text
    (song,) = await songs(stage)
    assert song.file is not None and stage.app.stores.files.path(song.file).read_bytes() == MP3
    assert song.file_size == len(MP3)


async def test_a_file_without_one_is_asked_about_with_a_guess(stage: Stage) -> None:
    reply = await drop(stage, stage.alice, "new one", [Upload("final_mix_3.mp3", MP3)])
    opened = await stage.alice.press(reply, label="Add title and artist")
    assert opened.modal is not None
    values = {name: field.get("value") for name, field in opened.modal.fields.items()}
    assert values == {"title": "final mix 3", "artist": "Alice", "note": "new one"}
    sent = await stage.alice.submit(opened.modal, title="Final")
    await sent.settled()
    (song,) = await songs(stage)
    assert (song.title, song.note, song.file_name) == ("Final", "new one", "final_mix_3.mp3")


@pytest.mark.parametrize(
    "text",
    [
        "hello, when does it start? and/or who is on...",
        "https://example.com/watch?v=dQw4w9WgXcQ",
        "https://evil.tld/?youtube.com/watch",
        "https://tenor.com/view/cat-1",
        "youtube.com",
        "https://",
        "<@1> " + "a/b.c " * 300,
        "https://[::1]/x http://a.b:99999/ ftp://x.y/z",
    ],
)
async def test_what_is_no_song_is_left_alone(stage: Stage, text: str) -> None:
    await untouched(stage, stage.alice, text)


async def test_pictures_are_left_alone(stage: Stage) -> None:
    await untouched(stage, stage.alice, "my cover", [Upload("cover.png", PNG)])


async def test_other_channels_are_left_alone(stage: Stage) -> None:
    await stage.alice.say(stage.queue, YOUTUBE)
    await drop(stage, stage.alice, "https://itunes.apple.com/us/album/x/1")
    assert not stage.queue.messages[-1].author.bot and not await songs(stage)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("https://music.apple.com/us/album/x/1?i=2", "Apple Music and iTunes links cannot be played"),
        ("https://soundcloud.com/alice", "does not lead to one song"),
        ("https://open.spotify.com/playlist/37i9dQZF1DX0XUsuxWHRQd", "does not lead to one song"),
        ("https://youtube.com@evil.tld/watch?v=dQw4w9WgXcQ", "hides where it leads"),
        ("https://уoutube.com.xn--p1ai/watch?v=dQw4w9WgXcQ", "hides where it leads"),
        (f"{YOUTUBE} and {OTHER}", "has 2. I took none"),
        ("https://youtu.be/" + "a" * 600, "too long"),
    ],
)
async def test_what_cannot_be_taken_is_told_why(stage: Stage, text: str, told: str) -> None:
    reply = await drop(stage, stage.alice, text)
    assert told in reply.text and not reply.custom_ids
    assert not await songs(stage)


@pytest.mark.parametrize(
    ("upload", "told"),
    [
        (Upload("A - B.mp3", PNG), "not one inside"),
        (Upload("A - B.mp3", b""), "empty"),
        (Upload("A - B.ogg", b"OggS" + bytes(99)), "MP3, WAV, M4A and FLAC"),
    ],
)
async def test_files_that_are_no_songs_leave_nothing_behind(stage: Stage, upload: Upload, told: str) -> None:
    before = stage.app.stores.files.names()
    reply = await drop(stage, stage.alice, "", [upload])
    assert told in reply.text and not await songs(stage)
    assert stage.app.stores.files.names() == before


async def test_the_same_link_twice_is_one_song(stage: Stage) -> None:
    reply = await drop(stage, stage.alice, f"A - B {YOUTUBE} {YOUTUBE}&t=3")
    assert "#1 B — A" in reply.text
    reply = await drop(stage, stage.bruno, f"B - B {YOUTUBE}")
    assert "already in the queue, at place 1" in reply.text
    reply = await drop(stage, stage.alice, f"A - C {OTHER}")
    assert "already have a Free song" in reply.text
    assert len(await songs(stage)) == 1


@pytest.mark.parametrize(("setting", "told"), [("paused", "paused"), ("closed_0", "Free is closed")])
async def test_closed_is_told_before_anything_is_asked(stage: Stage, setting: str, told: str) -> None:
    await stage.configure(**{setting: "1"})
    reply = await drop(stage, stage.alice, YOUTUBE)
    assert told in reply.text and not reply.custom_ids


async def test_a_refusal_leaves_the_channel_again(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("plugins.submit.drops.SHOWN_SECONDS", 0.05)
    posted = await stage.alice.say(stage.submissions, "https://music.apple.com/us/album/x/1")
    reply = await answer(stage, posted)
    await stage.submissions.wait_until(lambda: reply.deleted)
    assert not posted.deleted


async def test_the_button_is_the_authors_alone(stage: Stage) -> None:
    posted = await stage.alice.say(stage.submissions, YOUTUBE)
    reply = await answer(stage, posted)
    pressed = await stage.bruno.press(reply, label="Add title and artist")
    assert pressed.ephemeral and "Only the person who posted" in pressed.text
    for forged, told in (
        (f"s1:drop.add:{stage.bruno.id}:{posted.id}", "Only the person who posted"),
        (f"s1:drop.add:{stage.bruno.id}:1", "is gone"),
        (f"s1:drop.add:{stage.bruno.id}:-1", "older message"),
        (f"s1:drop.add:{stage.bruno.id}:{'9' * 30}", "older message"),
        (f"s1:drop.add:{stage.bruno.id}", "older message"),
        ("s1:drop.add", "older message"),
    ):
        pressed = await stage.bruno.press(reply, forged, forge=True)
        assert pressed.modal is None and told in pressed.text, (forged, pressed.text)
    opened = await stage.alice.press(reply, label="Add title and artist")
    sent = await stage.bruno.submit(opened.modal, title="Mine", forge=True)
    assert "Only the person who posted" in sent.text and not await songs(stage)


async def test_a_form_sent_twice_is_one_song(stage: Stage) -> None:
    reply = await drop(stage, stage.alice, YOUTUBE)
    opened = await stage.alice.press(reply, label="Add title and artist")
    both = await asyncio.gather(
        *(stage.alice.submit(opened.modal, title="Once", artist="Alice", forge=True) for _ in range(2))
    )
    assert all(sent.ok for sent in both) and len(await songs(stage)) == 1


async def test_what_the_form_cannot_take_is_told_and_can_be_sent_again(stage: Stage) -> None:
    reply = await drop(stage, stage.alice, YOUTUBE)
    opened = await stage.alice.press(reply, label="Add title and artist")
    for fields, told in (
        ({"title": "\u200b", "artist": "A"}, "The title is empty"),
        ({"title": "x" * 4000, "artist": "A"}, "The title is too long"),
        ({"title": "T", "artist": "A", "note": "n" * 501}, "The note is too long"),
    ):
        sent = await stage.alice.submit(opened.modal, fields, forge=True)
        assert sent.ephemeral and told in sent.text
    assert reply.custom_ids and not await songs(stage)


async def test_a_message_that_is_gone_or_changed(stage: Stage) -> None:
    posted = await stage.alice.say(stage.submissions, YOUTUBE)
    reply = await answer(stage, posted)
    opened = await stage.alice.press(reply, label="Add title and artist")
    await stage.alice.edit(posted, f"I meant {OTHER}")
    assert (await stage.alice.submit(opened.modal, title="Meant", artist="Alice")).ok
    (song,) = await songs(stage)
    assert song.track == "youtube:aaaaaaaaaaa"

    posted = await stage.bruno.say(stage.submissions, YOUTUBE)
    reply = await answer(stage, posted)
    opened = await stage.bruno.press(reply, label="Add title and artist")
    await stage.bruno.delete(posted)
    sent = await stage.bruno.submit(opened.modal, title="Gone", artist="Bruno")
    assert "is gone" in sent.text and len(await songs(stage)) == 1


async def test_a_message_told_of_twice_is_one_song_and_one_answer(stage: Stage) -> None:
    bot = stage.app.bot
    assert bot is not None
    heard: asyncio.Queue[hikari.GuildMessageCreateEvent] = asyncio.Queue()

    async def note(event: hikari.GuildMessageCreateEvent) -> None:
        if event.is_human:
            heard.put_nowait(event)

    bot.event_manager.subscribe(hikari.GuildMessageCreateEvent, note)
    try:
        reply = await drop(stage, stage.alice, f"Alice - Night Bus {YOUTUBE}")
        event = await asyncio.wait_for(heard.get(), 5)
        while event.channel_id != stage.submissions.id:
            event = await asyncio.wait_for(heard.get(), 5)
    finally:
        bot.event_manager.unsubscribe(hikari.GuildMessageCreateEvent, note)
    bot.event_manager.dispatch(event)

    async def answered_twice() -> bool:
        path = f"/channels/{stage.submissions.id}/messages"
        said = [each for each in stage.discord.requests if each.method == "POST" and each.path == path]
        return len(said) == 2

    await until(answered_twice)
    assert len(await songs(stage)) == 1
    assert [m for m in stage.submissions.messages if m.author.bot] == [reply]


async def test_what_bots_write_is_left_alone(stage: Stage) -> None:
    webhook = stage.discord.world.create_user("Crossposter", bot=True)
    body = {"content": f"A - B {YOUTUBE}"}
    stage.discord.world.postbox.post(stage.submissions, webhook, body, {})
    await drop(stage, stage.alice, "https://music.apple.com/us/album/x/1")
    assert not await songs(stage)


async def test_where_the_bot_may_not_write_it_tells_the_author_alone(stage: Stage) -> None:
    silent = Overwrite(stage.discord.bot.id, OverwriteType.MEMBER, deny=int(Permission.SEND_MESSAGES))
    stage.discord.world.set_overwrite(stage.submissions, silent)
    await stage.alice.say(stage.submissions, f"Alice - Night Bus {YOUTUBE}")
    await stage.alice.dm.wait_for(lambda messages: any("#1 Night Bus" in m.text for m in messages))
    assert len(await songs(stage)) == 1
    await stage.bruno.say(stage.submissions, OTHER)
    await stage.bruno.dm.wait_for(lambda messages: any("/submit link" in m.text for m in messages))

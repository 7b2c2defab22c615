from __future__ import annotations

from typing import Any

import hikari
import pytest

from sandbox.discord import ClientRefused, Exchange, Person, Reply, Upload
from state.song import Song
from tests.stage import Stage

YOUTUBE = "https://youtu.be/dQw4w9WgXcQ"
MP3 = b"ID3\x04\x00\x00\x00\x00\x00\x00" + b"\xff\xfb\x90\x00" + bytes(4096)
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(4096)
MEGABYTE = 1024 * 1024


async def link(stage: Stage, person: Person | None = None, *, forge: bool = False, **given: Any) -> Reply:
    options = {"url": YOUTUBE, "artist": "Alice", "title": "Night Bus", **given}
    return await (person or stage.alice).command(
        "submit link", stage.submissions, options=options, forge=forge
    )


async def file(stage: Stage, upload: Upload, person: Person | None = None, **given: Any) -> Reply:
    options = {"file": upload, "artist": "Alice", "title": "Night Bus", **given}
    reply = await (person or stage.alice).command("submit file", stage.submissions, options=options)
    await reply.settled()
    return reply


def _again(exchange: Exchange, event: hikari.InteractionCreateEvent) -> bool:
    interaction = event.interaction
    if not isinstance(interaction, hikari.CommandInteraction) or interaction.token not in exchange.path:
        return False
    edits = interaction.options is not None and interaction.options[0].name == "file"
    return exchange.method == "PATCH" if edits else exchange.status == 400


async def songs(stage: Stage) -> list[Song]:
    board = await stage.app.stores.queue.board(stage.id, pending=10)
    return [*board.songs, *board.pending_songs]


async def test_a_link_is_confirmed_with_place_tier_and_why(stage: Stage) -> None:
    reply = await link(
        stage, url="https://www.YouTube.com/watch?v=dQw4w9WgXcQ&si=abc", note="The *second* drop"
    )
    assert reply.kind == "message" and reply.ephemeral
    assert "**#1 Night Bus — Alice**" in reply.text
    assert "place **1** of 1, Free" in reply.text
    assert "not known yet" in reply.text and "play by points" in reply.text and "/queue where" in reply.text
    (song,) = await songs(stage)
    assert song.link == "https://www.youtube.com/watch?v=dQw4w9WgXcQ"
    assert song.track == "youtube:dQw4w9WgXcQ" and song.note == "The *second* drop"
    assert (song.user, song.user_name) == (int(stage.alice.id), "Alice")


async def test_a_claimed_skip_waits_for_a_reviewer(stage: Stage) -> None:
    offered = await stage.alice.autocomplete("submit link", "tier", "", stage.submissions)
    assert [name for name, _ in offered] == ["25+ Skip", "20 Skip", "15 Skip", "10 Skip", "5 Skip"]
    assert await stage.alice.autocomplete("submit link", "tier", "15", stage.submissions) == [
        ("15 Skip",) * 2
    ]
    assert await stage.alice.autocomplete("submit link", "tier", "gold", stage.submissions) == []
    reply = await link(stage, tier="10 skip")
    assert "confirms your **10 Skip**" in reply.text and "no place until then" in reply.text
    (song,) = await songs(stage)
    assert (song.state, song.claimed) == ("pending", 10)


@pytest.mark.parametrize("tier", ["Free", "free", "0", " "])
async def test_naming_free_is_a_plain_submission(stage: Stage, tier: str) -> None:
    assert "place **1** of 1, Free" in (await link(stage, tier=tier)).text


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"url": "my song"}, "not a link I can read"),
        ({"url": f"{YOUTUBE}\nhttps://evil.tld"}, "not a link I can read"),
        ({"url": "javascript:alert(1)"}, "Only links that start with https"),
        ({"url": "https://youtube.com@evil.tld/watch?v=dQw4w9WgXcQ"}, "hides where it leads"),
        ({"url": "https://youtu.be:8443/dQw4w9WgXcQ"}, "hides where it leads"),
        ({"url": "https://y\u043eutube.com/watch?v=dQw4w9WgXcQ"}, "hides where it leads"),
        ({"url": "https://evil.tld/?youtube"}, "I take links from SoundCloud"),
        ({"url": "https://youtube.com.evil.tld/watch?v=dQw4w9WgXcQ"}, "I take links from SoundCloud"),
        ({"url": "https://music.apple.com/us/album/x/1?i=2"}, "Apple Music and iTunes"),
        ({"url": "https://soundcloud.com/alice"}, "SoundCloud link does not lead to one song"),
        ({"url": "https://youtu.be/" + "x" * 4000}, "too long"),
        ({"url": ""}, "not a link I can read"),
        ({"title": "x" * 4000}, "The title is too long: 4000 characters, at most 200"),
        ({"title": "x" * 100_000}, "The title is too long"),
        ({"title": "x" * 201}, "The title is too long: 201"),
        ({"title": "   "}, "The title is empty"),
        ({"title": "\u200b\u2060\ufeff\u202e"}, "The title is empty"),
        ({"artist": "\x00\x07"}, "The artist is empty"),
        ({"artist": "y" * 201}, "The artist is too long"),
        ({"note": "z" * 501}, "The note is too long: 501 characters, at most 500"),
        ({"tier": "Gold"}, "The skips are: 25+ Skip, 20 Skip, 15 Skip, 10 Skip, 5 Skip."),
        ({"tier": "-1"}, "The skips are:"),
        ({"tier": "@everyone"}, "The skips are:"),
        ({"tier": "x" * 6000}, "The skips are:"),
    ],
)
async def test_silly_and_hostile_input_is_refused_in_words(
    stage: Stage, given: dict[str, str], told: str
) -> None:
    reply = await link(stage, forge=True, **given)
    assert reply.ok and reply.ephemeral and told in reply.text
    assert await songs(stage) == []


async def test_text_is_kept_in_a_form_that_is_fit_to_show(stage: Stage) -> None:
    await link(
        stage,
        title="  Cafe\u0301 \u202eNight\u200b\n\tBus  ",
        artist="@everyone <@&1> **A**",
        note="x" * 500,
    )
    (song,) = await songs(stage)
    assert song.title == "Café Night Bus" and song.artist == "@everyone <@&1> **A**"
    assert song.note == "x" * 500
    reply = await stage.bruno.command("queue show", stage.queue)
    assert "\\@everyone \\<\\@&1\\> \\*\\*A\\*\\*" in reply.text


async def test_each_refusal_of_the_queue_says_why(stage: Stage) -> None:
    assert (await link(stage)).ok
    other = "https://youtu.be/aaaaaaaaaaa"
    assert "already have a Free song in the queue: #1" in (await link(stage, url=other)).text
    assert "already in the queue, at place 1" in (await link(stage, stage.bruno)).text
    await stage.configure(closed_0="1")
    assert "Free is closed" in (await link(stage, stage.bruno, url=other)).text
    await stage.configure(paused="1")
    assert "paused" in (await link(stage, stage.bruno, url=other)).text
    assert len(await songs(stage)) == 1


async def test_the_same_interaction_twice_is_one_song(stage: Stage) -> None:
    bot = stage.app.bot
    assert bot is not None
    seen: list[hikari.InteractionCreateEvent] = []

    async def note(event: hikari.InteractionCreateEvent) -> None:
        seen.append(event)

    bot.event_manager.subscribe(hikari.InteractionCreateEvent, note)
    try:
        await link(stage)
        await file(stage, Upload("song.mp3", MP3 + b"once"), stage.bruno)
    finally:
        bot.event_manager.unsubscribe(hikari.InteractionCreateEvent, note)
    before = stage.app.stores.files.names()
    since = stage.discord.requests[-1].at
    assert len(seen) == 2
    for event in seen:
        bot.event_manager.dispatch(event)
        # A link's second run ends when Discord refuses its answer, a file's when it edits the answer again.
        await stage.discord.wait_for_request(
            lambda each, event=event: each.at > since and _again(each, event)
        )
    assert [song.number for song in await songs(stage)] == [1, 2]
    assert stage.app.stores.files.names() == before


async def test_a_lost_reply_is_one_song(stage: Stage) -> None:
    callback = "/interactions/{interaction_id}/{interaction_token}/callback"
    try:
        stage.discord.faults.lose_reply("POST", callback)
        assert "place **1** of 1" in (await link(stage)).text
        stage.discord.faults.lose_reply("POST", callback)
        assert "place **2** of 2" in (await file(stage, Upload("song.mp3", MP3 + b"lost"), stage.bruno)).text
    finally:
        stage.discord.faults.clear()
    assert len(await songs(stage)) == 2


async def test_a_file_is_kept_in_our_own_store(stage: Stage) -> None:
    reply = await file(stage, Upload("my song.mp3", MP3), note="loud")
    assert reply.kind == "deferred" and reply.ephemeral
    assert "place **1** of 1, Free" in reply.text
    (song,) = await songs(stage)
    assert song.file is not None and song.track is not None and song.track.startswith("file:")
    assert (song.file_name, song.file_size, song.link) == ("my_song.mp3", len(MP3), None)
    with stage.app.stores.files.open(song.file) as kept:
        assert kept.read() == MP3


@pytest.mark.parametrize(
    ("upload", "told"),
    [
        (Upload("song.mp3", b""), "That file is empty"),
        (Upload("song.mp3", PNG), "named .mp3, but it is not one inside"),
        (Upload("song.flac", MP3), "named .flac, but inside it is MP3"),
        (Upload("song.exe", MP3), "I take MP3, WAV, M4A and FLAC"),
        (Upload("song", MP3), "I take MP3, WAV, M4A and FLAC"),
        (Upload("song.mp3.zip", MP3), "I take MP3, WAV, M4A and FLAC"),
        (Upload("song.mp3", MP3 + bytes(26 * MEGABYTE)), "larger than 25 MB"),
    ],
    ids=["empty", "png", "other kind", "exe", "no extension", "zip", "26 MB"],
)
async def test_files_that_are_no_songs_leave_nothing_behind(stage: Stage, upload: Upload, told: str) -> None:
    before = stage.app.stores.files.names()
    generous = stage.guild.join("Dario", upload_limit=50 * MEGABYTE)
    reply = await file(stage, upload, generous)
    assert reply.ephemeral and told in reply.text
    assert await songs(stage) == [] and stage.app.stores.files.names() == before


async def test_a_refused_move_removes_the_stored_file(stage: Stage) -> None:
    await file(stage, Upload("song.mp3", MP3 + b"refused"))
    before = stage.app.stores.files.names()
    again = await file(stage, Upload("other.mp3", MP3 + b"refused"), stage.bruno)
    assert "already in the queue, at place 1" in again.text
    unknown = await file(stage, Upload("other.mp3", MP3), stage.bruno, tier="Gold")
    assert "There is no skip of that name" in unknown.text
    assert stage.app.stores.files.names() == before


async def test_an_expired_upload_is_told_of(stage: Stage) -> None:
    attachments = stage.discord.world.attachments
    lifetime, attachments.lifetime = attachments.lifetime, -1
    try:
        reply = await file(stage, Upload("song.mp3", MP3))
    finally:
        attachments.lifetime = lifetime
    assert "Discord no longer has that file" in reply.text
    assert await songs(stage) == []


async def test_the_form(stage: Stage) -> None:
    opened = await stage.alice.command("submit form", stage.submissions)
    assert opened.kind == "modal" and opened.modal is not None
    assert list(opened.modal.fields) == ["url", "artist", "title", "note", "tier"]
    filled = {"url": YOUTUBE, "artist": "Alice", "title": "Night Bus"}
    reply = await stage.alice.submit(opened.modal, filled)
    assert reply.ephemeral and "place **1** of 1, Free" in reply.text
    again = await stage.alice.submit(opened.modal, filled, forge=True)
    assert again.ephemeral and "already have a Free song" in again.text
    assert len(await songs(stage)) == 1


async def test_the_form_takes_a_claim_and_refuses_what_the_command_refuses(stage: Stage) -> None:
    opened = await stage.carla.command("submit form", stage.submissions)
    filled = {"url": YOUTUBE, "artist": "Carla", "title": "Paper Moon", "note": "hi", "tier": "10 Skip"}
    reply = await stage.carla.submit(opened.modal, filled)
    assert "confirms your **10 Skip**" in reply.text
    for field, value, told in (
        ("url", "https://music.apple.com/x", "Apple Music"),
        ("title", "x" * 4000, "The title is too long"),
        ("tier", "Gold", "There is no skip of that name"),
    ):
        opened = await stage.bruno.command("submit form", stage.submissions)
        reply = await stage.bruno.submit(opened.modal, {**filled, field: value}, forge=True)
        assert reply.ephemeral and told in reply.text
    assert len(await songs(stage)) == 1


async def test_the_client_itself_holds_people_to_the_limits(stage: Stage) -> None:
    for given in ({"title": "x" * 201}, {"artist": ""}, {"note": "x" * 501}, {"url": "x" * 501}):
        with pytest.raises(ClientRefused):
            await link(stage, **given)

"""What people do through Discord's client, what it would not let them do, and what they see."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import hikari
import pytest
from hikari.impl import special_endpoints as build

from sandbox.discord import Channel, ClientRefused, Guild, Modal, Permission, Person, Sandbox, Upload
from tests.sandbox.connections import Api, Bot, Expected

CREATE = hikari.ResponseType.MESSAGE_CREATE
UPDATE = hikari.ResponseType.MESSAGE_UPDATE
EPHEMERAL = hikari.MessageFlag.EPHEMERAL


def row(*custom_ids: str, disabled: bool = False) -> build.MessageActionRowBuilder:
    built = build.MessageActionRowBuilder()
    for custom_id in custom_ids:
        built.add_interactive_button(1, custom_id, label=custom_id.title(), is_disabled=disabled)
    return built


async def panel(bot: Bot, channel: Channel, *components: Any) -> Any:
    """A message of the bot with components."""
    sent = await bot.rest.create_message(channel.id, "Panel", components=components)
    return channel.log[sent.id]


async def test_options_arrive_typed_and_resolved(
    bot: Bot, guild: Guild, channel: Channel, mia: Person
) -> None:
    got: list[hikari.CommandInteraction] = []

    async def handle(interaction: hikari.CommandInteraction) -> None:
        got.append(interaction)
        await interaction.create_initial_response(CREATE, "Added", flags=EPHEMERAL)

    bot.handle = handle
    role = guild.create_role("Reviewer")
    song = Upload("my song.mp3", b"ID3 audio")
    reply = await mia.command(
        "queue add", channel=channel, file=song, artist=guild.owner, role=role, options={"channel": channel}
    )
    assert (reply.text, reply.ephemeral) == ("Added", True)
    resolved = got[0].resolved
    assert resolved is not None
    (attachment,) = resolved.attachments.values()
    assert (attachment.filename, attachment.size) == ("my_song.mp3", 9)
    assert await attachment.read() == b"ID3 audio"
    assert set(resolved.users) == {guild.owner.id}
    assert resolved.members[hikari.Snowflake(guild.owner.id)].permissions & hikari.Permissions.ADMINISTRATOR
    assert set(resolved.roles) == {role.id}
    assert set(resolved.channels) == {channel.id}
    assert got[0].member is not None
    assert got[0].member.permissions & hikari.Permissions.SEND_MESSAGES


@pytest.mark.parametrize(
    ("name", "values", "why"),
    [
        ("queue add", {}, "required"),
        ("queue add", {"file": "no file"}, "takes a file"),
        ("queue add", {"file": Upload("x.mp3", b"x" * (10 * 2**20 + 1))}, "larger"),
        ("queue show", {"page": 10}, "takes 1 to 9"),
        ("queue show", {"page": 1.5}, "whole number"),
        ("queue show", {"tier": "7"}, "none of the choices"),
        ("queue show", {"all": "yes"}, "true or false"),
        ("queue show", {"nothing": 1}, "no option"),
        ("queue", {}, "no command"),
        ("nothing", {}, "no command"),
        ("secret", {}, "not offered to this person"),
        ("admin", {}, "not offered to this person"),
    ],
)
async def test_the_client_sends_no_command_it_would_refuse(
    bot: Bot, channel: Channel, mia: Person, name: str, values: dict[str, Any], why: str
) -> None:
    with pytest.raises(ClientRefused, match=why):
        await mia.command(name, channel=channel, options=values)


async def test_who_is_offered_which_command(guild: Guild, channel: Channel, mia: Person) -> None:
    moderator = guild.join("Mod", permissions=Permission.MANAGE_MESSAGES)
    assert [person.offers("secret", channel) for person in (mia, moderator, guild.owner)] == [
        False,
        True,
        True,
    ]
    assert [person.offers("admin", channel) for person in (mia, moderator, guild.owner)] == [
        False,
        False,
        True,
    ]
    assert [mia.offers("here", where) for where in (channel, mia.dm)] == [True, False]
    hidden = guild.create_channel("reviewers", private_to=[moderator])
    assert [person.offers("ping", hidden) for person in (mia, moderator)] == [False, True]


async def test_a_guilds_own_command_wins_over_the_global_one(
    sandbox: Sandbox, bot: Bot, guild: Guild
) -> None:
    channel = guild.create_channel("submissions")
    names: list[int | None] = []

    async def handle(interaction: hikari.CommandInteraction) -> None:
        names.append(interaction.registered_guild_id)
        await interaction.create_initial_response(CREATE, "Pong")

    bot.handle = handle
    await guild.owner.command("ping", channel=channel)
    command = bot.rest.slash_command_builder("ping", "Answer here")
    await bot.rest.set_application_commands(sandbox.application_id, [command], guild.id)
    await guild.owner.command("ping", channel=channel)
    assert names == [None, guild.id]


async def test_autocomplete_takes_free_text(bot: Bot, channel: Channel, mia: Person) -> None:
    async def handle(interaction: hikari.AutocompleteInteraction) -> None:
        (show,) = interaction.options
        focused = next(option for option in show.options or () if option.is_focused)
        choice = build.AutocompleteChoiceBuilder(f"Song {focused.value}", str(focused.value))
        await interaction.create_response([choice])

    bot.handle = handle
    assert await mia.autocomplete("queue show", "song", "12", channel=channel) == [("Song 12", "12")]
    with pytest.raises(ClientRefused, match="no autocomplete"):
        await mia.autocomplete("queue show", "tier", "1", channel=channel)


async def test_only_the_receiver_sees_an_ephemeral_answer(
    bot: Bot, api: Api, guild: Guild, channel: Channel, mia: Person
) -> None:
    async def handle(interaction: Any) -> None:
        await interaction.create_initial_response(CREATE, "For you", flags=EPHEMERAL, component=row("more"))

    bot.handle = handle
    reply = await mia.command("ping", channel=channel)
    assert reply.message is not None
    assert mia.sees(channel) == [reply.message]
    assert guild.owner.sees(channel) == channel.messages == []
    with pytest.raises(ClientRefused, match="screen"):
        await guild.owner.press(reply.message, "more")
    assert (await api("GET", f"/channels/{channel.id}/messages/{reply.message.id}"))[1]["code"] == 10008
    assert (await api("GET", f"/channels/{channel.id}/messages"))[1] == []
    again = await mia.press(reply.message, "more")
    assert again.ephemeral
    mia.dismiss(reply.message)
    assert mia.sees(channel) == [again.message]


async def test_what_cannot_be_pressed(bot: Bot, guild: Guild, channel: Channel, mia: Person) -> None:
    got: list[str] = []

    async def handle(interaction: hikari.ComponentInteraction) -> None:
        got.append(interaction.custom_id)
        await interaction.create_initial_response(UPDATE, "Pressed")

    bot.handle = handle
    message = await panel(bot, channel, row("next"), row("locked", disabled=True))
    for custom_id, why in (("missing", "not on the message"), ("locked", "disabled")):
        with pytest.raises(ClientRefused, match=why):
            await mia.press(message, custom_id)
    assert (await mia.press(message, label="Next")).kind == "update"
    assert message.content == "Pressed"
    assert (await mia.press(message, "missing", forge=True)).ok
    assert got == ["next", "missing"]
    guild.sandbox.faults.delete_message(message)
    with pytest.raises(ClientRefused, match="screen"):
        await mia.press(message, "next")


async def test_menus(bot: Bot, guild: Guild, channel: Channel, mia: Person) -> None:
    async def handle(interaction: hikari.ComponentInteraction) -> None:
        users = [
            user.username for user in (interaction.resolved.users.values() if interaction.resolved else ())
        ]
        await interaction.create_initial_response(CREATE, f"{[*interaction.values]} {users}")

    bot.handle = handle
    songs = build.MessageActionRowBuilder()
    menu = songs.add_text_menu("song", min_values=1, max_values=2)
    for number in ("11", "12", "13"):
        menu.add_option(f"Song {number}", number)
    people = build.MessageActionRowBuilder().add_select_menu(hikari.ComponentType.USER_SELECT_MENU, "who")
    message = await panel(bot, channel, songs, people)
    assert (await mia.choose(message, "song", ["12", "Song 13"])).content == "['12', '13'] []"
    assert (await mia.choose(message, "who", [guild.owner])).content == f"['{guild.owner.id}'] ['olga']"
    for values, why in (
        (["99"], "not in the menu"),
        (["11", "12", "13"], "takes 1 to 2"),
        ([], "takes 1 to 2"),
    ):
        with pytest.raises(ClientRefused, match=why):
            await mia.choose(message, "song", values)
    assert (await mia.choose(message, "song", ["99"], forge=True)).content == "['99'] []"


async def shown_modal(bot: Bot, channel: Channel, person: Person) -> Modal:
    """A modal with a required title and a preset note, on this person's screen."""

    async def show(interaction: Any) -> None:
        title, note = build.ModalActionRowBuilder(), build.ModalActionRowBuilder()
        title.add_text_input("title", "Title", max_length=20)
        note.add_text_input("note", "Note", required=False, value="preset")
        await interaction.create_modal_response("Submit a song", "submit", components=[title, note])

    bot.handle = show
    message = await panel(bot, channel, row("submit"))
    reply = await person.press(message, "submit")
    assert (reply.kind, reply.message) == ("modal", None)
    assert reply.modal is not None
    return reply.modal


async def test_a_modal_is_filled_in_and_sent(bot: Bot, guild: Guild, channel: Channel, mia: Person) -> None:
    modal = await shown_modal(bot, channel, mia)
    assert (modal.title, list(modal.fields)) == ("Submit a song", ["title", "note"])
    for person, fields, why in (
        (guild.owner, {"title": "Mine"}, "not on this person's screen"),
        (mia, {}, "required"),
        (mia, {"title": "x" * 21}, "characters"),
        (mia, {"nothing": "x"}, "no field"),
    ):
        with pytest.raises(ClientRefused, match=why):
            await person.submit(modal, fields)

    async def handle(interaction: hikari.ModalInteraction) -> None:
        values = [item.value for line in interaction.components for item in line.components]
        assert interaction.message is not None
        await interaction.create_initial_response(
            CREATE, f"{interaction.custom_id} {values}", flags=EPHEMERAL
        )

    bot.handle = handle
    assert (await mia.submit(modal, title="Night Drive")).content == "submit ['Night Drive', 'preset']"
    with pytest.raises(ClientRefused, match="not on this person's screen"):
        await mia.submit(modal, title="Again")


async def test_two_people_press_at_the_same_time(
    bot: Bot, guild: Guild, channel: Channel, mia: Person
) -> None:
    both, waiting = asyncio.Event(), 0

    async def handle(interaction: hikari.ComponentInteraction) -> None:
        nonlocal waiting
        waiting += 1
        if waiting == 2:
            both.set()
        await asyncio.wait_for(both.wait(), 2)
        await interaction.create_initial_response(CREATE, interaction.user.username, flags=EPHEMERAL)

    bot.handle = handle
    message = await panel(bot, channel, row("next"))
    replies = await asyncio.gather(mia.press(message, "next"), guild.owner.press(message, "next"))
    assert [reply.content for reply in replies] == ["mia", "olga"]


async def test_a_deferred_answer_settles_when_it_is_edited(bot: Bot, channel: Channel, mia: Person) -> None:
    go = asyncio.Event()

    async def handle(interaction: hikari.CommandInteraction) -> None:
        await interaction.create_initial_response(
            hikari.ResponseType.DEFERRED_MESSAGE_CREATE, flags=EPHEMERAL
        )
        await go.wait()
        await interaction.edit_initial_response("Done")
        await interaction.execute("And more", flags=EPHEMERAL)

    bot.handle = handle
    reply = await mia.command("ping", channel=channel)
    assert (reply.kind, reply.content, reply.ephemeral) == ("deferred", "", True)
    assert reply.message is not None
    assert reply.message.loading
    go.set()
    settled = await reply.settled()
    assert (settled.content, settled.loading, settled.ephemeral) == ("Done", False, True)
    assert (await reply.followup()).content == "And more"
    assert 0 < reply.latency < 1


async def test_a_deferred_update_edits_the_message_of_the_button(
    bot: Bot, channel: Channel, mia: Person
) -> None:
    async def handle(interaction: hikari.ComponentInteraction) -> None:
        await interaction.create_initial_response(hikari.ResponseType.DEFERRED_MESSAGE_UPDATE)
        await interaction.edit_initial_response("Moved on")

    bot.handle = handle
    message = await panel(bot, channel, row("next"))
    reply = await mia.press(message, "next")
    assert reply.kind == "deferred_update"
    assert (await reply.settled()) is message
    assert message.content == "Moved on"


async def test_the_first_follow_up_after_a_defer_becomes_the_answer(
    bot: Bot, channel: Channel, mia: Person
) -> None:
    async def handle(interaction: hikari.CommandInteraction) -> None:
        await interaction.create_initial_response(hikari.ResponseType.DEFERRED_MESSAGE_CREATE)
        await interaction.execute("Here", flags=EPHEMERAL)

    bot.handle = handle
    reply = await mia.command("ping", channel=channel)
    settled = await reply.settled()
    assert (settled.content, settled.ephemeral, reply.followups) == ("Here", False, [])


async def test_silence_is_no_answer(strict, guild: Guild) -> None:
    sandbox = await strict(deadline=0.1)
    owner = sandbox.create_guild("Nobody home").owner
    channel = owner.guild.create_channel("submissions")
    reply = await owner.command("ping", channel=channel)
    assert (reply.ok, reply.refusal, reply.text) == (
        False,
        "The application did not respond",
        "The application did not respond",
    )
    with pytest.raises(LookupError):
        await reply.settled()


async def test_people_write_only_where_they_may(guild: Guild, channel: Channel, mia: Person) -> None:
    hidden = guild.create_channel("reviewers", private_to=[guild.owner])
    with pytest.raises(ClientRefused, match="cannot write"):
        await mia.say(hidden, "hello")
    with pytest.raises(ClientRefused, match="larger"):
        await mia.say(channel, files=[Upload("x.wav", b"x" * (10 * 2**20 + 1))])
    mia.user.upload_limit = 30 * 2**20
    said = await mia.say(channel, files=[Upload("x.wav", b"x" * (10 * 2**20 + 1))])
    assert mia.sees(channel) == guild.owner.sees(channel) == [said]
    await guild.owner.say(hidden, "hello")
    assert mia.sees(hidden) == []
    with pytest.raises(ClientRefused, match="cannot delete"):
        await mia.delete(await guild.owner.say(channel, "mine"))


async def test_the_bot_hears_a_dropped_file_and_reads_it(bot: Bot, channel: Channel, mia: Person) -> None:
    async with Expected(bot, hikari.GuildMessageCreateEvent) as messages:
        await mia.say(channel, "new song", files=[Upload("song.mp3", b"audio")])
        event = await messages.next()
    (attachment,) = event.message.attachments
    assert (attachment.media_type, await attachment.read()) == ("audio/mpeg", b"audio")
    assert event.member is not None


async def test_addresses_of_files_expire(sandbox: Sandbox, clock: Any, channel: Channel, mia: Person) -> None:
    said = await mia.say(channel, files=[Upload("song.mp3", b"audio")])
    url = sandbox.world.attachments.sign(said.attachments[0])
    async with aiohttp.ClientSession() as session:
        async with session.get(url) as response:
            assert (response.status, await response.read()) == (200, b"audio")
        async with session.get(url.replace("hm=", "hm=0")) as response:
            assert response.status == 404
        clock.ahead += 25 * 3600
        try:
            async with session.get(url) as response:
                assert (response.status, await response.text()) == (
                    404,
                    "This content is no longer available.",
                )
        finally:
            clock.ahead = 0


async def test_a_page_somebody_sends_is_downloaded_and_not_opened(
    sandbox: Sandbox, channel: Channel, mia: Person
) -> None:
    said = await mia.say(channel, files=[Upload("mañana.html", b"<script>")])
    url = sandbox.world.attachments.sign(said.attachments[0])
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        assert response.content_type == "text/html" and response.content_disposition is not None
        assert response.content_disposition.type == "attachment"
        assert response.content_disposition.filename == "mañana.html"


async def test_components_v2_are_pressed_as_well(bot: Bot, channel: Channel, mia: Person) -> None:
    async def handle(interaction: hikari.ComponentInteraction) -> None:
        text = build.TextDisplayComponentBuilder(content="# Playing")
        await interaction.create_initial_response(UPDATE, components=[text])

    bot.handle = handle
    button = build.InteractiveButtonBuilder(style=hikari.ButtonStyle.PRIMARY, custom_id="next", label="Next")
    section = build.SectionComponentBuilder(accessory=button)
    section.add_text_display("Night Drive")
    container = build.ContainerComponentBuilder().add_component(section)
    message = await panel_v2(bot, channel, container)
    assert message.text == "Night Drive"
    await mia.press(message, label="Next")
    assert message.text == "# Playing"


async def panel_v2(bot: Bot, channel: Channel, *components: Any) -> Any:
    sent = await bot.rest.create_message(channel.id, components=components)
    return channel.log[sent.id]

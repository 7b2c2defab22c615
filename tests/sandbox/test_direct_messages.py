"""Direct messages: both ways, with buttons and commands, awaited, and refused by who wants none."""

from __future__ import annotations

import asyncio
from typing import Any

import hikari
import miru
import pytest

from sandbox.discord import ClientRefused, Guild, Person, Sandbox, Upload
from tests.sandbox.connections import Bot, Expected, running

CREATE = hikari.ResponseType.MESSAGE_CREATE


async def told(bot: Bot, person: Person, text: str, **more: Any) -> hikari.Message:
    """What the bot sends a person."""
    opened = await bot.rest.create_dm_channel(person.id)
    return await bot.rest.create_message(opened.id, text, **more)


async def test_each_person_has_one_channel_in_whatever_guild(
    sandbox: Sandbox, bot: Bot, guild: Guild, mia: Person
) -> None:
    elsewhere = sandbox.create_guild("Elsewhere").join(mia)
    assert elsewhere.dm is mia.dm
    assert mia.dm is not guild.owner.dm
    assert (mia.dm.guild, mia.dm.recipient) == (None, mia.user)
    opened = [(await bot.rest.create_dm_channel(mia.id)).id for _ in range(2)]
    assert opened == [mia.dm.id] * 2


async def test_a_direct_message_is_awaited(bot: Bot, mia: Person) -> None:
    waiting = asyncio.create_task(mia.dm.wait_for(lambda messages: [each.content for each in messages]))
    await told(bot, mia, "Your song is up next")
    assert await waiting == ["Your song is up next"]
    with pytest.raises(TimeoutError):
        await mia.dm.wait_for(lambda messages: len(messages) > 1, timeout=0.05)
    edited = asyncio.create_task(mia.dm.wait_for(lambda messages: messages[0].content == "Playing"))
    await asyncio.sleep(0)
    await bot.rest.edit_message(mia.dm.id, mia.dm.last_message.id, "Playing")
    assert await edited


async def test_the_bot_hears_both_sides(bot: Bot, mia: Person) -> None:
    async with Expected(bot, hikari.DMMessageCreateEvent) as messages:
        await told(bot, mia, "Your song is up next")
        await mia.say(mia.dm, "thanks")
        assert [(await messages.next()).content for _ in range(2)] == ["Your song is up next", "thanks"]


async def test_nobody_else_sees_a_direct_message(bot: Bot, guild: Guild, mia: Person) -> None:
    sent = await told(bot, mia, "For you")
    message = mia.dm.log[sent.id]
    assert mia.sees(mia.dm) == [message]
    assert guild.owner.sees(mia.dm) == []
    with pytest.raises(ClientRefused):
        await guild.owner.say(mia.dm, "me too")


async def test_closed_direct_messages_raise_50007(bot: Bot, mia: Person) -> None:
    mia.user.accepts_dms = False
    with pytest.raises(hikari.ForbiddenError) as refused:
        await told(bot, mia, "Your song is up next")
    assert refused.value.code == 50007
    assert mia.dm.messages == []
    mia.user.accepts_dms = True
    await told(bot, mia, "Your song is up next")
    assert mia.dm.last_message.content == "Your song is up next"


async def test_closing_them_stops_new_messages_but_no_edits(bot: Bot, mia: Person) -> None:
    sent = await told(bot, mia, "In line")
    mia.user.accepts_dms = False
    await bot.rest.edit_message(mia.dm.id, sent.id, "Next")
    assert mia.dm.last_message.content == "Next"
    await bot.rest.delete_message(mia.dm.id, sent.id)
    assert mia.dm.messages == []


async def test_a_button_of_miru_works_in_a_direct_message(bot: Bot, mia: Person) -> None:
    class Notices(miru.View):
        @miru.button(label="No more notices", custom_id="notices:off")
        async def off(self, context: miru.ViewContext, button: miru.Button) -> None:
            assert context.member is None and context.guild_id is None
            await context.edit_response("You get no more notices", components=[])

    client = miru.Client(bot)
    view = Notices(timeout=None)
    client.start_view(view, bind_to=None)
    sent = await told(bot, mia, "Your song is up next", components=view)
    message = mia.dm.log[sent.id]
    reply = await mia.press(message, label="No more notices")
    assert (reply.kind, message.content, message.components) == ("update", "You get no more notices", [])
    client.clear()


async def test_a_command_and_a_modal_in_a_direct_message(bot: Bot, mia: Person) -> None:
    async def handle(interaction: Any) -> None:
        assert interaction.guild_id is None
        if isinstance(interaction, hikari.ModalInteraction):
            await interaction.create_initial_response(CREATE, interaction.components[0].components[0].value)
            return
        line = hikari.impl.ModalActionRowBuilder()
        line.add_text_input("title", "Title")
        await interaction.create_modal_response("Submit a song", "submit", components=[line])

    bot.handle = handle
    reply = await mia.command("ping", channel=mia.dm)
    assert reply.modal is not None
    assert (await mia.submit(reply.modal, title="Night Drive")).content == "Night Drive"
    with pytest.raises(ClientRefused, match="not offered here"):
        await mia.command("here", channel=mia.dm)


async def test_what_a_person_writes_directly_is_read_without_the_content_intent(
    strict: Any,
) -> None:
    sandbox: Sandbox = await strict()
    sandbox.gateway.privileged = 0
    mia = sandbox.create_guild("Late Night Reviews").join("Mia")
    intents = hikari.Intents.GUILDS | hikari.Intents.DM_MESSAGES
    async with (
        running(Bot(sandbox, intents)) as bot,
        Expected(bot, hikari.DMMessageCreateEvent) as messages,
    ):
        await mia.say(mia.dm, "https://example.com/song", files=[Upload("song.mp3", b"audio")])
        event = await messages.next()
        assert event.content == "https://example.com/song"
        assert await event.message.attachments[0].read() == b"audio"
        assert event.author_id == mia.id

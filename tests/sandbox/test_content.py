"""What a bot reads of other people's messages in a guild, with the content intent and without it."""

from __future__ import annotations

from typing import Any

import hikari
import pytest

from sandbox.discord import Channel, Guild, Intent, Person, Sandbox, Upload
from tests.sandbox.connections import Api, Bot, Expected, gateway, running

READING = hikari.Intents.GUILDS | hikari.Intents.GUILD_MESSAGES
LINK = "https://example.com/song"
BODY: dict[str, Any] = {
    "content": LINK,
    "embeds": [{"title": "Night Drive"}],
    "components": [{"type": 1, "components": [{"type": 2, "style": 1, "label": "x", "custom_id": "x"}]}],
}


@pytest.fixture
async def place(strict: Any) -> Channel:
    sandbox: Sandbox = await strict(identify_window=0.0)
    return sandbox.create_guild("Late Night Reviews").create_channel("submissions")


def people(channel: Channel) -> Guild:
    assert channel.guild is not None
    return channel.guild


async def test_a_pasted_link_and_its_file_are_read_with_the_intent(place: Channel) -> None:
    guild = people(place)
    mia = guild.join("Mia")
    bot = Bot(guild.sandbox, READING | hikari.Intents.MESSAGE_CONTENT)
    async with running(bot), Expected(bot, hikari.GuildMessageCreateEvent) as messages:
        await mia.say(place, LINK, files=[Upload("song.mp3", b"audio")])
        event = await messages.next()
        assert (event.content, event.author_id, event.channel_id) == (LINK, mia.id, place.id)
        assert [each.filename for each in event.message.attachments] == ["song.mp3"]


async def test_without_it_the_message_comes_empty_with_its_author_and_place(place: Channel) -> None:
    guild = people(place)
    mia = guild.join("Mia")
    bot = Bot(guild.sandbox, READING)
    async with (
        running(bot),
        Expected(bot, hikari.GuildMessageCreateEvent) as messages,
        Expected(bot, hikari.GuildMessageUpdateEvent) as updates,
    ):
        said = await mia.say(place, LINK, files=[Upload("song.mp3", b"audio")])
        event = await messages.next()
        assert not event.content and not event.message.attachments
        assert (event.message_id, event.author_id, event.channel_id) == (said.id, mia.id, place.id)
        await mia.edit(said, f"{LINK}?again")
        assert not (await updates.next()).content


async def test_all_four_parts_are_withheld(place: Channel) -> None:
    guild = people(place)
    sandbox = guild.sandbox
    mia = guild.join("Mia")
    few, all_ = (int(Intent.GUILD_MESSAGES), int(Intent.GUILD_MESSAGES | Intent.MESSAGE_CONTENT))
    async with gateway(sandbox) as blind, gateway(sandbox) as reading:
        await blind.identify(sandbox, intents=few)
        await reading.identify(sandbox, intents=all_)
        sandbox.world.postbox.post(place, mia.user, BODY, {0: Upload("song.mp3", b"audio")})
        parts = ("content", "embeds", "attachments", "components")
        got = (await blind.event("MESSAGE_CREATE"))["d"]
        assert [got[part] for part in parts] == ["", [], [], []]
        got = (await reading.event("MESSAGE_CREATE"))["d"]
        assert all(got[part] for part in parts)


async def test_its_own_messages_mentions_of_it_and_replies_are_always_whole(place: Channel) -> None:
    guild = people(place)
    mia = guild.join("Mia")
    bot = Bot(guild.sandbox, READING)
    async with running(bot), Expected(bot, hikari.GuildMessageCreateEvent) as messages:
        sent = await bot.rest.create_message(place.id, "Post your song here")
        assert (await messages.next()).content == "Post your song here"
        await mia.say(place, f"{guild.sandbox.bot.mention} {LINK}")
        assert LINK in (await messages.next()).content
        # A reply mentions whom it answers.
        await mia.say(place, LINK, reply_to=place.log[sent.id])
        assert (await messages.next()).content == LINK


async def test_who_was_not_granted_the_intent_is_closed_with_4014(place: Channel) -> None:
    sandbox = people(place).sandbox
    sandbox.gateway.privileged &= ~Intent.MESSAGE_CONTENT
    bot = Bot(sandbox, READING | hikari.Intents.MESSAGE_CONTENT)
    with pytest.raises(hikari.GatewayServerClosedConnectionError) as closed:
        await bot.start(check_for_updates=False)
    await bot.close()
    assert closed.value.code == 4014


async def test_without_it_they_are_empty_over_rest_as_well(
    sandbox: Sandbox, api: Api, channel: Channel, mia: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = await mia.say(channel, "a link")
    path = f"/channels/{channel.id}/messages/{said.id}"
    assert (await api("GET", path))[1]["content"] == "a link"
    monkeypatch.setattr(sandbox.gateway, "privileged", 0)
    assert (await api("GET", path))[1]["content"] == ""
    assert (await api("GET", "/applications/@me"))[1]["flags"] == 0

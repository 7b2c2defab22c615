"""Pins by both of Discord's routes, and what everybody is told of them."""

from __future__ import annotations

from typing import Any

import hikari
import pytest

from sandbox.discord import Channel, ClientRefused, Guild, Message, Permission, Person, Sandbox
from tests.sandbox.connections import Api, Bot, Expected

ROUTES = ("/channels/{channel}/messages/pins/{message}", "/channels/{channel}/pins/{message}")


async def posted(bot: Bot, channel: Channel, text: str = "Queue") -> Message:
    return channel.log[(await bot.rest.create_message(channel.id, text)).id]


def at(route: str, message: Message) -> str:
    return route.format(channel=message.channel.id, message=message.id)


@pytest.mark.parametrize("route", ROUTES)
async def test_a_pin_is_told_in_the_channel_and_an_unpinning_is_not(
    api: Api, bot: Bot, channel: Channel, route: str
) -> None:
    message = await posted(bot, channel)
    for _ in range(2):
        assert await api("PUT", at(route, message)) == (204, None)
    assert channel.pins == [message]
    _, notice = channel.messages
    assert (notice.type, notice.author.bot, notice.content) == (6, True, "")
    _, shown = await api("GET", f"/channels/{channel.id}/messages/{notice.id}")
    assert shown["message_reference"]["message_id"] == str(message.id)
    assert "referenced_message" not in shown
    for _ in range(2):
        assert await api("DELETE", at(route, message)) == (204, None)
    assert (channel.pins, channel.messages) == ([], [message, notice])


async def test_the_bot_hears_of_a_pin_and_may_remove_the_notice(bot: Bot, channel: Channel) -> None:
    message = await posted(bot, channel)
    async with (
        Expected(bot, hikari.GuildPinsUpdateEvent) as pins,
        Expected(bot, hikari.GuildMessageCreateEvent) as messages,
    ):
        await bot.rest.pin_message(channel.id, message.id)
        assert (await pins.next()).last_pin_timestamp is not None
        notice = (await messages.next()).message
        if notice.id == message.id:
            notice = (await messages.next()).message
        assert notice.type is hikari.MessageType.CHANNEL_PINNED_MESSAGE
        assert notice.message_reference is not None and notice.message_reference.id == message.id
        await bot.rest.delete_message(channel.id, notice.id)
        assert channel.messages == [message]
        await bot.rest.unpin_message(channel.id, message.id)
        assert (await pins.next()).last_pin_timestamp is None


async def test_both_routes_list_the_latest_pin_first(api: Api, bot: Bot, channel: Channel) -> None:
    first, second = await posted(bot, channel, "Queue"), await posted(bot, channel, "Now playing")
    for message, route in zip((first, second), ROUTES, strict=True):
        await api("PUT", at(route, message))
    _, page = await api("GET", f"/channels/{channel.id}/messages/pins?limit=1")
    assert ([item["message"]["id"] for item in page["items"]], page["has_more"]) == ([str(second.id)], True)
    before = page["items"][0]["pinned_at"].replace("+", "%2B")
    _, rest = await api("GET", f"/channels/{channel.id}/messages/pins?before={before}")
    assert [item["message"]["id"] for item in rest["items"]] == [str(first.id)]
    _, old = await api("GET", f"/channels/{channel.id}/pins")
    assert [each["id"] for each in old] == [str(second.id), str(first.id)]
    assert [each.message.id async for each in bot.rest.fetch_pins(channel.id)] == [second.id, first.id]


@pytest.mark.parametrize("route", ROUTES)
async def test_what_cannot_be_pinned(
    sandbox: Sandbox, api: Api, bot: Bot, channel: Channel, route: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = await posted(bot, channel)
    await bot.rest.pin_message(channel.id, message.id)
    notice = channel.last_message
    assert (await api("PUT", at(route, notice)))[1]["code"] == 50021
    edited = await api("PATCH", f"/channels/{channel.id}/messages/{notice.id}", {"content": "x"})
    assert (edited[0], edited[1]["code"]) == (403, 50021)
    assert (await api("PUT", at(route, message).replace(str(message.id), "1")))[1]["code"] == 10008
    other = await posted(bot, channel, "One too many")
    monkeypatch.setattr("sandbox.discord.rest_messages._PINS", 1)
    assert (await api("PUT", at(route, other)))[1]["code"] == 30003
    sandbox.faults.withdraw(channel, Permission.PIN_MESSAGES)
    for method in ("PUT", "DELETE"):
        assert (await api(method, at(route, message)))[1]["code"] == 50013
    assert channel.pins == [message]


async def test_a_pinned_message_that_is_deleted_is_no_longer_pinned(
    api: Api, bot: Bot, channel: Channel
) -> None:
    message = await posted(bot, channel)
    await bot.rest.pin_message(channel.id, message.id)
    notice = channel.last_message
    await bot.rest.delete_message(channel.id, message.id)
    assert await api("GET", f"/channels/{channel.id}/pins") == (200, [])
    assert channel.messages == [notice]
    assert (await api("GET", f"/channels/{channel.id}/messages/{notice.id}"))[0] == 200


async def test_people_pin_by_hand_where_they_may(
    bot: Bot, guild: Guild, channel: Channel, mia: Person
) -> None:
    message = await posted(bot, channel)
    with pytest.raises(ClientRefused, match="cannot pin"):
        mia.pin(message)
    moderator = guild.join("Mod", permissions=Permission.PIN_MESSAGES)
    async with Expected(bot, hikari.GuildPinsUpdateEvent) as pins:
        moderator.pin(message)
        assert (await pins.next()).last_pin_timestamp is not None
        assert channel.last_message.author is moderator.user
        moderator.pin(message, pinned=False)
        assert (await pins.next()).last_pin_timestamp is None
    assert not message.pinned


async def test_a_direct_message_is_pinned_too(bot: Bot, mia: Person) -> None:
    opened: Any = await bot.rest.create_dm_channel(mia.id)
    message = await posted(bot, mia.dm)
    async with Expected(bot, hikari.DMPinsUpdateEvent) as pins:
        await bot.rest.pin_message(opened.id, message.id)
        assert (await pins.next()).channel_id == opened.id
    assert mia.dm.pins == [message]

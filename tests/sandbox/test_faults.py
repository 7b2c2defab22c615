"""What goes wrong on request, and what hikari makes of it."""

from __future__ import annotations

import asyncio
from typing import Any

import hikari
import pytest

from sandbox.discord import Channel, Guild, Permission, Person, Sandbox
from sandbox.discord.faults import Faults
from tests.sandbox.connections import Api, Bot, Expected

MESSAGES = "/channels/{channel_id}/messages"
CALLBACK = "/interactions/{interaction_id}/{interaction_token}/callback"


@pytest.fixture
def faults(sandbox: Sandbox) -> Any:
    yield sandbox.faults
    sandbox.faults.clear()


@pytest.fixture(autouse=True)
def no_back_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spare the second hikari waits before it sends again."""
    monkeypatch.setattr(hikari.impl.rate_limits.ExponentialBackOff, "__next__", lambda _: 0.01)


async def test_a_lost_reply_makes_hikari_post_twice_but_for_a_nonce(
    faults: Faults, bot: Bot, channel: Channel
) -> None:
    lost = faults.lose_reply("POST", MESSAGES)
    await bot.rest.create_message(channel.id, "Once")
    assert (lost.hits, [message.content for message in channel.messages]) == (1, ["Once", "Once"])
    faults.lose_reply("POST", MESSAGES)
    await bot.rest.create_message(channel.id, "Sure", nonce="move-17")
    assert [message.content for message in channel.messages] == ["Once", "Once", "Sure"]


async def test_a_lost_request_is_sent_again(faults: Faults, bot: Bot, channel: Channel) -> None:
    lost = faults.lose_request("POST", f"/channels/{channel.id}/messages")
    await bot.rest.create_message(channel.id, "Hello")
    assert (lost.hits, len(channel.messages)) == (1, 1)


async def test_a_lost_callback_reply_gives_40060_and_the_answer_stands(
    faults: Faults, bot: Bot, channel: Channel, mia: Person
) -> None:
    raised: asyncio.Future[hikari.BadRequestError] = asyncio.get_running_loop().create_future()

    async def handle(interaction: hikari.CommandInteraction) -> None:
        try:
            await interaction.create_initial_response(hikari.ResponseType.MESSAGE_CREATE, "Pong")
        except hikari.BadRequestError as error:
            raised.set_result(error)

    bot.handle = handle
    faults.lose_reply("POST", CALLBACK)
    reply = await mia.command("ping", channel=channel)
    assert reply.content == "Pong"
    assert (await asyncio.wait_for(raised, 5)).code == 40060


@pytest.mark.parametrize("after", [False, True])
async def test_a_502_is_retried(faults: Faults, bot: Bot, channel: Channel, after: bool) -> None:
    faults.fail("POST", MESSAGES, status=502, after=after)
    await bot.rest.create_message(channel.id, "Hello")
    assert len(channel.messages) == (2 if after else 1)


async def test_a_429_is_waited_for(faults: Faults, bot: Bot, channel: Channel) -> None:
    limited = faults.rate_limit("POST", MESSAGES, retry_after=0.05)
    started = asyncio.get_running_loop().time()
    await bot.rest.create_message(channel.id, "Hello")
    assert asyncio.get_running_loop().time() - started >= 0.05
    assert (limited.hits, len(channel.messages)) == (1, 1)


async def test_a_delay_holds_a_request(faults: Faults, bot: Bot, channel: Channel) -> None:
    slow = faults.delay("POST", MESSAGES, 0.1)
    sending = asyncio.create_task(bot.rest.create_message(channel.id, "Hello"))
    await slow.struck()
    assert not channel.messages
    await sending
    assert len(channel.messages) == 1


async def test_permissions_are_withdrawn_and_given_back(
    faults: Faults, bot: Bot, guild: Guild, channel: Channel
) -> None:
    for where, permission, code in (
        (channel, Permission.SEND_MESSAGES, 50013),
        (channel, Permission.VIEW_CHANNEL, 50001),
        (guild, Permission.SEND_MESSAGES, 50013),
    ):
        faults.withdraw(where, permission)
        if where is guild:
            guild.sandbox.world.update_role(guild.everyone, permissions=int(Permission.VIEW_CHANNEL))
        with pytest.raises(hikari.ForbiddenError) as caught:
            await bot.rest.create_message(channel.id, "Hello")
        assert caught.value.code == code
        faults.restore(where, permission)
    await bot.rest.create_message(channel.id, "Hello")


async def test_what_is_deleted_is_unknown(faults: Faults, bot: Bot, channel: Channel) -> None:
    message = await bot.rest.create_message(channel.id, "Panel")
    faults.delete_message(channel.log[message.id])
    with pytest.raises(hikari.NotFoundError) as caught:
        await bot.rest.edit_message(channel.id, message.id, "Again")
    assert caught.value.code == 10008
    async with Expected(bot, hikari.GuildChannelDeleteEvent) as deleted:
        faults.delete_channel(channel)
        assert (await deleted.next()).channel_id == channel.id
    with pytest.raises(hikari.NotFoundError) as caught:
        await bot.rest.create_message(channel.id, "Again")
    assert caught.value.code == 10003


async def test_every_exchange_is_recorded_and_announced(sandbox: Sandbox, api: Api, channel: Channel) -> None:
    announced: list[str] = []
    sandbox.on_exchange.append(lambda exchange: announced.append(exchange.route))
    try:
        await api("POST", f"/channels/{channel.id}/messages", {"content": "Hello"})
        await api("GET", f"/channels/{channel.id}/messages?limit=1")
    finally:
        sandbox.on_exchange.pop()
    exchange, read = list(sandbox.requests)[-2:]
    assert (read.path, read.query) == (f"/channels/{channel.id}/messages", {"limit": "1"})
    assert (exchange.method, exchange.route, exchange.status, exchange.ok) == ("POST", MESSAGES, 200, True)
    assert (exchange.body, exchange.response["content"]) == ({"content": "Hello"}, "Hello")
    assert announced == [MESSAGES, MESSAGES]
    waiting = asyncio.create_task(sandbox.wait_for_request(lambda each: each.path == "/nowhere"))
    await api("GET", "/nowhere")
    assert (await waiting).code == 0

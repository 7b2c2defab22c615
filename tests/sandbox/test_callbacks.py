"""Answers to interactions by hand: which kinds, how often, how late, and what follows them."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest

from sandbox.discord import Channel, Person, Sandbox
from tests.sandbox.connections import Api, Clock, gateway
from tests.sandbox.violations import button, row


class Act:
    """An interaction that reached a socket and waits for its answers."""

    def __init__(self, api: Api, sandbox: Sandbox, payload: dict[str, Any], reply: asyncio.Task[Any]) -> None:
        self.api, self.reply = api, reply
        self.callback = f"/interactions/{payload['id']}/{payload['token']}/callback"
        self.webhook = f"/webhooks/{sandbox.application_id}/{payload['token']}"

    async def answer(self, kind: int, data: Any = None, query: str = "") -> tuple[int, Any]:
        return await self.api("POST", self.callback + query, {"type": kind, "data": data})


@pytest.fixture
async def act(strict: Any) -> Any:
    """Runs commands, presses and modals against a bot that is a bare socket."""
    clock = Clock()
    sandbox: Sandbox = await strict(clock=clock, deadline=2.0)
    guild = sandbox.create_guild("Late Night Reviews")
    channel = guild.create_channel("submissions")
    async with gateway(sandbox) as socket, aiohttp.ClientSession() as session:
        await socket.identify(sandbox)

        async def run(what: Any) -> Act:
            task = asyncio.create_task(what(guild.owner, channel))
            return Act(Api(sandbox, session), sandbox, (await socket.event("INTERACTION_CREATE"))["d"], task)

        run.clock, run.channel, run.sandbox = clock, channel, sandbox  # type: ignore[attr-defined]
        yield run


async def command(person: Person, channel: Channel) -> Any:
    return await person.command("ping", channel=channel)


async def press(person: Person, channel: Channel) -> Any:
    message = person.sandbox.world.postbox.post(
        channel, person.sandbox.bot, {"content": "Panel", "components": [row(button("next"))]}
    )
    return await person.press(message, "next")


async def suggest(person: Person, channel: Channel) -> Any:
    return await person.autocomplete("queue show", "song", "1", channel=channel)


@pytest.mark.parametrize(
    ("what", "kinds"),
    [(command, (1, 6, 7, 8)), (press, (8, 1)), (suggest, (4, 5, 6, 7, 9))],
)
async def test_the_kind_of_an_answer_must_fit(act: Any, what: Any, kinds: tuple[int, ...]) -> None:
    waiting = await act(what)
    for kind in kinds:
        status, answer = await waiting.answer(kind, {"content": "x"})
        assert (status, answer["code"], "type" in answer["errors"]) == (400, 50035, True)
    right = {"choices": [{"name": "One", "value": "1"}]} if what is suggest else {"content": "x"}
    assert await waiting.answer(8 if what is suggest else 4, right) == (204, None)
    await waiting.reply


async def test_one_answer_then_follow_ups(act: Any) -> None:
    waiting = await act(command)
    assert (await waiting.api("POST", waiting.webhook, {"content": "x"}))[1]["code"] == 10015
    assert (await waiting.api("PATCH", f"{waiting.webhook}/messages/@original", {"content": "x"}))[1][
        "code"
    ] == 10015
    status, made = await waiting.answer(4, {"content": "Pong"}, "?with_response=1")
    assert (status, made["resource"]["type"], made["resource"]["message"]["content"]) == (200, 4, "Pong")
    assert made["interaction"]["response_message_id"] == made["resource"]["message"]["id"]
    assert (await waiting.answer(4, {"content": "Pong"}))[1]["code"] == 40060
    _, more = await waiting.api("POST", waiting.webhook, {"content": "More"})
    path = f"{waiting.webhook}/messages/{more['id']}"
    assert (await waiting.api("PATCH", path, {"content": "Most"}))[1]["content"] == "Most"
    assert (await waiting.api("GET", f"{waiting.webhook}/messages/@original"))[1]["content"] == "Pong"
    assert await waiting.api("DELETE", path) == (204, None)
    assert (await waiting.api("GET", path))[1]["code"] == 10008
    act.clock.ahead = 901
    assert (await waiting.api("POST", waiting.webhook, {"content": "x"}))[1] == {
        "message": "Invalid Webhook Token",
        "code": 50027,
    }


async def test_an_answer_comes_too_late(act: Any) -> None:
    waiting = await act(command)
    act.clock.ahead = 2.1
    assert (await waiting.answer(4, {"content": "Pong"}))[1] == {
        "message": "Unknown interaction",
        "code": 10062,
    }
    waiting.reply.cancel()


async def test_a_refused_answer_can_be_corrected(act: Any) -> None:
    waiting = await act(command)
    _, refused = await waiting.answer(4, {"content": "x" * 2001})
    assert refused["errors"]["data"]["content"]["_errors"]
    assert (await waiting.answer(4, {}))[1]["code"] == 50006
    assert (await waiting.answer(4, {"content": "Short"}))[0] == 204
    assert (await waiting.reply).content == "Short"


async def test_an_update_of_a_message_that_is_gone(act: Any) -> None:
    waiting = await act(press)
    act.sandbox.faults.delete_message(act.channel.last_message)
    assert (await waiting.answer(7, {"content": "x"}))[1]["code"] == 10008
    assert (await waiting.answer(4, {"content": "Gone", "flags": 64}))[0] == 204
    assert (await waiting.reply).ephemeral


async def test_an_answer_into_a_channel_that_is_gone(act: Any) -> None:
    waiting = await act(command)
    act.sandbox.faults.delete_channel(act.channel)
    assert (await waiting.answer(4, {"content": "x"}))[1]["code"] == 10003
    waiting.reply.cancel()

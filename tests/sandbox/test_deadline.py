"""When an answer counts as given: at the moment it was received, whatever the sandbox then does with it."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import hikari
import pytest

from sandbox.discord import Sandbox
from tests.sandbox.connections import Api, Bot, gateway, running

CREATE = hikari.ResponseType.MESSAGE_CREATE
DEFERRED = hikari.ResponseType.DEFERRED_MESSAGE_CREATE
CALLBACK = "/interactions/{interaction_id}/{interaction_token}/callback"
SLOW = 0.3


async def pong(interaction: hikari.CommandInteraction) -> None:
    await interaction.create_initial_response(CREATE, "Pong")


def slowed(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str) -> None:
    """Let a step of the sandbox's own take `SLOW` seconds more."""
    step = getattr(owner, name)

    def slow(*args: Any, **options: Any) -> Any:
        time.sleep(SLOW)  # it stands for work, during which nothing else runs
        return step(*args, **options)

    monkeypatch.setattr(owner, name, slow)


@pytest.mark.parametrize("step", ["checked", "counted", "dispatched"])
async def test_the_sandboxs_own_work_is_not_the_bots(
    strict: Any, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    sandbox: Sandbox = await strict(deadline=0.25)
    guild = sandbox.create_guild("Late Night Reviews")
    channel = guild.create_channel("submissions")
    bot = Bot(sandbox)
    bot.handle = pong
    async with running(bot):
        assert (await guild.owner.command("ping", channel=channel)).ok
        owner, name = {
            "checked": (sandbox.interactions, "_take"),
            "counted": (sandbox, "_count"),
            "dispatched": (sandbox.interactions, "_payload"),
        }[step]
        slowed(monkeypatch, owner, name)
        reply = await guild.owner.command("ping", channel=channel)
    if step != "dispatched":
        assert (reply.ok, reply.content) == (True, "Pong")
    assert reply.latency < SLOW or not reply.ok


@pytest.mark.parametrize(("seconds", "ok"), [(0.05, True), (0.4, False)])
async def test_what_is_held_up_on_the_way_is_late(strict: Any, seconds: float, ok: bool) -> None:
    sandbox: Sandbox = await strict(deadline=0.25)
    guild = sandbox.create_guild("Late Night Reviews")
    channel = guild.create_channel("submissions")
    refused: asyncio.Queue[int] = asyncio.Queue()

    async def handle(interaction: hikari.CommandInteraction) -> None:
        try:
            await pong(interaction)
        except hikari.NotFoundError as error:
            refused.put_nowait(error.code)

    bot = Bot(sandbox)
    bot.handle = handle
    async with running(bot):
        sandbox.faults.delay("POST", CALLBACK, seconds)
        reply = await guild.owner.command("ping", channel=channel)
        assert reply.ok == ok
        if ok:
            assert reply.latency >= seconds
        else:
            assert await asyncio.wait_for(refused.get(), 5) == 10062


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({"type": 4, "data": "Pong"}, ["data"]),
        ({"type": 4, "data": {"content": "x", "flags": "hidden"}}, ["data", "flags"]),
        ({"type": 5, "data": {"flags": "hidden"}}, ["data", "flags"]),
        ({"type": 5, "data": [64]}, ["data"]),
        ({"type": 9, "data": {"custom_id": 5, "title": "x", "components": []}}, ["data", "custom_id"]),
        ({"type": {}}, ["type"]),
        ({}, ["type"]),
    ],
)
async def test_a_malformed_answer_leaves_the_interaction_open(
    strict: Any, body: dict[str, Any], wrong: list[str]
) -> None:
    import aiohttp

    sandbox: Sandbox = await strict()
    guild = sandbox.create_guild("Late Night Reviews")
    channel = guild.create_channel("submissions")
    async with gateway(sandbox) as socket, aiohttp.ClientSession() as session:
        await socket.identify(sandbox)
        waiting = asyncio.create_task(guild.owner.command("ping", channel=channel))
        payload = (await socket.event("INTERACTION_CREATE"))["d"]
        api = Api(sandbox, session)
        path = f"/interactions/{payload['id']}/{payload['token']}/callback"
        status, refused = await api("POST", path, body)
        assert (status, refused["code"]) == (400, 50035), refused
        place = refused["errors"]
        for key in wrong:
            place = place[key]
        assert place["_errors"][0]["message"]
        assert (await api("POST", path, {"type": 5, "data": {"flags": 64}}))[0] == 204
        assert (await waiting).ephemeral
        # The edit and the first follow-up of a deferred answer go through the same check of flags.
        webhook = f"/webhooks/{sandbox.application_id}/{payload['token']}"
        for method, where in (("PATCH", f"{webhook}/messages/@original"), ("POST", webhook)):
            status, refused = await api(method, where, {"content": "Pong", "flags": "hidden"})
            assert (status, refused["code"], list(refused["errors"])) == (400, 50035, ["flags"])
        assert (await api("POST", webhook, {"content": "Pong"}))[1]["content"] == "Pong"

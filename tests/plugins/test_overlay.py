"""`/overlay`: who may, what is told once, and that what is taken away is dark."""

from __future__ import annotations

import re

import aiohttp
import pytest
from redis.asyncio import Redis

from sandbox.discord import Message, Person
from state.served import ServedPages
from tests.stage import Stage

ADDRESS = re.compile(
    r"http://127\.0\.0\.1:\d+/overlay/([0-9.A-Za-z_-]+)/(settings|(?:now|next|board)\?layout=\w+)"
)


async def run(stage: Stage, name: str, /, person: Person | None = None, **values: object) -> Message:
    who = person or stage.mod
    reply = await who.command(f"overlay {name}", channel=stage.review, options=values, forge=True)
    assert reply.ephemeral, reply
    return await reply.settled()


def tokens(said: Message) -> set[str]:
    return {found[1] for found in ADDRESS.finditer(said.text)}


async def answer(stage: Stage, token: str) -> int:
    port = stage.app.settings.web_port
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{port}/overlay/{token}/events") as response,
    ):
        return response.status


async def test_an_address_is_told_once_renewed_and_taken_away(stage: Stage) -> None:
    assert "`/overlay create` makes one" in (await run(stage, "list")).text
    made = await run(stage, "create", name="  OBS ")
    told = [what for _, what in ADDRESS.findall(made.text)]
    assert "**OBS**" in made.text and told[0] == "settings" and len(told) == 4
    (first,) = tokens(made)
    assert await answer(stage, first) == 200
    assert "already" in (await run(stage, "create", name="obs")).text
    listed = await run(stage, "list")
    assert "**OBS**" in listed.text and "<t:" in listed.text and not tokens(listed)
    (second,) = tokens(await run(stage, "rotate", name="obs"))
    assert second != first
    assert (await answer(stage, first), await answer(stage, second)) == (404, 200)
    assert "taken away" in (await run(stage, "remove", name="OBS")).text
    assert await answer(stage, second) == 404
    for name in ("rotate", "remove"):
        assert "no overlay of that name" in (await run(stage, name, name="OBS")).text


async def test_where_nothing_is_served_no_address_is_made_or_told(
    stage: Stage, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    await run(stage, "create", name="OBS")
    before = await stage.app.stores.overlays.all(stage.id)
    served = stage.app.stores.served
    # As in a process that serves nothing, beside others that serve nothing.
    monkeypatch.setattr(served, "where", ServedPages(redis, None).where)
    for command, name in (("create", "Other"), ("rotate", "OBS")):
        assert "serves overlays now" in (await run(stage, command, name=name)).text
    assert await stage.app.stores.overlays.all(stage.id) == before
    assert "taken away" in (await run(stage, "remove", name="OBS")).text


@pytest.mark.parametrize("name", ["create", "list", "rotate", "remove"])
async def test_only_managers_have_a_say(stage: Stage, name: str) -> None:
    await run(stage, "create", name="OBS")
    values = {} if name == "list" else {"name": "OBS"}
    for person in (stage.host, stage.alice):
        refused = await run(stage, name, person, **values)
        assert refused.text == "Only those who may manage this server can do that."
    assert [each.name for each in await stage.app.stores.overlays.all(stage.id)] == ["OBS"]


async def test_names_are_offered_to_managers_and_ten_are_the_most(stage: Stage) -> None:
    for number in range(10):
        await run(stage, "create", name=f"Cam {number}")
    assert "10 overlays" in (await run(stage, "create", name="Cam 10")).text

    async def offered(person: Person, typed: str) -> list[str]:
        return [
            value for _, value in await person.autocomplete("overlay rotate", "name", typed, stage.review)
        ]

    assert await offered(stage.mod, "cam 7") == ["Cam 7"] and len(await offered(stage.mod, "")) == 10


async def test_a_name_is_shown_as_plain_text_and_in_spanish(stage: Stage) -> None:
    made = await run(stage, "create", name="**@everyone**\u202e")
    assert "\\*\\*\\@everyone\\*\\*" in made.text and "\u202e" not in made.text
    stage.mod.user.locale = "es-ES"
    assert "Overlays de este servidor" in (await run(stage, "list")).text
    assert "se quitó" in (await run(stage, "remove", name="**@everyone**")).text

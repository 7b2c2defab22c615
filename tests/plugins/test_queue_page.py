"""`/queue page`: who may switch it, who is told the link, and that what is closed or renewed is dead."""

from __future__ import annotations

import re

import aiohttp
import pytest

from sandbox.discord import Message, Person
from tests.stage import Stage

LINK = re.compile(r"<(http://127\.0\.0\.1:\d+/queue/[a-z2-7]{40})>")


async def run(stage: Stage, name: str, /, person: Person | None = None) -> Message:
    reply = await (person or stage.mod).command(f"queue page {name}", channel=stage.submissions, forge=True)
    assert reply.ephemeral, reply
    return await reply.settled()


def link(said: Message) -> str:
    (found,) = LINK.findall(said.text)
    return found


async def answer(url: str) -> int:
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        return response.status


async def test_a_page_is_opened_told_to_everybody_renewed_and_closed(stage: Stage) -> None:
    assert "no queue page now" in (await run(stage, "link", stage.alice)).text
    opened = await run(stage, "on")
    first = link(opened)
    assert "SKIPLINE_WEB_URL" in opened.text and await answer(first) == 200
    told = await run(stage, "link", stage.alice)
    assert link(told) == first and "SKIPLINE_WEB_URL" not in told.text
    assert link(await run(stage, "on")) == first
    second = link(await run(stage, "renew"))
    assert (await answer(first), await answer(second)) == (404, 200)
    assert link(await run(stage, "link", stage.stranger)) == second
    for _ in range(2):
        assert "is closed" in (await run(stage, "off")).text
    assert await answer(second) == 404
    assert "no queue page now" in (await run(stage, "link")).text
    third = link(closed := await run(stage, "renew"))
    assert "but it is closed" in closed.text and await answer(third) == 404
    assert link(await run(stage, "on")) == third and await answer(third) == 200


@pytest.mark.parametrize("name", ["on", "off", "renew"])
async def test_only_managers_switch_it(stage: Stage, name: str) -> None:
    before = link(await run(stage, "on"))
    if name == "on":
        await run(stage, "off")
    for person in (stage.host, stage.alice):
        refused = await run(stage, name, person)
        assert refused.text == "Only those who may manage this server can do that."
    assert await answer(before) == (404 if name == "on" else 200)


async def test_the_setting_alone_opens_it_and_is_taken_back_like_any(stage: Stage) -> None:
    async def said(name: str, /, **values: object) -> str:
        reply = await stage.mod.command(f"settings {name}", channel=stage.review, options=values)
        return (await reply.settled()).text

    assert "public_page" in await said("set", name="public_page", value="on")
    url = link(await run(stage, "link", stage.alice))
    assert await answer(url) == 200
    await said("undo")
    assert await answer(url) == 404


async def test_it_speaks_spanish(stage: Stage) -> None:
    stage.mod.user.locale = "es-ES"
    assert "está abierta" in (await run(stage, "on")).text

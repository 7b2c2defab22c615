"""The page over its websocket: what people see and do there goes through the sandbox and the real bot."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import aiohttp
import pytest

from sandbox.page import Page
from tests.sandbox.page.client import Json, button, opened
from tests.stage import Stage

HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture
async def page(stage: Stage) -> AsyncIterator[Page]:
    page = await Page.start(stage.guild)
    yield page
    await page.close()


def link(title: str) -> Json:
    return {"url": "https://soundcloud.com/alice/night-bus", "artist": "Alice", "title": title}


async def test_a_song_goes_in_by_a_command_and_is_played_by_a_button(page: Page, stage: Stage) -> None:
    await stage.display("reviewer", stage.review)
    async with opened(page, stage.alice) as alice, opened(page, stage.host) as host:
        given = {"channel": str(stage.submissions.id), "name": "submit link", "options": link("Night Bus")}
        assert "error" not in await alice.act("command", **given)
        answer = await alice.sees(stage.submissions, "Night Bus")
        assert answer["flags"] & 64 and answer["interaction_metadata"]["name"] == "submit"
        panel = await host.sees(stage.review, "Night Bus")
        pressed = await host.act(
            "press", channel=str(stage.review.id), message=panel["id"], custom_id=button(panel, "Next")
        )
        assert "error" not in pressed
        playing = await host.sees(stage.review, "#1 playing")
        assert playing["id"] == panel["id"] and playing["edited_timestamp"]


async def test_what_is_for_one_person_is_never_sent_to_another(page: Page, stage: Stage) -> None:
    secret = stage.guild.create_channel("backstage", private_to=[stage.host])
    await stage.host.say(secret, "the surprise guest is Dario")
    await stage.alice.say(stage.queue, "hello")
    async with (
        opened(page, stage.alice) as alice,
        opened(page, stage.bruno) as bruno,
        opened(page, stage.host) as host,
    ):
        where = str(stage.queue.id)
        assert "error" not in await alice.act("command", channel=where, name="queue where", options={})
        answer = await alice.sees(stage.queue, "/submit link")
        # What is said after it has come to Bruno, and so would have the answer.
        await stage.alice.say(stage.queue, "that was all")
        for client in (bruno, host):
            await client.sees(stage.queue, "that was all")
            assert answer["id"] not in json.dumps(client.frames)
        await host.sees(secret, "surprise guest")
        assert "surprise" not in json.dumps([alice.frames, bruno.frames])
        assert "backstage" not in json.dumps([alice.frames, bruno.frames])

        refused = await bruno.act("dismiss", channel=where, message=answer["id"])
        assert refused["error"] == "The message is not on this person's screen."
        refused = await bruno.act("say", channel=str(secret.id), text="hi")
        assert refused["error"] == "This person does not see the channel."
        assert "error" not in await alice.act("dismiss", channel=where, message=answer["id"])
        await alice.until(lambda: answer["id"] not in alice.messages[where])


async def test_messages_are_told_with_edits_and_deletions(page: Page, stage: Stage) -> None:
    async with opened(page, stage.alice) as alice, opened(page, stage.bruno) as bruno:
        where = str(stage.queue.id)
        sent = await bruno.act("say", channel=where, text=HOSTILE)
        message = next(each for each in stage.bruno.sees(stage.queue) if str(each.id) == sent["message"])
        assert (await alice.sees(stage.queue, HOSTILE))["content"] == HOSTILE
        await stage.bruno.edit(message, "much better")
        assert (await alice.sees(stage.queue, "much better"))["id"] == sent["message"]
        await stage.bruno.delete(message)
        await alice.until(lambda: not alice.messages[where])
        file = await bruno.upload("demo.txt", b"la la la", "text/plain")
        assert "error" not in await bruno.act("say", channel=where, files=[file])
        shown = (await alice.sees(stage.queue, "demo.txt"))["attachments"][0]
        async with aiohttp.ClientSession() as session, session.get(shown["url"]) as response:
            assert await response.read() == b"la la la"
        again = await bruno.act("say", channel=where, files=[file])
        assert again["error"] == "The file was not uploaded; choose it again."


async def test_a_form_opens_for_who_asked_and_is_sent(page: Page, stage: Stage) -> None:
    await stage.display("portal", stage.submissions)
    async with opened(page, stage.alice) as alice, opened(page, stage.bruno) as bruno:
        where = str(stage.submissions.id)
        portal = await alice.sees(stage.submissions, "Submit a link")
        press = {"channel": where, "message": portal["id"], "custom_id": button(portal, "Submit a link")}
        modal = (await alice.act("press", **press))["modal"]
        assert modal["title"] and modal["components"]
        stolen = await bruno.act("submit", modal=modal["id"], fields=link("Mine"))
        assert stolen["error"] == "No modal was shown."
        assert "error" not in await alice.act("submit", modal=modal["id"], fields=link("Night Bus"))
        await alice.sees(stage.submissions, "Night Bus")
        assert "error" in await alice.act("submit", modal=modal["id"], fields=link("Again"))


async def test_commands_are_listed_for_who_may_use_them(page: Page, stage: Stage) -> None:
    where = str(stage.queue.id)
    stage.carla.user.locale = "es-ES"
    async with (
        opened(page, stage.owner) as owner,
        opened(page, stage.alice) as alice,
        opened(page, stage.carla) as carla,
    ):
        offered = {each["name"]: each for each in (await owner.act("commands", channel=where))["commands"]}
        assert {"setup", "submit link", "queue show"} <= set(offered)
        options = {each["name"]: each for each in offered["submit link"]["options"]}
        assert options["url"]["required"] and options["url"]["type"] == 3
        fewer = {each["name"] for each in (await alice.act("commands", channel=where))["commands"]}
        assert "submit link" in fewer and "setup" not in fewer
        refused = await alice.act("command", channel=where, name="setup", options={})
        assert "'setup' is not offered" in refused["error"]
        spanish = {each["name"]: each for each in (await carla.act("commands", channel=where))["commands"]}
        told = {each["description"] for each in offered.values()}
        assert not told & {each["description"] for each in spanish.values()}
        found = await owner.act(
            "autocomplete", channel=where, name="settings set", option="name", text="cooldown", options={}
        )
        assert "cooldown" in [each["value"] for each in found["choices"]]


async def test_context_menus_are_offered_and_used_on_people_and_messages(page: Page, stage: Stage) -> None:
    said = await stage.alice.say(stage.review, "listen to this")
    where = str(stage.review.id)
    async with opened(page, stage.host) as host:
        offered = (await host.act("menus", channel=where))["menus"]
        on = {each["on"]: each["name"] for each in offered}
        assert set(on) == {"user", "message"}
        used = await host.act("use", channel=where, name=on["user"], user=str(stage.alice.id))
        assert "error" not in used
        answer = await host.sees(stage.review, '"flags": 64')
        assert answer["interaction_metadata"]["target_user"]["id"] == str(stage.alice.id)
        used = await host.act("use", channel=where, name=on["message"], message=str(said.id))
        assert "error" not in used
        await host.sees(stage.review, f'"target_message_id": "{said.id}"')
        refused = await host.act("use", channel=where, name=on["user"], user="1")
        assert refused["error"] == "This person is not here."


@pytest.mark.parametrize(
    "act",
    [{"do": "fly"}, {"do": "command", "options": [1]}, {"do": "press", "message": {}}, {"do": "say"}, {}],
    ids=str,
)
async def test_nonsense_is_answered_in_a_sentence(page: Page, stage: Stage, act: Json) -> None:
    async with opened(page, stage.alice) as alice:
        given = {"channel": str(stage.queue.id)} | act
        answer = await alice.act(str(given.pop("do", "")), **given)
        assert answer["error"].endswith(".") and "log" not in answer["error"]


@pytest.mark.parametrize("origin", [None, "null", "https://example.org", "http://127.0.0.1:1"])
async def test_pages_of_other_origins_are_refused(page: Page, stage: Stage, origin: str | None) -> None:
    headers = {} if origin is None else {"Origin": origin}
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await session.ws_connect(f"{page.url}socket?person={stage.alice.id}", headers=headers)
        assert refused.value.status == 403


async def test_only_the_whole_address_is_answered(page: Page) -> None:
    async with aiohttp.ClientSession() as session:
        for wrong in ("/", "/wrong/", "/wrong/socket"):
            async with session.get(page.origin + wrong) as response:
                assert response.status == 404
        async with session.get(page.url + "..%2Fserver.py") as response:
            assert response.status == 404
        async with session.get(page.url, headers={"Host": f"evil.example:{page.port}"}) as response:
            assert response.status == 403
        async with session.get(page.url) as response:
            assert response.status == 200
            policy = response.headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy and "unsafe" not in policy

"""The tour beside the messages: it ticks itself off for everybody; its buttons move one thing at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from sandbox.discord import Guild, Sandbox
from sandbox.page import Page
from sandbox.page.tour import Control, ControlFailed, Place, Step, Tour
from tests.sandbox.page.client import Client, Json, opened


class Stage:
    """A guild whose page has a tour of three steps that are done by what is written in #general."""

    def __init__(self, guild: Guild) -> None:
        self.guild = guild
        self.general = guild.create_channel("general")
        self.alice, self.bruno = guild.join("Alice"), guild.join("Bruno")
        self.tour = Tour("A small tour")
        self.told: asyncio.Queue[str] = asyncio.Queue()
        self.go = asyncio.Event()
        self.begun = 0
        self.kill = Control("kill", "Kill it", "And start it again.", self._kill)
        self.again = Control("again", "Once more", "", self._again)

    def said(self, text: str) -> Callable[[], bool]:
        return lambda: any(text in message.content for message in self.general.messages)

    def begin(self) -> None:
        self.begun += 1
        word = f"{self.begun}:"
        self.tour.offer(
            [
                Step(
                    "One",
                    "Write one.",
                    "an artist",
                    self.said(f"{word} one"),
                    Place(self.alice, self.general),
                ),
                Step("Two", "Write two.", "anybody", self.said(f"{word} two"), note=lambda: f"round {word}"),
                Step("Three", "Press.", "you", lambda: self.go.is_set(), beside="tiktok", controls=("kill",)),
            ],
            [self.kill],
            again=self.again,
        )

    async def _kill(self, tell: Callable[[str], None]) -> None:
        tell("killed")
        word = await self.told.get()
        if word == "fail":
            raise ControlFailed("It did not come back.")
        assert word != "break"
        tell(word)

    async def _again(self, tell: Callable[[str], None]) -> None:
        tell("preparing")
        self.go.clear()
        self.begin()


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    sandbox = await Sandbox.start()
    yield Stage(sandbox.create_guild("Tour", owner="Olga"))
    await sandbox.close()


@pytest.fixture
async def page(stage: Stage) -> AsyncIterator[Page]:
    page = await Page.start(stage.guild, tour=stage.tour)
    yield page
    await page.close()


async def shows(client: Client, condition: Callable[[Json], Any]) -> Json:
    """The tour as soon as it is so."""
    await client.until(lambda: "tour" in client.last and condition(client.last["tour"]))
    return client.last["tour"]


def ticks(frame: Json) -> list[bool]:
    return [each["done"] for each in frame["steps"]]


async def test_steps_tick_in_any_order_on_every_open_page(page: Page, stage: Stage) -> None:
    async with opened(page, stage.alice) as alice, opened(page, stage.bruno) as bruno:
        empty = await shows(alice, lambda _: True)
        assert (empty["steps"], empty["notice"], empty["current"]) == ([], None, None)
        stage.begin()
        frame = await shows(alice, lambda tour: tour["steps"])
        assert ticks(frame) == [False] * 3 and frame["current"] == 0
        assert frame["steps"][0]["place"] == {"person": str(stage.alice.id), "channel": str(stage.general.id)}
        assert frame["steps"][1]["note"] == "round 1:" and frame["steps"][2]["controls"] == ["kill"]
        await bruno.act("say", channel=str(stage.general.id), text="1: two")
        for client in (alice, bruno):
            frame = await shows(client, lambda tour: any(ticks(tour)))
            assert ticks(frame) == [False, True, False] and frame["current"] == 0
        await alice.act("say", channel=str(stage.general.id), text="1: one")
        assert (await shows(bruno, lambda tour: ticks(tour)[0]))["current"] == 2
        # What was done once stays done.
        await stage.alice.delete(stage.general.messages[-1])
        stage.go.set()
        stage.tour.look()
        assert (await shows(bruno, lambda tour: all(ticks(tour))))["current"] is None
    async with opened(page, stage.bruno) as later:
        assert all(ticks(await shows(later, lambda _: True)))


async def test_it_is_dismissed_shown_again_and_begun_anew(page: Page, stage: Stage) -> None:
    stage.begin()
    await stage.alice.say(stage.general, "1: one")
    async with opened(page, stage.alice) as alice, opened(page, stage.bruno) as bruno:
        assert "error" not in await alice.act("tour", what="dismiss")
        await shows(bruno, lambda tour: tour["dismissed"])
        assert "error" not in await bruno.act("tour", what="show")
        await shows(alice, lambda tour: not tour["dismissed"] and ticks(tour)[0])
        assert "error" not in await alice.act("tour", what="press", control="again")
        await shows(bruno, lambda tour: tour["steps"][1]["note"] == "round 2:" and not any(ticks(tour)))
        await stage.alice.say(stage.general, "2: one")
        await shows(bruno, lambda tour: ticks(tour) == [True, False, False])


async def test_a_button_tells_how_far_it_is_and_never_runs_twice(page: Page, stage: Stage) -> None:
    stage.begin()
    async with opened(page, stage.alice) as alice, opened(page, stage.bruno) as bruno:
        pressed = await asyncio.gather(
            alice.act("tour", what="press", control="kill"), bruno.act("tour", what="press", control="kill")
        )
        assert sorted("error" in each for each in pressed) == [False, True]
        (refused,) = [each["error"] for each in pressed if "error" in each]
        assert refused == "One thing at a time: something is under way."
        assert "error" in await alice.act("tour", what="press", control="again")
        frame = await shows(bruno, lambda tour: tour["controls"][0]["said"] == "killed")
        assert frame["busy"] and frame["controls"][0]["busy"]
        stage.told.put_nowait("back")
        frame = await shows(bruno, lambda tour: not tour["busy"])
        assert frame["controls"][0]["said"] == "back" and not frame["controls"][0]["failed"]

        for word, sentence in (
            ("fail", "It did not come back."),
            ("break", "This did not work; the log says why."),
        ):
            stage.told.put_nowait(word)
            assert "error" not in await alice.act("tour", what="press", control="kill")
            for client in (alice, bruno):
                await shows(client, lambda tour: not tour["busy"] and tour["controls"][0]["failed"])
                await shows(client, lambda tour, said=sentence: tour["controls"][0]["said"] == said)


async def test_a_button_runs_on_when_whoever_pressed_it_goes(page: Page, stage: Stage) -> None:
    stage.begin()
    async with opened(page, stage.bruno) as bruno:
        async with opened(page, stage.alice) as alice:
            await alice.act("tour", what="press", control="kill")
        stage.told.put_nowait("back")
        await shows(bruno, lambda tour: tour["controls"][0]["said"] == "back" and not tour["busy"])


async def test_a_notice_takes_the_place_of_the_steps(page: Page, stage: Stage) -> None:
    stage.begin()
    async with opened(page, stage.alice) as alice:
        stop = Control("stop", "Stop", "", stage.kill.run)
        stage.tour.announce("A story is being played", "Chapter · step", [stop])
        frame = await shows(alice, lambda tour: tour["notice"])
        assert (frame["steps"], frame["again"]) == ([], None)
        assert [each["name"] for each in frame["controls"]] == ["stop"]
        for act in ({"what": "press", "control": "kill"}, {"what": "press"}, {"what": "fly"}, {}):
            assert (await alice.act("tour", **act))["error"].endswith(".")


async def test_a_step_that_cannot_be_looked_at_keeps_no_other_from_its_tick(page: Page, stage: Stage) -> None:
    def broken() -> bool:
        raise LookupError("no such channel")

    async with opened(page, stage.alice) as alice:
        steps = [Step("One", "", "", broken), Step("Two", "", "", stage.said("two"))]
        stage.tour.offer(steps, again=stage.again)
        await stage.bruno.say(stage.general, "two")
        assert ticks(await shows(alice, lambda tour: any(ticks(tour)))) == [False, True]

"""What `tests/drives_plugin.py` counts: the invariant itself is judged at the end of a whole run."""

from __future__ import annotations

from typing import Any

import hikari

from bot.documentation.commands import EVERYBODY as FOR_ALL
from bot.documentation.commands import REVIEWERS, Command
from components.texts import say
from sandbox.discord import Person, Reply, Upload
from tests.doors import Doors, doors_of
from tests.drives_plugin import EVERYBODY, REFUSALS, Tally, door, tally
from tests.stage import Stage


class Seen:
    def __init__(self, type: int, command_type: int = 1, **data: Any) -> None:
        self.type, self.command_type, self.data = type, command_type, data


NEXT = Seen(2, name="review", options=[{"type": 1, "name": "next", "options": [{"type": 3, "name": "song"}]}])


def test_a_door_is_named_as_people_and_the_code_name_it() -> None:
    assert door(NEXT) == "review next"
    assert door(Seen(2, 3, name="Score this song", target_id="1")) == "Score this song"
    assert door(Seen(3, custom_id="panel:next")) == "panel:next"
    assert door(Seen(3, custom_id="s1:pending.approve:12:25")) == "pending.approve"
    assert door(Seen(5, custom_id="s1:submit.form")) == "submit.form"


def test_what_was_never_driven_or_never_refused_is_missing() -> None:
    mine = Tally()
    mine.know(
        Doors(
            {
                name: Command(name, "", (), who, hikari.CommandType.SLASH)
                for name, who in (("review next", REVIEWERS), ("queue show", FOR_ALL))
            },
            frozenset({"a.b"}),
            frozenset(),
            frozenset(),
        )
    )
    assert mine.missing() == (["a.b", "queue show", "review next"], ["a.b", "review next"])
    mine.take(NEXT, {"type": 4, "data": {"content": say("common.reviewers_only")}})
    assert mine.missing() == (["a.b", "queue show", "review next"], ["a.b"])
    mine.take(NEXT, {"type": 4, "data": {"embeds": [{"title": "Playing"}]}})
    mine.take(Seen(4, **NEXT.data), {"type": 8})
    assert mine.missing() == (["a.b", "queue show"], ["a.b"])


async def test_what_nobody_is_refused_is_there_and_says_why(stage: Stage) -> None:
    doors = doors_of(stage.app)
    assert set(EVERYBODY) <= doors.components | doors.modals
    assert all(EVERYBODY.values())


async def test_a_drive_of_the_real_bot_is_counted(stage: Stage) -> None:
    async def asked(person: Person) -> Reply:
        return await person.command("review undo", stage.review, forge=True)

    may, may_not = tally.may["review undo"], tally.may_not["review undo"]
    await asked(stage.host)
    assert (tally.may["review undo"], tally.may_not["review undo"]) == (may + 1, may_not)
    await asked(stage.stranger)
    assert (tally.may["review undo"], tally.may_not["review undo"]) == (may + 1, may_not + 1)


def given(option: hikari.CommandOption, stage: Stage) -> Any:
    """Something that fits an option."""
    kinds = hikari.OptionType
    match option.type:
        case _ if option.choices:
            return option.choices[0].value
        case kinds.STRING:
            return "1"
        case kinds.INTEGER | kinds.FLOAT:
            return option.min_value or 1
        case kinds.BOOLEAN:
            return True
        case kinds.USER | kinds.MENTIONABLE:
            return stage.alice
        case kinds.CHANNEL:
            return stage.queue
        case kinds.ROLE:
            return stage.reviewer
        case kinds.ATTACHMENT:
            return Upload("a.json", b"{}")
        case _:
            raise AssertionError(option)


async def test_a_stranger_is_refused_exactly_what_is_not_for_everybody(stage: Stage) -> None:
    message = await stage.alice.say(stage.review, "#1")
    wrong: list[str] = []
    for name, command in doors_of(stage.app).commands.items():
        if command.kind is hikari.CommandType.SLASH:
            options = {each.name: given(each, stage) for each in command.options if each.is_required}
            reply = await stage.stranger.command(name, stage.review, options=options, forge=True)
        else:
            target = message if command.kind is hikari.CommandType.MESSAGE else stage.alice
            reply = await stage.stranger.use_on(name, target, stage.review, forge=True)
        text = reply.modal.title if reply.modal else (await reply.settled()).text
        if any(say(key) in text for key in REFUSALS) == (command.who == FOR_ALL):
            wrong.append(f"{name}: {text[:80]}")
    assert wrong == []

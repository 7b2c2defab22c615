"""Every limit of commands at its edge, and where the error is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sandbox.discord import limits
from sandbox.discord.limits.commands import size, valid_name
from tests.sandbox.violations import Body, broken


def command(**fields: Any) -> Body:
    return {"name": "queue", "description": "Show the queue"} | fields


def option(name: str = "song", kind: int = 3, **fields: Any) -> Body:
    return {"type": kind, "name": name, "description": "A song"} | fields


def sub(name: str = "show", *options: Body, kind: int = 1) -> Body:
    return option(name, kind, options=list(options))


def named(**words: str) -> Body:
    """A choice with names in further languages; `es` is Spain's."""
    return {
        "name": "Free",
        "value": "0",
        "name_localizations": {"es-ES" if key == "es" else key: word for key, word in words.items()},
    }


def choices(count: int, value: Callable[[int], Any] = str) -> list[Body]:
    return [{"name": f"Choice {n}", "value": value(n)} for n in range(count)]


@pytest.mark.parametrize(
    "name", ["queue", "queue-show", "queue_show", "ヒキ", "आज्ञा", "คำสั่ง", "dj's", "q1", "ß", "x" * 32]
)
def test_names_that_pass(name: str) -> None:
    assert valid_name(name)
    assert broken(limits.command, command(name=name)) == {}


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Queue", "APPLICATION_COMMAND_INVALID_NAME"),
        ("queue show", "APPLICATION_COMMAND_INVALID_NAME"),
        ("queue!", "APPLICATION_COMMAND_INVALID_NAME"),
        ("É", "APPLICATION_COMMAND_INVALID_NAME"),
        ("", "BASE_TYPE_BAD_LENGTH"),
        ("x" * 33, "BASE_TYPE_BAD_LENGTH"),
        (None, "BASE_TYPE_REQUIRED"),
    ],
)
def test_names_that_do_not(name: str | None, code: str) -> None:
    assert broken(limits.command, command(name=name)) == {"name": code}


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"description": "x" * 100}, {}),
        ({"description": "x" * 101}, {"description": "BASE_TYPE_BAD_LENGTH"}),
        ({"description": None}, {"description": "BASE_TYPE_REQUIRED"}),
        ({"type": 2, "name": "Show Songs", "description": ""}, {}),
        ({"type": 3}, {"description": "APPLICATION_COMMAND_CONTEXT_MENU_DESCRIPTION_NOT_ALLOWED"}),
        (
            {"type": 2, "description": "", "options": [option()]},
            {"options": "APPLICATION_COMMAND_CONTEXT_MENU_OPTIONS_NOT_ALLOWED"},
        ),
        ({"type": 9}, {"type": "BASE_TYPE_CHOICES"}),
        (
            {"name_localizations": {"de": "warteschlange"}, "description_localizations": {"de": "Zeigt sie"}},
            {},
        ),
        (
            {"name_localizations": {"de": "Schlange"}},
            {"name_localizations.de": "APPLICATION_COMMAND_INVALID_NAME"},
        ),
        ({"name_localizations": {"xx": "queue"}}, {"name_localizations.xx": "BASE_TYPE_CHOICES"}),
        (
            {"description_localizations": {"tr": "x" * 101}},
            {"description_localizations.tr": "BASE_TYPE_BAD_LENGTH"},
        ),
        ({"default_member_permissions": "32"}, {}),
        ({"default_member_permissions": None}, {}),
        ({"default_member_permissions": "admin"}, {"default_member_permissions": "NUMBER_TYPE_COERCE"}),
        ({"default_member_permissions": -1}, {"default_member_permissions": "NUMBER_TYPE_MIN"}),
        ({"contexts": [0], "integration_types": [0, 1]}, {}),
        ({"contexts": [3]}, {"contexts.0": "BASE_TYPE_CHOICES"}),
        ({"contexts": [0, 0]}, {"contexts.1": "SET_TYPE_ALREADY_CONTAINS_VALUE"}),
        ({"integration_types": []}, {"integration_types": "BASE_TYPE_BAD_LENGTH"}),
        ({"options": [option(f"o{n}") for n in range(25)]}, {}),
        ({"options": [option(f"o{n}") for n in range(26)]}, {"options": "BASE_TYPE_MAX_LENGTH"}),
        (
            {"options": [option("a"), option("b", required=True)]},
            {"options.1": "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID"},
        ),
        (
            {"options": [option("a"), option("a")]},
            {"options.1.name": "APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS"},
        ),
        ({"options": [option("Song")]}, {"options.0.name": "APPLICATION_COMMAND_INVALID_NAME"}),
        ({"options": [option(kind=12)]}, {"options.0.type": "BASE_TYPE_CHOICES"}),
        ({"options": [sub("a"), sub("b", sub("c"), kind=2)]}, {}),
        (
            {"options": [sub("a", option("x"), option("y", required=True))]},
            {"options.0.options.1": "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID"},
        ),
        ({"options": [sub("a"), option("b")]}, {"options": "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID"}),
        ({"options": [sub("a", sub("b"))]}, {"options.0.options.0.type": "BASE_TYPE_CHOICES"}),
        (
            {"options": [sub("a", sub("b", kind=2), kind=2)]},
            {"options.0.options.0.type": "BASE_TYPE_CHOICES"},
        ),
        ({"options": [sub("a", option("b"), kind=2)]}, {"options.0.options.0.type": "BASE_TYPE_CHOICES"}),
        ({"options": [option(choices=choices(25))]}, {}),
        ({"options": [option(choices=choices(26))]}, {"options.0.choices": "BASE_TYPE_MAX_LENGTH"}),
        ({"options": [option(choices=[named(es="n" * 100)])]}, {}),
        (
            {"options": [option(choices=[named(es="n" * 101, de="", xx="x")])]},
            {
                "options.0.choices.0.name_localizations.es-ES": "BASE_TYPE_BAD_LENGTH",
                "options.0.choices.0.name_localizations.de": "BASE_TYPE_BAD_LENGTH",
                "options.0.choices.0.name_localizations.xx": "BASE_TYPE_CHOICES",
            },
        ),
        (
            {"options": [option(choices=choices(1), autocomplete=True)]},
            {"options.0.autocomplete": "APPLICATION_COMMAND_OPTIONS_AUTOCOMPLETE_WITH_CHOICES"},
        ),
        ({"options": [option(choices=[], autocomplete=True)]}, {}),
        (
            {"options": [option(choices=choices(1, int))]},
            {"options.0.choices.0.value": "STRING_TYPE_CONVERT"},
        ),
        ({"options": [option(kind=4, choices=choices(1, int))]}, {}),
        (
            {"options": [option(kind=4, choices=choices(1, lambda _: 1.5))]},
            {"options.0.choices.0.value": "NUMBER_TYPE_COERCE"},
        ),
        ({"options": [option(kind=10, choices=choices(1, lambda _: 1.5))]}, {}),
        (
            {"options": [option(choices=[{"name": "a", "value": "1"}] * 2)]},
            {"options.0.choices.1.name": "APPLICATION_COMMAND_OPTIONS_CHOICE_NAME_ALREADY_EXISTS"},
        ),
        (
            {"options": [option(choices=[{"name": "x" * 101, "value": "1"}])]},
            {"options.0.choices.0.name": "BASE_TYPE_BAD_LENGTH"},
        ),
        (
            {"options": [option(choices=[{"name": "x", "value": "1" * 101}])]},
            {"options.0.choices.0.value": "BASE_TYPE_MAX_LENGTH"},
        ),
        ({"options": [option(min_length=0, max_length=6000)]}, {}),
        ({"options": [option(max_length=6001)]}, {"options.0.max_length": "NUMBER_TYPE_MAX"}),
        ({"options": [option(min_length=3, max_length=2)]}, {"options.0.min_length": "NUMBER_TYPE_MAX"}),
        ({"options": [option(kind=4, min_value=1, max_value=25)]}, {}),
        ({"options": [option(kind=4, min_value=2, max_value=1)]}, {"options.0.min_value": "NUMBER_TYPE_MAX"}),
        ({"options": [option(kind=4, max_value=2**53)]}, {"options.0.max_value": "NUMBER_TYPE_MAX"}),
        ({"options": [option(kind=10, min_value=0.5)]}, {}),
        ({"options": [option(kind=7, channel_types=[0, 5])]}, {}),
        (
            {"options": [option(kind=7, channel_types=[99])]},
            {"options.0.channel_types.0": "BASE_TYPE_CHOICES"},
        ),
    ],
)
def test_commands(fields: Body, wrong: dict[str, str]) -> None:
    assert broken(limits.command, command(**fields)) == wrong


def test_an_edited_command_needs_only_what_changes() -> None:
    assert broken(limits.command, {"description": "Other"}, edit=True) == {}
    assert broken(limits.command, {"name": "Bad Name"}, edit=True) == {
        "name": "APPLICATION_COMMAND_INVALID_NAME"
    }


def test_a_command_weighs_eight_thousand_with_the_longest_locale_of_each_text() -> None:
    full = [
        option(f"o{n:02}", choices=[{"name": "n" * 90, "value": "v" * 100}], description="d" * 100)
        for n in range(25)
    ]
    body = command(options=full)
    assert size(body) == 5 + 14 + 25 * (3 + 100 + 190)
    assert broken(limits.command, body) == {}
    body["description_localizations"] = {"de": "d" * 100, "fr": "d" * 99}
    assert size(body) == 5 + 100 + 25 * (3 + 100 + 190)
    for entry in full[:24]:
        entry["name_localizations"] = {"de": "n" * 32}
    assert size(body) == 5 + 100 + 25 * 290 + 3 + 24 * 32 > 8000
    assert broken(limits.command, body) == {"": "APPLICATION_COMMAND_TOO_LARGE"}


def test_a_scope_of_commands() -> None:
    slash = [command(name=f"c{n}") for n in range(101)]
    users = [{"type": 2, "name": f"User {n}"} for n in range(16)]
    assert broken(limits.commands, [*slash[:100], *users[:15]], scope="global") == {}
    assert broken(limits.commands, slash, scope="guild") == {"": "APPLICATION_COMMANDS_MAX"}
    assert broken(limits.commands, users, scope="global") == {"": "APPLICATION_COMMANDS_MAX"}
    assert broken(limits.commands, [command(), command()], scope="global") == {
        "1.name": "APPLICATION_COMMANDS_DUPLICATE_NAME"
    }
    assert broken(limits.commands, [command(), {"type": 3, "name": "queue"}], scope="global") == {}
    assert broken(limits.commands, [command(), command(name="B")], scope="global") == {
        "1.name": "APPLICATION_COMMAND_INVALID_NAME"
    }


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({"choices": []}, {}),
        ({"choices": choices(25)}, {}),
        ({"choices": choices(26)}, {"choices": "BASE_TYPE_MAX_LENGTH"}),
        ({"choices": choices(2, int)}, {}),
        ({"choices": [{"name": "x" * 101, "value": "1"}]}, {"choices.0.name": "BASE_TYPE_BAD_LENGTH"}),
        ({"choices": [{"name": "", "value": "1"}]}, {"choices.0.name": "BASE_TYPE_BAD_LENGTH"}),
        ({"choices": [{"name": "x", "value": "1" * 101}]}, {"choices.0.value": "BASE_TYPE_BAD_LENGTH"}),
        ({"choices": [{"name": "x"}]}, {"choices.0.value": "BASE_TYPE_REQUIRED"}),
    ],
)
def test_autocomplete(body: Body, wrong: dict[str, str]) -> None:
    assert broken(limits.autocomplete, body) == wrong

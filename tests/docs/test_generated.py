"""The generated parts of the pages are what the code says now."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot import documentation
from bot.documentation.commands import EVERYBODY, MANAGERS, REVIEWERS, loaded
from bot.settings import setting_names
from components.help import WHO
from state.fields import EVENTS
from state.guild_settings import REGISTRY
from state.keys import TABLE

PAGES = sorted(documentation.DOCS.glob("**/*.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_is_current(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert documentation.render(text) == text, "run make docs"


def test_the_page_about_redis_has_every_key_field_and_kind_of_event() -> None:
    text = (documentation.DOCS / "redis.md").read_text(encoding="utf-8")
    cells = set(re.findall(r"^\| `([^`]+)` \|", text, re.MULTILINE))
    assert set(TABLE) | set(EVENTS) <= cells
    assert {field.name for key in TABLE.values() for field in key.fields} <= cells


def test_the_page_about_commands_has_every_command_and_option() -> None:
    text = (documentation.DOCS / "commands.md").read_text(encoding="utf-8")
    for command in loaded():
        (row,) = [
            line for line in text.splitlines() if re.match(rf"\| `/?{re.escape(command.name)}` \|", line)
        ]
        assert all(f"`{option.name}`" in row for option in command.options)
    assert {command.who for command in loaded()} == {EVERYBODY, REVIEWERS, MANAGERS}


def test_who_may_names_commands_there_are() -> None:
    names = [tuple(command.name.split()) for command in loaded()]
    assert all(any(name[: len(words)] == words for name in names) for words in WHO)


def test_the_page_about_settings_has_every_setting() -> None:
    text = (documentation.DOCS / "settings.md").read_text(encoding="utf-8")
    assert {f"`{name}`" for name in setting_names()} <= set(re.findall(r"`[A-Z_]+`", text))
    assert all(f"| `{setting.name}` |" in text for setting in REGISTRY)


def test_a_part_that_nobody_makes_is_an_error() -> None:
    with pytest.raises(KeyError):
        documentation.render("<!-- generated: nonsense -->\n<!-- end -->")


def test_what_is_written_by_hand_stays() -> None:
    text = "before\n<!-- generated: keys -->\nwritten by nobody\n<!-- end -->\nafter\n"
    fresh = documentation.render(text)
    assert fresh.startswith("before\n") and fresh.endswith("<!-- end -->\nafter\n")
    assert "written by nobody" not in fresh and "`sl:{<guild>}:rev`" in fresh
    assert documentation.render(fresh) == fresh

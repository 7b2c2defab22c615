"""The demo's own parts: the story itself is played by `make demo ONCE=1`."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from itertools import permutations
from pathlib import Path

import pytest
from rich.console import Console

from bot.demo.play import Chapter, played
from bot.demo.process import BotProcess
from bot.demo.reading import TITLES, order, plain
from bot.demo.show import Show
from bot.demo.story import STORY
from bot.demo.terminal import Transcript, excerpt
from sandbox.discord import Sandbox


@pytest.fixture
async def show(tmp_path: Path) -> AsyncIterator[Show]:
    """A stage whose bot was never started."""
    sandbox = await Sandbox.start()
    console = Console(file=io.StringIO(), width=60)
    yield Show.open(sandbox, BotProcess(sandbox, tmp_path), Transcript(console))
    await sandbox.close()


def written(show: Show) -> str:
    file = show.transcript.console.file
    assert isinstance(file, io.StringIO)
    return file.getvalue()


async def test_a_step_without_its_effect_ends_the_story(show: Show) -> None:
    reached: list[str] = []

    async def bot_answers(show: Show) -> None:
        reached.append("answers")
        await show.command(show.olga, "setup", "Skipline is set up")

    async def later(_: Show) -> None:
        reached.append("later")

    story = [Chapter("One", [("Olga sets up", bot_answers), ("Later", later)]), Chapter("Two", [("", later)])]
    assert not await played(show, story)
    assert reached == ["answers"]
    assert " 1. Olga sets up" in written(show) and "FAILED" in written(show)
    assert "there is no command 'setup'" in " ".join(written(show).split())


async def test_a_display_that_shows_something_else_is_told(
    show: Show, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.demo.sights.SEEN_SECONDS", 0.05)
    channel = show.guild.create_channel("song-queue")
    await show.olga.say(channel, "1. Paper Moon 2. Night Bus")
    await show.queue("Paper Moon", "Night Bus")

    async def turned(show: Show) -> None:
        await show.queue("Night Bus", "Paper Moon")

    assert not await played(show, [Chapter("One", [("Turned", turned)])])
    assert "the queue shows [['Paper Moon', 'Night Bus']]" in " ".join(written(show).split())


def test_lines_are_wrapped_under_themselves_and_no_title_is_broken() -> None:
    console = Console(file=io.StringIO(), width=60)
    Transcript(console).row("queue", [f"{place}. {title}" for place, title in enumerate(TITLES, 1)])
    file = console.file
    assert isinstance(file, io.StringIO)
    lines = file.getvalue().splitlines()
    assert lines[0].lstrip().startswith("queue") and len(lines) > 1
    assert all(len(line.rstrip()) <= 60 for line in lines)
    assert all(line.startswith(" " * 17) for line in lines[1:])
    assert order("\n".join(lines)) == list(TITLES)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("One. Two.\n-# small print\n\nThree.\nFour.", "One. Two.\nThree."),
        ("A first sentence. " + "x" * 230, "A first sentence. …"),
        ("word " * 60, ("word " * 46).strip() + " …"),
        ("", ""),
    ],
)
def test_an_excerpt_ends_where_a_sentence_does(text: str, shown: str) -> None:
    assert excerpt(text, lines=2) == shown


def test_a_text_is_read_as_discord_draws_it() -> None:
    text = "**<@1>** in <#2>: `a_b` \\*x\\* ~~gone~~ <t:0:R> <t:3600:t> <t:0:d> [song](<https://a.b/c>)"
    names = {"<@1>": "@Olga", "<#2>": "#general"}
    assert plain(text, names) == "@Olga in #general: a_b *x* gone just now 01:00 1970-01-01 song"


def test_titles_and_steps_can_be_told_apart() -> None:
    assert not [pair for pair in permutations(TITLES, 2) if pair[0] in pair[1]]
    steps = [title for chapter in STORY for title, _ in chapter.steps]
    assert len(set(steps)) == len(steps)

"""The demo's own parts: the story itself is played by `make demo ONCE=1`."""

from __future__ import annotations

import asyncio
import io
import json
import re
from collections.abc import AsyncIterator
from itertools import permutations
from pathlib import Path

import pytest
from rich.console import Console

from bot.cli import main
from bot.demo.live import TABLES
from bot.demo.play import Chapter, Progress, played
from bot.demo.process import BotProcess
from bot.demo.reading import TITLES, order, plain
from bot.demo.recorded import chapter_of, table
from bot.demo.show import Show
from bot.demo.story import STORY
from bot.demo.terminal import StepFailed, Transcript, excerpt
from bot.errors import SettingsError
from sandbox.discord import Sandbox
from sandbox.page import Page
from sandbox.page.tour import Tour
from sandbox.tiktok import TikTok, gift_named, load_recording


@pytest.fixture
async def show(tmp_path: Path) -> AsyncIterator[Show]:
    """A stage whose bot was never started."""
    sandbox, tiktok = await Sandbox.start(), await TikTok.start()
    console = Console(file=io.StringIO(), width=60)
    yield Show.open(sandbox, tiktok, BotProcess(sandbox, tiktok, tmp_path), Transcript(console))
    await tiktok.close()
    await sandbox.close()


def written(show: Show) -> str:
    file = show.transcript.console.file
    assert isinstance(file, io.StringIO)
    return file.getvalue()


async def test_a_step_without_its_effect_ends_the_story(show: Show, tmp_path: Path) -> None:
    reached: list[str] = []
    (tmp_path / "bot.log").write_text("skipline was here\n" * 9 + "Traceback\n")

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
    assert written(show).count("skipline was here") == 7 and "Traceback" in written(show)


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


async def test_a_table_that_says_other_coins_than_tiktok_sent_is_told(
    show: Show, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.demo.recorded.TABLE_SECONDS", 0.05)
    channel = show.guild.create_channel(TABLES)
    live = show.tiktok.host("dj_mara").go_live()
    show.tiktok.viewer("anna").gift(live, gift_named("Corgi"))
    await show.olga.say(channel, "The live of @dj\\_mara is over.\ngifts 2, 299 coins")
    await table(show, "dj_mara")
    assert "299 coins sent, 0 arrived, 299 booked" in " ".join(written(show).split())
    await show.olga.say(channel, "The live of @dj\\_mara is over.\ngifts 1, 1 coins")
    with pytest.raises(StepFailed, match=r"say \[299, 1\] coins; only 299 were sent"):
        await table(show, "dj_mara")
    show.tiktok.host("tio_beat")
    with pytest.raises(StepFailed, match="tables of @tio_beat say"):
        await table(show, "tio_beat")


async def test_a_recording_is_told_as_it_goes_and_its_lives_end_with_it(show: Show, tmp_path: Path) -> None:
    file = tmp_path / "evening.jsonl"
    lines = [
        {"do": "like", "viewer": "anna", "count": 31},
        {"do": "gift", "viewer": "anna", "gift": "Galaxy"},
        {"do": "rename", "viewer": "anna", "name": "anna_2"},
        {"do": "pause"},
        {"do": "comment", "viewer": "anna_2", "text": "hi"},
    ]
    file.write_text("\n".join(json.dumps({"t": 0, "host": "dj_mara"} | line) for line in lines))
    live = show.tiktok.host("dj_mara").go_live()
    chapter = chapter_of(file, 1.0)
    assert chapter.steps[0][0] == "evening.jsonl: 5 actions, about 0 s"
    await chapter.steps[0][1](show)
    said = " ".join(written(show).split())
    for part in (
        *("@anna sends a Galaxy to @dj_mara", "is called @anna_2", 'pause {"host": "dj_mara"}'),
        *("likes 31", "comments 1", "@dj_mara ends the live"),
    ):
        assert part in said, said
    assert live.over


@pytest.mark.parametrize(
    ("written", "told"),
    [
        (None, "cannot be read (No such file"),
        ("", "has no actions"),
        ("likes", "is no recording of a live. Line 1 is no JSON"),
        ('{"t": 0, "do": "dance"}', "Line 1 has no action I know: 'dance'"),
        (b"\xff\xfe", "is no recording of a live"),
    ],
)
def test_a_file_that_is_no_recording_is_refused(
    tmp_path: Path, written: str | bytes | None, told: str
) -> None:
    file = tmp_path / "evening.jsonl"
    if written is not None:
        file.write_bytes(written if isinstance(written, bytes) else written.encode())
    with pytest.raises(SettingsError, match=re.escape(told)):
        chapter_of(file, 1.0)


@pytest.mark.parametrize("speed", ["0", "-1", "nan", "1e9", "fast"])
def test_a_speed_that_is_none_is_refused(speed: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["demo", "--speed", speed])
    assert ended.value.code == 2 and "a speed is a number above 0" in capsys.readouterr().err


def test_the_sample_is_a_recording_of_a_minute(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "evening.jsonl"
    assert main(["demo", "--sample", str(file)]) == 0
    assert f"skipline demo --live {file}" in capsys.readouterr().out
    actions = load_recording(file)
    assert {"go_live", "drop", "streak", "end"} <= {action["do"] for action in actions}
    assert 50_000 < actions[-1]["t"] <= 70_000 and file.stat().st_size < 100_000
    assert main(["demo", "--sample", str(tmp_path / "no" / "such")]) == 2


async def test_the_bot_of_the_demo_knows_nothing_of_a_real_one(
    show: Show, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / ".env").write_text("REDIS_URL=nonsense\nTIKTOK_SIGN_KEY_FILE=/nowhere\n")
    monkeypatch.chdir(elsewhere)
    monkeypatch.setenv("DATABASE_URL", "nonsense")
    assert "no backup" in (await show.bot.skipline("backup", "list")).casefold()


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
    text = "**<@1>** in <#2>: `a_b` c\\_d \\*x\\* ~~gone~~ <t:0:R> <t:3600:t> <t:0:d> [song](<https://a.b/c>)"
    names = {"<@1>": "@Olga", "<#2>": "#general"}
    assert plain(text, names) == "@Olga in #general: a_b c_d *x* gone just now 01:00 1970-01-01 song"


def test_titles_and_steps_can_be_told_apart() -> None:
    assert not [pair for pair in permutations(TITLES, 2) if pair[0] in pair[1]]
    steps = [title for chapter in STORY for title, _ in chapter.steps]
    assert len(set(steps)) == len(steps)


async def test_the_story_stops_between_two_steps_when_somebody_wants_to_play(show: Show) -> None:
    tour = Tour("Tour")
    page = await Page.start(show.guild, tour=tour)
    progress, reached, pressed = Progress(tour, stoppable=True), list[str](), asyncio.Event()

    async def first(_: Show) -> None:
        reached.append("first")
        notice = tour.frame()["notice"]
        assert (notice["title"], notice["text"]) == ("The story is being played", "One · First")
        await tour.do({"what": "press", "control": "stop"})
        while tour.frame()["controls"][0]["said"] != "after this step":
            pressed.clear()
            await pressed.wait()

    async def later(_: Show) -> None:
        reached.append("later")

    tour.listen(pressed.set)
    story = [Chapter("One", [("First", first), ("Second", later)]), Chapter("Two", [("Third", later)])]
    assert await played(show, story, progress)
    assert reached == ["first"] and progress.stopped
    assert "Second" not in written(show) and "Two" not in written(show)
    progress.ended()
    await page.close()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--tour", "--once"], "not allowed with argument"),
        (["--tour", "--live", "evening.jsonl"], "--live is played after the story, which --tour leaves out"),
    ],
)
def test_the_tour_alone_has_no_story(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        code = main(["demo", *arguments])
    except SystemExit as ended:
        code = ended.code
    assert code == 2 and told in capsys.readouterr().err

"""A plugin that changes on disk while the bot runs: a copy of the program, changed under its feet."""

from __future__ import annotations

import shutil
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from redis.asyncio import Redis

from bot import cli
from sandbox.discord import Sandbox
from tests.processes.conftest import Process, Room
from tests.processes.test_process import put_up_panel

ROOT = Path(__file__).parents[2]
PACKAGES = ("bot", "plugins", "components", "state", "persistence", "integrations")


NEW_COMMAND = """
@tanjun.as_slash_command("echo", "Answers.", dm_enabled=False)
async def echo(ctx: tanjun.abc.SlashContext) -> None:
    await ctx.respond("first echo")


"""
CLASH = """    router.include(routes)
    router.component("pending.approve")(listing.turn)
    router.component("pending.approve")(listing.turn)
"""


class Edited(Process):
    """`skipline run --reload` of a copy of the program that a test may change."""

    arguments = ("--reload",)


@pytest.fixture
async def copy(sandbox: Sandbox, data_dir: Path, redis_of: Redis, room: Room) -> AsyncIterator[Process]:
    folder = data_dir / "program"
    for package in PACKAGES:
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    process = Edited(sandbox, data_dir, GUILD_ID=str(room.guild.id))
    process.root = folder
    await process.start()
    yield process
    if process.child is not None and process.child.returncode is None:
        await process.end(signal.SIGKILL)


def edit(process: Process, path: str, *changes: tuple[str, str]) -> None:
    """Replaces texts of a file at one stroke, so that the watcher sees all of them or none."""
    file = process.root / path
    text = file.read_text()
    for before, after in changes:
        assert before in text
        text = text.replace(before, after, 1)
    changed = file.with_suffix(".new")
    changed.write_text(text)
    changed.replace(file)


def puts(sandbox: Sandbox) -> int:
    return sum(each.method == "PUT" and each.path.endswith("/commands") for each in sandbox.requests)


async def test_a_changed_plugin_is_loaded_again_and_a_broken_one_is_not(
    copy: Process, sandbox: Sandbox, redis_of: Redis, room: Room
) -> None:
    end = "component = tanjun.Component("
    before = puts(sandbox)
    edit(copy, "plugins/queue/__init__.py", (end, NEW_COMMAND + end))
    await copy.says("plugins.queue was loaded again")
    await sandbox.wait_for_request(lambda each: each.method == "PUT" and "echo" in str(each.body))
    await copy.says("Discord has the commands", times=2)
    assert puts(sandbox) == before + 1
    assert "first echo" in (await room.alice.command("echo", channel=room.queue)).text

    # A change that Discord need not know of is not declared.
    edit(copy, "plugins/queue/__init__.py", ("first echo", "second echo"))
    await copy.says("plugins.queue was loaded again", times=2)
    assert "second echo" in (await room.alice.command("echo", channel=room.queue)).text
    assert puts(sandbox) == before + 1

    edit(copy, "plugins/queue/__init__.py", ("second echo", '" not Python'))
    await copy.says("plugins.queue cannot be loaded; the old one stays.")
    await copy.says("SyntaxError")
    assert "second echo" in (await room.alice.command("echo", channel=room.queue)).text

    # It imports, but its buttons clash with another plugin's.
    edit(
        copy,
        "plugins/queue/__init__.py",
        ('" not Python', "third echo"),
        ("    router.include(routes)", CLASH),
    )
    await copy.says("plugins.queue cannot be opened; the old one stays.")
    assert "second echo" in (await room.alice.command("echo", channel=room.queue)).text
    shown = await room.alice.command("queue show", channel=room.queue)
    assert shown.ok and "older" not in shown.text


async def test_the_panel_outlives_its_plugin(
    copy: Process, redis_of: Redis, sandbox: Sandbox, room: Room
) -> None:
    await room.submit(room.alice, "First light")
    await room.submit(room.bruno, "Second wind")
    await put_up_panel(redis_of, room)
    edit(copy, "plugins/panel/__init__.py", ("component = ", "# changed\ncomponent = "))
    await copy.says("plugins.panel was loaded again")
    edit(copy, "plugins/submit/__init__.py", ("component = ", "# changed\ncomponent = "))
    await copy.says("plugins.submit was loaded again")
    panel = await room.panel()
    reply = await room.host.press(panel, label="Next")
    message = await reply.settled()
    assert "First light" in message.text
    await room.submit(room.alice, "Third time")
    assert not any("ERROR" in line for line in copy.lines), copy.lines


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({}, "skipline: --reload is for a server to develop in; set GUILD_ID to its id.\n"),
        (
            {"GUILD_ID": "5", "SKIPLINE_ROLE": "worker"},
            "skipline: --reload is for a process that answers people; a worker loads no plugins.\n",
        ),
    ],
)
def test_without_a_server_or_plugins_there_is_one_sentence(
    more: dict[str, str], told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in ({"DISCORD_BOT_TOKEN": "MTIz.a.b"} | more).items():
        monkeypatch.setenv(name, value)
    assert cli.main(["run", "--reload"]) == 2
    assert capsys.readouterr().err == told

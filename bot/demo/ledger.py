"""What is written down, and who may read it: settings as a file, who did what, what is kept of a person."""

from __future__ import annotations

import json
from typing import Any, Final

from bot.demo.play import Chapter
from bot.demo.show import Show
from bot.demo.terminal import StepFailed
from sandbox.discord import Reply


def attached(show: Show, reply: Reply) -> Any:
    """The JSON file of an answer, after showing its name and size."""
    if reply.message is None or not reply.message.attachments:
        raise StepFailed("no file came with the answer")
    file = reply.message.attachments[0]
    show.tell("", f"{file.filename}, {len(file.content):,} bytes")
    return json.loads(file.content)


async def export(show: Show) -> None:
    """All settings as a file, for another server or for later."""
    reply = await show.command(show.olga, "settings export", "All settings and the ladder", lines=1)
    if "BackToBack" not in json.dumps(attached(show, reply)):
        raise StepFailed("the ladder is not in the file")


async def audit(show: Show) -> None:
    """Who did what: the newest first."""
    await show.command(show.theo, "audit show", "Theo took back", "Theo removed", "Mia played", lines=6)


async def history(show: Show) -> None:
    """Every song there ever was can be searched."""
    await show.command(show.mia, "review history", "Paper Moon", "9/10", "bookmarked", lines=3, score=8)


async def privacy(show: Show) -> None:
    """An artist gets everything kept of her, and nothing of anybody else."""
    alice = show.artists["Alice"]
    reply = await show.command(alice, "privacy export", "everything kept about you", lines=1)
    found = json.dumps(attached(show, reply))
    if "Night Bus" not in found or "Glass Harbour" in found:
        raise StepFailed("the file is not Alice's own")


CHAPTER: Final = Chapter(
    "What is written down",
    (
        ("Who did what, and when", audit),
        ("Every song can be found again", history),
        ("The settings leave as a file", export),
        ("Alice gets everything that is kept about her", privacy),
    ),
)

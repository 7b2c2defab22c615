"""Accidents: the bot is killed, Redis is emptied, and somebody wants the queue as it was an hour ago."""

from __future__ import annotations

import re
import signal
from typing import Final

from redis.asyncio import Redis

from bot import embedded
from bot.demo.play import Chapter
from bot.demo.show import Show
from bot.demo.terminal import StepFailed

BEFORE: Final = ("Night Bus", "Glass Harbour", "Marea Baja", "Slow Motion")


async def killed(show: Show) -> None:
    """The bot is killed in the middle of the show and started again."""
    show.tell("kill -9", "the bot dies; a press goes unanswered")
    await show.bot.end(signal.SIGKILL)
    if (await show.mia.press(await show.panel("Static Bloom"), label="Next")).ok:
        raise StepFailed("a dead bot answered")
    await show.bot.start()
    show.tell("start", "the bot is back; the same panel works")
    await show.next(show.mia)
    await show.queue(*BEFORE, playing="Silver Line")


async def backed_up(show: Show) -> None:
    """Olga takes a backup; one that was just taken by itself, as every hour, is as good."""
    reply = await show.command(show.olga, "backup now", "backup", lines=1)
    move = re.search(r"move (\d+)", reply.text)
    if move is None:
        raise StepFailed("no backup was taken")
    show.backup = move[1]
    await show.next(show.mia)
    await show.queue(*BEFORE[1:], playing="Night Bus")


async def emptied(show: Show) -> None:
    """Redis loses everything; the next who asks finds the queue as it was to the last move."""
    show.tell("redis-cli", "FLUSHALL")
    url = embedded.find(show.bot.data)
    if url is None:
        raise StepFailed("the bot's own Valkey is not running")
    async with Redis.from_url(url) as redis:
        await redis.flushall()
    await show.command(show.artists["Alice"], "queue show", *BEFORE, lines=7)
    await show.queue(*BEFORE[1:], playing="Night Bus")


async def restored(show: Show) -> None:
    """The backup: first what would change, then the change."""
    # By its name: the hourly backup may have been taken since.
    wanted = ("restore", "--revision", show.backup)
    show.tell("admin", " ".join(("skipline", *wanted)))
    printed = (await show.bot.skipline(*wanted)).splitlines()
    if not printed[-1].startswith("Nothing was changed"):
        raise StepFailed(f"skipline restore says: {printed}")
    changes = [line for line in printed if line.startswith("Songs that")]
    show.transcript.line("", "\n".join([*changes, printed[-1]]))
    show.tell("admin", " ".join(("skipline", *wanted, "--yes")))
    printed = (await show.bot.skipline(*wanted, "--yes")).splitlines()
    done = next((line for line in printed if line.startswith("Restored as move")), None)
    if done is None:
        raise StepFailed(f"skipline restore --yes says: {printed}")
    show.transcript.line("", done)
    await show.queue(*BEFORE, playing="Silver Line")


CHAPTER: Final = Chapter(
    "Accidents",
    (
        ("The bot is killed and comes back: same queue, same buttons", killed),
        ("Olga takes a backup, and the show goes on", backed_up),
        ("Redis is emptied: the queue is rebuilt to the last move", emptied),
        ("A backup is put back, after a look at what it would change", restored),
    ),
)

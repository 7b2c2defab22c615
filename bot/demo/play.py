"""Plays a story: puts up the stage, goes through the chapters, and stops at the first step that fails."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import signal
import tempfile
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.console import Console

from bot.demo.process import BotProcess
from bot.demo.show import Show
from bot.demo.terminal import StepFailed, Transcript
from sandbox.discord import ClientRefused, Sandbox
from sandbox.page import Page
from sandbox.page.tour import Control, Tour
from sandbox.tiktok import TikTok

TITLE: Final = "Skipline in eight steps"

Step = tuple[str, Callable[[Show], Awaitable[None]]]
"""What a step shows, and the coroutine that does it; that raises `StepFailed` where the effect is missing."""


@dataclass(frozen=True, slots=True)
class Chapter:
    """Steps that belong together. Each goes on from what the steps before it left."""

    title: str
    steps: Sequence[Step]


class Progress:
    """Tells the page how far the story is, and hears there that somebody wants to play themselves."""

    def __init__(self, tour: Tour, *, stoppable: bool) -> None:
        self._tour = tour
        self._ended = asyncio.Event()
        self._stop = Control("stop", "Stop the story, I will play", "It ends after this step.", self._pressed)
        self._controls = (self._stop,) if stoppable else ()
        self.stopped = False

    def step(self, chapter: str, title: str) -> None:
        """A step begins."""
        self._tour.announce("The story is being played", f"{chapter} · {title}", self._controls)

    def ended(self) -> None:
        """The story is over, however it came to that."""
        self._ended.set()

    async def _pressed(self, tell: Callable[[str], None]) -> None:
        self.stopped = True
        tell("after this step")
        await self._ended.wait()


async def play(story: Sequence[Chapter], *, once: bool) -> int:
    """Plays the story, which may be empty; then, unless `once`, offers the tour and stays up until Ctrl-C.

    Gives the exit code.
    """
    # Here, as the tour prepares its stage with steps of the story, which are made of chapters.
    from bot.demo.tour import offer

    console = Console()
    async with _stage(console) as (show, page, tour):
        progress, began = Progress(tour, stoppable=not once), time.monotonic()
        try:
            if not await played(show, story, progress):
                return 1
        finally:
            progress.ended()
        if progress.stopped:
            console.print("\nThe story was stopped on the page.")
        elif story:
            show.transcript.done(time.monotonic() - began)
        if not once:
            if not await offer(show, tour) and not story:
                return 1
            console.print(f"\nThe server stays up, with its TikTok at {show.tiktok.app_url}/control")
            console.print("(docs/sandbox-tiktok.md), and takes what you do on its page, where a tour begins:")
            console.print(page.url, highlight=False, soft_wrap=True)
            console.print("Ctrl-C ends it.")
            stop = asyncio.Event()
            for number in (signal.SIGINT, signal.SIGTERM):
                asyncio.get_running_loop().add_signal_handler(number, stop.set)
            await stop.wait()
    return 0


async def played(show: Show, story: Sequence[Chapter], progress: Progress | None = None) -> bool:
    """Plays chapter after chapter on a stage that is up; False as soon as a step has not its effect.

    Ends between two steps, with True, when somebody wants to stop it.
    """
    for chapter in story:
        if progress is not None and progress.stopped:
            break
        show.transcript.chapter(chapter.title)
        for title, step in chapter.steps:
            if progress is not None:
                if progress.stopped:
                    break
                progress.step(chapter.title, title)
            show.transcript.step(title)
            try:
                await step(show)
            except (StepFailed, ClientRefused, LookupError, TimeoutError) as failed:
                show.transcript.failed(str(failed) or type(failed).__name__)
                for who, what in show.aftermath():
                    show.transcript.line(who, what, "dim")
                return False
    return True


@contextlib.asynccontextmanager
async def _stage(console: Console) -> AsyncGenerator[tuple[Show, Page, Tour]]:
    folder = Path(tempfile.mkdtemp(prefix="skipline-demo-"))
    sandbox = await Sandbox.start()
    # Whoever comes back is told everything of the last moments again, which must count once.
    tiktok = await TikTok.start(history_depth=20, history_kinds=None)
    bot = BotProcess(sandbox, tiktok, folder)
    page: Page | None = None
    try:
        console.print(f"A local Discord answers at {sandbox.rest_url},", highlight=False)
        console.print(f"a local TikTok at {tiktok.app_url}.", highlight=False)
        console.print("Nothing leaves this machine.")
        with console.status("Starting the bot with a Valkey and a PostgreSQL of its own …"):
            await bot.start()
        show = Show.open(sandbox, tiktok, bot, Transcript(console))
        tour = Tour(TITLE)
        page = await Page.start(show.guild, tiktok=tiktok, tour=tour)
        console.print(f"Watch it, and take part as anybody: {page.url}", highlight=False, soft_wrap=True)
        yield show, page, tour
    finally:
        if page is not None:
            await page.close()
        await bot.end()
        await tiktok.close()
        await sandbox.close()
        shutil.rmtree(folder, ignore_errors=True)

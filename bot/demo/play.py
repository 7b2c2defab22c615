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

from rich.console import Console

from bot.demo.process import BotProcess
from bot.demo.show import Show
from bot.demo.terminal import StepFailed, Transcript
from sandbox.discord import ClientRefused, Sandbox
from sandbox.page import Page
from sandbox.tiktok import TikTok

Step = tuple[str, Callable[[Show], Awaitable[None]]]
"""What a step shows, and the coroutine that does it; that raises `StepFailed` where the effect is missing."""


@dataclass(frozen=True, slots=True)
class Chapter:
    """Steps that belong together. Each goes on from what the steps before it left."""

    title: str
    steps: Sequence[Step]


async def play(story: Sequence[Chapter], *, once: bool) -> int:
    """Plays the story; then, unless `once`, stays up until Ctrl-C. Gives the exit code."""
    console = Console()
    async with _stage(console) as (show, page):
        began = time.monotonic()
        if not await played(show, story):
            return 1
        show.transcript.done(time.monotonic() - began)
        if not once:
            console.print(f"\nThe server stays up, with its TikTok at {show.tiktok.app_url}/control")
            console.print("(docs/sandbox-tiktok.md), and takes what you do on its page:")
            console.print(page.url, highlight=False, soft_wrap=True)
            console.print("Ctrl-C ends it.")
            stop = asyncio.Event()
            for number in (signal.SIGINT, signal.SIGTERM):
                asyncio.get_running_loop().add_signal_handler(number, stop.set)
            await stop.wait()
    return 0


async def played(show: Show, story: Sequence[Chapter]) -> bool:
    """Plays chapter after chapter on a stage that is up; False as soon as a step has not its effect."""
    for chapter in story:
        show.transcript.chapter(chapter.title)
        for title, step in chapter.steps:
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
async def _stage(console: Console) -> AsyncGenerator[tuple[Show, Page]]:
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
        page = await Page.start(show.guild, tiktok=tiktok)
        console.print(f"Watch it, and take part as anybody: {page.url}", highlight=False, soft_wrap=True)
        yield show, page
    finally:
        if page is not None:
            await page.close()
        await bot.end()
        await tiktok.close()
        await sandbox.close()
        shutil.rmtree(folder, ignore_errors=True)

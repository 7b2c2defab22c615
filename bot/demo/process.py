"""The bot under demonstration, and the commands an admin types beside it."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Final

from bot.demo.terminal import StepFailed
from bot.settings import SECRETS
from sandbox.discord import Sandbox
from sandbox.tiktok import TikTok

START_SECONDS: Final = 90
"""A first start creates a database; on a slow disk that takes a while."""

COMMAND_SECONDS: Final = 60


class BotProcess:
    """`skipline run` as a process. Its log goes to a file that is shown when it fails to start."""

    def __init__(self, sandbox: Sandbox, tiktok: TikTok, folder: Path) -> None:
        self.data = folder / "data"
        # Its own directory: a `.env` where the demo is called belongs to a real bot.
        self._folder = folder
        self._environment = {
            **os.environ,
            "DISCORD_BOT_TOKEN": sandbox.token,
            "DISCORD_REST_URL": sandbox.rest_url,
            "SKIPLINE_DATA_DIR": str(self.data),
            "SKIPLINE_LOG": "INFO",
            "TIKTOK_URL": tiktok.app_url,
            "TIKTOK_SIGN_URL": tiktok.sign_url,
            "TIKTOK_SIGN_KEY": tiktok.sign_key,
            # Settings of a real bot in the caller's environment have no place here.
            **{f"{name}_FILE": "" for name in SECRETS},
            "ALLOW_ANY_HANDLE_LINKING": "",
            "REDIS_URL": "",
            "DATABASE_URL": "",
            "GUILD_ID": "",
            "SKIPLINE_ROLE": "",
            "SKIPLINE_SHARDS": "",
        }
        self._log = folder / "bot.log"
        self._child: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Starts it and returns once Discord has its commands. Raises `StepFailed` when it does not start."""
        with self._log.open("ab") as log:
            start = log.tell()
            self._child = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "bot.cli", "run", cwd=self._folder, env=self._environment, stderr=log
            )
        try:
            async with asyncio.timeout(START_SECONDS):
                while b"Discord has the commands" not in self._log.read_bytes()[start:]:
                    if self._child.returncode is not None:
                        raise StepFailed(f"The bot did not start:\n{self._log.read_text()}")
                    await asyncio.sleep(0.1)
        except TimeoutError:
            raise StepFailed(f"The bot did not start in time:\n{self._log.read_text()}") from None

    @property
    def running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._child is not None and self._child.returncode is None

    def last_words(self, lines: int = 8) -> str:
        """The end of its log, for a step that failed; empty where it has not written any."""
        if not self._log.exists():
            return ""
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-lines:])

    async def end(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Ends it with a signal and waits until it is gone."""
        if self._child is not None and self.running:
            self._child.send_signal(number)
            await self._child.wait()

    async def skipline(self, *arguments: str) -> str:
        """Runs another `skipline` command on the same data; gives what it prints.

        Raises `StepFailed` for an exit code that is not 0, and after a minute.
        """
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot.cli", *arguments, cwd=self._folder,
            env=self._environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        try:
            out, error = await asyncio.wait_for(child.communicate(), COMMAND_SECONDS)
        except TimeoutError:
            child.kill()
            await child.wait()
            raise StepFailed(f"skipline {arguments[0]} took more than {COMMAND_SECONDS} s") from None
        if child.returncode:
            raise StepFailed(f"skipline {' '.join(arguments)}: {error.decode() or out.decode()}")
        return out.decode()

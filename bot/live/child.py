"""Keeps the process that listens to TikTok running beside this one, once some guild wants a host.

Decoding a live is work for a processor, and the library alone takes 4 s to import and 65 to 95 MB: in the
process that answers people it would be felt.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sys
from collections.abc import Mapping
from typing import Final

from redis.asyncio import Redis

from bot.settings import SECRETS, Settings
from state.feed import Change, Feed
from state.hosts import any_wanted

_log = logging.getLogger("skipline.live")

PATIENCE: Final = 10.0
"""Seconds a stopping process is given before it is killed."""

LONGEST_PAUSE: Final = 30.0
"""Seconds at the most until a process that died is started again."""

LONG_RUN: Final = 60.0
"""Seconds after which a process counts as having run well."""


class LiveProcess:
    """One `python -m bot.live`, started when it is first needed and again whenever it dies."""

    def __init__(self, settings: Settings, environment: Mapping[str, str], redis: Redis, feed: Feed) -> None:
        # A secret that was given as a file is among the settings by now, and may not be given twice.
        kept = {
            name: value for name, value in os.environ.items() if name.removesuffix("_FILE") not in SECRETS
        }
        self._environment = {**kept, **settings.to_environment(), **environment}
        self._redis = redis
        self._needed = asyncio.Event()
        self._child: asyncio.subprocess.Process | None = None
        feed.listen(self._heard, self._look)

    @property
    def pid(self) -> int | None:
        """Its process id, None while it does not run."""
        return self._child.pid if self._child is not None and self._child.returncode is None else None

    def _heard(self, change: Change) -> None:
        if change.kind == "host_connected":
            self._needed.set()

    async def _look(self) -> None:
        if not self._needed.is_set() and await any_wanted(self._redis):
            self._needed.set()

    async def run(self) -> None:
        """Waits for the need, then keeps it running until cancelled."""
        loop = asyncio.get_running_loop()
        pause = 1.0
        await self._look()
        await self._needed.wait()
        try:
            while True:
                started = loop.time()
                # It ends when its standard input does: also when this process is killed.
                self._child = await asyncio.create_subprocess_exec(
                    sys.executable,
                    "-m",
                    "bot.live",
                    env=self._environment,
                    stdin=asyncio.subprocess.PIPE,
                )
                code = await self._child.wait()
                pause = 1.0 if loop.time() - started > LONG_RUN else min(pause * 2, LONGEST_PAUSE)
                _log.error("The TikTok process ended (code %d); it is started again in %.0f s.", code, pause)
                await asyncio.sleep(pause)
        finally:
            await self._end()

    async def _end(self) -> None:
        child = self._child
        if child is None or child.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            child.terminate()
        try:
            await asyncio.wait_for(child.wait(), PATIENCE)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            await child.wait()

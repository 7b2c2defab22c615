"""Keeps the process that listens to TikTok running beside this one, once some guild wants a host.

Decoding a live is work for a processor, and the library alone takes 4 s to import and 65 to 95 MB: in the
process that answers people it would be felt.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections.abc import Mapping
from typing import Final

from redis.asyncio import Redis
from redis.exceptions import RedisError

from bot.settings import SECRETS, Settings
from state.feed import Change, Feed
from state.hosts import any_wanted

_log = logging.getLogger("skipline.live")

PATIENCE: Final = 10.0
"""Seconds a stopping process is given before it is killed."""

FIRST_PAUSE: Final = 1.0
"""Seconds until a process that died is started again; twice as many each time it did not run long."""

LONGEST_PAUSE: Final = 30.0
"""Seconds at the most."""

LONG_RUN: Final = 60.0
"""Seconds after which a process counts as having run well."""


_WATCHED: Final = frozenset({"host_connected", "restored", "restored_backup"})


class LiveProcess:
    """One `python -m bot.live`, started when it is first needed and again whenever it dies."""

    def __init__(self, settings: Settings, environment: Mapping[str, str], redis: Redis, feed: Feed) -> None:
        # A secret that was given as a file is among the settings by now, and may not be given twice.
        kept = {
            name: value for name, value in os.environ.items() if name.removesuffix("_FILE") not in SECRETS
        }
        self._environment = {**kept, **settings.to_environment(), **environment}
        self._redis = redis
        self._news = asyncio.Event()
        self._child: asyncio.subprocess.Process | None = None
        feed.listen(self._heard, self._resumed)

    @property
    def pid(self) -> int | None:
        """Its process id, None while it does not run."""
        return self._child.pid if self._child is not None and self._child.returncode is None else None

    def _heard(self, change: Change) -> None:
        if change.kind in _WATCHED:
            self._news.set()

    async def _resumed(self) -> None:
        self._news.set()

    async def _needed(self) -> None:
        """Waits until some guild wants a host."""
        while True:
            self._news.clear()
            try:
                if await any_wanted(self._redis):
                    return
                await self._news.wait()
            except (RedisError, OSError) as gone:
                _log.warning("Whether anybody wants a host is asked again (%s).", type(gone).__name__)
                await asyncio.sleep(1.0)

    async def run(self) -> None:
        """Waits for the need, then keeps it running until cancelled."""
        loop = asyncio.get_running_loop()
        pause = FIRST_PAUSE
        await self._needed()
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
                    # Ctrl-C reaches all processes of a terminal; this one ends when we say so.
                    start_new_session=True,
                )
                _log.info("The TikTok process %d is started.", self._child.pid)
                code = await self._child.wait()
                if loop.time() - started > LONG_RUN:
                    pause = FIRST_PAUSE
                _log.error("The TikTok process ended (%s); it is started again in %.0f s.", _why(code), pause)
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
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


def _why(code: int) -> str:
    """What an exit code says: a process that was killed has the signal's number, negative."""
    return f"code {code}" if code >= 0 else signal.Signals(-code).name

"""How processes share one embedded server.

Two files in the server's directory are locked with flock. `start.lock` is held, exclusively, while a server
is looked for, started or stopped. `users.lock` is held, shared, by everyone who uses it: whoever can take it
exclusively is alone. The kernel drops the locks of a killed process, so a crash never counts as a user and no
list of process ids can go stale.
"""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

from bot.embedded import Server
from bot.errors import StartupError

__all__ = ["create_directory", "shared"]

_POLL = 0.05
_LAUNCH_SECONDS = 5.0
_LOOK_EVERY = 1.0
_LONGEST_WAIT = 60.0
_T = TypeVar("_T")

_LOG = logging.getLogger("skipline.embedded")


@asynccontextmanager
async def shared(
    directory: Path,
    start: Callable[[bool], Awaitable[_T]],
    stop: Callable[[], Awaitable[None]],
    running: Callable[[], bool] | None = None,
) -> AsyncGenerator[_T]:
    """Use the server of `directory`.

    `start` finds or starts it and is told whether nobody else uses it; `stop` is called by the last one out,
    and by one who is stopped while it starts. Neither ever runs at the same time as another process's. With
    `running`, which tells whether it is there, a server that dies meanwhile is started again.
    """
    users = _open(directory / "users.lock")
    try:
        async with _starting(directory):
            alone = _try_lock(users, fcntl.LOCK_EX)
            fcntl.flock(users, fcntl.LOCK_SH)
            try:
                server = await _whole(start(alone))
            except asyncio.CancelledError:
                if _try_lock(users, fcntl.LOCK_EX):
                    await stop()
                raise
        keeping = None if running is None else asyncio.create_task(_keep(directory, start, running, server))
        try:
            yield server
        finally:
            if keeping is not None:
                keeping.cancel()
                await asyncio.gather(keeping, return_exceptions=True)
            async with _starting(directory):
                if _try_lock(users, fcntl.LOCK_EX):
                    await stop()
    finally:
        os.close(users)


async def _whole(start: Awaitable[_T]) -> _T:
    """Start a server; whoever is cancelled leaves once it can be found, as nobody would stop it otherwise."""
    starting = asyncio.ensure_future(start)
    try:
        return await asyncio.shield(starting)
    except asyncio.CancelledError:
        await asyncio.wait([starting], timeout=_LAUNCH_SECONDS)
        starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)
        raise


async def _keep(
    directory: Path,
    start: Callable[[bool], Awaitable[object]],
    running: Callable[[], bool],
    server: object,
) -> None:
    """Start the server again whenever it is gone; look less often while it cannot be started."""
    loop = asyncio.get_running_loop()
    wait, begun = _LOOK_EVERY, loop.time()
    while True:
        if await _ended(server):
            # One that ends as soon as it answers is not to keep us busy.
            await asyncio.sleep(begun + _LOOK_EVERY - loop.time())
        else:
            await asyncio.sleep(wait)
            if running():
                wait = _LOOK_EVERY
                continue
        _LOG.warning("The embedded server of %s is gone; starting it again.", directory)
        try:
            async with _starting(directory):
                # Whoever else uses it may have been faster: `start` finds theirs.
                server = await _whole(start(False))
        except Exception as error:
            server, wait = None, min(wait * 2, _LONGEST_WAIT)
            _LOG.error("It cannot be started (%s); trying again in %.0f s.", error, wait)
        else:
            wait, begun = _LOOK_EVERY, loop.time()
            _LOG.info("The embedded server of %s is back.", directory)


async def _ended(server: object) -> bool:
    """Wait until the server's process has ended; False where the system cannot tell without being asked."""
    if sys.platform != "linux" or not isinstance(server, Server):
        return False
    try:
        process = os.pidfd_open(server.pid)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    loop, over = asyncio.get_running_loop(), asyncio.Event()
    try:
        loop.add_reader(process, over.set)
        await over.wait()
    finally:
        loop.remove_reader(process)
        os.close(process)
    return True


def create_directory(data_dir: Path, name: str) -> Path:
    """Make `<data_dir>/<name>`, readable by its owner alone, and return its absolute path.

    Raises `StartupError` when that cannot be done.
    """
    path = data_dir.absolute() / name
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.mkdir(mode=0o700, exist_ok=True)
        os.close(_open(path / "start.lock"))
    except OSError as error:
        raise StartupError(f"The data directory {path} cannot be written ({error.strerror}).") from None
    return path


@asynccontextmanager
async def _starting(directory: Path) -> AsyncGenerator[None]:
    lock = _open(directory / "start.lock")
    try:
        while not _try_lock(lock, fcntl.LOCK_EX):  # noqa: ASYNC110 - a blocking flock could not be cancelled
            await asyncio.sleep(_POLL)
        yield
    finally:
        os.close(lock)


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _try_lock(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True

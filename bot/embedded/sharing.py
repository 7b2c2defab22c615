"""How processes share one embedded server.

Two files in the server's directory are locked with flock. `start.lock` is held, exclusively, while a server
is looked for, started or stopped. `users.lock` is held, shared, by everyone who uses it: whoever can take it
exclusively is alone. The kernel drops the locks of a killed process, so a crash never counts as a user and no
list of process ids can go stale.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

from bot.errors import StartupError

__all__ = ["create_directory", "shared"]

_POLL = 0.05
_LAUNCH_SECONDS = 5.0
_T = TypeVar("_T")


@asynccontextmanager
async def shared(
    directory: Path, start: Callable[[bool], Awaitable[_T]], stop: Callable[[], Awaitable[None]]
) -> AsyncGenerator[_T]:
    """Use the server of `directory`.

    `start` finds or starts it and is told whether nobody else uses it; `stop` is called by the last one out,
    and by one who is stopped while it starts. Neither ever runs at the same time as another process's.
    """
    users = _open(directory / "users.lock")
    try:
        async with _starting(directory):
            alone = _try_lock(users, fcntl.LOCK_EX)
            fcntl.flock(users, fcntl.LOCK_SH)
            starting = asyncio.ensure_future(start(alone))
            try:
                server = await asyncio.shield(starting)
            except asyncio.CancelledError:
                # A server that is being launched cannot be found yet, and would be left behind.
                await asyncio.wait([starting], timeout=_LAUNCH_SECONDS)
                starting.cancel()
                await asyncio.gather(starting, return_exceptions=True)
                if _try_lock(users, fcntl.LOCK_EX):
                    await stop()
                raise
        try:
            yield server
        finally:
            async with _starting(directory):
                if _try_lock(users, fcntl.LOCK_EX):
                    await stop()
    finally:
        os.close(users)


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

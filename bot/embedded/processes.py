"""Starting, finding and ending server processes that outlive the one that starts them."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import shlex
import signal
import socket
import stat
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import psutil

from bot.errors import StartupError

__all__ = ["end", "ended", "is_running", "launch", "leave_socket_directory", "rotate", "socket_directory"]

# Unix socket paths end at 104 bytes on macOS and 108 on Linux; room is left for the socket's name.
_LONGEST_DIRECTORY = 80
_LARGEST_LOG = 1_000_000
_POLL = 0.02


def is_running(pid: int, mark: str) -> bool:
    """Tell whether process `pid` is alive and has `mark` in its command line (process ids are used again)."""
    try:
        process = psutil.Process(pid)
        # A zombie has ended; its parent, perhaps process 1 of a container, merely has not asked.
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        if words := process.cmdline():
            return mark in " ".join(words)
        # Only just started: the program is there a moment before its words. One that ends has neither.
        return bool(process.exe())
    except psutil.Error:
        return False


async def launch(command: Sequence[str], log: Path, directory: Path, account: tuple[int, int] | None) -> int:
    """Start `command` as a process of its own, its output appended to `log`, and return its process id.

    It belongs to no terminal, so that Ctrl-C in ours does not end it, and it is nobody's child: it survives
    us and leaves no zombie. `account` is the user and group id to run as; None means our own. It inherits
    none of our environment, where the bot's token may be.
    """
    script = f'"$@" </dev/null >>{shlex.quote(str(log))} 2>&1 & echo $!'
    user, group = account or (None, None)
    done = await asyncio.to_thread(
        subprocess.run,
        ["/bin/sh", "-c", script, "sh", *command],
        stdout=subprocess.PIPE,
        check=True,
        cwd=directory,
        env={"PATH": os.defpath, "LC_ALL": "C"},
        start_new_session=True,
        umask=0o077,
        user=user,
        group=group,
        extra_groups=None if account is None else [],
    )
    return int(done.stdout)


async def ended(pid: int, mark: str, timeout: float) -> bool:
    """Wait at most `timeout` seconds for the process to end; tell whether it did."""
    deadline = asyncio.get_running_loop().time() + timeout
    while is_running(pid, mark):
        if asyncio.get_running_loop().time() > deadline:
            return False
        await asyncio.sleep(_POLL)
    return True


async def end(pid: int, mark: str, signals: Sequence[tuple[signal.Signals, float]]) -> None:
    """End the process: each signal in turn, with the seconds it is given to work."""
    for number, patience in signals:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return
        if await ended(pid, mark, patience):
            return


def rotate(log: Path) -> None:
    """Put a log that has grown aside, so that two files of about a megabyte are kept at most."""
    if log.exists() and log.stat().st_size > _LARGEST_LOG:
        log.replace(log.with_suffix(".old.log"))


def socket_directory(directory: Path, account: tuple[int, int] | None) -> Path:
    """Return where a server of `directory` keeps its socket: there, or in a short private directory.

    The other one, below the system's temporary directory, is taken when the path is too long for a socket or
    the file system has none. It is the same at every call. Raises `StartupError` when somebody else owns it.
    """
    if len(os.fsencode(directory)) <= _LONGEST_DIRECTORY and _takes_sockets(directory):
        return directory
    owner = account[0] if account else os.geteuid()
    name = hashlib.sha256(os.fsencode(directory)).hexdigest()[:12]
    short = Path(tempfile.gettempdir()) / f"skipline-{owner}-{name}"
    try:
        short.mkdir(mode=0o700)
        if account:
            os.chown(short, *account)
    except FileExistsError:
        found = short.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner or found.st_mode & 0o077:
            raise StartupError(
                f"{short} belongs to somebody else; remove it, or set SKIPLINE_DATA_DIR to a shorter path."
            ) from None
    return short


def leave_socket_directory(chosen: Path, directory: Path) -> None:
    """Remove the directory `socket_directory` chose for a server of `directory`, once it has stopped."""
    if chosen != directory:
        # Not empty: the server was killed and left its socket, which the next start reuses.
        with contextlib.suppress(OSError):
            chosen.rmdir()


def _takes_sockets(directory: Path) -> bool:
    probe = directory / f".probe-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as candidate:
        try:
            candidate.bind(str(probe))
        except OSError:
            return False
        finally:
            probe.unlink(missing_ok=True)
    return True

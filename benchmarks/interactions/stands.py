"""The bots that are measured, each on a sandbox Discord of its own, and what is done to them."""

from __future__ import annotations

import asyncio
import contextlib
import math
import tempfile
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import psutil

from benchmarks.interactions import row_locks
from benchmarks.rig import ACTOR, declared, moves, process, room
from bot import embedded
from sandbox.discord import Channel, Message, Person, Reply, Sandbox
from state.song import NewSong

ROOM = 10
"""Songs that are left waiting in a guild after the last press, so that each page and panel is full."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Seconds to the first answer, and until all that was asked for is to be seen; infinity for no answer."""

    first: float
    seen: float


@dataclass
class Seat:
    """One guild of a bot: somebody who acts in it, and the panel they press."""

    person: Person
    channel: Channel
    panel: Message | None = None

    async def command(self, name: str) -> Answer:
        """Runs a slash command."""
        answered = _answered(await self.person.command(name, channel=self.channel))
        return Answer(answered, answered)

    async def press(self) -> Answer:
        """Presses Next, which is acknowledged."""
        answered = _answered(await self._press())
        return Answer(answered, answered)

    async def advance(self) -> Answer:
        """Presses Next and waits until the panel shows another song; raises `RuntimeError` when refused."""
        loop = asyncio.get_running_loop()
        panel = self._panel()
        started, playing = loop.time(), panel.text
        reply = await self._press()
        await self.channel.wait_for(lambda _: panel.text != playing or reply.followups, timeout=60)
        if reply.followups:
            raise RuntimeError(f"Next was refused: {reply.followups[0].text}")
        answered = _answered(reply)
        return Answer(answered, max(answered, loop.time() - started))

    async def _press(self) -> Reply:
        return await self.person.press(self._panel(), label="Next")

    def _panel(self) -> Message:
        assert self.panel is not None
        return self.panel


def _answered(reply: Reply) -> float:
    return reply.latency if reply.ok else math.inf


@dataclass
class Stand:
    """A bot in a process of its own, and its guilds."""

    sandbox: Sandbox
    seats: list[Seat]
    process: psutil.Process | None = None

    def spent(self) -> float:
        """Seconds of processor time the bot has had so far, without the servers it uses."""
        assert self.process is not None
        times = self.process.cpu_times()
        return times.user + times.system


Act = Callable[[Seat], Coroutine[Any, Any, Answer]]


@dataclass
class Cell:
    """One thing measured: what is done, what is done in between, and what it took, in seconds."""

    name: str
    stand: Stand
    once: Act
    after: Act
    alone: list[Answer] = field(default_factory=list[Answer])
    together: list[Answer] = field(default_factory=list[Answer])
    calls: int = 0
    elapsed: float = 0.0
    spent: float = 0.0

    @property
    def rate(self) -> float:
        """Calls a second with one in flight for each guild."""
        return self.calls / self.elapsed

    @property
    def rate_of_a_core(self) -> float:
        """Calls for each second of processor time that the bot's process had."""
        return self.calls / self.spent


@dataclass
class Cells:
    """Everything that is measured: commands and presses, each with its floors."""

    commands: dict[str, Cell]
    presses: dict[str, Cell]

    def all(self) -> list[Cell]:
        """All of them, in the order they take turns."""
        return [*self.commands.values(), *self.presses.values()]


FLOOR, FLOOR_AGAIN = "bare hikari", "bare hikari again"
TANJUN, TANJUN_AGAIN = "bare Tanjun", "bare Tanjun again"
MIRU, MIRU_AGAIN = "bare miru", "bare miru again"
DISCORD_PY, LOCKS, OURS = "bare discord.py", "discord.py with row locks", "Skipline"


@contextlib.asynccontextmanager
async def standing(guilds: int, first: int, each: int) -> AsyncGenerator[Cells]:
    """Starts all bots, each with that many guilds. One person acts in a guild at a time.

    Next will be pressed at most `first` times in the first guild and `each` times in the others.
    """
    async with contextlib.AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sl-bench-")))
        hikari, tanjun, miru, discord_py, locks, ours = [await _open(stack, guilds) for _ in range(6)]
        valkey = await stack.enter_async_context(embedded.valkey(folder))
        postgres = await stack.enter_async_context(embedded.postgres(folder))
        songs = [first + ROOM + 25, *([each + ROOM + 25] * (guilds - 1))]
        rival = await _database(postgres.url)
        await row_locks.lay_out(
            rival, {seat.person.guild.id: count for seat, count in zip(locks.seats, songs, strict=True)}
        )
        here = "benchmarks.interactions"
        for stand, arguments, environment in (
            (hikari, ("-m", "benchmarks.bare_hikari"), {}),
            (tanjun, ("-m", f"{here}.bare_tanjun"), {}),
            (miru, ("-m", f"{here}.bare_miru"), {}),
            (discord_py, ("-m", f"{here}.bare_discord_py"), {}),
            (locks, ("-m", f"{here}.row_locks"), {"DATABASE_URL": rival}),
            (ours, ("-m", "bot.cli", "run"), {"SKIPLINE_DATA_DIR": str(folder)}),
        ):
            child = await stack.enter_async_context(process(stand.sandbox, *arguments, **environment))
            stand.process = psutil.Process(child.pid)
        for stand in (hikari, tanjun, miru, discord_py):
            await declared(stand.seats[0].person, stand.seats[0].channel, "bare")
        for stand in (locks, ours):
            await declared(stand.seats[0].person, stand.seats[0].channel, "queue show")
        await _fill(valkey.url, ours, songs)
        for seat in locks.seats:
            seat.panel = (await seat.person.command("panel", channel=seat.channel)).message
        async with aiohttp.ClientSession() as session:
            for stand in (hikari, miru, discord_py):
                for seat, model in zip(stand.seats, ours.seats, strict=True):
                    seat.panel = await _copy(session, model.panel, stand.sandbox, seat.channel)

        async def bare(seat: Seat) -> Answer:
            return await seat.command("bare")

        async def show(seat: Seat) -> Answer:
            return await seat.command("queue show")

        press, advance = Seat.press, Seat.advance
        commands = [
            Cell(FLOOR, hikari, bare, bare),
            Cell(TANJUN, tanjun, bare, bare),
            Cell(DISCORD_PY, discord_py, bare, bare),
            Cell(FLOOR_AGAIN, hikari, bare, bare),
            Cell(TANJUN_AGAIN, tanjun, bare, bare),
            Cell(LOCKS, locks, show, show),
            Cell(OURS, ours, show, show),
        ]
        presses = [
            Cell(FLOOR, hikari, press, bare),
            Cell(MIRU, miru, press, bare),
            Cell(DISCORD_PY, discord_py, press, bare),
            Cell(FLOOR_AGAIN, hikari, press, bare),
            Cell(MIRU_AGAIN, miru, press, bare),
            Cell(LOCKS, locks, advance, show),
            Cell(OURS, ours, advance, show),
        ]
        yield Cells({cell.name: cell for cell in commands}, {cell.name: cell for cell in presses})


async def _open(stack: contextlib.AsyncExitStack, guilds: int) -> Stand:
    sandbox = await Sandbox.start(keep_requests=100)
    stack.push_async_callback(sandbox.close)
    rooms = [room(sandbox, f"Bench {number}") for number in range(guilds)]
    return Stand(sandbox, [Seat(person, channel) for _, person, channel in rooms])


async def _database(url: str) -> str:
    """Makes a database beside Skipline's, on the same server; gives its URL."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("CREATE DATABASE rival")
    finally:
        await connection.close()
    return url.replace("/skipline?", "/rival?")


async def _fill(redis_url: str, stand: Stand, songs: Sequence[int]) -> None:
    """Lets songs wait in every guild and puts up the panels."""
    async with moves(redis_url) as (queue, configuration):

        async def one(seat: Seat, count: int) -> None:
            guild = int(seat.person.guild.id)
            await configuration.change(guild, "bench", ACTOR, {"double_press_ms": "0", "notices": "off"})
            for number in range(count):
                song = NewSong(f"Song {number}", f"Artist {number}", 10**6 + number, f"user{number}")
                await queue.submit(guild, f"bench{number}", ACTOR, song)
            await configuration.set_display(guild, "panel", ACTOR, "reviewer", (int(seat.channel.id), 0))
            shown: list[Message] = await seat.channel.wait_for(_panels, timeout=120)
            seat.panel = shown[-1]

        await asyncio.gather(*(one(*each) for each in zip(stand.seats, songs, strict=True)))


def _panels(messages: Sequence[Message]) -> list[Message]:
    return [each for each in messages if each.component(None, label="Next")]


async def _copy(
    session: aiohttp.ClientSession, panel: Message | None, sandbox: Sandbox, channel: Channel
) -> Message:
    """Posts the panel in a bare bot's name: a press brings its whole message, to all bots alike."""
    assert panel is not None
    body = {"embeds": panel.embeds, "components": panel.components}
    headers = {"Authorization": f"Bot {sandbox.token}"}
    url = f"{sandbox.rest_url}/channels/{channel.id}/messages"
    async with session.post(url, json=body, headers=headers) as answer:
        answer.raise_for_status()
    return channel.messages[-1]

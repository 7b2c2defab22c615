"""`skipline demo`: a review session on a local copy of Discord, played through the real bot.

The bot runs as a process of its own (`skipline run` with embedded servers), as it would on a server; only
Discord is the sandbox. Each step is checked by what people can see; a step without its effect ends in exit
code 1.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.markup import escape

from sandbox.discord import Channel, Guild, Message, Person, Reply, Role, Sandbox

START_SECONDS: Final = 90
"""A first start creates a database; on a slow disk that takes a while."""
SEEN_SECONDS: Final = 8.0


class StepFailed(Exception):
    """A step had another effect than the one it shows; the text says which."""


class BotProcess:
    """The bot under demonstration. Its log goes to a file that is shown when it fails to start."""

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self._environment = {
            **os.environ,
            "DISCORD_BOT_TOKEN": sandbox.token,
            "DISCORD_REST_URL": sandbox.rest_url,
            "SKIPLINE_DATA_DIR": str(folder / "data"),
            "SKIPLINE_LOG": "INFO",
            # Settings of a real bot in the caller's environment have no place here.
            "REDIS_URL": "",
            "DATABASE_URL": "",
            "GUILD_ID": "",
            "SKIPLINE_ROLE": "",
            "SKIPLINE_SHARDS": "",
        }
        self._log = folder / "bot.log"
        self._child: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Starts it and returns once Discord has its commands. Raises `StepFailed` when it does not start."""
        with self._log.open("ab") as log:
            start = log.tell()
            self._child = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "bot.cli", "run", env=self._environment, stderr=log
            )
        try:
            async with asyncio.timeout(START_SECONDS):
                while b"Discord has the commands" not in self._log.read_bytes()[start:]:
                    if self._child.returncode is not None:
                        raise StepFailed(f"The bot did not start:\n{self._log.read_text()}")
                    await asyncio.sleep(0.1)
        except TimeoutError:
            raise StepFailed(f"The bot did not start in time:\n{self._log.read_text()}") from None

    async def end(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Ends it with a signal and waits until it is gone."""
        if self._child is not None and self._child.returncode is None:
            self._child.send_signal(number)
            await self._child.wait()


@dataclass
class Show:
    """The people of the demo, the channels `/setup` made for them, and what has been told so far."""

    sandbox: Sandbox
    bot: BotProcess
    console: Console
    guild: Guild
    olga: Person
    mia: Person
    theo: Person
    artists: dict[str, Person]
    steps: int = 0
    failed: list[str] = field(default_factory=list[str])

    def channel(self, name: str) -> Channel:
        """A channel by its name. Raises `StepFailed` when there is none."""
        found = next((c for c in self.guild.channels if c.name == name and not c.deleted), None)
        if found is None:
            raise StepFailed(f"there is no channel #{name}")
        return found

    @property
    def reviewer(self) -> Role:
        """The role `/setup` made."""
        return next(role for role in self.guild.roles if role.name == "Reviewer")

    def tell(self, who: str, what: str) -> None:
        """One line: who did what."""
        self.console.print(
            f"   [bold]{escape(who):<9}[/bold] {escape(what)}", highlight=False, soft_wrap=True
        )

    def answer(self, person: Person, reply: Reply, *expected: str) -> None:
        """Shows the bot's answer and checks what must be in it."""
        self.says(person, reply.text, *expected)

    def says(self, person: Person, text: str, *expected: str) -> None:
        """Shows what the bot told one person and checks what must be in it."""
        text = " ".join(self.plain(text).split())
        short = text if len(text) <= 160 else text[:159] + "…"
        self.tell("Skipline", f"→ {person.name}: {short}")
        for part in expected:
            if part.casefold() not in text.casefold():
                raise StepFailed(f"the answer to {person.name} does not say {part!r}: {text}")

    async def told(self, *replies: tuple[Person, Reply]) -> list[tuple[Person, str]]:
        """Waits until somebody was told something beside the panel; gives whom, and what."""

        def found() -> list[tuple[Person, str]]:
            return [(person, message.text) for person, reply in replies for message in reply.followups]

        try:
            return await self.channel("song-review").wait_until(found, SEEN_SECONDS)
        except TimeoutError:
            return []

    def plain(self, text: str) -> str:
        """A message's text as Discord would draw it, without its marks."""
        for role in self.guild.roles:
            text = text.replace(f"<@&{role.id}>", f"@{role.name}")
        for channel in self.guild.channels:
            text = text.replace(f"<#{channel.id}>", f"#{channel.name}")
        for person in (self.olga, self.mia, self.theo, *self.artists.values()):
            text = text.replace(f"<@{person.id}>", f"@{person.name}")
        text = re.sub(r"<t:\d+(:\w)?>", "just now", text)
        return re.sub(r"[*_`\\]|^-# ", "", text, flags=re.MULTILINE)

    async def panel(self, *expected: str) -> Message:
        """The reviewer panel once it shows all of `expected`."""

        def shown(messages: list[Message]) -> Message | None:
            for message in messages:
                if message.component(None, label="Next") and all(part in message.text for part in expected):
                    return message
            return None

        try:
            found = await self.channel("song-review").wait_for(shown, SEEN_SECONDS)
        except TimeoutError:
            raise StepFailed(f"the panel never showed {', '.join(expected)}") from None
        assert found is not None, "wait_for gives what the predicate found"
        return found

    async def queue(self, *titles: str, playing: str | None = None) -> None:
        """Waits until everybody sees exactly these songs, in this order, and prints what they see."""

        def shown(messages: list[Message]) -> Message | None:
            for message in reversed(messages):
                if order(message.text) == [*([playing] if playing else []), *titles]:
                    return message
            return None

        try:
            await self.channel("song-queue").wait_for(shown, SEEN_SECONDS)
        except TimeoutError:
            seen = [order(message.text) for message in self.channel("song-queue").messages]
            raise StepFailed(f"the queue shows {seen}, not {[playing, *titles]}") from None
        line = " · ".join(f"{place}. {title}" for place, title in enumerate(titles, 1)) or "nobody waits"
        self.console.print(
            f"   [dim]queue     {'▶ ' + escape(playing) + ' │ ' if playing else ''}{escape(line)}[/dim]",
            highlight=False,
            soft_wrap=True,
        )


TITLES: Final = ("Night Bus", "Glass Harbour", "Paper Moon", "Static Bloom", "Low Tide")


def order(text: str) -> list[str]:
    """The demo's titles in the order in which a message shows them."""
    found = [(match.start(), title) for title in TITLES for match in re.finditer(re.escape(title), text)]
    return [title for _, title in sorted(found)]


def run(*, once: bool) -> int:
    """Plays the session; then, unless `once`, stays up until Ctrl-C. Gives the exit code."""
    from bot.demo_script import STEPS

    return asyncio.run(_run(STEPS, once=once))


Step = tuple[str, Callable[[Show], Awaitable[None]]]


async def _run(steps: Sequence[Step], *, once: bool) -> int:
    console = Console()
    async with _stage(console) as show:
        code = await _play(show, steps)
        if not once and not code:
            console.print("\nThe server stays up. Ctrl-C ends it.")
            stop = asyncio.Event()
            for number in (signal.SIGINT, signal.SIGTERM):
                asyncio.get_running_loop().add_signal_handler(number, stop.set)
            await stop.wait()
    return code


@contextlib.asynccontextmanager
async def _stage(console: Console) -> AsyncGenerator[Show]:
    folder = Path(tempfile.mkdtemp(prefix="skipline-demo-"))
    sandbox = await Sandbox.start()
    guild = sandbox.create_guild("Late Night Reviews", owner="Olga")
    bot = BotProcess(sandbox, folder)
    show = Show(
        sandbox,
        bot,
        console,
        guild,
        olga=guild.owner,
        mia=guild.join("Mia"),
        theo=guild.join("Theo"),
        artists={name: guild.join(name) for name in ("Alice", "Bruno", "Carla", "Dario")},
    )
    try:
        console.print(f"A local Discord answers at {sandbox.rest_url}; nothing leaves this machine.")
        with console.status("Starting the bot with a Valkey and a PostgreSQL of its own …"):
            await bot.start()
        yield show
    finally:
        await bot.end()
        await sandbox.close()
        shutil.rmtree(folder, ignore_errors=True)


async def _play(show: Show, steps: Sequence[Step]) -> int:
    for number, (title, step) in enumerate(steps, 1):
        show.console.print(f"\n[bold cyan]{number}. {escape(title)}[/bold cyan]", highlight=False)
        try:
            await step(show)
        except (StepFailed, LookupError, TimeoutError) as failed:
            show.console.print(f"   [bold red]FAILED[/bold red] {escape(str(failed))}", highlight=False)
            return 1
    show.console.print(f"\n[bold green]All {len(steps)} steps had their effect.[/bold green]")
    return 0


__all__ = ["BotProcess", "Show", "StepFailed", "order", "run"]

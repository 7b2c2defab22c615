"""The people of the story: what they do, as Discord's client lets them, and what they then see."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from bot.demo.process import BotProcess
from bot.demo.reading import order, plain, typed
from bot.demo.terminal import StepFailed, Transcript, excerpt
from sandbox.discord import Channel, Guild, Message, Person, Reply, Sandbox

SEEN_SECONDS: Final = 10.0
SETUP_SECONDS: Final = 20.0

_DOUBLE_CLICK: Final = 1.0
"""A second Next of the same person within a blink counts as a double click; hosts listen for longer."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Suggested:
    """An option's value that is chosen from what Discord suggests for the typed text."""

    typed: str


@dataclass
class Show:
    """The server, its people, and what has been told so far."""

    sandbox: Sandbox
    bot: BotProcess
    transcript: Transcript
    guild: Guild
    general: Channel
    olga: Person
    mia: Person
    theo: Person
    artists: dict[str, Person]
    _last_next: float = field(default=0.0, init=False)

    @classmethod
    def open(cls, sandbox: Sandbox, bot: BotProcess, transcript: Transcript) -> Show:
        """A new server: Olga owns it, Mia hosts, Theo helps her; Elena reads Discord in Spanish."""
        guild = sandbox.create_guild("Late Night Reviews", owner="Olga")
        artists = {name: guild.join(name) for name in ("Alice", "Bruno", "Carla", "Dario", "Elena")}
        artists["Elena"].user.locale = "es-ES"
        return cls(
            sandbox,
            bot,
            transcript,
            guild,
            general=guild.create_channel("general"),
            olga=guild.owner,
            mia=guild.join("Mia"),
            theo=guild.join("Theo"),
            artists=artists,
        )

    def channel(self, name: str) -> Channel:
        """A channel by its name. Raises `StepFailed` when there is none."""
        found = next((c for c in self.guild.channels if c.name == name and not c.deleted), None)
        if found is None:
            raise StepFailed(f"there is no channel #{name}")
        return found

    @property
    def submissions(self) -> Channel:
        """Where artists hand in."""
        return self.channel("submit-your-song")

    @property
    def review(self) -> Channel:
        """Where the reviewers work."""
        return self.channel("song-review")

    # What people do.

    def tell(self, who: str, what: str) -> None:
        """One line: who did what."""
        self.transcript.line(who, what)

    async def command(
        self,
        person: Person,
        name: str,
        /,
        *expected: str,
        lines: int = 2,
        hide: tuple[str, ...] = (),
        **values: Any,
    ) -> Reply:
        """Somebody uses a command and is answered; checks what must be in the answer.

        `Suggested` values are chosen from what Discord suggests. `hide` names options that are not printed.
        """
        where = self._where(person)
        shown = {option: typed(value) for option, value in values.items() if option not in hide}
        for option, value in values.items():
            if isinstance(value, Suggested):
                known = {key: each for key, each in values.items() if not isinstance(each, Suggested)}
                found = await person.autocomplete(name, option, value.typed, where, options=known)
                if not found:
                    raise StepFailed(f"nothing is offered for {value.typed!r} in /{name}")
                shown[option], values[option] = found[0]
        given = [f"{option}:{value}" for option, value in shown.items()]
        self.tell(person.name, self.plain(" ".join([f"/{name}", *given])))
        reply = await person.command(name, where, options=values)
        await reply.settled(SETUP_SECONDS)
        self.says(person, reply.text, *expected, lines=lines)
        return reply

    def _where(self, person: Person) -> Channel:
        if person is self.olga:
            return self.general
        return self.review if person in (self.mia, self.theo) else self.submissions

    def buttons(self, message: Message) -> None:
        """Shows the buttons of a message."""
        self.transcript.row("", [f"[{label}]" for label in message.labels])

    async def press(self, person: Person, message: Message, label: str) -> Reply:
        """Somebody presses a button. Raises `StepFailed` when nobody answers."""
        self.tell(person.name, f"presses [{label}]")
        reply = await person.press(message, label=label)
        if not reply.ok:
            raise StepFailed(f"[{label}] went unanswered: {reply.refusal}")
        return reply

    async def choose(self, person: Person, message: Message, menu: str, wanted: str) -> Reply:
        """Somebody chooses the option that says `wanted` from the menu whose id begins with `menu`."""
        found = next((each for each in message.custom_ids if each.startswith(menu)), "")
        options = (message.component(found) or {}).get("options", ())
        labels = [str(each["label"]) for each in options]
        label = next((each for each in labels if each == wanted), None)
        label = label or next((each for each in labels if wanted in each), None)
        if label is None:
            raise StepFailed(f"the menu {menu} does not offer {wanted!r} but {labels}")
        self.tell(person.name, f"chooses “{label}”")
        reply = await person.choose(message, found, [label])
        if not reply.ok:
            raise StepFailed(f"“{label}” went unanswered: {reply.refusal}")
        return reply

    async def fill(self, person: Person, reply: Reply, **fields: str) -> Reply:
        """Somebody fills the form in that a button opened, and sends it."""
        if reply.modal is None:
            raise StepFailed(f"no form was opened: {self.plain(reply.text)}")
        written = " · ".join(f"{name}: {value}" for name, value in fields.items() if name != "url")
        self.tell(person.name, f"writes into “{reply.modal.title}”: {written}")
        sent = await person.submit(reply.modal, fields)
        await sent.settled()
        return sent

    async def next(self, person: Person) -> None:
        """Presses Next on the panel, once the song that plays was listened to for a moment."""
        await asyncio.sleep(max(0.0, self._last_next + _DOUBLE_CLICK - time.monotonic()))
        await self.press(person, await self.panel(), "Next")
        self._last_next = time.monotonic()

    async def both_press_next(self, one: Person, other: Person) -> None:
        """Two press Next on the same panel in the same moment; shows what the one who was later is told."""
        panel = await self.panel()
        self.tell(f"{one.name}, {other.name}", "press [Next] in the same moment")
        pressed = await asyncio.gather(one.press(panel, label="Next"), other.press(panel, label="Next"))
        self._last_next = time.monotonic()

        def found() -> list[tuple[Person, str]]:
            told = zip((one, other), pressed, strict=True)
            return [(person, message.text) for person, reply in told for message in reply.followups]

        told = await self._seen(self.review, found, "nobody was told that somebody else was first")
        if len(told) != 1:
            raise StepFailed("both were told that somebody else was first")
        (loser, text), winner = told[0], one if told[0][0] is other else other
        self.says(loser, text, f"{winner.name} already played")

    # What people see.

    def says(self, person: Person, text: str, *expected: str, lines: int = 2, by: str = "") -> None:
        """Shows what the bot told one person and checks what must be in it."""
        self._check(f"the answer to {person.name}", text, *expected)
        self.transcript.line(
            f"→ {person.name}{by}", excerpt(self.plain(text), lines=lines), who_style="green"
        )

    def _check(self, what: str, text: str, *expected: str) -> None:
        read = " ".join(self.plain(text).split())
        for part in expected:
            if part.casefold() not in read.casefold():
                raise StepFailed(f"{what} does not say {part!r}: {read}")

    async def told(self, person: Person, *expected: str) -> None:
        """Waits until somebody was told that by direct message, and shows it."""

        def found() -> str | None:
            texts = (self.plain(message.text) for message in person.dm.messages)
            return next((text for text in texts if all(part in text for part in expected)), None)

        text = await self._seen(person.dm, found, f"{person.name} was never told {expected}")
        self.says(person, text, lines=3, by=", DM")

    async def posted(self, channel: str, *expected: str, lines: int = 3, who: str = "") -> Message:
        """Waits until a channel shows a message with all of that, and shows it, as what `who` says it is."""

        def found() -> Message | None:
            for message in reversed(self.channel(channel).messages):
                if all(part in self.plain(message.text) for part in expected):
                    return message
            return None

        message = await self._seen(self.channel(channel), found, f"#{channel} never showed {expected}")
        self.transcript.line(
            who or f"#{channel}", excerpt(self.plain(message.text), lines=lines), who_style="yellow"
        )
        return message

    async def answered(self, posted: Message, person: Person, *expected: str, lines: int = 2) -> Message:
        """Waits for the bot's reply to a message somebody wrote, and shows it."""

        def found() -> Message | None:
            for message in posted.channel.messages:
                if message.id > posted.id and message.author.bot and message.text:
                    return message
            return None

        message = await self._seen(posted.channel, found, f"{person.name}'s message got no answer")
        self.says(person, message.text, *expected, lines=lines)
        return message

    async def portal(self) -> Message:
        """The message with the artists' buttons."""
        return await self._with_button(self.submissions, "From my history", "the portal")

    async def panel(self, *expected: str) -> Message:
        """The reviewer panel once it shows all of `expected`."""
        return await self._with_button(self.review, "Next", "the panel", *expected)

    async def pending(self, *expected: str) -> Message:
        """The list of pending skips once it shows all of `expected`."""
        return await self._with_button(self.review, "With amount…", "the list of pending skips", *expected)

    async def _with_button(self, channel: Channel, label: str, what: str, *expected: str) -> Message:
        def found() -> Message | None:
            for message in channel.messages:
                if message.component(label=label) and all(part in message.text for part in expected):
                    return message
            return None

        return await self._seen(channel, found, f"{what} never showed {', '.join(expected) or label}")

    async def queue(self, *titles: str, playing: str | None = None) -> None:
        """Waits until everybody sees exactly these songs, in this order, and prints what they see."""
        channel, wanted = self.channel("song-queue"), [*([playing] if playing else []), *titles]

        def shown() -> bool:
            return any(order(message.text) == wanted for message in channel.messages)

        try:
            await channel.wait_until(shown, SEEN_SECONDS)
        except TimeoutError:
            seen = [order(message.text) for message in channel.messages]
            raise StepFailed(f"the queue shows {seen}, not {wanted}") from None
        stage = [f"▶ {playing} │"] if playing else []
        waiting = [f"{place}. {title}" for place, title in enumerate(titles, 1)] or ["nobody waits"]
        self.transcript.row("queue", [*stage, *waiting], "dim", "dim")

    async def _seen(self, channel: Channel, condition: Callable[[], T | None], otherwise: str) -> T:
        try:
            found = await channel.wait_until(condition, SEEN_SECONDS)
        except TimeoutError:
            raise StepFailed(otherwise) from None
        assert found is not None, "wait_until gives what the condition found"
        return found

    def plain(self, text: str) -> str:
        """A text as Discord would draw it."""
        names = {f"<@&{role.id}>": f"@{role.name}" for role in self.guild.roles}
        names |= {f"<#{channel.id}>": f"#{channel.name}" for channel in self.guild.channels}
        people = (self.olga, self.mia, self.theo, *self.artists.values())
        return plain(text, names | {f"<@{person.id}>": f"@{person.name}" for person in people})

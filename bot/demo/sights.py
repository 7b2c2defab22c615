"""What the people of the story see: messages of the server and answers to one person, shown and checked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from bot.demo.reading import order, plain
from bot.demo.terminal import StepFailed, Transcript, excerpt
from sandbox.discord import Channel, Guild, Message, Person

SEEN_SECONDS: Final = 10.0

T = TypeVar("T")


@dataclass
class Sights:
    """The server, its people, and the transcript that what they see is written to.

    Whatever waits raises `StepFailed` when it is not seen within `SEEN_SECONDS`.
    """

    transcript: Transcript
    guild: Guild
    general: Channel
    olga: Person
    mia: Person
    theo: Person
    artists: dict[str, Person]
    ada: Person
    nico: Person

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

    def tell(self, who: str, what: str) -> None:
        """One line: who did what."""
        self.transcript.line(who, what)

    def on_tiktok(self, name: str, what: str) -> None:
        """One line: what somebody does on TikTok."""
        self.transcript.line(f"@{name}", what, who_style="magenta")

    def files(self, message: Message, *endings: str) -> None:
        """Shows the files of a message and checks that one of each kind came."""
        for ending in endings:
            if not any(each.filename.endswith(ending) and each.content for each in message.attachments):
                raise StepFailed(f"no {ending} came with it")
        named = [f"{each.filename}, {len(each.content):,} bytes" for each in message.attachments]
        self.transcript.row("", named)

    def buttons(self, message: Message) -> None:
        """Shows the buttons of a message."""
        self.transcript.row("", [f"[{label}]" for label in message.labels])

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

        text = await self.seen(person.dm, found, f"{person.name} was never told {expected}")
        self.says(person, text, lines=3, by=", DM")

    async def posted(
        self, channel: str, *expected: str, lines: int = 3, who: str = "", seconds: float = SEEN_SECONDS
    ) -> Message:
        """Waits until a channel shows a message with all of that, and shows it, as what `who` says it is."""

        def found() -> Message | None:
            for message in reversed(self.channel(channel).messages):
                if all(part in self.plain(message.text) for part in expected):
                    return message
            return None

        never = f"#{channel} never showed {expected}"
        message = await self.seen(self.channel(channel), found, never, seconds)
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

        message = await self.seen(posted.channel, found, f"{person.name}'s message got no answer")
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

        return await self.seen(channel, found, f"{what} never showed {', '.join(expected) or label}")

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

    async def seen(
        self,
        channel: Channel,
        condition: Callable[[], T | None],
        otherwise: str,
        seconds: float = SEEN_SECONDS,
    ) -> T:
        """Waits until a condition gives something, asking after every change in the channel."""
        try:
            found = await channel.wait_until(condition, seconds)
        except TimeoutError:
            raise StepFailed(otherwise) from None
        assert found is not None, "wait_until gives what the condition found"
        return found

    def plain(self, text: str) -> str:
        """A text as Discord would draw it."""
        names = {f"<@&{role.id}>": f"@{role.name}" for role in self.guild.roles}
        names |= {f"<#{channel.id}>": f"#{channel.name}" for channel in self.guild.channels}
        people = (self.olga, self.mia, self.theo, *self.artists.values(), self.ada, self.nico)
        return plain(text, names | {f"<@{person.id}>": f"@{person.name}" for person in people})

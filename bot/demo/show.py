"""The people of the story, and what they do, as Discord's client lets them."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any, Final

from bot.demo.process import BotProcess
from bot.demo.reading import typed
from bot.demo.sights import Sights
from bot.demo.terminal import StepFailed, Transcript
from sandbox.discord import Channel, Message, Permission, Person, Reply, Sandbox
from sandbox.tiktok import TikTok

SETUP_SECONDS: Final = 20.0

_ASK_AGAIN: Final = 0.5
_ASKED_SECONDS: Final = 20.0

_DOUBLE_CLICK: Final = 1.5
"""A second Next of the same person within a blink counts as a double click; hosts listen for longer."""


@dataclass(frozen=True, slots=True)
class Suggested:
    """An option's value that is chosen from what Discord suggests for the typed text."""

    typed: str


@dataclass
class Show(Sights):
    """What people do, and the bot that answers. An act that goes unanswered raises `StepFailed`."""

    bot: BotProcess
    tiktok: TikTok
    backup: str = field(default="", init=False)
    """The revision of the backup that was taken."""
    _pressed: tuple[Person, Reply] | None = field(default=None, init=False)
    _last_next: float = field(default=0.0, init=False)

    @classmethod
    def open(cls, sandbox: Sandbox, tiktok: TikTok, bot: BotProcess, transcript: Transcript) -> Show:
        """A new server: Olga owns it, Mia hosts, Theo helps her; Elena reads Discord in Spanish.

        Ada is an administrator beside the owner, and Nico has just joined.
        """
        guild = sandbox.create_guild("Late Night Reviews", owner="Olga")
        # Each is made right above everyone, below those before.
        admin = guild.create_role("Admin", Permission.ADMINISTRATOR, color=0xE8A33D)
        host, moderator, artist = (
            guild.create_role(name, color=color)
            for name, color in (("Host", 0xFF7D66), ("Moderator", 0x6FC28C), ("Artist", 0x7DB7F5))
        )
        artists = {name: guild.join(name, [artist]) for name in ("Alice", "Bruno", "Carla", "Dario", "Elena")}
        artists["Elena"].user.locale = "es-ES"
        return cls(
            transcript,
            guild,
            general=guild.create_channel("general"),
            olga=guild.owner,
            mia=guild.join("Mia", [host]),
            theo=guild.join("Theo", [moderator]),
            artists=artists,
            ada=guild.join("Ada", [admin]),
            nico=guild.join("Nico"),
            bot=bot,
            tiktok=tiktok,
        )

    async def asked(
        self, person: Person, name: str, /, *expected: str, lines: int = 2, **values: Any
    ) -> Reply:
        """Somebody uses a command, again and again until it is answered with all of that; shows that once.

        For what follows from something that happened outside Discord, which nobody there is told of.
        """
        until = time.monotonic() + _ASKED_SECONDS
        while True:
            reply = await person.command(name, self._where(person), options=values)
            await reply.settled(SETUP_SECONDS)
            read = " ".join(self.plain(reply.text).split())
            if time.monotonic() > until or all(part in read for part in expected):
                break
            await asyncio.sleep(_ASK_AGAIN)
        self.tell(person.name, f"/{name}")
        self.says(person, reply.text, *expected, lines=lines)
        return reply

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

    async def press(self, person: Person, message: Message, label: str) -> Reply:
        """Somebody presses a button. Raises `StepFailed` when nobody answers."""
        self.tell(person.name, f"presses [{label}]")
        reply = await person.press(message, label=label)
        self._pressed = person, reply
        if not reply.ok:
            raise StepFailed(f"[{label}] went unanswered: {reply.refusal}")
        return reply

    def aftermath(self) -> list[tuple[str, str]]:
        """What helps to find out why a step failed: what the last press was answered later, the bot's log."""
        found: list[tuple[str, str]] = []
        if self._pressed is not None:
            person, reply = self._pressed
            found += [(f"→ {person.name}", self.plain(message.text)) for message in reply.followups]
        if words := self.bot.last_words():
            found.append(("the bot's log", words))
        return found

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
        await reply.settled(SETUP_SECONDS)
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

        told = await self.seen(self.review, found, "nobody was told that somebody else was first")
        if len(told) != 1:
            raise StepFailed("both were told that somebody else was first")
        (loser, text), winner = told[0], one if told[0][0] is other else other
        self.says(loser, text, f"{winner.name} already played")

"""What somebody who looks at the demo's server could tell: which of the tour's acts have had their effect."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from bot.demo.show import Show
from bot.router import encode
from components.panel import NEXT, Facts
from components.pending import PAID
from components.texts import languages, say
from sandbox.discord import Channel, Message

_NUMBER: Final = re.compile(r"#(\d{1,12})\b")
_ENTRY: Final = re.compile(r"^\*\*#(\d+)\*\* [^\n]*\n([^\n·]+?) · ", re.MULTILINE)
_CLAIM: Final = encode(PAID, 0).removesuffix("0")
_LINE: Final = re.compile(r"^\*\*\d+\.\*\* (.+)$", re.MULTILINE)
_NOW: Final = re.compile(r": \*\*(.+?)\*\* · ")
_GIFTED: Final = tuple(
    say("notices.gifted", each, song="", tier="{tier}", givers="{givers}")
    .partition("{tier}")[2]
    .partition("{givers}")[0]
    for each in languages()
)
_FREE: Final = "Free"

DIFFERS: Final = (
    "This is not the queue from before. If you moved songs since, kill something once more, and look."
)


class Audience:
    """Reads the messages of a server again and again, from `begin` on.

    What was seen once stays true until the next `begin`: `submitted`, `claimed`, `approved`, `advanced` (Next
    was pressed), `undone`, `lifted` (by a gift). `kept` is about the queue after a `restarted`.
    """

    def __init__(self, show: Show) -> None:
        self._show = show
        self.begin()

    def begin(self) -> None:
        """Forgets what was seen; what is there now is what everything is held against."""
        self.submitted = self.claimed = self.approved = False
        self.advanced = self.undone = self.lifted = self.restarted = self.kept = False
        self.differs = ""
        self._after = 0
        self._before: list[str] = []
        self._since = max((each.id for each in self._messages()), default=0)
        self._newest = max(self._numbers(), default=0)
        self._claims = self._claimed_before = frozenset(self._pending())
        self._facts = self._panel()
        self._waiting = dict(self._entries())

    def look(self) -> None:
        """Takes in what is to be seen now."""
        if not self.submitted:
            self.submitted = any(number > self._newest for number in self._numbers())
        self._skips()
        self._moves()
        if not self.lifted:
            fresh = (each.text for each in self._messages() if each.id > self._since)
            self.lifted = any(words in text for text in fresh for words in _GIFTED)
        if self.restarted and not self.kept:
            self._compare()

    def ends(self) -> None:
        """Keeps in mind how the queue stands: something is about to be killed."""
        self._before = self._queue()
        self.restarted = self.kept = False
        self.differs = ""

    def back(self) -> None:
        """What was killed is back: from now on somebody may look whether the queue is the same."""
        self._after = max((each.id for each in self._messages()), default=0)
        self.restarted = True

    @property
    def count(self) -> int:
        """How many songs waited when something was killed."""
        return len(self._before)

    def _skips(self) -> None:
        pending = frozenset(self._pending())
        if pending - self._claimed_before:
            self.claimed = True
        self._claims |= pending
        facts, tiers = self._panel(), dict(self._entries())
        for number in self._claims - pending:
            if tiers.get(number, _FREE) != _FREE or (facts is not None and facts.song == number):
                self.approved = True

    def _moves(self) -> None:
        facts, before = self._panel(), self._facts
        if facts is None or before is None or facts == before:
            self._facts = facts or before
            return
        if facts.song != before.song and facts.song in self._waiting:
            self.advanced = True
        # The moves that can be taken back are numbered: the last one is an older one only after an Undo.
        if before.move is not None and (facts.move is None or facts.move < before.move):
            self.undone = True
        self._facts, self._waiting = facts, dict(self._entries())

    def _compare(self) -> None:
        """Holds the first page of the queue somebody asked for against the queue before the restart."""
        for message in self._messages():
            asked = (message.interaction or {}).get("name") == "queue"
            found, shown = _LINE.findall(message.text), self._queue()
            if message.id <= self._after or not asked or message.loading or (self._before and not found):
                continue
            known = {*found, *_NOW.findall(message.text)}
            lost = [line for line in self._before if line not in known and line.split(" — ")[0] not in known]
            if found[: len(self._before)] == self._before or (not lost and found[: len(shown)] == shown):
                self.kept = True
                return
            self.differs = DIFFERS

    def _queue(self) -> list[str]:
        """The songs in the order in which everybody sees them wait."""
        texts = (each.text for each in self._channel("song-queue") if each.author.bot)
        return _LINE.findall(next(texts, ""))

    def _panel(self) -> Facts | None:
        return next((Facts.parse(each.text.splitlines()[-1]) for each in self._panels()), None)

    def _entries(self) -> Iterator[tuple[int, str]]:
        for panel in self._panels():
            yield from ((int(number), tier) for number, tier in _ENTRY.findall(panel.text))

    def _panels(self) -> list[Message]:
        return [each for each in self._channel("song-review") if NEXT in each.custom_ids]

    def _pending(self) -> Iterator[int]:
        for message in self._channel("song-review"):
            ids = (each.removeprefix(_CLAIM) for each in message.custom_ids if each.startswith(_CLAIM))
            yield from (int(number) for number in ids if number.isdigit())

    def _numbers(self) -> Iterator[int]:
        for message in self._messages():
            yield from (int(number) for number in _NUMBER.findall(message.text))

    def _channel(self, name: str) -> list[Message]:
        found = (each for each in self._show.guild.channels if each.name == name and not each.deleted)
        channel = next(found, None)
        return [] if channel is None else channel.messages

    def _messages(self) -> Iterator[Message]:
        """Everything the bot wrote in the server and to its people."""
        guild = self._show.guild
        people = (guild.person(each.user.id) for each in guild.members.values() if not each.user.bot)
        channels: list[Channel] = [*guild.channels, *(person.dm for person in people)]
        for channel in channels:
            yield from (each for each in channel.log.values() if each.author.bot and not each.deleted)

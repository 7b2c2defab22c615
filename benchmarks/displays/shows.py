"""One guild of a bot whose displays are measured: the messages, the changes made, and when each was shown."""

from __future__ import annotations

import asyncio
import json
import re
import secrets
import time
from dataclasses import dataclass, field
from typing import Final

from benchmarks.rig import ACTOR
from sandbox.discord import Channel, Exchange
from state.configure import Configuration
from state.queue import Queue
from state.scripts import Actor
from state.song import NewSong

RATE: Final = 3
"""Changes a second that each message of a busy guild has to show."""

ARTIST: Final = Actor(1_000_001, "Ada")
KINDS: Final = ("public", "reviewer", "pending")
TIER: Final = 10

_TITLE = re.compile(r"Change (\d+)")


@dataclass(eq=False)
class Display:
    """One message: when Discord got each edit, and from when on (s) it showed which change."""

    kind: str
    channel: Channel
    edits: list[float] = field(default_factory=list[float])
    shown: list[tuple[float, int]] = field(default_factory=list[tuple[float, int]])

    def heard(self, exchange: Exchange) -> None:
        """Takes down an edit of the message."""
        self.edits.append(exchange.at)
        numbers = [int(number) for number in _TITLE.findall(json.dumps(exchange.body))]
        if exchange.ok and numbers:
            self.shown.append((exchange.at + exchange.seconds, max(numbers)))

    def gap(self) -> float:
        """The shortest time between two edits, in seconds; infinity below two."""
        return min(
            (later - edit for edit, later in zip(self.edits, self.edits[1:], strict=False)),
            default=float("inf"),
        )

    def most_within(self, seconds: float) -> int:
        """Most edits in any stretch of that length."""
        return max(
            (sum(0 <= other - edit < seconds for other in self.edits) for edit in self.edits), default=0
        )

    def waits(self, made: list[float]) -> list[float]:
        """For each change the milliseconds until it, or a later one, was shown; infinity if never."""
        taken: list[float] = []
        following = iter(self.shown)
        at, shown = next(following, (float("inf"), 0))
        for number, since in enumerate(made):
            while shown < number and at < float("inf"):
                at, shown = next(following, (float("inf"), 0))
            taken.append((at - since) * 1000)
        return taken


@dataclass(eq=False)
class Show:
    """One guild: the two songs whose titles change, the displays, and when each change was made."""

    guild: int
    waiting: int
    claimed: int
    displays: list[Display]
    made: list[float] = field(default_factory=list[float])

    @property
    def settled(self) -> bool:
        """Whether every message shows the last change."""
        return all(each.shown and each.shown[-1][1] == len(self.made) - 1 for each in self.displays)

    async def change(self, queue: Queue) -> None:
        """Makes one change that every message has to show."""
        title: dict[str, str | None] = {"title": f"Change {len(self.made)}"}
        self.made.append(time.time())
        for song in (self.waiting, self.claimed):
            await queue.edit(self.guild, secrets.token_hex(8), ARTIST, song, title)

    async def keep_busy(self, queue: Queue, seconds: float, begins: float) -> None:
        """Makes `RATE` changes a second at even times, from `begins` by the loop's clock."""
        loop = asyncio.get_running_loop()
        for number in range(int(seconds * RATE)):
            await asyncio.sleep(max(0.0, begins + number / RATE - loop.time()))
            await self.change(queue)


async def prepare(guild: int, displays: list[Display], queue: Queue, configuration: Configuration) -> Show:
    """Has one song wait and one be claimed to be paid, so that each display has something to show."""
    await configuration.change(guild, "bench", ACTOR, {"limit:0": "0"})
    numbers: list[int] = []
    for title in ("Waiting", "Claimed"):
        song = NewSong(title, "Ada", ARTIST.id, ARTIST.name)
        numbers.append((await queue.submit(guild, f"bench {title}", ARTIST, song)).song.number)
    await queue.claim(guild, "bench claim", ARTIST, numbers[1], TIER)
    return Show(guild, numbers[0], numbers[1], displays)

"""Made-up recordings of an evening: seeded, so that the same numbers give the same evening."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Final

from sandbox.tiktok.gifts import GIFTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sandbox.tiktok.actions import Action

_NAMES: Final = ("anna", "beni", "caro", "deniz", "ebru", "felix", "gio", "hana", "ivo", "julia")
_WORDS: Final = (
    "this one!",
    "love the drop",
    "who sings this?",
    "play it again",
    "the bass is huge",
    "🔥🔥🔥",
    "hola desde Lima",
    "mine is next, I hope",
    "skip",
    "10/10",
)
# How often a viewer does what, in parts of a thousand, from how lives look: mostly likes, joins and comments.
_DEEDS: Final = {
    "like": 360,
    "comment": 230,
    "join": 150,
    "gift": 70,
    "streak": 60,
    "share": 30,
    "follow": 40,
    "subscribe": 10,
    "viewers": 20,
}
_STREAKABLE: Final = tuple(gift for gift in GIFTS if gift.streakable)
# Of ten streaks: seven end as they should, two end twice, one never.
_ENDS: Final = (1, 1, 1, 1, 1, 1, 1, 2, 2, 0)
_LONGEST_STREAK: Final = 6


class Evening:
    """Writes the actions of one evening: two hosts by default, each with a drop now and then.

    `events` is how many messages are sent, give or take a last streak. `drops` counts connections lost on
    the way, each with a few messages in the gap; `rooms` restarts of a live in a new room; `renames` viewers
    who change their @name. `depth` is the history told on a reconnect, of every kind of message.
    """

    def __init__(
        self,
        seed: int = 1,
        *,
        events: int = 20_000,
        hosts: Sequence[str] = ("dj_mara", "tio_beat"),
        viewers: int = 150,
        minutes: int = 120,
        drops: int = 10,
        rooms: int = 1,
        renames: int = 12,
        depth: int = 20,
        size: str = "usual",
    ) -> None:
        self._random = random.Random(seed)  # noqa: S311  (a made-up evening, no secret)
        self._events = events
        self._hosts = list(hosts)
        self._step = minutes * 60_000 / max(1, events)
        self._viewers = [f"{self._random.choice(_NAMES)}{n:03d}" for n in range(viewers)]
        self._turns = self._plan(drops, rooms, renames)
        self._depth = depth
        self._size = size
        self._sent = 0
        self._labels = 0
        self._open: list[tuple[str, str, str, int]] = []

    def actions(self) -> Iterator[Action]:
        """Give the evening's actions in order."""
        yield self._line("history", depth=self._depth, kinds=None)
        for host in self._hosts:
            yield self._line("go_live", host=host, size=self._size)
            yield self._line("await", host=host)
        while self._sent < self._events:
            if self._turns and self._sent >= self._turns[0][0]:
                yield from self._turn(self._turns.pop(0)[1])
            yield from self._deed(self._random.choice(self._hosts))
        for host in self._hosts:
            yield from self._close_streaks(host)
            yield self._line("end", host=host)

    def _plan(self, drops: int, rooms: int, renames: int) -> list[tuple[int, str]]:
        kinds = ["drop"] * drops + ["room"] * rooms + ["rename"] * renames
        low, high = self._events // 20, max(1, self._events * 19 // 20)
        return sorted((self._random.randint(low, high), kind) for kind in kinds)

    def _turn(self, kind: str) -> Iterator[Action]:
        host = self._random.choice(self._hosts)
        if kind == "rename":
            place = self._random.randrange(len(self._viewers))
            new = f"{self._random.choice(_NAMES)}_{place:03d}_{self._sent}"
            old, self._viewers[place] = self._viewers[place], new
            self._open = [
                (new if who == old else who, where, label, left) for who, where, label, left in self._open
            ]
            yield self._line("rename", viewer=old, name=new)
            return
        if kind == "room":
            yield from self._close_streaks(host)
            yield self._line("end", host=host)
            self._sent += 1
            yield self._line("go_live", host=host, size=self._size)
            yield self._line("await", host=host)
            return
        code = self._random.choice((None, None, 1000, 1001, 1011, 4003))
        yield self._line("drop", host=host) | ({} if code is None else {"code": code})
        for _ in range(self._random.randint(0, 2 * self._depth)):
            yield from self._deed(host)
        yield self._line("await", host=host)

    def _deed(self, host: str) -> Iterator[Action]:
        if self._open and self._random.random() < 0.4:
            yield from self._go_on(self._random.randrange(len(self._open)))
            return
        (do,) = self._random.choices(list(_DEEDS), list(_DEEDS.values()))
        viewer = self._random.choice(self._viewers)
        match do:
            case "like":
                yield self._send("like", host, viewer, count=self._random.randint(1, 15))
            case "comment":
                yield self._send("comment", host, viewer, text=self._random.choice(_WORDS))
            case "gift":
                yield self._gift(host, viewer)
            case "streak":
                yield from self._begin(host, viewer)
            case "subscribe":
                yield self._send("subscribe", host, viewer, months=self._random.randint(1, 12))
            case "viewers":
                self._sent += 1
                yield self._line("viewers", host=host, now=self._random.randint(20, 900))
            case _:
                yield self._send(do, host, viewer)

    def _gift(self, host: str, viewer: str) -> Action:
        # The dearer, the rarer.
        gifts = [gift for gift in GIFTS if not gift.streakable]
        (gift,) = self._random.choices(gifts, [1 / each.price for each in gifts])
        return self._send("gift", host, viewer, gift=gift.name)

    def _begin(self, host: str, viewer: str) -> Iterator[Action]:
        (gift,) = self._random.choices(_STREAKABLE, [1 / each.price for each in _STREAKABLE])
        self._labels += 1
        label = f"s{self._labels}"
        yield self._send(
            "streak", host, viewer, streak=label, gift=gift.name, count=self._random.randint(1, 5)
        )
        self._open.append((viewer, host, label, self._random.randint(0, _LONGEST_STREAK)))

    def _go_on(self, place: int) -> Iterator[Action]:
        viewer, host, label, left = self._open[place]
        if left:
            self._open[place] = (viewer, host, label, left - 1)
            yield self._send("streak", host, viewer, streak=label, count=self._random.randint(1, 9))
            return
        del self._open[place]
        times = self._random.choice(_ENDS)
        if times:
            self._sent += times - 1
            yield self._send("streak_end", host, viewer, streak=label, times=times)

    def _close_streaks(self, host: str) -> Iterator[Action]:
        for viewer, where, label, _ in self._open:
            if where == host:
                yield self._send("streak_end", host, viewer, streak=label)
        self._open = [each for each in self._open if each[1] != host]

    def _send(self, do: str, host: str, viewer: str, **more: object) -> Action:
        self._sent += 1
        return self._line(do, host=host, viewer=viewer) | more

    def _line(self, do: str, **more: object) -> Action:
        return {"t": int(self._sent * self._step), "do": do} | more

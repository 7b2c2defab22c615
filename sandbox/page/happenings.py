"""What happened on a TikTok, as a short list to look at beside the messages."""

from __future__ import annotations

import re
from collections import Counter, deque
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs, unquote, urlsplit

if TYPE_CHECKING:
    from sandbox.tiktok import Delivery, Live, Message, TikTok

LATEST: Final = 40
NAMES: Final = 12
LONGEST_NAME: Final = 60
"""Characters of a viewer's name that can be typed; one with more is not proposed."""

SHOWN_TEXT: Final = 300
"""Characters of a comment or a name that are shown."""

HANDLE: Final = re.compile(r"[a-z0-9._]{2,24}")
"""What TikTok lets a @name be, in lower case."""

_PAGE: Final = re.compile(r"/@([^/?]+)/live")
_TOLD: Final = frozenset(
    ("like", "comment", "share", "follow", "subscribe", "join", "viewers", "paused", "resumed")
)


@dataclass(slots=True)
class Happening:
    """One row. `at` is in milliseconds; `count` is of likes, of a gift in all, of who watches."""

    id: int
    at: int
    kind: str
    host: str
    name: str = ""
    text: str = ""
    count: int = 0
    gift: str = ""
    coins: int = 0
    ended: bool = False
    key: tuple[object, ...] = ()
    """Whatever has the same key goes on in this row."""


class Happenings:
    """Reads a TikTok on: `latest` oldest first, `names` of viewers and `wanted` hosts, newest last.

    Likes of a moment are one row, and so are the steps of a streak, which grows where it stands.
    `coins` are by room.
    """

    def __init__(self, tiktok: TikTok) -> None:
        self._tiktok = tiktok
        self.latest: deque[Happening] = deque(maxlen=LATEST)
        self.names: dict[str, None] = {}
        self.wanted: dict[str, None] = {}
        self.coins: Counter[int] = Counter()
        self._number = self._sent = self._rooms = self._deliveries = 0
        self._requested = 0.0
        self._on: list[Live] = []
        self._open: list[Delivery] = []
        self._units: dict[tuple[object, ...], int] = {}

    def read(self) -> None:
        """Take in everything since the last time."""
        tiktok = self._tiktok
        for live in islice(tiktok.rooms.values(), self._rooms, None):
            self._on.append(live)
            self._add(Happening(0, live.started_at, "began", live.host.name))
        self._rooms = len(tiktok.rooms)
        for delivery in tiktok.books.deliveries[self._deliveries :]:
            self._open.append(delivery)
            self._add(Happening(0, int(delivery.opened_at * 1000), "connected", delivery.host))
        self._deliveries = len(tiktok.books.deliveries)
        for message in tiktok.books.sent[self._sent :]:
            self._message(message)
        self._sent = len(tiktok.books.sent)
        for live in [each for each in self._on if each.over]:
            self._on.remove(live)
            self._add(Happening(0, tiktok.now(), "ended", live.host.name))
        for delivery in [each for each in self._open if each.closed_at is not None]:
            self._open.remove(delivery)
            at = int((delivery.closed_at or 0) * 1000)
            self._add(Happening(0, at, "disconnected", delivery.host, text=delivery.ending))
        self._requests()

    def _message(self, message: Message) -> None:
        if 0 < len(message.name) <= LONGEST_NAME:
            _last(self.names, message.name)
        row = Happening(0, message.at, message.kind, message.host, _short(message.name))
        if message.kind == "gift" and message.gift is not None:
            row.key = ("gift", message.room, message.viewer, message.gift.id, message.group)
            counted = self._units.get(row.key, 0)
            self._units[row.key] = max(counted, message.count)
            self.coins[message.room] += max(0, message.count - counted) * message.gift.price
            row.gift, row.count, row.ended = message.gift.name, message.count, message.ended
            row.coins = message.count * message.gift.price
            same = next((each for each in self.latest if each.key == row.key), None)
        elif message.kind in _TOLD:
            row.text = _short(message.text)
            row.count = message.count
            newest = self.latest[-1] if self.latest else None
            if message.kind in {"like", "viewers"}:
                row.key = (message.kind, message.room, message.viewer)
            same = newest if row.key and newest is not None and newest.key == row.key else None
            if same is not None and message.kind == "like":
                row.count += same.count
        else:
            return
        if same is None:
            self._add(row)
        else:
            row.id = same.id
            self.latest[self.latest.index(same)] = row

    def _requests(self) -> None:
        """Learn for which hosts somebody looks."""
        newest = self._requested
        fresh: list[str] = []
        for at, endpoint, path in reversed(self._tiktok.requests):
            if at <= self._requested:
                break
            newest = max(newest, at)
            if endpoint in {"page", "api"}:
                fresh.append(path)
        self._requested = newest
        for path in reversed(fresh):
            name = _host(path)
            if name:
                _last(self.wanted, name)

    def _add(self, row: Happening) -> None:
        self._number += 1
        row.id = self._number
        self.latest.append(row)


def _host(path: str) -> str:
    parts = urlsplit(path)
    page = _PAGE.fullmatch(parts.path)
    given = page[1] if page else parse_qs(parts.query).get("uniqueId", [""])[0]
    name = unquote(given).casefold()
    return name if HANDLE.fullmatch(name) else ""


def _last(names: dict[str, None], name: str) -> None:
    names.pop(name, None)
    names[name] = None
    while len(names) > NAMES:
        del names[next(iter(names))]


def _short(text: str) -> str:
    return text if len(text) <= SHOWN_TEXT else f"{text[:SHOWN_TEXT]}…"

"""The double's books: what was sent, what reached whom, and what an honest bot must have counted."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from sandbox.tiktok.gifts import Gift

Kind = Literal[
    "gift",
    "like",
    "comment",
    "share",
    "follow",
    "subscribe",
    "join",
    "viewers",
    "paused",
    "resumed",
    "ended",
    "unparsable",
    "unknown",
]


@dataclass(frozen=True, slots=True)
class Message:
    """One message as it was sent. `at` is in milliseconds; `viewer` is 0 where no person did it.

    For a gift `count` is cumulative over its streak, for likes the taps of the batch, for viewers how many
    watch, for a subscription its month. `total` is the room's total of likes, of shares or of visitors.
    """

    id: int
    kind: Kind
    host: str
    room: int
    at: int
    viewer: int = 0
    name: str = ""
    masked: bool = False
    count: int = 0
    total: int = 0
    text: str = ""
    gift: Gift | None = None
    group: int = 0
    ended: bool = False


@dataclass(slots=True)
class Totals:
    """What one viewer, or a room, gave. `gifts` counts units, `coins` their price."""

    likes: int = 0
    comments: int = 0
    shares: int = 0
    follows: int = 0
    subscribes: int = 0
    joins: int = 0
    gifts: int = 0
    coins: int = 0

    def add(self, other: Totals) -> None:
        """Add another's numbers to these."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


@dataclass(slots=True)
class Account:
    """All that a set of messages amounts to: `viewers` by TikTok user id, and their sum."""

    viewers: dict[int, Totals] = field(default_factory=lambda: defaultdict(Totals))

    @property
    def total(self) -> Totals:
        """The sum over all viewers."""
        total = Totals()
        for each in self.viewers.values():
            total.add(each)
        return total


def account(messages: Iterable[Message]) -> Account:
    """Add up messages as TikTok means them: each id once, and of a streak the highest count alone."""
    result = Account()
    seen: set[int] = set()
    streaks: dict[tuple[int, int, int], int] = {}
    for message in messages:
        if message.id in seen:
            continue
        seen.add(message.id)
        if not message.viewer:
            continue
        totals = result.viewers[message.viewer]
        match message.kind:
            case "gift" if message.gift is not None:
                key = (message.viewer, message.gift.id, message.group)
                units = max(0, message.count - streaks.get(key, 0))
                streaks[key] = max(message.count, streaks.get(key, 0))
                totals.gifts += units
                totals.coins += units * message.gift.price
            case "like":
                totals.likes += message.count
            case "comment":
                totals.comments += 1
            case "share":
                totals.shares += 1
            case "follow":
                totals.follows += 1
            case "subscribe":
                totals.subscribes += 1
            case "join":
                totals.joins += 1
            case _:
                pass
    return result


@dataclass(slots=True, eq=False)
class Delivery:
    """What went over one connection.

    `written` holds message ids in the order they went out, `acked` those whose frame the client
    acknowledged, `history` those replayed with the signature's answer. A message that is written but not
    acknowledged may or may not have arrived.
    """

    connection: int
    host: str
    room: int
    opened_at: float
    history: list[int] = field(default_factory=list[int])
    written: list[int] = field(default_factory=list[int])
    acked: set[int] = field(default_factory=set[int])
    acks: int = 0
    heartbeats: int = 0
    entered: bool = False
    closed_at: float | None = None
    ending: str = ""


class Books:
    """Everything sent and delivered since the double started."""

    def __init__(self) -> None:
        self.sent: list[Message] = []
        self.deliveries: list[Delivery] = []

    def of(self, host: str | None = None, room: int | None = None) -> Account:
        """Account for all that was sent, to a host or in a room."""
        return account(self.messages(host, room))

    def messages(self, host: str | None = None, room: int | None = None) -> list[Message]:
        """Give what was sent, to a host or in a room, oldest first."""
        return [
            each
            for each in self.sent
            if (host is None or each.host == host) and (room is None or each.room == room)
        ]

    def arrived(self, host: str | None = None) -> set[int]:
        """Give the ids that certainly reached a client: acknowledged, or handed over as history."""
        ids: set[int] = set()
        for delivery in self._of(host):
            ids |= delivery.acked
            ids.update(delivery.history)
        return ids

    def possible(self, host: str | None = None) -> set[int]:
        """Give the ids that may have reached a client: everything that was written."""
        ids: set[int] = set()
        for delivery in self._of(host):
            ids.update(delivery.written, delivery.history)
        return ids

    def received(self, host: str | None = None, ids: Collection[int] | None = None) -> Account:
        """Account for what arrived (or for `ids`): what a bot that loses nothing has counted."""
        chosen = self.arrived(host) if ids is None else ids
        return account(each for each in self.messages(host) if each.id in chosen)

    def _of(self, host: str | None) -> list[Delivery]:
        return [each for each in self.deliveries if host is None or each.host == host]

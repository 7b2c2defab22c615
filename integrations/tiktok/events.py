"""What happens on a live, as plain data."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "Comment",
    "Deed",
    "Ended",
    "Follow",
    "Gift",
    "Join",
    "Like",
    "LiveEvent",
    "Paused",
    "Resumed",
    "Share",
    "Subscribe",
    "Viewer",
    "Viewers",
]


@dataclass(frozen=True, slots=True)
class Viewer:
    """Somebody on a live.

    `id` is TikTok's number, which a rename keeps; it is beyond 2^53 for some. `name` is the @name without the
    @ and `nickname` what the app shows; both change. A masked viewer hides who it is: count it, never link
    it. `moderator` is known on gifts and comments alone.
    """

    id: int
    name: str
    nickname: str
    masked: bool = False
    moderator: bool = False


@dataclass(frozen=True, slots=True)
class LiveEvent:
    """Anything that happens on a live.

    `message` identifies it: after a reconnect TikTok sends the last ones again under the same number. `at` is
    in milliseconds since the epoch, by TikTok's clock, or when it arrived if TikTok did not say.
    """

    message: int
    room: int
    at: int


@dataclass(frozen=True, slots=True)
class Deed(LiveEvent):
    """Something a viewer did."""

    viewer: Viewer


@dataclass(frozen=True, slots=True)
class Gift(Deed):
    """A gift, or one more state of a streak of it.

    `price` is in coins a unit, 0 if TikTok never told it. `count` is cumulative within the streak, which is
    known by viewer, gift and `group`: book the growth. `ended` closes a streak; it may never come, or come
    twice under different messages. A gift that is not `streakable` comes once.
    """

    gift: int
    gift_name: str
    price: int
    count: int
    group: int
    streakable: bool
    ended: bool


@dataclass(frozen=True, slots=True)
class Like(Deed):
    """Taps of one viewer, at most 15 at once; only a part of them comes. `total` is the room's, exact."""

    count: int
    total: int


@dataclass(frozen=True, slots=True)
class Comment(Deed):
    """A line in the chat."""

    text: str


@dataclass(frozen=True, slots=True)
class Share(Deed):
    """The live was shared."""


@dataclass(frozen=True, slots=True)
class Follow(Deed):
    """The host has a new follower."""


@dataclass(frozen=True, slots=True)
class Subscribe(Deed):
    """Somebody subscribed to the host."""


@dataclass(frozen=True, slots=True)
class Join(Deed):
    """Somebody came in. A sample in big rooms; nobody is ever reported to leave."""


@dataclass(frozen=True, slots=True)
class Viewers(LiveEvent):
    """How many watch now, and how many came so far."""

    now: int
    total: int


@dataclass(frozen=True, slots=True)
class Paused(LiveEvent):
    """The host paused the live."""


@dataclass(frozen=True, slots=True)
class Resumed(LiveEvent):
    """The host is back from a pause."""


@dataclass(frozen=True, slots=True)
class Ended(LiveEvent):
    """The live is over: ended by the host, or by TikTok."""

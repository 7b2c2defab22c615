"""From TikTok's messages to events, through the decoder hook of TikTokLive.

The library finds the decoder of a message in its `EVENT_MAPPINGS` and asks no more of it than `.parse`,
`.get_type`, `.size` and `.common`. `installed()` puts ours there, for as long as a source is open: the
library's own need about 6 ms for an event of 6 KB, these some microseconds. The same table serves
`frames.py`, which reads the frames of the websocket before the library would.
"""

from __future__ import annotations

import contextlib
import functools
import time
from collections import Counter
from collections.abc import Callable, Container, Generator, MutableMapping
from dataclasses import dataclass, field
from typing import Any, Final, Self, TypeAlias

from integrations.tiktok import events
from integrations.tiktok.events import LiveEvent, Viewer
from integrations.tiktok.schema import MESSAGES, DecodeError, Message

__all__ = ["DECODERS", "Decoded", "Reader", "installed"]

_PAUSED, _RESUMED, _ENDED, _SUSPENDED = 1, 2, 3, 4
_FOLLOWED, _SHARED = 1, 3
_JOINED = 1
_STREAKABLE = 1
_KINDS_COUNTED = 100  # different kinds of skipped messages a stream keeps apart


class Decoded:
    """One message as the library's dispatch hands it on. `message` is None when it could not be read."""

    __slots__ = ("message", "method", "size")

    common: Final = None  # the library looks in it for texts; ours are told apart by their action instead

    def __init__(self, method: str) -> None:
        self.method = method
        self.message: Message | None = None
        self.size = 0

    def parse(self, payload: bytes) -> Self:
        """Read the payload. Never raises: the library would log each failure with its traceback."""
        self.size = len(payload)
        with contextlib.suppress(DecodeError):
            self.message = MESSAGES[self.method].FromString(payload)
        return self

    @classmethod
    def get_type(cls) -> str:
        """The name under which the library's emitter hands it out."""
        return "Decoded"


class Unused(Decoded):
    """A message of a known kind that nobody here needs; left unread."""

    __slots__ = ()

    def parse(self, payload: bytes) -> Self:
        """Read nothing."""
        self.size = len(payload)
        return self

    @classmethod
    def get_type(cls) -> str:
        """A type of its own: nobody listens to it."""
        return "Unused"


@dataclass(slots=True)
class Reader:
    """Turns the messages of one stream into events.

    `known` has the kinds of messages the library knows of. `prices` remembers what gifts are, since a gift
    message may come without it; streams share one. `skipped` counts what could not be read.
    """

    room: int
    known: Container[str] = ()
    skipped: Counter[str] = field(default_factory=Counter[str])
    prices: dict[int, tuple[str, int, bool]] = field(default_factory=dict[int, tuple[str, int, bool]])

    def read(self, method: str, payload: bytes, outer: int) -> LiveEvent | None:
        """Decode one message; None if it is of no use. `outer` is the id on its envelope. Never raises."""
        if method not in DECODERS:
            if method not in self.known:
                self.skip("unknown", method)
            return None
        try:
            return self.event(method, MESSAGES[method].FromString(payload), outer)
        except DecodeError:
            self.skip("unparsable", method)
            return None

    def event(self, method: str, message: Message, outer: int = 0) -> LiveEvent | None:
        """Turn a decoded message into its event; None if it says nothing that is used."""
        common = message.common
        return DECODERS[method](
            self,
            message,
            (
                common.msg_id or outer,
                common.room_id or self.room,
                common.create_time or time.time_ns() // 10**6,
            ),
        )

    def skip(self, why: str, method: str) -> None:
        """Count a message that is skipped. Names beyond the first hundred are counted together."""
        name = f"{why} {method}"
        if name not in self.skipped and len(self.skipped) >= _KINDS_COUNTED:
            name = f"{why} others"
        self.skipped[name] += 1


_Head: TypeAlias = tuple[int, int, int]  # message, room, at


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


def _viewer(user: Message, identity: Message | None = None) -> Viewer:
    return Viewer(
        user.id,
        _text(user.display_id),
        _text(user.nickname),
        user.enigma_info.is_enigma_mask_on,
        identity is not None and identity.is_moderator_of_anchor,
    )


def _gift(reader: Reader, message: Message, head: _Head) -> LiveEvent:
    number = message.gift_id
    if message.HasField("gift"):
        gift = message.gift
        kind = reader.prices[number] = (_text(gift.name), gift.diamond_count, gift.type == _STREAKABLE)
    else:
        kind = reader.prices.get(number, ("", 0, False))
        if not kind[1]:
            reader.skip("priceless", "WebcastGiftMessage")
    name, price, streakable = kind
    viewer = _viewer(message.user, message.user_identity)
    ended = bool(message.repeat_end) or not streakable
    return events.Gift(
        *head, viewer, number, name, price, max(1, message.repeat_count), message.group_id, streakable, ended
    )


def _like(reader: Reader, message: Message, head: _Head) -> LiveEvent:
    return events.Like(*head, _viewer(message.user), message.count, message.total)


def _comment(reader: Reader, message: Message, head: _Head) -> LiveEvent:
    return events.Comment(*head, _viewer(message.user, message.user_identity), _text(message.content))


def _social(reader: Reader, message: Message, head: _Head) -> LiveEvent | None:
    if message.action == _FOLLOWED:
        return events.Follow(*head, _viewer(message.user))
    if message.action == _SHARED:
        return events.Share(*head, _viewer(message.user))
    return None


def _member(reader: Reader, message: Message, head: _Head) -> LiveEvent | None:
    return events.Join(*head, _viewer(message.user)) if message.action == _JOINED else None


def _subscribe(reader: Reader, message: Message, head: _Head) -> LiveEvent:
    return events.Subscribe(*head, _viewer(message.user))


def _viewers(reader: Reader, message: Message, head: _Head) -> LiveEvent:
    return events.Viewers(*head, message.total, message.total_user)


_CONTROL: Final[dict[int, Callable[[int, int, int], LiveEvent]]] = {
    _PAUSED: events.Paused,
    _RESUMED: events.Resumed,
    _ENDED: events.Ended,
    _SUSPENDED: events.Ended,
}


def _control(reader: Reader, message: Message, head: _Head) -> LiveEvent | None:
    kind = _CONTROL.get(message.action)
    return kind(*head) if kind else None


DECODERS: Final[dict[str, Callable[[Reader, Message, _Head], LiveEvent | None]]] = {
    "WebcastGiftMessage": _gift,
    "WebcastLikeMessage": _like,
    "WebcastChatMessage": _comment,
    "WebcastSocialMessage": _social,
    "WebcastMemberMessage": _member,
    "WebcastSubNotifyMessage": _subscribe,
    "WebcastRoomUserSeqMessage": _viewers,
    "WebcastControlMessage": _control,
}

_stock: dict[str, Any] = {}
_users = 0


@contextlib.contextmanager
def installed(mappings: MutableMapping[str, Any]) -> Generator[frozenset[str]]:
    """Put the decoders into the library's table of them, and what was there back at the end.

    Kinds that nobody here needs are left unread. May be entered several times; the last one out restores.
    Gives the names of all the kinds the library knows.
    """
    global _users
    if not _users:
        _stock.clear()
        _stock.update(mappings)
        for method in _stock:
            mappings[method] = functools.partial(Decoded if method in DECODERS else Unused, method)
    _users += 1
    try:
        yield frozenset(_stock)
    finally:
        _users -= 1
        if not _users:
            mappings.update(_stock)

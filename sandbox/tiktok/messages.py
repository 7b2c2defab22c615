"""Webcast messages: the fields clients use, and as much around them as real ones carry."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from sandbox.tiktok.profiles import Size, details, image
from sandbox.tiktok.wire import blob, number, text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sandbox.tiktok.gifts import Gift

GIFT: Final = "WebcastGiftMessage"
LIKE: Final = "WebcastLikeMessage"
CHAT: Final = "WebcastChatMessage"
SOCIAL: Final = "WebcastSocialMessage"
MEMBER: Final = "WebcastMemberMessage"
SUBSCRIBE: Final = "WebcastSubNotifyMessage"
VIEWERS: Final = "WebcastRoomUserSeqMessage"
CONTROL: Final = "WebcastControlMessage"

PAUSED: Final = 1
RESUMED: Final = 2
ENDED: Final = 3
SUSPENDED: Final = 4
FOLLOWED: Final = 1
SHARED: Final = 3


@dataclass(frozen=True, slots=True)
class Stamp:
    """What every message carries: its id, its room and when it was made (milliseconds since the epoch)."""

    id: int
    room: int
    at: int


@dataclass(frozen=True, slots=True)
class Person:
    """A viewer as messages show them. `masked` hides who it is, as TikTok does for some."""

    id: int
    name: str
    nickname: str
    moderator: bool = False
    masked: bool = False


def common(method: str, stamp: Stamp, display: bytes = b"") -> bytes:
    """Encode CommonMessageData. `display` is an encoded Text."""
    inner = (
        text(1, method)
        + number(2, stamp.id)
        + number(3, stamp.room)
        + number(4, stamp.at)
        + number(6, 1)
        + (blob(8, display) if display else b"")
    )
    return blob(1, inner)


@lru_cache(maxsize=4096)
def user(person: Person, size: Size) -> bytes:
    """Encode a User: about 70 % of a usual event, two fifths of a large one (which carries it twice)."""
    budget = {Size.BARE: 0, Size.USUAL: 1_050, Size.LARGE: 2_350}[size]
    return (
        number(1, person.id)
        + text(3, person.nickname)
        + text(38, person.name)
        + text(46, f"MS4wLjABAAAA{person.id:x}{person.id:064d}")
        + details(person.id, budget)
        + (blob(1092, number(1, 1)) if person.masked else b"")
    )


@lru_cache(maxsize=8192)
def display(key: str, pattern: str, person: Person, size: Size) -> bytes:
    """Encode the text of an event; on a large one it holds the whole user once more."""
    out = text(1, key) + text(2, pattern) + blob(3, text(1, "#ffffffff") + number(4, 400))
    if size is Size.LARGE:
        out += blob(4, number(1, 11) + blob(21, blob(1, user(person, size))))
    return out


@lru_cache(maxsize=4096)
def identity(person: Person) -> bytes:
    """Encode a UserIdentity."""
    return number(1, 1) + number(5, person.moderator)


@lru_cache(maxsize=4096)
def _tail(size: Size, used: int) -> bytes:
    """Fields that fill a message up to its size: the area on screen it belongs to."""
    missing = size - used - 8
    if missing < 40:
        return b""
    return blob(
        13, text(1, "pm_mt_public_area") + text(2, ("{0:user} " * (missing // 9 + 1))[: missing - 24])
    )


def _fill(body: bytes, field: int, size: Size) -> bytes:
    tail = _tail(size, len(body))
    return body + (blob(field, tail) if tail else b"")


@lru_cache(maxsize=256)
def gift_info(gift: Gift, size: Size) -> bytes:
    """Encode a gift as its message describes it."""
    picture = b"" if size is Size.BARE else blob(1, image(gift.name, 100, 1))
    return (
        picture
        + text(2, f"sent {gift.name}")
        + number(5, gift.id)
        + number(10, gift.streakable)
        + number(11, gift.type)
        + number(12, gift.price)
        + number(13, 1)
        + text(16, gift.name)
    )


def gift_message(
    stamp: Stamp, person: Person, gift: Gift, *, count: int, group: int, ended: bool, size: Size
) -> bytes:
    """Encode a gift; `count` is cumulative over its streak."""
    shown = display("pm_mt_gift_toast", f"sent {gift.name} x{{0:int}}", person, size)
    body = (
        common(GIFT, stamp, shown)
        + number(2, gift.id)
        + number(4, 1)
        + number(5, count)
        + number(6, 1)
        + blob(7, user(person, size))
        + number(9, ended)
        + number(11, group)
        + blob(15, gift_info(gift, size))
        + text(16, f"20261121{group}")
        + blob(32, identity(person))
    )
    return _fill(body, 41, size)


def like_message(stamp: Stamp, person: Person, *, count: int, total: int, size: Size) -> bytes:
    """Encode a batch of likes with the room's total after it."""
    shown = display("pm_mt_msg_viewer", "{0:user} liked the LIVE", person, size)
    body = common(LIKE, stamp, shown) + number(2, count) + number(3, total) + blob(5, user(person, size))
    return _fill(body, 11, size)


def chat_message(stamp: Stamp, person: Person, content: str, *, size: Size) -> bytes:
    """Encode a comment."""
    shown = b"" if size is Size.BARE else display("pm_mt_chat", "{0:user}: {1:string}", person, size)
    body = (
        common(CHAT, stamp, shown)
        + blob(2, user(person, size))
        + text(3, content)
        + text(14, "en")
        + blob(18, identity(person))
    )
    return _fill(body, 21, size)


def social_message(stamp: Stamp, person: Person, *, action: int, shares: int, size: Size) -> bytes:
    """Encode a follow (`FOLLOWED`) or a share (`SHARED`, with the room's number of shares)."""
    follow = action == FOLLOWED
    key = "pm_main_follow_message_viewer_2" if follow else "pm_mt_guidance_share"
    shown = display(key, "{0:user} followed the host" if follow else "{0:user} shared the LIVE", person, size)
    body = (
        common(SOCIAL, stamp, shown)
        + blob(2, user(person, size))
        + number(4, action)
        + number(8, 0 if follow else shares)
    )
    return _fill(body, 9, size)


def member_message(stamp: Stamp, person: Person, *, members: int, size: Size) -> bytes:
    """Encode a join; `members` is how many watch."""
    shown = display("live_room_enter_toast", "{0:user} joined", person, size)
    body = (
        common(MEMBER, stamp, shown)
        + blob(2, user(person, size))
        + number(3, members)
        + number(9, 1)
        + number(10, 1)
        + number(12, person.id)
    )
    return _fill(body, 29, size)


def subscribe_message(stamp: Stamp, person: Person, *, months: int, size: Size) -> bytes:
    """Encode a subscription in its `months`-th month."""
    shown = display("pm_mt_subscription_new", "{0:user} subscribed", person, size)
    body = common(SUBSCRIBE, stamp, shown) + blob(2, user(person, size)) + number(4, months) + number(5, 1)
    return _fill(body, 13, size)


def viewers_message(
    stamp: Stamp, *, now: int, total: int, ranks: Iterable[tuple[int, Person]], size: Size
) -> bytes:
    """Encode the viewer sequence: how many watch, how many came, and the top gifters with their coins."""
    top = b"".join(
        blob(2, number(1, score) + blob(2, user(person, size)) + number(3, place))
        for place, (score, person) in enumerate(ranks, 1)
    )
    return (
        common(VIEWERS, stamp) + top + number(3, now) + text(4, str(now)) + number(6, now) + number(7, total)
    )


def control_message(stamp: Stamp, action: int) -> bytes:
    """Encode a change of the live itself: PAUSED, RESUMED, ENDED or SUSPENDED."""
    return common(CONTROL, stamp) + number(2, action)

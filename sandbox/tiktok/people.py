"""Those on the other side: hosts who go live, and viewers who like, write and give."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.tiktok.live import Live
from sandbox.tiktok.messages import (
    CHAT,
    FOLLOWED,
    GIFT,
    LIKE,
    MEMBER,
    SHARED,
    SOCIAL,
    SUBSCRIBE,
    Person,
    Stamp,
    chat_message,
    gift_message,
    like_message,
    member_message,
    social_message,
    subscribe_message,
)

if TYPE_CHECKING:
    from typing import Unpack

    from sandbox.tiktok.books import Kind, Message
    from sandbox.tiktok.gifts import Gift
    from sandbox.tiktok.live import Details
    from sandbox.tiktok.profiles import Size
    from sandbox.tiktok.server import TikTok

LARGEST_BATCH: Final = 15


class Host:
    """An account that can go live. `age_restricted` hides room info from those who are not logged in."""

    def __init__(self, tiktok: TikTok, user_id: int, name: str) -> None:
        self._tiktok = tiktok
        self.id = user_id
        self.name = name
        self.age_restricted = False
        self.lives: list[Live] = []

    @property
    def live(self) -> Live | None:
        """The live that is on now."""
        return self.lives[-1] if self.lives and not self.lives[-1].over else None

    def go_live(self, *, size: Size | None = None) -> Live:
        """Start a live in a new room; one that is on ends without a word first, as at a restart.

        `size` is what events weigh, else the double's.
        """
        if self.live is not None:
            self.live.vanish()
        live = Live(self._tiktok, self, self._tiktok.next_room(), self._tiktok.size if size is None else size)
        self.lives.append(live)
        self._tiktok.rooms[live.room] = live
        self._tiktok.changed()
        return live

    def rename(self, name: str) -> None:
        """Take another @name. The old one is nobody's from now on."""
        self._tiktok.rename(self, name)


class Viewer:
    """An account that watches. What it does in a live is written into the books and sent to who listens."""

    def __init__(
        self,
        tiktok: TikTok,
        user_id: int,
        name: str,
        nickname: str,
        *,
        moderator: bool = False,
        masked: bool = False,
    ) -> None:
        self._tiktok = tiktok
        self._group = 0
        self.person = Person(user_id, name, nickname, moderator, masked)

    @property
    def id(self) -> int:
        """The number that stays."""
        return self.person.id

    @property
    def name(self) -> str:
        """The @name now, without @."""
        return self.person.name

    def rename(self, name: str, nickname: str | None = None) -> None:
        """Take another @name (and nickname). The id stays."""
        old = self.person
        self._tiktok.viewers.pop(old.name.casefold(), None)
        self.person = Person(old.id, name, nickname or old.nickname, old.moderator, old.masked)
        self._tiktok.viewers[name.casefold()] = self

    def gift(self, live: Live, gift: Gift, count: int = 1, *, end: bool = True) -> list[Message]:
        """Give `count` units: a streak of one step and its end, or one message if it does not streak."""
        if not gift.streakable:
            return [self.give(live, gift, count=count, group=self.group(), ended=False)]
        streak = Streak(self, live, gift, count)
        if end:
            streak.end()
        return streak.messages

    def streak(self, live: Live, gift: Gift, count: int = 1) -> Streak:
        """Begin a streak with `count` units. Raises ValueError for a gift that does not streak."""
        return Streak(self, live, gift, count)

    def like(self, live: Live, count: int = 1) -> list[Message]:
        """Tap `count` times: batches of at most 15."""
        out: list[Message] = []
        while count > 0:
            batch = min(count, LARGEST_BATCH)
            count -= batch
            live.likes += batch
            out.append(self._like(live, batch))
        return out

    def comment(self, live: Live, text: str) -> Message:
        """Write in the chat."""
        stamp = live.stamp()
        payload = chat_message(stamp, self.person, text, size=live.size)
        return live.send(CHAT, payload, self._message(live, stamp, "comment", text=text))

    def share(self, live: Live) -> Message:
        """Share the live."""
        stamp = live.stamp()
        live.shares += 1
        payload = social_message(stamp, self.person, action=SHARED, shares=live.shares, size=live.size)
        return live.send(SOCIAL, payload, self._message(live, stamp, "share", count=1, total=live.shares))

    def follow(self, live: Live) -> Message:
        """Follow the host."""
        stamp = live.stamp()
        payload = social_message(stamp, self.person, action=FOLLOWED, shares=live.shares, size=live.size)
        return live.send(SOCIAL, payload, self._message(live, stamp, "follow", count=1))

    def subscribe(self, live: Live, months: int = 1) -> Message:
        """Subscribe to the host, for the `months`-th month."""
        stamp = live.stamp()
        payload = subscribe_message(stamp, self.person, months=months, size=live.size)
        return live.send(SUBSCRIBE, payload, self._message(live, stamp, "subscribe", count=months))

    def join(self, live: Live) -> Message:
        """Come in."""
        stamp = live.stamp()
        live.visitors += 1
        live.watching += 1
        payload = member_message(stamp, self.person, members=live.watching, size=live.size)
        return live.send(MEMBER, payload, self._message(live, stamp, "join", count=live.watching))

    def group(self) -> int:
        """Give a new group id: the sender's clock in milliseconds, never the same twice."""
        self._group = max(self._group + 1, self._tiktok.now())
        return self._group

    def give(self, live: Live, gift: Gift, *, count: int, group: int, ended: bool) -> Message:
        """Send one gift message as it stands: `count` is cumulative in its group."""
        stamp = live.stamp()
        live.spend(self.person, gift, count, group)
        payload = gift_message(
            stamp, self.person, gift, count=count, group=group, ended=ended, size=live.size
        )
        message = self._message(live, stamp, "gift", count=count, gift=gift, group=group, ended=ended)
        return live.send(GIFT, payload, message)

    def _like(self, live: Live, batch: int) -> Message:
        stamp = live.stamp()
        payload = like_message(stamp, self.person, count=batch, total=live.likes, size=live.size)
        return live.send(LIKE, payload, self._message(live, stamp, "like", count=batch, total=live.likes))

    def _message(self, live: Live, stamp: Stamp, kind: Kind, **more: Unpack[Details]) -> Message:
        person = self.person
        return live.message(stamp, kind, viewer=person.id, name=person.name, masked=person.masked, **more)


class Streak:
    """A streak under way: `more` raises its count, `end` closes it. Leave `end` out to have it never come."""

    def __init__(self, viewer: Viewer, live: Live, gift: Gift, count: int) -> None:
        if not gift.streakable:
            message = f"{gift.name} does not streak."
            raise ValueError(message)
        self.viewer = viewer
        self.live = live
        self.gift = gift
        self.group = viewer.group()
        self.count = 0
        self.messages: list[Message] = []
        self.more(count)

    def more(self, count: int = 1) -> Message:
        """Add units and send the new count."""
        self.count += count
        return self._send(ended=False)

    def end(self, times: int = 1) -> None:
        """Send the end with the count reached; a second time it comes under a new message id."""
        for _ in range(times):
            self._send(ended=True)

    def _send(self, *, ended: bool) -> Message:
        message = self.viewer.give(self.live, self.gift, count=self.count, group=self.group, ended=ended)
        self.messages.append(message)
        return message

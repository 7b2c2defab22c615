"""A live: one room, what happens in it, and who listens."""

from __future__ import annotations

import asyncio
import os
from collections import Counter, deque
from typing import TYPE_CHECKING, Final, TypedDict

from sandbox.tiktok.books import Kind, Message
from sandbox.tiktok.frames import envelope, fetch_result, push_frame
from sandbox.tiktok.messages import (
    CONTROL,
    ENDED,
    PAUSED,
    RESUMED,
    SUSPENDED,
    VIEWERS,
    Person,
    Stamp,
    control_message,
    viewers_message,
)
from sandbox.tiktok.wire import blob

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Unpack

    from sandbox.tiktok.gifts import Gift
    from sandbox.tiktok.people import Host
    from sandbox.tiktok.profiles import Size
    from sandbox.tiktok.push import Connection
    from sandbox.tiktok.server import TikTok

# What a client can still be given later: by its cursor, or as history.
_KEPT: Final = 2_000
_TOP: Final = 3
# A varint that does not end: no reader takes it.
_ENDLESS: Final = b"\x10" + b"\xff" * 12 + b"\x01"


class Details(TypedDict, total=False):
    """What a message may say beside who and when."""

    count: int
    total: int
    text: str
    gift: Gift
    group: int
    ended: bool


class Live:
    """A room that is on the air until it is `over`.

    `likes`, `shares`, `watching` and `visitors` are the room's own totals.
    """

    def __init__(self, tiktok: TikTok, host: Host, room: int, size: Size) -> None:
        self._tiktok = tiktok
        self.host = host
        self.room = room
        self.size = size
        self.started_at = tiktok.now()
        self.over = False
        self.paused = False
        self.likes = self.shares = self.watching = self.visitors = 0
        self.connections: list[Connection] = []
        self.recent: deque[tuple[Message, str, bytes]] = deque(maxlen=_KEPT)
        self._frame = 0
        self._pending: list[tuple[Message, bytes]] = []
        self._flushing: asyncio.Handle | None = None
        self._coins: Counter[Person] = Counter()
        self._streaks: dict[tuple[int, int, int], int] = {}

    def next_frame(self) -> int:
        """Give the next frame its log id."""
        self._frame += 1
        return self._frame

    async def acknowledged(self, timeout: float = 15.0) -> None:
        """Wait until every open connection acknowledged all it was sent. Raises TimeoutError."""
        self.flush()
        for connection in tuple(self.connections):
            await connection.acknowledged(timeout)

    def viewers(self, now: int, total: int | None = None) -> Message:
        """Tell how many watch `now` and how many came in `total`, with the top gifters."""
        self.watching = now
        self.visitors = max(self.visitors, now) if total is None else total
        stamp = self.stamp()
        ranks = [(score, person) for person, score in self._coins.most_common(_TOP)]
        payload = viewers_message(stamp, now=now, total=self.visitors, ranks=ranks, size=self.size)
        return self.send(VIEWERS, payload, self.message(stamp, "viewers", count=now, total=self.visitors))

    def pause(self) -> Message:
        """Pause the live."""
        self.paused = True
        return self._control(PAUSED, "paused")

    def resume(self) -> Message:
        """Go on after a pause."""
        self.paused = False
        return self._control(RESUMED, "resumed")

    def end(self, *, suspended: bool = False, close: bool = True) -> Message:
        """End the live, by the host or `suspended` by TikTok, and `close` the connections."""
        message = self._control(SUSPENDED if suspended else ENDED, "ended")
        self.flush()
        self.over = True
        for connection in tuple(self.connections) if close else ():
            connection.finish(1000)
        return message

    def vanish(self) -> None:
        """End the live without telling anybody; connections stay open and silent."""
        self.flush()
        self.over = True
        self._tiktok.changed()

    def send_unknown(self, method: str = "WebcastSomethingNewMessage", *, size: int = 2) -> Message:
        """Send a message of a method no client knows, of `size` bytes that gzip cannot make smaller."""
        stamp = self.stamp()
        payload = blob(1, os.urandom(size))
        return self.send(method, payload, self.message(stamp, "unknown", text=method))

    def send_unparsable(self, method: str = "WebcastGiftMessage") -> Message:
        """Send a message of a known method whose payload is no such message."""
        stamp = self.stamp()
        return self.send(method, _ENDLESS, self.message(stamp, "unparsable", text=method))

    def spend(self, person: Person, gift: Gift, count: int, group: int) -> None:
        """Count a gift for the ranks of the room."""
        key = (person.id, gift.id, group)
        self._coins[person] += max(0, count - self._streaks.get(key, 0)) * gift.price
        self._streaks[key] = count

    def stamp(self) -> Stamp:
        """Give the next message its id and time."""
        return Stamp(self._tiktok.next_message(), self.room, self._tiktok.now())

    def message(
        self,
        stamp: Stamp,
        kind: Kind,
        *,
        viewer: int = 0,
        name: str = "",
        masked: bool = False,
        **more: Unpack[Details],
    ) -> Message:
        """Write down a message of this room."""
        return Message(
            stamp.id, kind, self.host.name, self.room, stamp.at, viewer, name, masked=masked, **more
        )

    def send(self, method: str, payload: bytes, message: Message) -> Message:
        """Book a message and put it in the next frame. Raises RuntimeError when the live is over."""
        if self.over:
            text = f"The live of @{self.host.name} is over."
            raise RuntimeError(text)
        self._tiktok.books.sent.append(message)
        self.recent.append((message, method, payload))
        self._pending.append((message, envelope(method, payload, message.id)))
        if len(self._pending) >= self._tiktok.per_frame:
            self.flush()
        elif self._flushing is None:
            self._flushing = asyncio.get_running_loop().call_soon(self.flush)
        self._tiktok.changed()
        return message

    def flush(self) -> None:
        """Send what waits for its frame now."""
        if self._flushing is not None:
            self._flushing.cancel()
            self._flushing = None
        if self._pending:
            pending, self._pending = self._pending, []
            self._broadcast(pending)

    def _broadcast(self, pending: Sequence[tuple[Message, bytes]]) -> None:
        log_id = self.next_frame()
        frames: dict[bool, bytes] = {}
        ids = [message.id for message, _ in pending]
        for connection in tuple(self.connections):
            if connection.compress not in frames:
                frames[connection.compress] = self.encode(pending, log_id, compress=connection.compress)
            connection.push(log_id, frames[connection.compress], ids)

    def encode(self, pending: Sequence[tuple[Message, bytes]], log_id: int, *, compress: bool) -> bytes:
        """Encode messages as one push frame."""
        cursor = str(pending[-1][0].id) if pending else "0"
        result = fetch_result(
            (each for _, each in pending),
            cursor=cursor,
            internal_ext=f"internal_src:pushserver|wss_msg_type:r|first_req_ms:{log_id}|seq:{log_id}",
            now=self._tiktok.now(),
        )
        return push_frame(log_id, "msg", result, compress=compress)

    def since(self, cursor: int) -> list[tuple[Message, bytes]]:
        """Give what was sent after a message id, as far as it is kept."""
        return [
            (message, envelope(method, payload, message.id))
            for message, method, payload in self.recent
            if message.id > cursor
        ]

    def history(self, depth: int, wanted: Callable[[Message], bool]) -> list[tuple[Message, bytes]]:
        """Give the latest `depth` messages that are `wanted`, marked as history."""
        chosen = [each for each in self.recent if wanted(each[0])]
        return [
            (message, envelope(method, payload, message.id, history=True))
            for message, method, payload in chosen[max(0, len(chosen) - depth) :]
        ]

    def _control(self, action: int, kind: Kind) -> Message:
        stamp = self.stamp()
        return self.send(CONTROL, control_message(stamp, action), self.message(stamp, kind))

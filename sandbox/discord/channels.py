"""Channels and the messages in them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.discord.guilds import Guild
    from sandbox.discord.members import User
    from sandbox.discord.messages import Message
    from sandbox.discord.permissions import Overwrite

T = TypeVar("T")

TEXT: Final = 0
DM: Final = 1
VOICE: Final = 2
CATEGORY: Final = 4
NEWS: Final = 5
MESSAGE_CHANNELS: Final = frozenset({TEXT, DM, VOICE, NEWS})


@dataclass(slots=True, eq=False, repr=False)
class Channel:
    """A channel of a guild, or a direct one where `guild` is None."""

    id: int
    guild: Guild | None
    name: str
    type: int = TEXT
    position: int = 0
    topic: str | None = None
    parent_id: int | None = None
    nsfw: bool = False
    slowmode: int = 0
    overwrites: dict[int, Overwrite] = field(default_factory=dict[int, "Overwrite"])
    recipient: User | None = None
    deleted: bool = False
    log: dict[int, Message] = field(default_factory=dict[int, "Message"])
    pinned: dict[int, Message] = field(default_factory=dict[int, "Message"])
    typing_at: float | None = None
    _waiters: set[asyncio.Future[None]] = field(default_factory=set[asyncio.Future[None]])

    @property
    def messages(self) -> list[Message]:
        """The messages everybody here sees, oldest first; deleted and ephemeral ones are not among them."""
        return [message for message in self.log.values() if message.visible_to is None]

    @property
    def last_message(self) -> Message:
        """The newest message everybody sees. Raises IndexError where there is none."""
        return self.messages[-1]

    @property
    def pins(self) -> list[Message]:
        """The pinned messages, latest pin first."""
        return list(reversed(self.pinned.values()))

    async def wait_for(self, predicate: Callable[[list[Message]], T], timeout: float = 15.0) -> T:
        """Wait until `predicate` says something true of `messages`, and return what it said.

        It is asked at once and after every change in the channel. `timeout` in seconds; raises TimeoutError.
        """
        return await self.wait_until(lambda: predicate(self.messages), timeout)

    async def wait_until(self, condition: Callable[[], T], timeout: float = 15.0) -> T:
        """Wait until `condition` gives something true, asking after every change in the channel."""
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(timeout):
            while not (found := condition()):
                waiter: asyncio.Future[None] = loop.create_future()
                self._waiters.add(waiter)
                try:
                    await waiter
                finally:
                    self._waiters.discard(waiter)
        return found

    def changed(self) -> None:
        """Wake all who wait for a change here."""
        for waiter in tuple(self._waiters):
            if not waiter.done():
                waiter.set_result(None)

    def __repr__(self) -> str:
        return f"<Channel {self.name} {self.id}>"

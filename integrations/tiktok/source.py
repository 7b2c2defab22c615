"""What a source of TikTok lives must do, so that another client can take the place of the one there is."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

from integrations.tiktok.events import LiveEvent

__all__ = [
    "AgeRestricted",
    "Dropped",
    "Endpoints",
    "Host",
    "HostOffline",
    "LiveSource",
    "LiveStream",
    "SignDown",
    "SignLimited",
    "SignRefused",
    "SourceBlocked",
    "SourceDown",
    "SourceError",
    "UnknownHost",
]


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where TikTok and the sign service are; without slashes at the end. `key` is for the sign service."""

    app: str = "https://www.tiktok.com"
    webcast: str = "https://webcast.tiktok.com/webcast"
    sign: str = "https://api.eulerstream.com"
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Host:
    """Somebody who can go live.

    `id` is TikTok's number, `handle` the current @name without the @. `room` is the room of the live, or of
    the last one when not `live`; 0 if there was none.
    """

    id: int
    handle: str
    room: int
    live: bool


class SourceError(Exception):
    """Something between us and a live is wrong. The text is a clause in English for logs and admins."""


class UnknownHost(SourceError):
    """There is no such account, or it has never been live."""


class AgeRestricted(SourceError):
    """The live is for signed-in adults; no client without an account can watch it."""


class HostOffline(SourceError):
    """The host is not live."""


class SourceBlocked(SourceError):
    """TikTok answers, but takes us for a robot."""


class SourceDown(SourceError):
    """TikTok cannot be reached or does not answer."""


class SignLimited(SourceError):
    """The sign service asks for patience. `retry_after` is in seconds, at least 1."""

    def __init__(self, why: str, retry_after: float) -> None:
        super().__init__(why)
        self.retry_after = retry_after


class SignRefused(SourceError):
    """The sign service does not accept our key: nothing helps until somebody mends it."""


class SignDown(SourceError):
    """The sign service cannot be reached, or answers with what is of no use."""


class Dropped(SourceError):
    """A connection that was up broke: what happened from then on is not known."""


class LiveStream(Protocol):
    """An open connection to one live: batches of events, until the live ends.

    Iterating ends with the live and raises `Dropped` when the connection breaks before; what had arrived is
    given first. A consumer that is slow slows the reading down, so what waits here is bounded. Use it in an
    `async with` block, or `aclose()` it: nothing stays behind.
    """

    room: int

    @property
    def skipped(self) -> Counter[str]:
        """Messages that could not be read (`unparsable <kind>`) or are of no known kind (`unknown ...`)."""
        ...

    @property
    def depth(self) -> int:
        """Events that arrived and nobody has taken yet."""
        ...

    @property
    def last_frame(self) -> float:
        """When anything last arrived, heartbeats too: seconds of the event loop's clock."""
        ...

    @property
    def last_message(self) -> float:
        """When messages last arrived, of whatever kind: seconds of the event loop's clock."""
        ...

    def take(self) -> list[LiveEvent]:
        """Take what has arrived, without waiting; empty if nothing has."""
        ...

    def __aiter__(self) -> AsyncIterator[list[LiveEvent]]: ...

    async def __anext__(self) -> list[LiveEvent]: ...

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    async def aclose(self) -> None:
        """End the connection. Events not taken yet can still be taken."""
        ...


class LiveSource(Protocol):
    """Finds hosts and opens their lives. Methods may be called at the same time."""

    async def resolve(self, handle: str) -> Host:
        """Look a host up by @name. Never asks the sign service.

        Raises:
            UnknownHost: there is nobody of that name who could go live.
            AgeRestricted: the host is live, for adults alone.
            SourceBlocked: TikTok takes us for a robot.
            SourceDown: TikTok cannot be reached.
        """
        ...

    async def alive(self, rooms: Iterable[int]) -> dict[int, bool]:
        """Tell for each room whether its live goes on; rooms that TikTok does not name are missing.

        Raises:
            SourceBlocked: TikTok takes us for a robot.
            SourceDown: TikTok cannot be reached.
        """
        ...

    async def open(self, handle: str, room: int) -> LiveStream:
        """Connect to a live: exactly one HTTP call, to the sign service, then the websocket.

        Raises:
            SignLimited, SignRefused, SignDown: the sign service gives no signature.
            HostOffline: the live is over.
            SourceBlocked: TikTok refuses the connection.
            SourceDown: TikTok cannot be reached.
        """
        ...

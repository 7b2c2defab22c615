"""A TikTok of their own for the tests, and a connection to it whose every step can be waited for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace

import pytest

from integrations.tiktok.connection import Connection
from integrations.tiktok.events import LiveEvent
from integrations.tiktok.gate import Gate, SignGate
from integrations.tiktok.source import Endpoints, LiveSource
from integrations.tiktok.status import Pace, Resume, State, Status
from integrations.tiktok.tiktoklive import TikTokLiveSource
from sandbox.tiktok import TikTok

PACE = Pace(
    poll=0.02,
    poll_late=0.02,
    poll_refused=0.02,
    silence=30.0,
    backoff=0.02,
    backoff_cap=0.1,
    refused=0.02,
    jitter=0.0,
)
WATCHFUL = replace(
    PACE, silence=0.4, quiet=30.0
)  # for tests of a silent socket; a machine under load is silent at times


@pytest.fixture(autouse=True)
def directly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Loopback is never reached through a proxy."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
async def tiktok() -> AsyncIterator[TikTok]:
    """A TikTok that remembers everything, so that a reconnect can lose nothing."""
    double = await TikTok.start(history_depth=2_000, history_kinds=None, ping_interval=0.1)
    yield double
    await double.close()


@pytest.fixture
async def source(tiktok: TikTok) -> AsyncIterator[TikTokLiveSource]:
    async with TikTokLiveSource(endpoints(tiktok)) as opened:
        yield opened


def endpoints(tiktok: TikTok) -> Endpoints:
    return Endpoints(tiktok.app_url, tiktok.webcast_url, tiktok.sign_url, tiktok.sign_key)


@dataclass
class Follower:
    """A running connection, what it handed over and every state it told."""

    connection: Connection
    statuses: list[Status]
    batches: list[tuple[int, list[LiveEvent]]]
    changed: asyncio.Condition
    task: asyncio.Task[None]
    since: int = field(default=0)

    @property
    def events(self) -> list[LiveEvent]:
        return [event for _, batch in self.batches for event in batch]

    @property
    def states(self) -> list[State]:
        return [status.state for status in self.statuses]

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until something holds; looked at whenever a batch or a state came."""
        async with asyncio.timeout(20), self.changed:
            await self.changed.wait_for(condition)

    async def reaches(self, state: State) -> Status:
        """Wait for the next status of that state, counted from the last one waited for."""
        found: list[int] = []

        def there() -> bool:
            found[:] = [n for n in range(self.since, len(self.statuses)) if self.statuses[n].state is state]
            return bool(found)

        await self.until(there)
        self.since = found[0] + 1
        return self.statuses[found[0]]

    async def has(self, *messages: int) -> None:
        """Wait until those messages were handed over."""
        await self.until(lambda: {event.message for event in self.events} >= set(messages))


Follow = Callable[..., Awaitable[Follower]]


@pytest.fixture
async def follow(tiktok: TikTok) -> AsyncIterator[Follow]:
    """Starts connections to a host; they are stopped at the end."""
    followers: list[Follower] = []

    async def start(
        handle: str,
        source: LiveSource,
        *,
        gate: Gate | None = None,
        known: Resume | None = None,
        pace: Pace = PACE,
    ) -> Follower:
        statuses: list[Status] = []
        batches: list[tuple[int, list[LiveEvent]]] = []
        changed = asyncio.Condition()

        async def on_batch(room: int, events: list[LiveEvent]) -> None:
            async with changed:
                batches.append((room, events))
                changed.notify_all()

        async def on_state(status: Status) -> None:
            async with changed:
                statuses.append(status)
                changed.notify_all()

        connection = Connection(handle, source, gate or SignGate(spacing=0), on_batch, on_state, known, pace)
        task = asyncio.create_task(connection.run())
        follower = Follower(connection, statuses, batches, changed, task)
        followers.append(follower)
        return follower

    yield start
    for follower in followers:
        await follower.connection.stop()
        await follower.task

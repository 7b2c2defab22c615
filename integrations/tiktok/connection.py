"""A connection to one host that looks after itself: it waits for lives, keeps them, and says how it goes."""

from __future__ import annotations

import asyncio
import random
import time
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from integrations.tiktok.events import LiveEvent
from integrations.tiktok.gate import Gate
from integrations.tiktok.source import (
    AgeRestricted,
    Dropped,
    Host,
    HostOffline,
    LiveSource,
    LiveStream,
    SignDown,
    SignLimited,
    SignRefused,
    SourceBlocked,
    SourceDown,
    SourceError,
    UnknownHost,
)
from integrations.tiktok.status import Gap, Pace, Resume, State, Status

__all__ = ["Connection"]

_MINUTE = 60.0
_MOST_SPREAD = 30.0  # seconds: nobody is to wait half an hour longer after a limit of an hour
_AT_REST = (State.WAITING, State.UNKNOWN, State.RESTRICTED)


class Connection:
    """Keeps the lives of one host connected until it is stopped.

    An offline host is polled, never by asking for a signature. A lost live is sought again at once through
    its known room, which costs one HTTP call; after three failures the room is looked up anew. A socket that
    is silent for 75 s makes it ask whether the live goes on.

    `on_batch(room, events)` is awaited before more is taken, so a slow one slows the reading down; an event
    may come again after a reconnect, under the same message number. `on_state(status)` is awaited at every
    change. What either raises ends `run()`. `known` lets another process's live be taken over.
    """

    def __init__(
        self,
        handle: str,
        source: LiveSource,
        gate: Gate,
        on_batch: Callable[[int, list[LiveEvent]], Awaitable[None]],
        on_state: Callable[[Status], Awaitable[None]],
        known: Resume | None = None,
        pace: Pace | None = None,
    ) -> None:
        self.handle = handle
        self._source = source
        self._gate = gate
        self._on_batch = on_batch
        self._on_state = on_state
        self._pace = pace or Pace()
        self._state = State.WAITING
        self._since = _now()
        self._reason = ""
        self._next_try: int | None = None
        self._host: Host | None = None
        self._room = known.room if known else 0
        self._failures = 0
        self._last_event_at: int | None = None
        self._lost: tuple[int, str] | None = (
            (known.last_at, "taken over from another process") if known else None
        )
        self._ended_at = asyncio.get_running_loop().time()
        self._doubtful = False  # whether the room is to be looked up before it is used again
        self._stream: LiveStream | None = None
        self._taken: deque[tuple[float, int]] = deque()
        self._running: asyncio.Task[Any] | None = None
        self._stopping = False

    @property
    def status(self) -> Status:
        """How it goes now."""
        return self._status(None)

    def _status(self, gap: Gap | None) -> Status:
        now = asyncio.get_running_loop().time()
        while self._taken and self._taken[0][0] <= now - _MINUTE:
            self._taken.popleft()
        return Status(
            handle=self.handle,
            state=self._state,
            since=self._since,
            reason=self._reason,
            next_try=self._next_try,
            host_id=self._host.id if self._host else 0,
            room=self._room,
            failures=self._failures,
            per_minute=sum(count for _, count in self._taken),
            last_event_at=self._last_event_at,
            lost_at=self._lost[0] if self._lost else None,
            gap=gap,
            skipped=self._stream.skipped.total() if self._stream else 0,
            depth=self._stream.depth if self._stream else 0,
        )

    async def run(self) -> None:
        """Work until `stop()`, then return. To be run once, as a task."""
        self._running = asyncio.current_task()
        try:
            while not self._stopping:
                await self._once()
        except asyncio.CancelledError:
            if not self._stopping:
                raise
        if self._stopping:
            await self._tell(State.STOPPED, "stopped")

    async def stop(self) -> None:
        """End it: what has arrived is still handed over, the socket is closed, and `run()` returns.

        Not to be awaited from `on_batch` or `on_state`, which it waits for.
        """
        self._stopping = True
        if self._running is not None and not self._running.done():
            self._running.cancel()
            await asyncio.wait({self._running})

    async def _once(self) -> None:
        """Find the live if it is not known where it is, and follow it to its end or its loss."""
        if not self._room or self._doubtful:
            await self._find()
        if not self._room or not await self._passed():
            return
        try:
            stream = await self._source.open(self.handle, self._room)
        except SignLimited as error:
            await self._gate.limited(error.retry_after)
            self._doubtful = error.retry_after > self._pace.silence
            await self._pause(State.LIMITED, str(error), error.retry_after)
        except SignRefused as error:
            await self._gate.limited(self._pace.refused)
            self._doubtful = True
            await self._pause(State.SIGN_DOWN, str(error), self._pace.refused)
        except HostOffline as error:
            # TikTok and the sign service may disagree: do not ask for ever at the same pace
            self._failures += 1
            await self._over(str(error), self._failures)
        except SignDown as error:
            await self._failed(State.SIGN_DOWN, str(error))
        except SourceBlocked as error:
            await self._failed(State.BLOCKED, str(error))
        except SourceDown as error:
            await self._failed(State.RECONNECTING if self._lost else State.CONNECTING, str(error))
        else:
            await self._follow(stream)

    async def _find(self) -> None:
        """Look up where the host's live is; without one, wait for the next look."""
        try:
            host = await self._source.resolve(self.handle)
        except UnknownHost as error:
            await self._pause(State.UNKNOWN, str(error), self._pace.poll_refused)
        except AgeRestricted as error:
            await self._pause(State.RESTRICTED, str(error), self._pace.poll_refused)
        except (SourceBlocked, SourceDown) as error:
            if self._room:
                self._doubtful = False  # the room that is known may well do
            else:
                blocked = isinstance(error, SourceBlocked)
                await self._failed(State.BLOCKED if blocked else State.WAITING, str(error))
        else:
            self._host = host
            self._doubtful = False
            if host.live:
                self._room = host.room
            elif self._room:
                await self._over("the host is not live any more")
            else:
                self._failures = 0
                await self._wait_for_host("the host is not live")

    async def _passed(self) -> bool:
        """Wait for one's turn at the gate; False when that took so long that all is to be looked at again."""
        if (closed := await self._gate.closed_for()) > 0:
            self._doubtful = closed > self._pace.silence
            await self._pause(State.LIMITED, "the sign service asked for patience", closed)
            return False
        if self._state in _AT_REST:
            await self._tell(State.RECONNECTING if self._lost else State.CONNECTING, "the host is live")
        try:
            async with asyncio.timeout(self._pace.silence):
                await self._gate.pass_()
        except TimeoutError:  # a long queue, or the gate was closed meanwhile: then that is to be told
            self._doubtful = True
            return False
        return True

    async def _follow(self, stream: LiveStream) -> None:
        """Hand over what comes, until the live ends or the connection is lost."""
        clock = asyncio.get_running_loop()
        opened = clock.time()
        lost: tuple[float, str] | None = None
        self._stream = stream
        try:
            async with stream:
                gap, self._lost = self._gap(), None
                try:
                    await self._tell(State.LIVE, "connected", gap=gap)
                    lost = await self._listen(stream)
                except Dropped as error:
                    lost = stream.last_frame, str(error)
                except asyncio.CancelledError:
                    await self._hand_over(stream.take())
                    raise
        finally:
            self._stream = None
        if lost is None:
            await self._over("the live is over")
            return
        if clock.time() - opened >= self._pace.steady:
            self._failures = 0
        since, why = lost
        self._lost = (_now() - round((clock.time() - since) * 1000), why)
        await self._failed(State.RECONNECTING, why)

    async def _listen(self, stream: LiveStream) -> tuple[float, str] | None:
        """Take batches until the live ends (None), or is silent though it goes on: since when, and why."""
        clock = asyncio.get_running_loop()
        heard = stream.last_message
        while True:
            try:
                async with asyncio.timeout_at(heard + self._pace.silence):
                    batch = await anext(stream, None)
            except TimeoutError:
                heard = max(heard, stream.last_message)
                if clock.time() < heard + self._pace.silence:
                    continue
                if await self._is_over():
                    return None
                heard = clock.time()
                mute = heard - stream.last_frame >= self._pace.silence
                if mute or heard - stream.last_message >= self._pace.quiet:
                    return stream.last_message, f"nothing came for {heard - stream.last_message:.0f} s"
                continue
            if batch is None:
                return None
            heard = stream.last_message
            await self._hand_over(batch)

    async def _is_over(self) -> bool:
        try:
            alive = await self._source.alive([self._room])
        except SourceError:
            return False
        return alive.get(self._room) is False

    async def _hand_over(self, batch: list[LiveEvent]) -> None:
        """Give a batch away. When we are stopped meanwhile, it is finished first."""
        if not batch:
            return
        self._last_event_at = batch[-1].at
        self._taken.append((asyncio.get_running_loop().time(), len(batch)))
        await _finished(_awaited(self._on_batch(self._room, batch)))

    async def _over(self, why: str, failures: int = 0) -> None:
        """Note that there is no live any more, and wait for the next one."""
        gap, self._lost = self._gap(), None
        self._room, self._failures = 0, failures
        self._doubtful = False
        self._ended_at = asyncio.get_running_loop().time()
        await self._wait_for_host(why, gap)

    async def _wait_for_host(self, why: str, gap: Gap | None = None) -> None:
        late = asyncio.get_running_loop().time() - self._ended_at > self._pace.grace
        poll = self._pace.poll_late if late else self._pace.poll
        await self._pause(State.WAITING, why, max(poll, self._backoff() if self._failures else 0), gap)

    async def _failed(self, state: State, why: str) -> None:
        """Count a failure and wait, the longer the more there were."""
        self._failures += 1
        self._doubtful = self._failures % self._pace.resolve_after == 0
        await self._pause(state, why, self._backoff())

    def _backoff(self) -> float:
        return min(self._pace.backoff * 2 ** min(self._failures - 1, 30), self._pace.backoff_cap)

    async def _pause(self, state: State, why: str, seconds: float, gap: Gap | None = None) -> None:
        spread = random.uniform(0, self._pace.jitter)  # noqa: S311 - spreads load, keeps no secret
        seconds += min(seconds * spread, _MOST_SPREAD)
        await self._tell(state, why, seconds, gap)
        await asyncio.sleep(seconds)

    async def _tell(self, state: State, why: str, wait: float | None = None, gap: Gap | None = None) -> None:
        if state is not self._state:
            self._state, self._since = state, _now()
        self._reason = why
        self._next_try = None if wait is None else _now() + round(wait * 1000)
        await self._on_state(self._status(gap))

    def _gap(self) -> Gap | None:
        return Gap(self._lost[0], _now(), self._lost[1]) if self._lost else None


def _now() -> int:
    return time.time_ns() // 10**6


async def _awaited(work: Awaitable[None]) -> None:
    await work


async def _finished(work: Coroutine[Any, Any, None]) -> None:
    """Await it to its end, also when the waiting is cancelled."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await task
        raise

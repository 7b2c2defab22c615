"""The figures of one process, for Prometheus. What each means stands in docs/health.md.

Labels never name a guild or a person, so the number of series does not grow with either.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import Counter as Tally
from collections.abc import Callable, Mapping
from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.exposition import choose_encoder
from redis.exceptions import RedisError

from bot.health import reading
from bot.health.process import Process
from state.feed import Change

FRESH_SECONDS: Final = 1.0
"""For how long what was read from Redis is told again."""

READ_SECONDS: Final = 5.0
"""How long the reading of all guilds may take; Prometheus itself gives up after 10."""

_ANSWER_BUCKETS: Final = (0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1.0, 2.0, 3.0)
_SCRIPT_BUCKETS: Final = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)

# They would double the series of every counter, and Prometheus does not need them.
disable_created_metrics()


class Figures:
    """All figures of one process, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._before: list[Callable[[], None]] = []
        self._turn = asyncio.Lock()
        self._read_at = -math.inf
        self._edits_told: Tally[str] = Tally()
        ProcessCollector(registry=self.registry)
        self._interactions = self._counter(
            "skipline_interactions",
            "Interactions by use and outcome",
            "command",
            "outcome",
        )
        self._first_answers = Histogram(
            "skipline_first_answer_seconds",
            "From an interaction's arrival to Discord having its first answer",
            ["command"],
            buckets=_ANSWER_BUCKETS,
            registry=self.registry,
        )
        self._faults = self._counter("skipline_faults", "Faults written to the log", "kind")
        self._scripts = Histogram(
            "skipline_script_seconds",
            "One run of a script in Redis, with its retries",
            ["script"],
            buckets=_SCRIPT_BUCKETS,
            registry=self.registry,
        )
        self._redis_errors = self._counter("skipline_redis_errors", "Calls that Redis failed", "during")
        self._edits = self._counter("skipline_display_edits", "Displays brought up to date", "result")
        self._queue = self._gauge("skipline_queue_songs", "Songs that wait, in all guilds read", "tier")
        self._guilds = self._gauge("skipline_guilds", "Guilds that Redis knows")
        self._guilds_read = self._gauge("skipline_guilds_read", "Guilds whose queues were counted")
        self._owed = self._gauge("skipline_archive_owed_moves", "Moves that are not in PostgreSQL yet")
        self._lag = self._gauge("skipline_archive_lag_seconds", "Age of the oldest of them")
        self._stuck = self._gauge("skipline_archive_stuck_guilds", "Guilds whose moves cannot be archived")
        self._overdue = self._gauge("skipline_timers_overdue", "Timers that are due and not being worked on")
        self._overdue_age = self._gauge("skipline_timers_overdue_seconds", "Age of the oldest of them")
        self._connections = self._gauge("skipline_tiktok_connections", "TikTok hosts wanted", "state")
        self._events = self._gauge("skipline_tiktok_events_per_minute", "Events from TikTok, last minute")
        self._lost = self._counter("skipline_tiktok_outages", "Outages of a host, in each guild")
        self._back = self._counter("skipline_tiktok_reconnects", "Ends of such outages")
        self._shard_up = self._gauge("skipline_shard_connected", "1 while the shard is connected", "shard")
        self._shard_latency = self._gauge("skipline_shard_latency_seconds", "Heartbeat to answer", "shard")
        self._leases = self._gauge("skipline_leases_held", "Leases this process holds")
        self._tasks = self._gauge("skipline_tasks", "Tasks under way in this process")

    def _counter(self, name: str, what: str, *labels: str) -> Counter:
        return Counter(name, what, labels, registry=self.registry)

    def _gauge(self, name: str, what: str, *labels: str) -> Gauge:
        return Gauge(name, what, labels, registry=self.registry)

    def before_scrape(self, work: Callable[[], None]) -> None:
        """Has something done each time before the figures are told; it must not block."""
        self._before.append(work)

    def interaction(self, command: str, outcome: str) -> None:
        """Count an interaction that is over."""
        self._interactions.labels(command, outcome).inc()

    def first_answer(self, command: str, seconds: float) -> None:
        """Book how long somebody waited for the first answer."""
        self._first_answers.labels(command).observe(seconds)

    def fault(self, kind: str) -> None:
        """Count a fault that was logged."""
        self._faults.labels(kind).inc()

    def ran(self, script: str, seconds: float, failed: bool) -> None:
        """Book one run of a script; as `Scripts.ran`."""
        self._scripts.labels(script).observe(seconds)
        if failed:
            self._redis_errors.labels("script").inc()

    def heard(self, change: Change) -> None:
        """Count what a change says about TikTok; a listener of the feed."""
        if change.kind == "host_lost":
            self._lost.inc()
        elif change.kind == "host_back":
            self._back.inc()

    async def scrape(self, process: Process, accept: str) -> tuple[bytes, str]:
        """Everything, in the text format that suits an `Accept` header, and that format's content type."""
        async with self._turn:
            for work in self._before:
                work()
            self._from_memory(process)
            if time.monotonic() - self._read_at > FRESH_SECONDS:
                await self._from_redis(process)
                self._read_at = time.monotonic()
            encode, content_type = choose_encoder(accept)
            return encode(self.registry), content_type

    def _from_memory(self, process: Process) -> None:
        self._tasks.set(len(asyncio.all_tasks()))
        for result, count in process.edits.items():
            self._edits.labels(result).inc(count - self._edits_told[result])
            self._edits_told[result] = count
        self._shard_up.clear()
        self._shard_latency.clear()
        for shard in process.shards():
            self._shard_up.labels(str(shard.id)).set(shard.is_connected)
            self._shard_latency.labels(str(shard.id)).set(shard.heartbeat_latency)
        if process.writer is not None:
            lag = process.writer.lag()
            self._archive(lag.owed, lag.seconds, len(lag.stuck))

    async def _from_redis(self, process: Process) -> None:
        redis = process.stores.redis
        try:
            async with asyncio.timeout(READ_SECONDS):
                guilds = await reading.guilds_of(redis)
                read = guilds[: reading.MOST_GUILDS]
                depths = await reading.depths(redis, read)
                overdue = await reading.overdue(redis, read)
                leases = await reading.leases(redis)
                connections = await reading.connections(redis)
                owed = await reading.owed(redis) if process.writer is None else None
        except (RedisError, OSError, TimeoutError):
            self._redis_errors.labels("scrape").inc()
            self._unknown(process)
            return
        self._leases.set(len(leases))
        self._guilds.set(len(guilds))
        self._guilds_read.set(len(read))
        self._overdue.set(overdue.timers)
        self._overdue_age.set(overdue.seconds)
        _fill(self._queue, depths)
        states = Tally("unattended" if each.status is None else each.status.state for each in connections)
        _fill(self._connections, states)
        self._events.set(sum(each.status.per_minute for each in connections if each.status is not None))
        if owed is not None:
            self._archive(owed.moves, owed.seconds, math.nan)

    def _archive(self, owed: float, seconds: float, stuck: float) -> None:
        self._owed.set(owed)
        self._lag.set(seconds)
        self._stuck.set(stuck)

    def _unknown(self, process: Process) -> None:
        """Says of what could not be read that it is not known; an old figure would pass for a true one."""
        self._queue.clear()
        self._connections.clear()
        for gauge in (
            *(self._guilds, self._guilds_read, self._events, self._leases),
            *(self._overdue, self._overdue_age),
        ):
            gauge.set(math.nan)
        if process.writer is None:
            self._archive(math.nan, math.nan, math.nan)


def _fill(gauge: Gauge, figures: Mapping[str, int]) -> None:
    gauge.clear()
    for label, figure in figures.items():
        gauge.labels(label).set(figure)

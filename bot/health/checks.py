"""The parts of /healthz: each looked at with a time-out of its own, judged by the rules in docs/health.md."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from redis.exceptions import RedisError

from bot.embedded.durability import WHY, copies, judged, judged_copies
from bot.health import reading
from bot.health.process import Process
from persistence.errors import PersistenceError

State = Literal["ok", "degraded", "down"]

LOOK_SECONDS: Final = 2.5
"""How long a server may take to answer before it counts as away; just above what its client tries again."""

BEHIND_SECONDS: Final = 30.0
"""From which age of the oldest move that is not archived the archive is behind; usually that is below 1."""

OVERDUE_SECONDS: Final = 30.0
"""From which age of the oldest timer the workers are behind; what a dead process left is taken over in 10."""

SHARD_SECONDS: Final = 30.0
"""How long a shard may be without a connection before the process counts as down; Discord asks for
reconnects now and then, and they take a few."""

_LISTED: Final = 50
_FINE: Final = frozenset({"waiting", "connecting", "live"})
_WRITER_FINE: Final = frozenset({"starting", "running"})


@dataclass(frozen=True)
class Part:
    """What was found: how it stands, and facts for a person."""

    state: State
    facts: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass
class Ages:
    """Since when each thing has been in its state, as far as this process has seen."""

    _since: dict[str, tuple[str, float]] = field(default_factory=dict[str, tuple[str, float]])

    def of(self, name: str, state: str) -> float:
        """Seconds since the thing was first seen in this state without another in between."""
        now = time.monotonic()
        known = self._since.get(name)
        if known is None or known[0] != state:
            known = self._since[name] = (state, now)
        return round(now - known[1], 3)

    def keep(self, prefix: str, names: set[str]) -> None:
        """Forget those of a kind that are no more, so that what is remembered does not grow."""
        for name in [name for name in self._since if name.startswith(prefix) and name not in names]:
            del self._since[name]


class Checks:
    """Looks at everything one process depends on."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._ages = Ages()

    async def report(self) -> dict[str, Any]:
        """The whole of /healthz; never raises for a server that is away."""
        process = self._process
        parts: dict[str, Part] = {}
        parts["redis"], parts["postgres"] = await asyncio.gather(
            _looked(self._redis()), _looked(self._postgres(), away="degraded")
        )
        if process.bot is not None:
            parts["shards"] = self._shards()
        if parts["redis"].state == "down":
            # Nothing else can be asked of it, and each question would wait for its own time-out.
            unknown = Part("degraded", {"why": "Redis does not answer"})
            parts["tiktok"] = unknown
            parts["archive"] = self._archive() if process.writer is not None else unknown
            parts["timers"] = parts["leases"] = unknown
        else:
            parts["tiktok"], parts["archive"], parts["timers"], parts["leases"] = await asyncio.gather(
                _looked(self._tiktok(), away="degraded"),
                _looked(self._archive_lag(), away="degraded"),
                _looked(self._timers(), away="degraded"),
                _looked(self._leases(), away="degraded"),
            )
        states = {part.state for part in parts.values()}
        status: State = "down" if "down" in states else "degraded" if "degraded" in states else "ok"
        return {
            "status": status,
            "age": self._ages.of("", status),
            "role": process.role.value,
            "uptime": round(time.monotonic() - process.started, 3),
            "parts": {
                name: {"state": part.state, "age": self._ages.of(name, part.state), **part.facts}
                for name, part in parts.items()
            },
        }

    async def _redis(self) -> Part:
        # Any, because redis-py leaves the answers of its commands untyped.
        client: Any = self._process.stores.redis
        began = time.perf_counter()
        await client.ping()
        facts: dict[str, Any] = {"latency_ms": _ms(time.perf_counter() - began)}
        weak = judged_copies(await copies(client))
        try:
            config: Mapping[str, str] = await client.config_get(*WHY)
        except (RedisError, OSError):
            # A hosted Redis may refuse to tell; that is no fault of the show.
            facts["durability"] = "the server does not tell"
        else:
            facts |= {name.replace("-", "_"): config.get(name) for name in WHY}
            weak = judged(config) + weak
        if weak:
            facts["warnings"] = [f"{found}; {mend}" for found, mend in weak]
        return Part("degraded" if weak else "ok", facts)

    async def _postgres(self) -> Part:
        began = time.perf_counter()
        # No guild has this id: one look into an index.
        await self._process.stores.archive.cursor(0)
        return Part("ok", {"latency_ms": _ms(time.perf_counter() - began)})

    def _shards(self) -> Part:
        rows: list[dict[str, Any]] = []
        worst: State = "ok"
        for shard in self._process.shards():
            state = "connected" if shard.is_connected else "connecting" if shard.is_alive else "closed"
            age = self._ages.of(f"shard {shard.id}", "connected" if shard.is_connected else "away")
            if not shard.is_connected:
                worst = "down" if worst == "down" or age >= SHARD_SECONDS else "degraded"
            latency = shard.heartbeat_latency
            # Not a number until the first heartbeat was answered, which JSON cannot say.
            known = latency == latency
            row = {"id": shard.id, "state": state, "age": age, "latency_ms": _ms(latency) if known else None}
            rows.append(row)
        waiting = list(self._process.waiting())
        if not rows and waiting:
            # Another process does the work, and this one is there for when it ends.
            return Part("ok", {"shards": rows, "waiting": waiting})
        return Part(worst if rows else "degraded", {"shards": rows, "waiting": waiting})

    async def _tiktok(self) -> Part:
        found = await reading.connections(self._process.stores.redis)
        now = time.time()
        rows: list[dict[str, Any]] = []
        states: Counter[str] = Counter()
        for each in found:
            status = each.status
            state = "unattended" if status is None else status.state
            age = self._ages.of(f"@{each.handle}", state) if status is None else now - status.since / 1000
            states[state] += 1
            row: dict[str, Any] = {"host": each.handle, "state": state, "age": round(max(0.0, age), 3)}
            if status is not None:
                row |= {"events_per_minute": status.per_minute, "failures": status.failures}
            rows.append(row)
        self._ages.keep("@", {f"@{each.handle}" for each in found})
        # Those in trouble first, since the list is cut.
        rows.sort(key=lambda row: row["state"] in _FINE)
        fine = all(state in _FINE for state in states)
        return Part("ok" if fine else "degraded", {"by_state": dict(states), "connections": rows[:_LISTED]})

    async def _archive_lag(self) -> Part:
        if self._process.writer is not None:
            return self._archive()
        owed = await reading.owed(self._process.stores.redis)
        facts = {"owed": owed.moves, "guilds": owed.guilds, "lag": round(owed.seconds, 3)}
        return Part("degraded" if owed.moves and owed.seconds > BEHIND_SECONDS else "ok", facts)

    def _archive(self) -> Part:
        """As the process that writes it knows, from memory."""
        assert self._process.writer is not None, "the caller has looked"
        lag = self._process.writer.lag()
        behind = lag.state not in _WRITER_FINE or lag.stuck or (lag.owed and lag.seconds > BEHIND_SECONDS)
        return Part(
            "degraded" if behind else "ok",
            {
                "writer": lag.state,
                "owed": lag.owed,
                "guilds": lag.guilds,
                "lag": round(lag.seconds, 3),
                "stuck": len(lag.stuck),
            },
        )

    async def _timers(self) -> Part:
        redis = self._process.stores.redis
        late = await reading.overdue(redis, (await reading.guilds_of(redis))[: reading.MOST_GUILDS])
        return Part(
            "degraded" if late.seconds > OVERDUE_SECONDS else "ok",
            {"overdue": late.timers, "oldest": round(late.seconds, 3)},
        )

    async def _leases(self) -> Part:
        held = await reading.leases(self._process.stores.redis)
        rows = [
            {
                "lease": key,
                "state": "held",
                "age": self._ages.of(f"lease {key}", token),
                "token": int(token),
            }
            for key, token in held[:_LISTED]
        ]
        self._ages.keep("lease ", {f"lease {key}" for key, _ in held})
        return Part("ok", {"count": len(held), "held": rows})

    def ready(self) -> tuple[bool, Mapping[str, bool]]:
        """Whether this process does its work, and each thing that takes."""
        wanted = self._process.ready()
        return all(wanted.values()), wanted


async def _looked(look: Awaitable[Part], *, away: State = "down") -> Part:
    """What a look finds, or `away` when the server does not answer it in time."""
    try:
        async with asyncio.timeout(LOOK_SECONDS):
            return await look
    except (RedisError, PersistenceError, OSError, TimeoutError) as gone:
        # The text of an error may hold an address or a name; its kind says enough.
        return Part(away, {"why": type(gone).__name__})


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 2)

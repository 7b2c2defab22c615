"""What is known of a connection to one host, for status commands, alerts and the books."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

__all__ = ["BROKEN", "Gap", "Pace", "Resume", "State", "Status"]


class State(StrEnum):
    """What a connection is doing.

    `waiting`: the host is not live. `connecting`: the host is live, and we are not there yet. `live`: events
    come. `reconnecting`: the connection was lost. `limited`: the sign service asks for patience. `sign_down`:
    it is out of order, or refuses our key. `blocked`: TikTok takes us for a robot. `unknown`: there is no
    such host. `restricted`: the live is for signed-in adults. `stopped`: nothing happens any more.
    """

    WAITING = "waiting"
    CONNECTING = "connecting"
    LIVE = "live"
    RECONNECTING = "reconnecting"
    LIMITED = "limited"
    SIGN_DOWN = "sign_down"
    BLOCKED = "blocked"
    UNKNOWN = "unknown"
    RESTRICTED = "restricted"
    STOPPED = "stopped"


BROKEN: Final = frozenset({State.RECONNECTING, State.SIGN_DOWN, State.LIMITED, State.BLOCKED})
"""A live that is on is not heard, against everybody's wish."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A time of a live that we did not see, in milliseconds since the epoch, and why.

    TikTok repeats its last few messages after a reconnect; all else that happened in between is lost.
    """

    since: int
    until: int
    why: str


@dataclass(frozen=True, slots=True)
class Resume:
    """What another process knew of the live it had: its room, and when it last received anything (ms)."""

    room: int
    last_at: int


@dataclass(frozen=True, slots=True)
class Status:
    """A connection at one moment. Times are in milliseconds since the epoch.

    `since` is when the state began; `lost_at` when the live was lost that we try to get back, None outside of
    an outage. `host_id` is TikTok's number of the host, 0 while not known. `room` is the room of the live, 0
    if there is none. `failures` counts the attempts since the last steady connection. `gap` is told once, in
    the status that ends an outage: back live, or the live was over meanwhile. `skipped` are messages that
    could not be read, `depth` events that wait for their consumer.
    """

    handle: str
    state: State
    since: int
    reason: str = ""
    next_try: int | None = None
    host_id: int = 0
    room: int = 0
    failures: int = 0
    per_minute: int = 0
    last_event_at: int | None = None
    lost_at: int | None = None
    gap: Gap | None = None
    skipped: int = 0
    depth: int = 0


@dataclass(frozen=True, slots=True)
class Pace:
    """How patient a connection is, in seconds.

    `poll`: between looks at a host that is not live; from `grace` after a live on, `poll_late`.
    `poll_refused`: between looks at a host that is unknown or restricted. `silence`: without a message until
    TikTok is asked whether the live goes on. If it does, the connection is given up at once when not even
    heartbeats are answered, else after `quiet`. `backoff` doubles with each failure up to `backoff_cap`, and
    starts anew after a connection that held for `steady`. After every `resolve_after` failures the host's
    room is looked up again. `refused`: how long nobody asks the sign service after it refused our key. Every
    wait is spread by `jitter`, a share of it, but by 30 s at most.
    """

    poll: float = 30.0
    poll_late: float = 60.0
    poll_refused: float = 600.0
    grace: float = 600.0
    silence: float = 75.0
    quiet: float = 300.0
    backoff: float = 2.0
    backoff_cap: float = 300.0
    steady: float = 600.0
    resolve_after: int = 3
    refused: float = 300.0
    jitter: float = 0.5

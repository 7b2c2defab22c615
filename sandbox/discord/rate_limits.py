"""Discord's rate limits: buckets a route family and top-level resource, the global limit, invalid requests.

Discord publishes the rules (documentation, topic Rate Limits) but not the figures of a bucket, which may
change at any time; the figures here are those bots have seen for years. Tests set their own with
`RateLimits.limit`.
"""

from __future__ import annotations

import hashlib
import math
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

Mode = Literal["off", "headers", "on"]

GLOBAL_LIMIT: Final = 50
GLOBAL_SECONDS: Final = 1.0
INVALID_LIMIT: Final = 10_000
INVALID_SECONDS: Final = 600.0
INVALID_STATUSES: Final = frozenset({401, 403, 429})

_CALLBACK: Final = "/interactions/{interaction_id}/{interaction_token}/callback"
_TOKEN_WEBHOOK: Final = "/webhooks/{webhook_id}/{webhook_token}"  # noqa: S105 - a route, not a secret

# (requests, seconds) of the buckets a bot like ours meets; everything else gets _DEFAULT.
_KNOWN: Final[dict[tuple[str, str], tuple[int, float]]] = {
    ("POST", "/channels/{channel_id}/messages"): (5, 5.0),
    ("PATCH", "/channels/{channel_id}/messages/{message_id}"): (5, 5.0),
    ("DELETE", "/channels/{channel_id}/messages/{message_id}"): (5, 1.0),
    ("GET", "/channels/{channel_id}/messages"): (5, 5.0),
    ("GET", "/channels/{channel_id}/messages/{message_id}"): (5, 5.0),
    ("POST", "/channels/{channel_id}/messages/bulk-delete"): (1, 1.0),
    ("PATCH", "/channels/{channel_id}"): (5, 15.0),
    ("POST", "/channels/{channel_id}/typing"): (5, 5.0),
    ("PUT", "/applications/{application_id}/commands"): (5, 20.0),
    ("PUT", "/applications/{application_id}/guilds/{guild_id}/commands"): (5, 20.0),
    ("PATCH", "/guilds/{guild_id}/members/{user_id}"): (10, 10.0),
    ("POST", _TOKEN_WEBHOOK): (5, 2.0),
    ("GET", "/gateway/bot"): (2, 5.0),
}
_DEFAULT: Final = (50, 1.0)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to do with one request: `headers` go on the answer whatever it is, `retry_after` is in seconds."""

    allowed: bool
    headers: dict[str, str] = field(default_factory=dict[str, str])
    retry_after: float | None = None
    is_global: bool = False


@dataclass(slots=True)
class _Window:
    opened_at: float
    used: int = 0


@dataclass(slots=True)
class _Limit:
    requests: int
    seconds: float
    scope: str = "user"


class RateLimits:
    """Counts requests the way Discord does.

    Modes: `off` says yes to all and sends no header; `headers` counts and sends the headers of the buckets
    but refuses nothing; `on` refuses as well. `clock` gives seconds since the epoch. A window opens with
    its first request and ends `seconds` later.
    """

    def __init__(self, mode: Mode = "headers", clock: Callable[[], float] = time.time) -> None:
        self.mode: Mode = mode
        self._clock = clock
        self._limits: dict[tuple[str, str], _Limit] = {
            route: _Limit(requests, seconds) for route, (requests, seconds) in _KNOWN.items()
        }
        self._windows: dict[tuple[str, str, str], _Window] = {}
        self._global = _Window(-math.inf)
        self._invalid: deque[float] = deque()

    def limit(self, method: str, route_template: str, n: int, seconds: float, scope: str = "user") -> None:
        """Set a route's bucket to `n` requests in `seconds`, for every top-level resource, from now on.

        `scope` is what a refusal calls itself: `user`, or `shared` for a limit of the resource. Raises
        ValueError where n is below 1 or seconds is not above 0.
        """
        if n < 1 or seconds <= 0:
            raise ValueError("a bucket holds at least one request and lasts longer than no time")
        route = (method.upper(), route_template)
        self._limits[route] = _Limit(n, seconds, scope)
        for key in [key for key in self._windows if key[:2] == route]:
            del self._windows[key]

    def check(self, method: str, route_template: str, major: str) -> Verdict:
        """Count one request and judge it.

        `major` is the value of the top-level resource in the path: channel id, guild id, webhook id (with its
        token where the path has one), or an empty string. A refused request does not use up the bucket.
        """
        if self.mode == "off" or route_template == _CALLBACK:
            return Verdict(allowed=True)
        now = self._clock()
        if self.mode == "on" and not route_template.startswith(_TOKEN_WEBHOOK):
            refusal = self._check_global(now)
            if refusal is not None:
                return refusal
        route = (method.upper(), route_template)
        limit = self._limits.get(route) or _Limit(*_DEFAULT)
        key = (*route, major)
        window = self._windows.get(key)
        if window is None or now >= window.opened_at + limit.seconds:
            window = self._windows[key] = _Window(now)
        left = window.opened_at + limit.seconds - now
        refused = self.mode == "on" and window.used >= limit.requests
        if not refused:
            window.used += 1
        headers = {
            "X-RateLimit-Limit": str(limit.requests),
            "X-RateLimit-Remaining": str(max(limit.requests - window.used, 0)),
            "X-RateLimit-Reset": f"{now + left:.3f}",
            "X-RateLimit-Reset-After": f"{left:.3f}",
            "X-RateLimit-Bucket": bucket(*route),
        }
        if not refused:
            return Verdict(allowed=True, headers=headers)
        headers |= {"X-RateLimit-Scope": limit.scope, "Retry-After": str(math.ceil(left))}
        return Verdict(allowed=False, headers=headers, retry_after=round(left, 3))

    def record(self, status: int, *, shared: bool = False) -> None:
        """Count an answer towards the limit of invalid requests. A 429 of scope `shared` does not count."""
        if status in INVALID_STATUSES and not (status == 429 and shared):
            self._invalid.append(self._clock())

    @property
    def invalid_requests(self) -> int:
        """How many answers of the last ten minutes were 401, 403 or 429."""
        horizon = self._clock() - INVALID_SECONDS
        while self._invalid and self._invalid[0] <= horizon:
            self._invalid.popleft()
        return len(self._invalid)

    @property
    def banned(self) -> bool:
        """Whether Discord would have locked this address out: 10,000 invalid requests in ten minutes."""
        return self.invalid_requests >= INVALID_LIMIT

    def _check_global(self, now: float) -> Verdict | None:
        if now >= self._global.opened_at + GLOBAL_SECONDS:
            self._global = _Window(now)
        if self._global.used < GLOBAL_LIMIT:
            self._global.used += 1
            return None
        left = self._global.opened_at + GLOBAL_SECONDS - now
        headers = {
            "X-RateLimit-Global": "true",
            "X-RateLimit-Scope": "global",
            "Retry-After": str(math.ceil(left)),
        }
        return Verdict(allowed=False, headers=headers, retry_after=round(left, 3), is_global=True)


def bucket(method: str, route_template: str) -> str:
    """Name a route's bucket: 32 hex digits, the same for every top-level resource, as Discord's are."""
    return hashlib.blake2b(f"{method.upper()} {route_template}".encode(), digest_size=16).hexdigest()

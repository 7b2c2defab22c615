"""Loads the Lua files of the moves and runs them, each as one atomic step.

A file names the shared pieces it needs in its first line, `-- include: move order song`, and so may a piece;
they are put in front of it together with its name and the constants both languages share.
"""

from __future__ import annotations

import re
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final, Protocol, cast
from weakref import WeakKeyDictionary

import orjson
from redis.asyncio import Redis
from redis.exceptions import RedisError

from state import keys, score
from state.ladder import COINS_A_LUXURY_COIN, GIFTS, SKIPS
from state.refusal import Fenced, Reason, Refused, Unopened

DEFAULTS: Final[Mapping[str, str]] = {
    "lock": "1",
    "cap": "0",
    "limit:0": "1",
    "limit:pending": "3",
    "cooldown": "21600",
    "double_press_ms": "800",
    "fair:paid": "0",
    "keep_days": "7",
    "points:like": "1",
    "points:comment": "2",
    "points:share": "5",
    "points:follow": "10",
    "points:subscribe": "25",
    "points:submission": "10",
    "points:gift_small": "2",
    "points:gift_large": "1",
    "points:gift_limit": "1000",
    "live_grace": "600",
}
"""Settings of the queue while a guild has not chosen its own.

`cooldown` in seconds; `double_press_ms` is how soon a second Next counts as a double click; 0 is no limit.
"""

CONSTANTS: Final[Mapping[str, str]] = {
    "SPAN": str(score.SPAN),
    "LOCK": str(score.LOCK),
    "MOST_LOCKED": "3",
    "MOST_HOSTS": "10",
    "MOST_OVERLAYS": "10",
    "HOSTS_KEPT": "25",
    "UNDO_DEPTH": "25",
    "REQUEST_SECONDS": "900",
    "SHORTEST_REVIEW": "5",
    "DURATIONS_KEPT": "50",
    "PLAYED_KEPT": "25",
    "RECENT_SECONDS": str(7 * 24 * 3600),
    "PRUNE_MOST": "200",
    "TOLD_SECONDS": str(30 * 24 * 3600),
    # Discord tells a message sent twice by its nonce "in the past few minutes"; two are few.
    "TWICE_SECONDS": "120",
    "DEFAULT_GIFTS": "{ " + ", ".join(str(coins) for coins in GIFTS) + " }",
    "COINS_A_LUXURY_COIN": str(COINS_A_LUXURY_COIN),
    # 2 Luxury Coins for 100 coins gifted, 1 for 30 minutes of being active.
    "LUXURY_GIFT_COINS": "100",
    "LUXURY_A_GIFT": "2",
    "LUXURY_ACTIVE_MS": str(30 * 60 * 1000),
    "LUXURY_AN_ACTIVE": "1",
    # Two signs of life further apart do not say that somebody was there all the time between.
    "ACTIVE_GAP_MS": str(5 * 60 * 1000),
    "VIEWERS_GAP_MS": "60000",
    # So far ahead of ours TikTok's clock may be; what is sent later than that was sent now.
    "AHEAD_MS": "60000",
    # A worker whose clock differs so much from the server's has a wrong one.
    "CLOCK_WRONG_MS": "2000",
    "SEEN_MS": str(15 * 60 * 1000),
    "SEEN_MOST": "20000",
    "STREAK_MS": str(5 * 60 * 1000),
    # Streaks are known for so long by our clock, and sent by TikTok's.
    "LATE_MS": str(4 * 60 * 1000),
    "FENCE_SECONDS": str(keys.FENCE_SECONDS),
    "SWEEP_MS": "60000",
    "DAY_MS": str(24 * 3600 * 1000),
    "PROOF_SECONDS": str(keys.PROOF_SECONDS),
    "PROOF_TRIES": "5",
    # One question a minute in a chat; an older one is history that TikTok tells again.
    "ASK_PAUSE_MS": "60000",
    "ASK_STALE_MS": "300000",
    "ASKED_SECONDS": str(keys.ASKED_SECONDS),
    "MOST_AWAITED": "5",
    "DEFAULT_NOTICES": "'dm'",
    "DEFAULT_LADDER": "{" + ", ".join(f"['{t.label}'] = '{t.name}'" for t in SKIPS.tiers) + "}",
    "DEFAULT_LOCK": f"'{DEFAULTS['lock']}'",
    "DEFAULT_CAP": f"'{DEFAULTS['cap']}'",
    "DEFAULT_FREE_LIMIT": f"'{DEFAULTS['limit:0']}'",
    "DEFAULT_PENDING_LIMIT": f"'{DEFAULTS['limit:pending']}'",
    "DEFAULT_COOLDOWN": f"'{DEFAULTS['cooldown']}'",
    "DEFAULT_KEEP_DAYS": f"'{DEFAULTS['keep_days']}'",
    "DEFAULT_LIVE_GRACE": f"'{DEFAULTS['live_grace']}'",
    "POINTS": "{ "
    + ", ".join(f"{name[7:]} = '{value}'" for name, value in DEFAULTS.items() if name[:7] == "points:")
    + " }",
}

Opener = Callable[[int], Awaitable[None]]
"""Opens a guild whose live state is unknown: creates it, or rebuilds it from the archive."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who makes a move: a Discord account, or 0 for the bot itself."""

    id: int
    name: str


class Script(Protocol):
    """A registered script; it reloads itself after SCRIPT FLUSH or a restart of the server."""

    def __call__(self, keys: list[str], args: list[str | bytes]) -> Awaitable[Any]:
        """Run it; the answer is what the script returns."""
        ...


@cache
def source(name: str) -> str:
    """The whole text of a script, as the server gets it. Raises `FileNotFoundError` for an unknown name."""
    body = "".join(_with_pieces(f"{name}.lua"))
    # Only those it names: Lua takes at most 200 local names.
    words = set(re.findall(r"\b[A-Z_]+\b", body))
    constants = [
        f"local {constant} = {value}\n" for constant, value in CONSTANTS.items() if constant in words
    ]
    return "".join([f"local MOVE = '{name}'\n", *constants, body])


def _with_pieces(path: str) -> list[str]:
    """The text of a file below `state/lua`, after those of the pieces it names."""
    body = (files("state") / "lua" / path).read_text(encoding="utf-8")
    first = body.partition("\n")[0]
    pieces = first.removeprefix("-- include:").split() if first.startswith("-- include:") else []
    return [text for piece in pieces for text in _with_pieces(f"shared/{piece}.lua")] + [body]


Ran = Callable[[str, float, bool], None]
"""Told of each run of a script: its name, the seconds it took with its retries, whether Redis failed."""

_OBSERVERS: Final[WeakKeyDictionary[Redis, Ran]] = WeakKeyDictionary()


def observe(redis: Redis, ran: Ran) -> None:
    """Has each later run of a script on that client told; `ran` must not block."""
    _OBSERVERS[redis] = ran


@dataclass(frozen=True, slots=True)
class Fence:
    """The token of whoever does a piece of work alone, e.g. `tiktok:<handle>`, under a lease."""

    work: str
    token: int


class Scripts:
    """Runs moves and reads on one Redis client, whose `decode_responses` must be on.

    With a `fence` every move is refused once somebody with a newer token has made one: in the guild's own
    slot, where the lease itself cannot be looked at.
    """

    def __init__(self, redis: Redis, opener: Opener, fence: Fence | None = None) -> None:
        self._redis = redis
        self._opener = opener
        self._loaded: dict[str, Script] = {}
        self._shown = {} if fence is None else {"fence": [fence.work, str(fence.token)]}

    def under(self, fence: Fence) -> Scripts:
        """The same, for whoever acts under a lease."""
        return Scripts(self._redis, self._opener, fence)

    def _script(self, name: str) -> Script:
        script = self._loaded.get(name)
        if script is None:
            script = cast("Script", self._redis.register_script(source(name)))
            self._loaded[name] = script
        return script

    async def _run(self, name: str, guild: int, args: list[str | bytes]) -> Any:
        ran = _OBSERVERS.get(self._redis)
        if ran is None:
            return await self._script(name)([keys.revision(guild)], args)
        began, failed = time.perf_counter(), False
        try:
            return await self._script(name)([keys.revision(guild)], args)
        except (RedisError, OSError):
            failed = True
            raise
        finally:
            ran(name, time.perf_counter() - began, failed)

    async def move(
        self, name: str, guild: int, request: str, actor: Actor, arguments: Mapping[str, object]
    ) -> dict[str, Any]:
        """Makes one move and gives its answer.

        `request` names the cause (an interaction id): the same move for the same request again, within 15
        minutes, changes nothing and gets the first answer; so a cause of several moves of one kind needs an
        id for each (`<interaction id>.1` ...). Raises `Refused` when nothing was moved, `Fenced` when that is
        not ours to do any more, `Unopened` when the guild's state is unknown even after opening it.
        """
        given = {field: value for field, value in arguments.items() if value is not None} | self._shown
        args: list[str | bytes] = [request, str(actor.id), actor.name, orjson.dumps(given)]
        for _ in range(2):
            answer = orjson.loads(await self._run(name, guild, args))
            refused = answer.pop("refused", None)
            if refused is None:
                return answer
            if refused == "fenced":
                raise Fenced(f"{name} in guild {guild}")
            if refused != "unopened":
                raise Refused(Reason(refused), answer)
            await self._opener(guild)
        raise Unopened(f"guild {guild} has no revision after it was opened")

    async def open(self, guild: int) -> None:
        """Opens a guild whose live state is unknown.

        A reader that finds no revision calls it and reads again: an emptied Redis must not pass for an
        empty queue. Raises `Unopened` when that cannot be done now.
        """
        await self._opener(guild)

    async def opened_just_now(self, guild: int) -> bool:
        """Opens the guild if its live state is unknown, and tells whether that was so.

        For reads without a script that found nothing: they read again when this is true.
        """
        if await self._redis.exists(keys.revision(guild)):
            return False
        await self._opener(guild)
        return True

    async def read(self, name: str, guild: int, arguments: Mapping[str, object]) -> Any:
        """Runs a reading script; its answer is of one moment."""
        return await self._run(name, guild, [orjson.dumps({**arguments, **self._shown})])

"""What is to happen later: done once among many processes, whichever of them die meanwhile."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

import orjson

from state.refusal import Unopened
from state.scripts import Scripts
from state.timer_keys import EVERYBODY

CLAIM_SECONDS: Final = 8.0
"""Until what a crashed process worked on may be claimed by another."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A timer of a guild (0: of the bot itself) that is due and ours to work on. `token` fences it."""

    guild: int
    timer: str
    token: str

    @property
    def kind(self) -> str:
        """What is to be done, e.g. `session`."""
        return self.timer.partition(":")[0]

    @property
    def what(self) -> str:
        """What it is to be done with, e.g. the session's number; empty for none."""
        return self.timer.partition(":")[2]


class Timers:
    """The timers of every guild. Moves set their own; all times are spans, counted by the server's clock."""

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts

    async def set(self, guild: int, timer: str, seconds: float, *, new: bool = False) -> bool:
        """Has `<kind>:<what>` done in so many seconds; it is lost where Redis is.

        With `new` one that is known stays as it is. False: nothing was set; a guild that Redis lost has none.
        """
        arguments = {"verb": "set", "timer": timer, "in": _ms(seconds), "new": new}
        return await self._scripts.read("timers", guild, arguments) == 1

    async def cancel(self, guild: int, timer: str) -> None:
        """Has it not done, also when somebody works on it just now: that does not count."""
        await self._scripts.read("timers", guild, {"verb": "cancel", "timer": timer})

    async def claim(
        self, guild: int, kinds: Collection[str], seconds: float = CLAIM_SECONDS, *, opening: bool = True
    ) -> tuple[list[Claim], float | None]:
        """Claims all of those kinds that are due; gives them, and the seconds until more is (None: never).

        Whoever claims renews or finishes within `seconds`, or another may claim the same. A guild that Redis
        lost is opened first or, without `opening`, has none. Raises `Unopened` when that cannot be done now.
        """
        arguments = {"verb": "claim", "kinds": list(kinds), "for": _ms(seconds)}
        answer = await self._scripts.read("timers", guild, arguments)
        if answer is None and opening:
            await self._scripts.open(guild)
            answer = await self._scripts.read("timers", guild, arguments)
            if answer is None:
                raise Unopened(f"guild {guild} has no revision after it was opened")
        if answer is None:
            return [], None
        found = orjson.loads(answer)
        # Lua writes an empty list as an empty object.
        claims = [Claim(guild, timer, token) for timer, token in found["claimed"] or ()]
        return claims, None if found["next"] is False else max(0.0, found["next"] / 1000)

    async def renew(self, claim: Claim, seconds: float = CLAIM_SECONDS) -> bool:
        """Keeps others out for longer. False: it was claimed anew, set anew or cancelled since."""
        return await self._answer("renew", claim, {"for": _ms(seconds)})

    async def done(self, claim: Claim, again: float | None = None) -> bool:
        """Finishes it; `again` in so many seconds. False, and nothing changes, where `renew` is False."""
        return await self._answer("done", claim, {} if again is None else {"again": _ms(again)})

    async def _answer(self, verb: str, claim: Claim, more: dict[str, int]) -> bool:
        arguments = {"verb": verb, "timer": claim.timer, "token": claim.token, **more}
        return await self._scripts.read("timers", claim.guild, arguments) == 1


def _ms(seconds: float) -> int:
    return max(0, round(seconds * 1000))


__all__ = ["CLAIM_SECONDS", "EVERYBODY", "Claim", "Timers"]

"""The move that puts a guild back to what a backup holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from state.refusal import Reason, Refused
from state.scripts import Actor, Scripts


class Restoration:
    """Makes that move on behalf of one actor."""

    def __init__(self, scripts: Scripts, actor: Actor) -> None:
        self._scripts = scripts
        self._actor = actor

    async def put(
        self,
        guild: int,
        request: str,
        *,
        expected: int,
        least: int,
        effects: Sequence[Sequence[str | None]],
        facts: Mapping[str, object],
        overtaken: str | None = None,
        instead: Sequence[str] = (),
    ) -> int | None:
        """Writes all effects (`[type, name, field, value]`, as in events) at once; gives the new revision.

        None, and nothing is written, when the guild is no longer at revision `expected`. The new revision
        follows the guild's last one and is above `least`. One script does it all: 200,000 effects keep the
        server busy for about a second, so the client needs a patient time-out.

        `overtaken` is a request of the last minute that gave None: its effects are written, but for those of
        the keys `instead`, of which `effects` has all.
        """
        arguments: dict[str, object] = {
            "expected": expected,
            "least": least,
            "effects": effects,
            "facts": facts,
            **({"request": request} if overtaken is None else {"overtaken": overtaken, "instead": instead}),
        }
        try:
            answer = await self._scripts.move("restore", guild, request, self._actor, arguments)
        except Refused as refused:
            if refused.reason is Reason.STALE:
                return None
            raise
        return int(answer["revision"])

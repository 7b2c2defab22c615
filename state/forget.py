"""The move that takes a person out of a guild's live state and out of its newest moves."""

from __future__ import annotations

from collections.abc import Sequence

from state.refusal import Reason, Refused
from state.scripts import Actor, Scripts

_SELF = Actor(0, "Skipline")


class Forgetting:
    """Makes that move; in the history it is the bot's own, or it would name whom it forgets."""

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts

    async def put(
        self,
        guild: int,
        request: str,
        *,
        expected: int,
        writes: Sequence[Sequence[str | None]],
        effects: Sequence[Sequence[str | None]],
        entries: Sequence[tuple[str, Sequence[str]]],
        songs: int,
    ) -> int | None:
        """Makes all `writes` at once and gives the new revision; only `effects` of them stand in the event.

        `entries` replace those of their revisions in the stream. None, and nothing is written, when the guild
        is no longer at revision `expected`.
        """
        arguments: dict[str, object] = {
            "expected": expected,
            "writes": writes,
            "effects": effects,
            "entries": entries,
            "songs": songs,
        }
        try:
            answer = await self._scripts.move("forget_user", guild, request, _SELF, arguments)
        except Refused as refused:
            if refused.reason is Reason.STALE:
                return None
            raise
        return int(answer["revision"])

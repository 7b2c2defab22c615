"""The move that lets songs go that ended long ago, so that Redis does not grow with the history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from state.refusal import Reason, Refused
from state.scripts import CONSTANTS, Actor, Scripts

MOST: Final = int(CONSTANTS["PRUNE_MOST"])
"""Songs one move lets go: it keeps the server busy for well under a millisecond each."""


@dataclass(frozen=True, slots=True)
class Pruned:
    """How many songs and how many plays of the cool-down left Redis."""

    songs: int
    tracks: int


class Housekeeping:
    """Makes that move, on behalf of the bot itself."""

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts

    async def prune(self, guild: int, songs: Sequence[int]) -> Pruned:
        """Lets go of those of the songs (at most `MOST`) that ended longer ago than the guild keeps them.

        Songs that are active, ended lately, or named by a move that Undo can take back stay. Repeating the
        call is harmless. Raises `ValueError` for too many at once.
        """
        if len(songs) > MOST:
            raise ValueError(f"at most {MOST} songs at once")
        arguments: dict[str, object] = {"songs": [str(number) for number in songs]}
        try:
            answer = await self._scripts.move("prune", guild, "", Actor(0, "Skipline"), arguments)
        except Refused as refused:
            if refused.reason is Reason.UNCHANGED:
                return Pruned(0, 0)
            raise
        return Pruned(answer["songs"], answer["tracks"])

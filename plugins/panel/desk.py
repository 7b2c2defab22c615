"""What the presses of the panel and its forms share."""

from __future__ import annotations

from collections.abc import Sequence

from bot.errors import UserError
from components.displays import HELD_SONGS, SONGS
from components.song_option import parse
from components.texts import say
from components.who import Caller
from state.board import Board
from state.queue import Queue

TIER = "panel.tier"
REMOVED = "panel.removed"
BUMPED = "panel.bumped"
SCORED = "panel.scored"


async def board_of(queue: Queue, guild: int, *, changed: bool = False) -> Board:
    """The board that the panel is drawn from; `changed` when a move was made just now."""
    return await queue.board(guild, count=SONGS, held=HELD_SONGS, changed=changed)


def chosen(values: Sequence[str], caller: Caller) -> int:
    """The song a select names; whatever else was sent is answered as an old message."""
    number = parse(values[0]) if len(values) == 1 else None
    if number is None:
        raise UserError(say("common.outdated", caller.locale))
    return number

"""Lists shown page by page. Where somebody stands is in their own message, so nobody turns another's page."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import hikari

from bot.router import encode
from components.texts import FALLBACK, say

_STEPS: Final = ("first", "previous", "next", "last")
_BEYOND: Final = 10**6


def page_count(total: int, size: int) -> int:
    """Pages that `total` entries fill; an empty list has one."""
    return max(1, -(-total // size))


def within(page: int, pages: int) -> int:
    """The nearest page there is."""
    return min(max(page, 1), pages)


@lru_cache(maxsize=512)
def page_row(
    name: str, page: int, pages: int, locale: str = FALLBACK, *more: str
) -> tuple[hikari.impl.MessageActionRowBuilder, ...]:
    """First, previous, next, last for the handler `name`; no row where there is one page.

    A press brings the step, the page and then whatever `more` says of the list.
    """
    if pages <= 1:
        return ()
    row = hikari.impl.MessageActionRowBuilder()
    for step in _STEPS:
        at_the_end = page <= 1 if step in ("first", "previous") else page >= pages
        row.add_interactive_button(
            hikari.ButtonStyle.SECONDARY,
            encode(name, step, page, *more),
            label=say(f"queue.{step}", locale),
            is_disabled=at_the_end,
        )
    return (row,)


def page_asked(args: Sequence[str]) -> int:
    """The page a press of such a button asks for; it may lie beyond the list, for `within` to mend.

    The step `at` asks for the page itself. Whatever was made up instead counts as the first page.
    """
    match args:
        case (step, text) if text.isascii() and text.isdecimal() and len(text) <= 6:
            page = int(text)
        case _:
            return 1
    asked = {"first": 1, "previous": page - 1, "at": page, "next": page + 1, "last": _BEYOND}
    return asked.get(step, 1)

"""Points as people read them: what somebody has and from where, and who has most."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import hikari

from components.markdown import plain
from components.pages import page_count, page_row, within
from components.texts import FALLBACK, number, say
from state.handles import Handle
from state.points import Held, Leaderboard, Ranked

PAGE: Final = 10
PAGE_HANDLER: Final = "points.page"
_SHOWN: Final = 15
_COLOR: Final = 0x5C8374


def handle_name(handle: Handle) -> str:
    """`@name` of a TikTok handle, escaped; its id where no name is known."""
    return plain(handle.shown, 60)


def held_text(
    held: Held, handles: Sequence[Handle], user: int, locale: str = FALLBACK, *, own: bool = True
) -> str:
    """What somebody has: in all, on the account itself and on each of its handles."""
    key = "points.shown_own" if own else "points.shown_other"
    lines = [say(key, locale, user=user, points=number(held.total, locale))]
    if handles:
        lines.append(say("points.part_account", locale, points=number(held.own, locale)))
    for handle in handles[:_SHOWN]:
        points = number(held.handles.get(handle.id, 0), locale)
        lines.append(say("points.part_handle", locale, handle=handle_name(handle), points=points))
    if len(handles) > _SHOWN:
        lines.append(say("points.part_more", locale, count=len(handles) - _SHOWN))
    return "\n".join(lines)


def leaderboard_embed(
    board: Leaderboard, page: int, locale: str = FALLBACK
) -> tuple[hikari.Embed, Sequence[hikari.impl.MessageActionRowBuilder]]:
    """A page of the leaderboard, and the buttons below it."""
    pages = page_count(board.count, PAGE)
    page = within(page, pages)
    lines = [_line(row, locale) for row in board.rows]
    if board.own is not None:
        points = number(board.own.points, locale)
        lines.append(say("points.own_place", locale, place=number(board.own.place, locale), points=points))
    embed = hikari.Embed(
        title=say("points.leaderboard_title", locale),
        description="\n".join(lines) or say("points.none", locale),
        color=_COLOR,
    )
    embed.set_footer(say("points.leaderboard_page", locale, page=page, pages=pages))
    return embed, page_row(PAGE_HANDLER, page, pages, locale)


def _line(row: Ranked, locale: str) -> str:
    who = handle_name(Handle(row.id, row.name)) if row.handle else f"<@{row.id}>"
    points = number(row.points, locale)
    return say("points.leaderboard_line", locale, place=number(row.place, locale), who=who, points=points)

"""`/queue show` and `where`: the list, page by page, and where one's own songs are in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeAlias

import alluka
import hikari
import tanjun

from bot.router import Press
from components.pages import page_asked, page_count, within
from components.queue import PAGE, PAGE_HANDLER, SEEN, page_embed, page_rows, where_text
from components.texts import describe
from components.who import Caller
from plugins.queue.group import queue_, routes
from state.board import Board
from state.points import Points
from state.queue import Queue
from state.song import SongState

_DRAWN_KEPT: Final = 256
_Drawn: TypeAlias = tuple[Board, hikari.Embed, Sequence[hikari.impl.MessageActionRowBuilder]]
_pages: dict[tuple[int, int, str], _Drawn] = {}


def _drawn(
    guild: int, board: Board, locale: str
) -> tuple[hikari.Embed, Sequence[hikari.impl.MessageActionRowBuilder]]:
    """A page as it is shown, drawn once for each board that the queue gives again while it is true."""
    view = (guild, board.offset, locale)
    kept = _pages.get(view)
    if kept is None or kept[0] is not board:
        kept = _pages[view] = (board, page_embed(board, locale), page_rows(board, locale))
        if len(_pages) > _DRAWN_KEPT:
            del _pages[next(iter(_pages))]
    return kept[1], kept[2]


async def _page(queue: Queue, guild: int, page: int) -> Board:
    """The board of a page; of the nearest one there is, when the list has become shorter."""
    board = await queue.board(guild, offset=(max(page, 1) - 1) * PAGE, count=PAGE)
    nearest = within(page, page_count(board.waiting, PAGE))
    if (nearest - 1) * PAGE == board.offset:
        return board
    return await queue.board(guild, offset=(nearest - 1) * PAGE, count=PAGE)


@tanjun.with_int_slash_option(
    "page", describe("queue.page_option"), default=1, min_value=1, max_value=100_000
)
@queue_.as_sub_command("show", describe("queue.show_description"))
async def show(ctx: tanjun.abc.SlashContext, page: int, queue: alluka.Injected[Queue]) -> None:
    """Shows one page to the caller alone."""
    caller = Caller.of(ctx.interaction)
    board = await _page(queue, caller.guild, min(page, 100_000))
    embed, rows = _drawn(caller.guild, board, caller.locale)
    await ctx.respond(embed=embed, components=rows)


@routes.component(PAGE_HANDLER)
async def turn(press: Press) -> None:
    """Turns the page in the presser's own message."""
    caller = Caller.of(press.interaction)
    board = await _page(press.get(Queue), caller.guild, page_asked(press.args))
    embed, rows = _drawn(caller.guild, board, caller.locale)
    await press.update(embeds=[embed], components=rows)


@queue_.as_sub_command("where", describe("queue.where_description"))
async def where(
    ctx: tanjun.abc.SlashContext, queue: alluka.Injected[Queue], points: alluka.Injected[Points]
) -> None:
    """Tells of each of the caller's songs: place, waiting time, why."""
    caller = Caller.of(ctx.interaction)
    songs = await queue.songs_of(caller.guild, caller.actor.id)
    board = await queue.board(caller.guild, count=SEEN)
    # What the board brings is of one moment and newer than what was read before it.
    newer = {song.number: song for song in (*board.songs, *((board.playing,) if board.playing else ()))}
    songs = tuple(newer.get(song.number, song) for song in songs)
    waiting = {song.number for song in songs if song.state in (SongState.WAITING, SongState.BUMPED)}
    places = {song.number: place for place, song in enumerate(board.songs, 1) if song.number in waiting}
    if far := sorted(waiting - places.keys()):
        places.update((await queue.places(caller.guild, far))[0])
    free = any(song.tier == 0 for song in songs)
    held = await points.of_user(caller.guild, caller.actor.id) if free else 0
    await ctx.respond(
        where_text(songs, places, held, board, caller.locale),
        user_mentions=False,
        role_mentions=False,
        mentions_everyone=False,
    )

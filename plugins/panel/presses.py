"""What the buttons and selects of the reviewer panel do.

A press is judged by what its presser saw, which stands in the footer of the very message they pressed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

import hikari
import miru

from bot.errors import UserError
from bot.router import encode
from components.displays import REVIEWER, render
from components.fairness import fairness_rows, fairness_text
from components.outcomes import reason_rows
from components.panel import Facts, tier_rows
from components.refusals import overtaken_text, refusal_text, song_text
from components.review import places_rows, score_rows
from components.texts import say
from components.who import Caller
from plugins.panel.desk import BUMPED, REMOVED, SCORED, TIER, board_of, chosen
from state.board import Board
from state.configure import Configuration
from state.queue import Queue
from state.refusal import Reason, Refused

_TURNS = 4


@dataclass(frozen=True, slots=True)
class Seen:
    """A press of a panel button by a reviewer, and what the panel showed them."""

    caller: Caller
    facts: Facts
    double_press_ms: int


class Presses:
    """Answers every press of every panel; keeps nothing of them. See `components.panel.PanelHandler`."""

    def __init__(self, queue: Queue, configuration: Configuration) -> None:
        self._queue = queue
        self._configuration = configuration

    async def next(self, ctx: miru.ViewContext) -> None:
        """Plays the next song, if the one the presser saw still plays."""
        seen = await self._seen(ctx)
        caller, song = seen.caller, seen.facts.song
        move = self._queue.next(
            caller.guild,
            caller.request,
            caller.actor,
            expected=song,
            expect_none=song is None,
            guard=seen.double_press_ms,
            guard_self=True,
        )
        await self._made(ctx, caller, move)

    async def undo(self, ctx: miru.ViewContext) -> None:
        """Takes the move back that the presser saw as the last."""
        seen = await self._seen(ctx)
        caller, move = seen.caller, seen.facts.move
        if move is None:
            await self._overtaken(ctx, caller, Refused(Reason.NOTHING, {}))
            return
        try:
            await _promised(ctx, self._queue.undo(caller.guild, caller.request, caller.actor, expected=move))
        except Refused as refused:
            board = await self._show(ctx, caller)
            if refused.reason is Reason.STALE:
                text = overtaken_text(board.last_move, caller.locale, reader=caller.actor.id)
            else:
                text = refusal_text(refused, board.ladder, caller.locale, reader=caller.actor.id)
            await _tell(ctx, text)
            return
        await self._show(ctx, caller, changed=True)

    async def hold(self, ctx: miru.ViewContext) -> None:
        """Sets aside the song that the presser saw playing."""
        seen = await self._seen(ctx)
        caller, song = seen.caller, seen.facts.song
        if song is None:
            await self._overtaken(ctx, caller, Refused(Reason.STALE, {}))
            return
        await self._made(ctx, caller, self._queue.hold(caller.guild, caller.request, caller.actor, song))

    async def pause(self, ctx: miru.ViewContext) -> None:
        """Stops taking submissions."""
        await self._set_paused(ctx, "1")

    async def open(self, ctx: miru.ViewContext) -> None:
        """Takes submissions again."""
        await self._set_paused(ctx, None)

    async def _set_paused(self, ctx: miru.ViewContext, value: str | None) -> None:
        caller = (await self._seen(ctx)).caller
        change = {"paused": value}
        move = self._configuration.change(caller.guild, caller.request, caller.actor, change)
        await self._made(ctx, caller, move)

    async def promote(self, ctx: miru.ViewContext) -> None:
        """Asks, for the presser alone, which tier the chosen song goes to."""
        caller = (await self._seen(ctx)).caller
        number = chosen(ctx.interaction.values, caller)
        song = await self._queue.song(caller.guild, number)
        board = await self._queue.board(caller.guild, count=0)
        if song is None:
            refused = Refused(Reason.UNKNOWN_SONG, {"number": number})
            raise UserError(refusal_text(refused, board.ladder, caller.locale))
        named = song_text({"number": number, "title": song.title, "artist": song.artist})
        rows = tier_rows(board, song, TIER, caller.locale)
        await _tell(ctx, say("panel.promote_ask", caller.locale, song=named), rows)

    async def remove(self, ctx: miru.ViewContext) -> None:
        """Asks why the chosen song goes."""
        caller = (await self._seen(ctx)).caller
        number = chosen(ctx.interaction.values, caller)
        await ctx.respond_with_builder(
            hikari.impl.InteractionModalBuilder(
                say("panel.remove_title", caller.locale, number=number),
                encode(REMOVED, number),
                [*reason_rows(caller.locale)],
            )
        )

    async def back(self, ctx: miru.ViewContext) -> None:
        """Brings the chosen held song back."""
        caller = (await self._seen(ctx)).caller
        number = chosen(ctx.interaction.values, caller)
        await self._made(ctx, caller, self._queue.back(caller.guild, caller.request, caller.actor, number))

    async def bump(self, ctx: miru.ViewContext) -> None:
        """Asks how many songs are to go before the one that the presser saw playing."""
        seen = await self._seen(ctx)
        caller, song = seen.caller, seen.facts.song
        if song is None:
            await self._overtaken(ctx, caller, Refused(Reason.STALE, {}))
            return
        await ctx.respond_with_builder(
            hikari.impl.InteractionModalBuilder(
                say("review.bump_title", caller.locale, number=song),
                encode(BUMPED, song),
                [*places_rows(caller.locale)],
            )
        )

    async def score(self, ctx: miru.ViewContext) -> None:
        """Asks for score and note of the song that the presser saw playing, with what there is."""
        seen = await self._seen(ctx)
        caller, number = seen.caller, seen.facts.song
        song = None if number is None else await self._queue.song(caller.guild, number)
        if number is None or song is None:
            await self._overtaken(ctx, caller, Refused(Reason.STALE, {}))
            return
        await ctx.respond_with_builder(
            hikari.impl.InteractionModalBuilder(
                say("review.score_title", caller.locale, number=number),
                encode(SCORED, number),
                [*score_rows(song.score, song.review_note, caller.locale)],
            )
        )

    async def bookmark(self, ctx: miru.ViewContext) -> None:
        """Marks the song that the presser saw playing."""
        await self._set_bookmark(ctx, to=True)

    async def unbookmark(self, ctx: miru.ViewContext) -> None:
        """Takes the mark off the song that the presser saw playing."""
        await self._set_bookmark(ctx, to=False)

    async def _set_bookmark(self, ctx: miru.ViewContext, *, to: bool) -> None:
        seen = await self._seen(ctx)
        caller, song = seen.caller, seen.facts.song
        if song is None:
            await self._overtaken(ctx, caller, Refused(Reason.STALE, {}))
            return
        move = self._queue.bookmark(caller.guild, caller.request, caller.actor, song, to=to)
        await self._made(ctx, caller, move)

    async def fairness(self, ctx: miru.ViewContext) -> None:
        """Offers the presser the choices of fairness; every move after one follows it."""
        caller = (await self._seen(ctx)).caller
        settings = await self._configuration.settings(caller.guild)
        await _tell(ctx, fairness_text(settings, caller.locale), fairness_rows(settings, caller.locale))

    async def _seen(self, ctx: miru.ViewContext) -> Seen:
        """Raises `UserError` for anybody but a reviewer, and for anything but a panel of this bot."""
        caller = Caller.of(ctx.interaction)
        settings = await self._configuration.settings(caller.guild)
        caller.demand_reviewer(settings)
        facts, me = Facts.read(ctx.message), ctx.client.cache.get_me()
        if facts is None or me is None or ctx.message.author.id != me.id:
            raise UserError(say("common.outdated", caller.locale))
        return Seen(caller, facts, settings.double_press_ms)

    async def _made(self, ctx: miru.ViewContext, caller: Caller, move: Coroutine[Any, Any, object]) -> None:
        """Makes a move; the presser gets the panel as it is then."""
        try:
            await _promised(ctx, move)
        except Refused as refused:
            await self._overtaken(ctx, caller, refused)
            return
        await self._show(ctx, caller, changed=True)

    async def _overtaken(self, ctx: miru.ViewContext, caller: Caller, refused: Refused) -> None:
        """Nothing was moved: the presser gets the panel as it is now, and is told why."""
        board = await self._show(ctx, caller)
        await _tell(ctx, refusal_text(refused, board.ladder, caller.locale, reader=caller.actor.id))

    async def _show(self, ctx: miru.ViewContext, caller: Caller, *, changed: bool = False) -> Board:
        """Answers with the panel of this moment; `changed` when a move was made just now."""
        # The file is left to the display's own painter: an upload may take longer than an answer may.
        board = await board_of(self._queue, caller.guild, changed=changed)
        painting = render(REVIEWER, board)
        assert painting is not None
        await ctx.edit_response(
            embeds=painting.embeds,
            components=painting.components,
            user_mentions=False,
            role_mentions=False,
            mentions_everyone=False,
        )
        await self._queue.drawn(caller.guild, REVIEWER, board)
        return board


async def _promised(ctx: miru.ViewContext, move: Coroutine[Any, Any, object]) -> None:
    """Acknowledges a press while its move is made, so that a slow disk costs no answer.

    The acknowledgement says nothing yet: what came of the move is shown, or told, after it.
    """
    defer = asyncio.ensure_future(ctx.defer(hikari.ResponseType.DEFERRED_MESSAGE_UPDATE))
    # The request of the acknowledgement is written some turns of the loop after it is begun: let it leave.
    for _ in range(_TURNS):
        await asyncio.sleep(0)
    acknowledged, moved = await asyncio.gather(defer, move, return_exceptions=True)
    for outcome in (moved, acknowledged):
        if isinstance(outcome, BaseException):
            raise outcome


async def _tell(
    ctx: miru.ViewContext,
    text: str,
    rows: hikari.UndefinedOr[Sequence[hikari.api.ComponentBuilder]] = hikari.UNDEFINED,
) -> None:
    await ctx.respond(
        text,
        components=rows,
        flags=hikari.MessageFlag.EPHEMERAL,
        user_mentions=False,
        role_mentions=False,
        mentions_everyone=False,
    )

"""The moves of the queue as commands."""

from __future__ import annotations

from typing import Final

import alluka
import hikari
import tanjun

from bot.errors import UserError
from bot.router import Press, encode
from components.outcomes import advanced_text, placed_text, promoted_text, undone_text
from components.refusals import refusal_text, worded
from components.review import MOST_PLACES, PLACES, read_places
from components.song_option import demand_song, demand_tier, parse
from components.texts import describe, say
from components.who import admit
from plugins.review.desk import (
    GUARD_MS,
    REASON,
    answer,
    move_song,
    offer_active,
    offer_held,
    offer_holdable,
    offer_tiers,
    offer_waiting,
    review,
    routes,
    take_out,
)
from state.configure import Configuration
from state.queue import Queue
from state.refusal import Reason, Refused

_NONE: Final = "none"


@review.as_sub_command("next", describe("review.next_description"))
async def next_(
    ctx: tanjun.abc.SlashContext,
    queue: alluka.Injected[Queue],
    configuration: alluka.Injected[Configuration],
) -> None:
    """Ends the song that plays and starts the first; asks when somebody else just did."""
    caller, ladder = await admit(ctx.interaction, configuration)
    try:
        advanced = await queue.next(caller.guild, caller.request, caller.actor, guard=GUARD_MS)
    except Refused as refused:
        text = refusal_text(refused, ladder, caller.locale, reader=caller.actor.id)
        if refused.reason is not Reason.RECENT:
            raise UserError(text) from refused
        song = refused.facts.get("song")
        seen = song["number"] if song else _NONE
        await answer(ctx, text, _button(encode("review.anyway", seen), say("review.anyway", caller.locale)))
        return
    await answer(ctx, advanced_text(advanced, ladder, caller.locale))


@routes.component("review.anyway")
async def next_anyway(press: Press) -> None:
    """Plays the next song after all, if still the same one plays that the presser was told of."""
    caller, ladder = await admit(press.interaction, press.get(Configuration))
    match press.args:
        case ("none",):
            expected = None
        case (text,) if (expected := parse(text)) is not None:
            pass
        case _:
            raise UserError(say("common.outdated", caller.locale))
    with worded(ladder, caller.locale, reader=caller.actor.id):
        advanced = await press.get(Queue).next(
            caller.guild, caller.request, caller.actor, expected=expected, expect_none=expected is None
        )
    await press.update(advanced_text(advanced, ladder, caller.locale), components=[])


@review.as_sub_command("undo", describe("review.undo_description"))
async def undo(
    ctx: tanjun.abc.SlashContext,
    queue: alluka.Injected[Queue],
    configuration: alluka.Injected[Configuration],
) -> None:
    """Takes the last move back; asks when somebody else just took one back."""
    caller, ladder = await admit(ctx.interaction, configuration)
    try:
        undone = await queue.undo(caller.guild, caller.request, caller.actor, guard=GUARD_MS)
    except Refused as refused:
        text = refusal_text(refused, ladder, caller.locale, reader=caller.actor.id)
        last = (await queue.board(caller.guild, count=0)).last_move
        if refused.reason is not Reason.RECENT or last is None:
            raise UserError(text) from refused
        label = say("review.undo_anyway", caller.locale)
        await answer(ctx, text, _button(encode("review.undo", last.revision), label))
        return
    await answer(ctx, undone_text(undone, ladder, caller.locale))


@routes.component("review.undo")
async def undo_anyway(press: Press) -> None:
    """Takes one more move back, if it is still the last."""
    caller, ladder = await admit(press.interaction, press.get(Configuration))
    match press.args:
        case (text,) if (revision := parse(text)) is not None:
            pass
        case _:
            raise UserError(say("common.outdated", caller.locale))
    with worded(ladder, caller.locale, reader=caller.actor.id):
        undone = await press.get(Queue).undo(caller.guild, caller.request, caller.actor, expected=revision)
    await press.update(undone_text(undone, ladder, caller.locale), components=[])


@tanjun.with_str_slash_option("tier", describe("review.tier_option"), autocomplete=offer_tiers)
@tanjun.with_str_slash_option("song", describe("review.song_option"), autocomplete=offer_waiting)
@review.as_sub_command("promote", describe("review.promote_description"))
async def promote(
    ctx: tanjun.abc.SlashContext,
    song: str,
    tier: str,
    queue: alluka.Injected[Queue],
    configuration: alluka.Injected[Configuration],
) -> None:
    """Moves a song to the back of another tier."""
    caller, ladder = await admit(ctx.interaction, configuration)
    number, to = demand_song(song, caller.locale), demand_tier(ladder, tier, caller.locale)
    with worded(ladder, caller.locale, reader=caller.actor.id):
        moved = await queue.promote(caller.guild, caller.request, caller.actor, number, to.label)
    await answer(ctx, promoted_text(moved, ladder, caller.locale))


@tanjun.with_str_slash_option("reason", describe("review.reason_option"), default=None, max_length=REASON)
@tanjun.with_str_slash_option("song", describe("review.song_option"), autocomplete=offer_active)
@review.as_sub_command("remove", describe("review.remove_description"))
async def remove(
    ctx: tanjun.abc.SlashContext,
    song: str,
    reason: str | None,
    queue: alluka.Injected[Queue],
    configuration: alluka.Injected[Configuration],
) -> None:
    """Takes a song out, kept with who and why."""
    await take_out(ctx, configuration, song, reason, queue.remove)


@tanjun.with_str_slash_option("song", describe("review.song_option"), autocomplete=offer_holdable)
@review.as_sub_command("hold", describe("review.hold_description"))
async def hold(
    ctx: tanjun.abc.SlashContext,
    song: str,
    queue: alluka.Injected[Queue],
    configuration: alluka.Injected[Configuration],
) -> None:
    """Sets a song aside; nothing it had is lost."""
    await move_song(ctx, configuration, song, queue.hold, placed_text)


@tanjun.with_str_slash_option("song", describe("review.song_option"), autocomplete=offer_held)
@review.as_sub_command("back", describe("review.back_description"))
async def back(
    ctx: tanjun.abc.SlashContext,
    song: str,
    queue: alluka.Injected[Queue],
    configuration: alluka.Injected[Configuration],
) -> None:
    """Brings a held song back to the place its tier and order give it."""
    await move_song(ctx, configuration, song, queue.back, placed_text)


@tanjun.with_int_slash_option(
    "places", describe("review.places_option"), default=PLACES, min_value=1, max_value=MOST_PLACES
)
@tanjun.with_str_slash_option("song", describe("review.song_option"), autocomplete=offer_holdable)
@review.as_sub_command("bump", describe("review.bump_description"))
async def bump(
    ctx: tanjun.abc.SlashContext,
    song: str,
    places: int,
    queue: alluka.Injected[Queue],
    configuration: alluka.Injected[Configuration],
) -> None:
    """Lets a number of songs go before one."""
    caller, ladder = await admit(ctx.interaction, configuration)
    number, ahead = demand_song(song, caller.locale), read_places(str(places), caller.locale)
    with worded(ladder, caller.locale, reader=caller.actor.id):
        moved = await queue.bump(caller.guild, caller.request, caller.actor, number, ahead)
    await answer(ctx, placed_text(moved, ladder, caller.locale))


def _button(custom_id: str, label: str) -> list[hikari.impl.MessageActionRowBuilder]:
    row = hikari.impl.MessageActionRowBuilder()
    row.add_interactive_button(hikari.ButtonStyle.PRIMARY, custom_id, label=label)
    return [row]

"""`/review`: the moves of the queue as commands, for reviewers."""

from __future__ import annotations

from typing import Final

import alluka
import hikari
import tanjun

from bot.errors import UserError
from bot.router import Press, Router, encode
from components.outcomes import advanced_text, approved_text, promoted_text, removed_text, undone_text
from components.refusals import refusal_text, worded
from components.song_option import demand_song, demand_tier, matches, parse, tier_choices
from components.texts import describe, say
from components.who import Caller
from state.configure import Configuration
from state.ladder import Ladder
from state.queue import Queue
from state.refusal import Reason, Refused
from state.song import SongState

GUARD_MS: Final = 3000
"""A command cannot know what its caller saw: so soon after somebody else's move it asks first."""
_SEARCHED: Final = 500
_OFFERED: Final = 25
_NONE: Final = "none"
_REASON: Final = 200

routes = Router()
review = tanjun.slash_command_group(
    "review", describe("review.description"), default_to_ephemeral=True, dm_enabled=False
)


async def _admit(ctx: tanjun.abc.SlashContext, configuration: Configuration) -> tuple[Caller, Ladder]:
    caller = Caller.of(ctx.interaction)
    caller.demand_reviewer(await configuration.settings(caller.guild))
    return caller, await configuration.ladder(caller.guild)


async def _answer(
    ctx: tanjun.abc.SlashContext,
    text: str,
    rows: list[hikari.impl.MessageActionRowBuilder] | hikari.UndefinedType = hikari.UNDEFINED,
) -> None:
    await ctx.respond(
        text, components=rows, user_mentions=False, role_mentions=False, mentions_everyone=False
    )


async def _offer(ctx: tanjun.abc.AutocompleteContext, typed: str, states: set[SongState]) -> None:
    """Offers songs in the given states to reviewers; others are offered nothing."""
    queue = ctx.get_type_dependency(Queue)
    configuration = ctx.get_type_dependency(Configuration)
    caller = Caller.of(ctx.interaction)
    if not caller.reviews(await configuration.settings(caller.guild)):
        await ctx.set_choices()
        return
    count = _SEARCHED if typed.strip() else _OFFERED
    board = await queue.board(caller.guild, count=count, pending=count, held=count)
    songs = [board.playing] if board.playing else []
    songs += [*board.songs, *board.held_songs, *board.pending_songs]
    number = parse(typed)
    if number is not None and all(song.number != number for song in songs):
        far = await queue.song(caller.guild, number)
        songs += [far] if far else []
    await ctx.set_choices(matches((song for song in songs if song.state in states), typed))


WAITING: Final = {SongState.WAITING, SongState.BUMPED, SongState.HELD}


async def offer_waiting(ctx: tanjun.abc.AutocompleteContext, typed: str) -> None:
    """Songs that can change their tier."""
    await _offer(ctx, typed, WAITING)


async def offer_active(ctx: tanjun.abc.AutocompleteContext, typed: str) -> None:
    """Songs that can be removed."""
    await _offer(ctx, typed, WAITING | {SongState.PLAYING, SongState.PENDING})


async def offer_pending(ctx: tanjun.abc.AutocompleteContext, typed: str) -> None:
    """Songs that wait for approval."""
    await _offer(ctx, typed, {SongState.PENDING})


async def offer_tiers(
    ctx: tanjun.abc.AutocompleteContext, typed: str, configuration: alluka.Injected[Configuration]
) -> None:
    """The guild's tiers."""
    caller = Caller.of(ctx.interaction)
    await ctx.set_choices(tier_choices(await configuration.ladder(caller.guild), typed))


@review.as_sub_command("next", describe("review.next_description"))
async def next_(
    ctx: tanjun.abc.SlashContext,
    queue: alluka.Injected[Queue],
    configuration: alluka.Injected[Configuration],
) -> None:
    """Ends the song that plays and starts the first; asks when somebody else just did."""
    caller, ladder = await _admit(ctx, configuration)
    try:
        advanced = await queue.next(caller.guild, caller.request, caller.actor, guard=GUARD_MS)
    except Refused as refused:
        text = refusal_text(refused, ladder, caller.locale, reader=caller.actor.id)
        if refused.reason is not Reason.RECENT:
            raise UserError(text) from refused
        song = refused.facts.get("song")
        seen = song["number"] if song else _NONE
        await _answer(ctx, text, _button(encode("review.anyway", seen), say("review.anyway", caller.locale)))
        return
    await _answer(ctx, advanced_text(advanced, ladder, caller.locale))


@routes.component("review.anyway")
async def next_anyway(press: Press) -> None:
    """Plays the next song after all, if still the same one plays that the presser was told of."""
    caller, ladder = await _admit_press(press)
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
    caller, ladder = await _admit(ctx, configuration)
    try:
        undone = await queue.undo(caller.guild, caller.request, caller.actor, guard=GUARD_MS)
    except Refused as refused:
        text = refusal_text(refused, ladder, caller.locale, reader=caller.actor.id)
        last = (await queue.board(caller.guild, count=0)).last_move
        if refused.reason is not Reason.RECENT or last is None:
            raise UserError(text) from refused
        label = say("review.undo_anyway", caller.locale)
        await _answer(ctx, text, _button(encode("review.undo", last.revision), label))
        return
    await _answer(ctx, undone_text(undone, ladder, caller.locale))


@routes.component("review.undo")
async def undo_anyway(press: Press) -> None:
    """Takes one more move back, if it is still the last."""
    caller, ladder = await _admit_press(press)
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
    caller, ladder = await _admit(ctx, configuration)
    number, to = demand_song(song, caller.locale), demand_tier(ladder, tier, caller.locale)
    with worded(ladder, caller.locale, reader=caller.actor.id):
        moved = await queue.promote(caller.guild, caller.request, caller.actor, number, to.label)
    await _answer(ctx, promoted_text(moved, ladder, caller.locale))


@tanjun.with_str_slash_option("reason", describe("review.reason_option"), default=None, max_length=_REASON)
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
    caller, ladder = await _admit(ctx, configuration)
    number = demand_song(song, caller.locale)
    with worded(ladder, caller.locale, reader=caller.actor.id):
        moved = await queue.remove(caller.guild, caller.request, caller.actor, number, reason=reason)
    await _answer(ctx, removed_text(moved, reason, caller.locale))


@tanjun.with_str_slash_option("tier", describe("review.tier_option"), autocomplete=offer_tiers)
@tanjun.with_str_slash_option("song", describe("review.song_option"), autocomplete=offer_pending)
@review.as_sub_command("approve", describe("review.approve_description"))
async def approve(
    ctx: tanjun.abc.SlashContext,
    song: str,
    tier: str,
    queue: alluka.Injected[Queue],
    configuration: alluka.Injected[Configuration],
) -> None:
    """Lets a pending skip in at the back of the tier the reviewer names."""
    caller, ladder = await _admit(ctx, configuration)
    number, to = demand_song(song, caller.locale), demand_tier(ladder, tier, caller.locale)
    with worded(ladder, caller.locale, reader=caller.actor.id):
        moved = await queue.approve(caller.guild, caller.request, caller.actor, number, to.label)
    await _answer(ctx, approved_text(moved, ladder, caller.locale))


@tanjun.with_str_slash_option("reason", describe("review.reason_option"), default=None, max_length=_REASON)
@tanjun.with_str_slash_option("song", describe("review.song_option"), autocomplete=offer_pending)
@review.as_sub_command("reject", describe("review.reject_description"))
async def reject(
    ctx: tanjun.abc.SlashContext,
    song: str,
    reason: str | None,
    queue: alluka.Injected[Queue],
    configuration: alluka.Injected[Configuration],
) -> None:
    """Turns a pending skip away."""
    caller, ladder = await _admit(ctx, configuration)
    number = demand_song(song, caller.locale)
    with worded(ladder, caller.locale, reader=caller.actor.id):
        moved = await queue.reject(caller.guild, caller.request, caller.actor, number, reason=reason)
    await _answer(ctx, removed_text(moved, reason, caller.locale))


async def _admit_press(press: Press) -> tuple[Caller, Ladder]:
    caller, configuration = Caller.of(press.interaction), press.get(Configuration)
    caller.demand_reviewer(await configuration.settings(caller.guild))
    return caller, await configuration.ladder(caller.guild)


def _button(custom_id: str, label: str) -> list[hikari.impl.MessageActionRowBuilder]:
    row = hikari.impl.MessageActionRowBuilder()
    row.add_interactive_button(hikari.ButtonStyle.PRIMARY, custom_id, label=label)
    return [row]


component = tanjun.Component(name="review").load_from_scope()


@component.with_on_open
async def register(router: alluka.Injected[Router]) -> None:
    """Puts this feature's buttons where presses are routed, each time a bot opens."""
    router.include(routes)


load = component.make_loader()

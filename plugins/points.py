"""`/points`: what somebody has, and for those who manage the server: give some, or set them to nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import alluka
import hikari
import tanjun
from redis.asyncio import Redis

from bot.errors import UserError
from bot.router import Press, Router, encode
from components.confirmation import confirm_rows
from components.markdown import plain
from components.pages import page_asked, page_count, within
from components.points import PAGE, PAGE_HANDLER, handle_name, held_text, leaderboard_embed
from components.refusals import refusal_text, worded
from components.song_option import parse
from components.texts import describe, number, say
from components.who import Caller, manager
from persistence.backups import Backups, Cause
from persistence.errors import PersistenceError
from state.configure import Configuration
from state.handles import Handles, name_of
from state.points import Points, PointsChange
from state.questions import Questions
from state.queue import Queue
from state.refusal import Reason, Refused

_RESET: Final = "points.reset"
_BACK: Final = "points.back"
_MOST: Final = 10**9
_REASON: Final = 200
_FARTHEST: Final = 100_000

routes = Router()
points_ = tanjun.slash_command_group(
    "points", describe("points.description"), default_to_ephemeral=True, dm_enabled=False
)
reset_ = points_.make_sub_group("reset", describe("points.reset_description"))


async def _answer(
    ctx: tanjun.abc.SlashContext,
    text: str,
    rows: list[hikari.impl.MessageActionRowBuilder] | hikari.UndefinedType = hikari.UNDEFINED,
) -> None:
    await ctx.respond(
        text, components=rows, user_mentions=False, role_mentions=False, mentions_everyone=False
    )


@tanjun.with_user_slash_option("user", describe("points.user_option"), default=None)
@points_.as_sub_command("show", describe("points.show_description"))
async def show(
    ctx: tanjun.abc.SlashContext,
    user: hikari.User | None,
    points: alluka.Injected[Points],
    handles: alluka.Injected[Handles],
    configuration: alluka.Injected[Configuration],
) -> None:
    """Tells the caller's points and where they come from; to reviewers those of others, too."""
    caller = Caller.of(ctx.interaction)
    whose = caller.actor.id if user is None else int(user.id)
    own = whose == caller.actor.id
    if not own and not caller.reviews(await configuration.settings(caller.guild)):
        raise UserError(say("points.reviewers_only", caller.locale))
    held = await points.held_by(caller.guild, whose)
    linked = await handles.of_user(caller.guild, whose)
    await _answer(ctx, held_text(held, linked, whose, caller.locale, own=own))


@tanjun.with_int_slash_option(
    "page", describe("points.page_option"), default=1, min_value=1, max_value=_FARTHEST
)
@points_.as_sub_command("leaderboard", describe("points.leaderboard_description"))
async def leaderboard(ctx: tanjun.abc.SlashContext, page: int, points: alluka.Injected[Points]) -> None:
    """Shows who has most to the caller alone, with where the caller stands."""
    caller = Caller.of(ctx.interaction)
    embed, rows = await _leaders(points, caller, page)
    await ctx.respond(embed=embed, components=rows)


@routes.component(PAGE_HANDLER)
async def turn(press: Press) -> None:
    """Turns the page in the presser's own message."""
    caller = Caller.of(press.interaction)
    embed, rows = await _leaders(press.get(Points), caller, page_asked(press.args))
    await press.update(embeds=[embed], components=rows)


async def _leaders(
    points: Points, caller: Caller, page: int
) -> tuple[hikari.Embed, Sequence[hikari.impl.MessageActionRowBuilder]]:
    page = min(max(page, 1), _FARTHEST)
    user = caller.actor.id
    board = await points.leaderboard(caller.guild, user, offset=(page - 1) * PAGE, count=PAGE)
    nearest = within(page, page_count(board.count, PAGE))
    if nearest != page:
        board = await points.leaderboard(caller.guild, user, offset=(nearest - 1) * PAGE, count=PAGE)
    return leaderboard_embed(board, nearest, caller.locale)


@tanjun.with_str_slash_option("reason", describe("points.reason_option"), default=None, max_length=_REASON)
@tanjun.with_int_slash_option("amount", describe("points.amount_option"), min_value=1, max_value=_MOST)
@tanjun.with_user_slash_option("user", describe("points.to_option"))
@points_.as_sub_command("give", describe("points.give_description"))
async def give(
    ctx: tanjun.abc.SlashContext,
    user: hikari.User,
    amount: int,
    reason: str | None,
    points: alluka.Injected[Points],
) -> None:
    """Adds points to somebody's own."""
    caller = manager(ctx.interaction)
    if user.is_bot:
        raise UserError(say("points.no_bots", caller.locale))
    amount = min(max(amount, 1), _MOST)
    change = PointsChange("user", int(user.id), amount)
    await points.add(caller.guild, caller.request, caller.actor, [change], reason=reason)
    held = await points.of_user(caller.guild, int(user.id))
    told = {"user": user.id, "amount": number(amount, caller.locale), "points": number(held, caller.locale)}
    if reason:
        text = say("points.given_reason", caller.locale, **told, reason=plain(reason, _REASON))
    else:
        text = say("points.given", caller.locale, **told)
    await _answer(ctx, text)


@tanjun.with_user_slash_option("user", describe("points.from_option"))
@reset_.as_sub_command("user", describe("points.reset_user_description"))
async def reset_user(
    ctx: tanjun.abc.SlashContext,
    user: hikari.User,
    points: alluka.Injected[Points],
    redis: alluka.Injected[Redis],
) -> None:
    """Asks, with the amount, before it takes an account's own points."""
    caller = manager(ctx.interaction)
    held = await points.held_by(caller.guild, int(user.id))
    if not held.own:
        key = "points.none_own" if held.total else "points.none_user"
        raise UserError(say(key, caller.locale, user=user.id))
    text = say("points.reset_ask_user", caller.locale, user=user.id, points=number(held.own, caller.locale))
    await _ask(ctx, redis, caller, text, held.own, {"user": str(user.id)})


@tanjun.with_user_slash_option("user", describe("points.from_option"))
@reset_.as_sub_command("handles", describe("points.reset_handles_description"))
async def reset_handles(
    ctx: tanjun.abc.SlashContext,
    user: hikari.User,
    points: alluka.Injected[Points],
    redis: alluka.Injected[Redis],
) -> None:
    """Asks, with the amount, before it takes the points of every TikTok handle of somebody."""
    caller = manager(ctx.interaction)
    held = await points.held_by(caller.guild, int(user.id))
    taken = held.total - held.own
    if not taken:
        raise UserError(say("points.none_handles", caller.locale, user=user.id))
    text = say(
        "points.reset_ask_handles",
        caller.locale,
        user=user.id,
        count=number(sum(1 for each in held.handles.values() if each), caller.locale),
        points=number(taken, caller.locale),
    )
    await _ask(ctx, redis, caller, text, taken, {"handles_of": str(user.id)})


async def offer_handles(ctx: tanjun.abc.AutocompleteContext, typed: str) -> None:
    """TikTok handles that were seen here, for those who manage the server."""
    caller = Caller.of(ctx.interaction)
    handles = ctx.get_type_dependency(Handles)
    found = await handles.offered(caller.guild, typed) if caller.manages else []
    await ctx.set_choices([(handle.shown, handle.shown) for handle in found])


@tanjun.with_str_slash_option(
    "handle", describe("points.handle_option"), max_length=100, autocomplete=offer_handles
)
@reset_.as_sub_command("handle", describe("points.reset_handle_description"))
async def reset_handle(
    ctx: tanjun.abc.SlashContext,
    handle: str,
    points: alluka.Injected[Points],
    handles: alluka.Injected[Handles],
    redis: alluka.Injected[Redis],
) -> None:
    """Asks, with the amount, before it takes the points of one TikTok handle."""
    caller = manager(ctx.interaction)
    name = name_of(handle)
    found = await handles.find(caller.guild, name) if name else None
    if found is None:
        raise UserError(say("points.unknown_handle", caller.locale, handle=plain(handle, 40)))
    held = await points.of_handle(caller.guild, found.id)
    if not held:
        raise UserError(say("points.none_handle", caller.locale, handle=handle_name(found)))
    text = say(
        "points.reset_ask_handle",
        caller.locale,
        handle=handle_name(found),
        points=number(held, caller.locale),
    )
    await _ask(ctx, redis, caller, text, held, {"handle": str(found.id)})


@reset_.as_sub_command("everyone", describe("points.reset_everyone_description"))
async def reset_everyone(
    ctx: tanjun.abc.SlashContext, points: alluka.Injected[Points], redis: alluka.Injected[Redis]
) -> None:
    """Asks, with the amount, before it takes everybody's points."""
    caller = manager(ctx.interaction)
    rows, held = await points.all(caller.guild)
    if not rows:
        raise UserError(say("points.none", caller.locale))
    text = say(
        "points.reset_ask_everyone",
        caller.locale,
        rows=number(rows, caller.locale),
        points=number(held, caller.locale),
    )
    await _ask(ctx, redis, caller, text, held, {})


async def _ask(
    ctx: tanjun.abc.SlashContext,
    redis: Redis,
    caller: Caller,
    text: str,
    held: int,
    whose: Mapping[str, str],
) -> None:
    facts = {"reset": dict(whose)}
    await Questions(redis).ask(caller.guild, caller.request, caller.actor.id, facts)
    yes = say("points.reset_yes", caller.locale, points=number(held, caller.locale))
    text = f"{text} {say('points.reset_safe', caller.locale)}"
    await _answer(ctx, text, confirm_rows(_RESET, caller.request, caller.locale, yes=yes, danger=True))


@routes.component(_RESET)
async def reset_confirmed(press: Press) -> None:
    """Takes a backup, then the points as one move, and offers to give them back."""
    caller = manager(press.interaction)
    if press.args[:1] == ("no",):
        await press.update(say("common.cancelled", caller.locale), components=[])
        return
    request = press.args[1] if len(press.args) == 2 else ""
    facts = await Questions(press.get(Redis)).asked(caller.guild, request, caller.actor.id)
    if facts is None or "reset" not in facts:
        raise UserError(say("common.question_gone", caller.locale))
    whose = {name: int(id_) for name, id_ in facts["reset"].items()}
    await press.defer()
    try:
        await press.get(Backups).take(caller.guild, Cause.BEFORE_RESET)
    except (PersistenceError, OSError) as failed:
        raise UserError(say("points.no_backup", caller.locale)) from failed
    try:
        taken = await press.get(Points).reset(caller.guild, request, caller.actor, **whose)
    except Refused as refused:
        if refused.reason is Reason.EMPTY:
            raise UserError(say("points.none", caller.locale)) from refused
        ladder = await press.get(Configuration).ladder(caller.guild)
        raise UserError(refusal_text(refused, ladder, caller.locale)) from refused
    row = hikari.impl.MessageActionRowBuilder()
    label = say("points.give_back", caller.locale)
    row.add_interactive_button(hikari.ButtonStyle.SECONDARY, encode(_BACK, taken.revision), label=label)
    text = say("points.reset_done", caller.locale, points=number(taken.total, caller.locale))
    await press.update(text, components=[row])


@routes.component(_BACK)
async def give_back(press: Press) -> None:
    """Undoes the reset, if it is still the last move that can be taken back."""
    caller = manager(press.interaction)
    revision = parse(press.args[0]) if len(press.args) == 1 else None
    if revision is None:
        raise UserError(say("common.outdated", caller.locale))
    ladder = await press.get(Configuration).ladder(caller.guild)
    with worded(ladder, caller.locale, reader=caller.actor.id):
        await press.get(Queue).undo(caller.guild, caller.request, caller.actor, expected=revision)
    await press.update(say("points.given_back", caller.locale), components=[])


component = tanjun.Component(name="points").load_from_scope()


@component.with_on_open
async def register(router: alluka.Injected[Router]) -> None:
    """Puts this feature's buttons where presses are routed, each time a bot opens."""
    router.include(routes)


load = component.make_loader()

"""`/points`: what somebody has, and for those who manage the server: give some, or set them to nothing."""

from __future__ import annotations

from typing import Final

import alluka
import hikari
import tanjun
from redis.asyncio import Redis

from bot.errors import UserError
from bot.router import Press, Router, encode
from components.confirmation import confirm_rows
from components.markdown import plain
from components.refusals import refusal_text, worded
from components.song_option import parse
from components.texts import describe, number, say
from components.who import Caller
from state.configure import Configuration
from state.points import Points, PointsChange
from state.questions import Questions
from state.queue import Queue
from state.refusal import Reason, Refused

_RESET: Final = "points.reset"
_BACK: Final = "points.back"
_MOST: Final = 10**9
_REASON: Final = 200

routes = Router()
points_ = tanjun.slash_command_group(
    "points", describe("points.description"), default_to_ephemeral=True, dm_enabled=False
)
reset_ = points_.make_sub_group("reset", describe("points.reset_description"))


def _manager(interaction: hikari.CommandInteraction | hikari.ComponentInteraction) -> Caller:
    caller = Caller.of(interaction)
    caller.demand_manager()
    return caller


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
    configuration: alluka.Injected[Configuration],
) -> None:
    """Tells the caller's points; to reviewers those of others, too."""
    caller = Caller.of(ctx.interaction)
    if user is None or int(user.id) == caller.actor.id:
        held = await points.of_user(caller.guild, caller.actor.id)
        await _answer(ctx, say("points.shown_own", caller.locale, points=number(held, caller.locale)))
        return
    if not caller.reviews(await configuration.settings(caller.guild)):
        raise UserError(say("points.reviewers_only", caller.locale))
    held = await points.of_user(caller.guild, int(user.id))
    await _answer(
        ctx, say("points.shown_other", caller.locale, user=user.id, points=number(held, caller.locale))
    )


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
    caller = _manager(ctx.interaction)
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
    """Asks, with the amount, before it takes somebody's points."""
    caller = _manager(ctx.interaction)
    held = await points.of_user(caller.guild, int(user.id))
    if not held:
        raise UserError(say("points.none_user", caller.locale, user=user.id))
    await Questions(redis).ask(caller.guild, caller.request, caller.actor.id, {"whose": str(user.id)})
    text = say("points.reset_ask_user", caller.locale, user=user.id, points=number(held, caller.locale))
    await _answer(ctx, text, _rows(caller, held))


@reset_.as_sub_command("everyone", describe("points.reset_everyone_description"))
async def reset_everyone(
    ctx: tanjun.abc.SlashContext, points: alluka.Injected[Points], redis: alluka.Injected[Redis]
) -> None:
    """Asks, with the amount, before it takes everybody's points."""
    caller = _manager(ctx.interaction)
    rows, held = await points.all(caller.guild)
    if not rows:
        raise UserError(say("points.none", caller.locale))
    await Questions(redis).ask(caller.guild, caller.request, caller.actor.id, {"whose": None})
    text = say(
        "points.reset_ask_everyone",
        caller.locale,
        rows=number(rows, caller.locale),
        points=number(held, caller.locale),
    )
    await _answer(ctx, text, _rows(caller, held))


def _rows(caller: Caller, held: int) -> list[hikari.impl.MessageActionRowBuilder]:
    yes = say("points.reset_yes", caller.locale, points=number(held, caller.locale))
    return confirm_rows(_RESET, caller.request, caller.locale, yes=yes, danger=True)


@routes.component(_RESET)
async def reset_confirmed(press: Press) -> None:
    """Takes the points as one move, and offers to give them back."""
    caller = _manager(press.interaction)
    if press.args[:1] == ("no",):
        await press.update(say("common.cancelled", caller.locale), components=[])
        return
    request = press.args[1] if len(press.args) == 2 else ""
    facts = await Questions(press.get(Redis)).asked(caller.guild, request, caller.actor.id)
    if facts is None:
        raise UserError(say("common.question_gone", caller.locale))
    whose = None if facts["whose"] is None else int(facts["whose"])
    try:
        taken = await press.get(Points).reset(caller.guild, request, caller.actor, whose)
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
    caller = _manager(press.interaction)
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

"""`/queue open`, `close`, `pause`, `resume` and `clear`: what reviewers let in, and let go."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import alluka
import hikari
import tanjun
from redis.asyncio import Redis

from bot.errors import UserError
from bot.router import Press
from components.confirmation import confirm_rows
from components.markdown import plain
from components.outcomes import REASON_LIMIT
from components.refusals import worded
from components.song_option import demand_tier, tier_choices
from components.texts import describe, say
from components.who import Caller, admit, reviewer
from plugins.queue.group import queue_, routes
from state.configure import Configuration
from state.questions import Questions
from state.queue import Queue

_CLEAR: Final = "queue.clear"


async def offer_tiers(ctx: tanjun.abc.AutocompleteContext, typed: str) -> None:
    """The tiers of this server."""
    configuration, guild = ctx.get_type_dependency(Configuration), Caller.of(ctx.interaction).guild
    await ctx.set_choices(tier_choices(await configuration.ladder(guild), typed))


async def _change(
    ctx: tanjun.abc.SlashContext,
    caller: Caller,
    configuration: Configuration,
    values: dict[str, str | None],
    text: str,
) -> None:
    ladder = await configuration.ladder(caller.guild)
    with worded(ladder, caller.locale):
        await configuration.change(caller.guild, caller.request, caller.actor, values)
    await ctx.respond(text)


@tanjun.with_str_slash_option("tier", describe("queue.tier_option"), default=None, autocomplete=offer_tiers)
@queue_.as_sub_command("open", describe("queue.open_description"))
async def open_(
    ctx: tanjun.abc.SlashContext, tier: str | None, configuration: alluka.Injected[Configuration]
) -> None:
    """Takes submissions to one tier, or to all of them and without a pause."""
    caller, ladder = await admit(ctx.interaction, configuration)
    settings = await configuration.settings(caller.guild)
    if tier is None:
        # Tiers that the ladder has lost since are opened with the others.
        labels = settings.closed | {rung.label for rung in ladder.tiers}
        values: dict[str, str | None] = {"paused": None, **{f"closed:{label}": None for label in labels}}
        await _change(ctx, caller, configuration, values, say("queue.opened", caller.locale))
        return
    rung = demand_tier(ladder, tier, caller.locale)
    text = say(
        "queue.opened_paused" if settings.paused else "queue.opened_tier",
        caller.locale,
        tier=plain(rung.name),
    )
    await _change(ctx, caller, configuration, {f"closed:{rung.label}": None}, text)


@tanjun.with_str_slash_option("tier", describe("queue.tier_option"), default=None, autocomplete=offer_tiers)
@queue_.as_sub_command("close", describe("queue.close_description"))
async def close(
    ctx: tanjun.abc.SlashContext, tier: str | None, configuration: alluka.Injected[Configuration]
) -> None:
    """Takes no more submissions to one tier, or to all of them."""
    caller, ladder = await admit(ctx.interaction, configuration)
    if tier is None:
        values: dict[str, str | None] = {f"closed:{rung.label}": "1" for rung in ladder.tiers}
        await _change(ctx, caller, configuration, values, say("queue.closed", caller.locale))
        return
    rung = demand_tier(ladder, tier, caller.locale)
    text = say("queue.closed_tier", caller.locale, tier=plain(rung.name))
    await _change(ctx, caller, configuration, {f"closed:{rung.label}": "1"}, text)


@queue_.as_sub_command("pause", describe("queue.pause_description"))
async def pause(ctx: tanjun.abc.SlashContext, configuration: alluka.Injected[Configuration]) -> None:
    """Takes no submissions until they are resumed."""
    caller = await reviewer(ctx.interaction, configuration)
    await _change(ctx, caller, configuration, {"paused": "1"}, say("queue.paused", caller.locale))


@queue_.as_sub_command("resume", describe("queue.resume_description"))
async def resume(ctx: tanjun.abc.SlashContext, configuration: alluka.Injected[Configuration]) -> None:
    """Takes submissions again, to the tiers that are open."""
    caller, ladder = await admit(ctx.interaction, configuration)
    settings = await configuration.settings(caller.guild)
    shut = all(rung.label in settings.closed for rung in ladder.tiers)
    text = say("queue.resumed_closed" if shut else "queue.resumed", caller.locale)
    await _change(ctx, caller, configuration, {"paused": None}, text)


@tanjun.with_str_slash_option(
    "reason", describe("queue.reason_option"), default=None, max_length=REASON_LIMIT
)
@tanjun.with_str_slash_option("tier", describe("queue.clear_option"), autocomplete=offer_tiers)
@queue_.as_sub_command("clear", describe("queue.clear_description"))
async def clear(
    ctx: tanjun.abc.SlashContext,
    tier: str,
    reason: str | None,
    queue: alluka.Injected[Queue],
    configuration: alluka.Injected[Configuration],
    redis: alluka.Injected[Redis],
) -> None:
    """Asks, with the number of songs, before it takes them out."""
    caller, ladder = await admit(ctx.interaction, configuration)
    rung = demand_tier(ladder, tier, caller.locale)
    count = (await queue.board(caller.guild, count=0)).counts.get(rung.label, 0)
    if not count:
        raise UserError(say("refusal.empty_tier", caller.locale, tier=plain(rung.name)))
    facts = {"tier": rung.label, "count": count, "reason": reason}
    await Questions(redis).ask(caller.guild, caller.request, caller.actor.id, facts)
    text = say("queue.clear_ask", caller.locale, tier=plain(rung.name), count=count)
    await ctx.respond(text, components=_clear_rows(caller, caller.request, count))


def _clear_rows(caller: Caller, request: str, count: int) -> Sequence[hikari.impl.MessageActionRowBuilder]:
    yes = say("queue.clear_yes_one" if count == 1 else "queue.clear_yes", caller.locale, count=count)
    return confirm_rows(_CLEAR, request, caller.locale, yes=yes, danger=True)


@routes.component(_CLEAR)
async def clear_confirmed(press: Press) -> None:
    """Takes them out as one move; asks again when there are others than those asked about."""
    caller, ladder = await admit(press.interaction, press.get(Configuration))
    if press.args[:1] == ("no",):
        await press.update(say("common.cancelled", caller.locale), components=[])
        return
    queue, questions = press.get(Queue), Questions(press.get(Redis))
    request = press.args[1] if len(press.args) == 2 else ""
    facts = await questions.asked(caller.guild, request, caller.actor.id)
    if facts is None:
        raise UserError(say("common.question_gone", caller.locale))
    label, reason = int(facts["tier"]), facts["reason"]
    tier = plain(ladder.name(label))
    count = (await queue.board(caller.guild, count=0)).counts.get(label, 0)
    if count > int(facts["count"]):
        await questions.ask(caller.guild, caller.request, caller.actor.id, {**facts, "count": count})
        text = say("queue.clear_changed", caller.locale, tier=tier, count=count)
        await press.update(text, components=_clear_rows(caller, caller.request, count))
        return
    with worded(ladder, caller.locale):
        count = await queue.clear(caller.guild, request, caller.actor, label, reason=reason)
    key = "queue.cleared_one" if count == 1 else "queue.cleared"
    await press.update(say(key, caller.locale, count=count, tier=tier), components=[])

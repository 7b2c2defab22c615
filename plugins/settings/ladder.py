"""`/settings ladder`: a preset, or tiers of one's own as lines of text."""

from __future__ import annotations

import alluka
import tanjun

from bot.errors import UserError
from bot.router import Press, Submission, encode
from components.ladder_lines import (
    LADDER_CHOICE,
    LADDER_FORM,
    LINES_FIELD,
    OWN,
    ladder_form,
    ladder_select,
    read_ladder,
    tiers_text,
)
from components.refusals import refusal_text
from components.texts import describe, say
from components.who import Caller, manager
from plugins.settings.group import answer, routes, settings_
from state.configure import Configuration
from state.ladder import PRESETS, Ladder
from state.refusal import Refused


@settings_.as_sub_command("ladder", describe("settings.ladder_description"))
async def ladder_(ctx: tanjun.abc.SlashContext, configuration: alluka.Injected[Configuration]) -> None:
    """Shows the ladder with the choice of others."""
    caller = manager(ctx.interaction)
    ladder = await configuration.ladder(caller.guild)
    text = say("settings.ladder_now", caller.locale, tiers=tiers_text(ladder))
    await answer(ctx, text, [ladder_select(ladder, locale=caller.locale)])


@routes.component(LADDER_CHOICE)
async def ladder_chosen(press: Press) -> None:
    """Takes a preset, or opens the form for a ladder of one's own."""
    caller, configuration = manager(press.interaction), press.get(Configuration)
    chosen = press.values[0] if len(press.values) == 1 else ""
    if chosen == OWN:
        ladder = await configuration.ladder(caller.guild)
        form = ladder_form(ladder, caller.locale)
        await press.ask(say("settings.ladder_title", caller.locale), encode(LADDER_FORM), form)
        return
    if chosen not in PRESETS:
        raise UserError(say("common.outdated", caller.locale))
    text = await _set_ladder(caller, configuration, PRESETS[chosen])
    await press.update(text, components=[ladder_select(PRESETS[chosen], locale=caller.locale)])


@routes.modal(LADDER_FORM)
async def ladder_written(submission: Submission) -> None:
    """Takes the ladder that was written; opened from any message that offers the choice."""
    caller, configuration = manager(submission.interaction), submission.get(Configuration)
    ladder = read_ladder(submission.values.get(LINES_FIELD, ""), caller.locale)
    await submission.respond(await _set_ladder(caller, configuration, ladder))


async def _set_ladder(caller: Caller, configuration: Configuration, ladder: Ladder) -> str:
    before = await configuration.ladder(caller.guild)
    try:
        await configuration.set_ladder(caller.guild, caller.request, caller.actor, ladder)
    except Refused as refused:
        raise UserError(refusal_text(refused, before, caller.locale)) from refused
    return say("settings.ladder_done", caller.locale, tiers=tiers_text(ladder))

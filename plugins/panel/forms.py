"""What comes back from the forms and questions that the panel opens."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from bot.errors import UserError
from bot.router import Press, Router, Submission
from components.displays import REVIEWER, render
from components.fairness import FAIR_PAID, FAIR_TURNS, PATTERNS, SWITCH, fairness_rows, fairness_text
from components.outcomes import (
    REASON_FIELD,
    placed_text,
    promoted_text,
    removed_text,
    reviewed_text,
)
from components.refusals import refusal_text, worded
from components.review import (
    NOTE_FIELD,
    PLACES_FIELD,
    SCORE_FIELD,
    read_note,
    read_places,
    read_score,
)
from components.texts import say
from components.who import Caller, admit, reviewer
from plugins.panel.desk import BUMPED, REMOVED, SCORED, TIER, board_of, chosen
from state.configure import Configuration
from state.ladder import Ladder
from state.queue import Queue
from state.refusal import Reason, Refused

_Made = TypeVar("_Made")

routes = Router()


@routes.component(TIER)
async def choose_tier(press: Press) -> None:
    """Second step of Promote: the tier was chosen in the presser's own message."""
    caller, ladder = await admit(press.interaction, press.get(Configuration))
    number = chosen(press.args[:1], caller)
    tier = ladder.named(press.values[0]) if len(press.values) == 1 else None
    if tier is None:
        raise UserError(say("common.outdated", caller.locale))
    with worded(ladder, caller.locale, reader=caller.actor.id):
        moved = await press.get(Queue).promote(caller.guild, caller.request, caller.actor, number, tier.label)
    await press.update(promoted_text(moved, ladder, caller.locale), components=[])


@routes.component(FAIR_PAID)
async def choose_pattern(press: Press) -> None:
    """How many paid songs go before a Free one."""
    await _set_fairness(press, "fair:paid", PATTERNS)


@routes.component(FAIR_TURNS)
async def choose_turns(press: Press) -> None:
    """Whether the artists of a tier take turns."""
    await _set_fairness(press, "fair:round_robin", SWITCH)


async def _set_fairness(press: Press, field: str, choices: Sequence[str]) -> None:
    """Makes the choice; the presser's own message shows what holds then, and so do all displays."""
    caller = await reviewer(press.interaction, press.get(Configuration))
    if len(press.values) != 1 or press.values[0] not in choices:
        raise UserError(say("common.outdated", caller.locale))
    configuration = press.get(Configuration)
    try:
        await configuration.change(caller.guild, caller.request, caller.actor, {field: press.values[0]})
    except Refused as refused:
        # Somebody else has chosen the same: it is so.
        if refused.reason is not Reason.UNCHANGED:
            raise
    settings = await configuration.settings(caller.guild)
    await press.update(
        fairness_text(settings, caller.locale), components=fairness_rows(settings, caller.locale)
    )


@routes.modal(REMOVED)
async def removed(submission: Submission) -> None:
    """The form behind Remove: the panel it was opened from shows the queue without the song."""
    caller, ladder = await admit(submission.interaction, submission.get(Configuration))
    number = chosen(submission.args, caller)
    reason = submission.values.get(REASON_FIELD) or None
    move = submission.get(Queue).remove(caller.guild, caller.request, caller.actor, number, reason=reason)
    await _decide(
        submission, caller, ladder, move, lambda moved: removed_text(moved, ladder, reason, caller.locale)
    )


@routes.modal(BUMPED)
async def bumped(submission: Submission) -> None:
    """The form behind Move down."""
    caller, ladder = await admit(submission.interaction, submission.get(Configuration))
    number = chosen(submission.args, caller)
    places = read_places(submission.values.get(PLACES_FIELD, ""), caller.locale)
    move = submission.get(Queue).bump(caller.guild, caller.request, caller.actor, number, places)
    await _decide(submission, caller, ladder, move, lambda moved: placed_text(moved, ladder, caller.locale))


@routes.modal(SCORED)
async def scored(submission: Submission) -> None:
    """The form behind Score and note: what was emptied is taken away."""
    caller, ladder = await admit(submission.interaction, submission.get(Configuration))
    number = chosen(submission.args, caller)
    score = read_score(submission.values.get(SCORE_FIELD, ""), caller.locale)
    note = read_note(submission.values.get(NOTE_FIELD), caller.locale)
    move = submission.get(Queue).review(
        caller.guild,
        caller.request,
        caller.actor,
        number,
        score=False if score is None else score,
        note=note or False,
    )
    await _decide(submission, caller, ladder, move, lambda kept: reviewed_text(kept, caller.locale))


async def _decide(
    submission: Submission,
    caller: Caller,
    ladder: Ladder,
    move: Awaitable[_Made],
    outcome: Callable[[_Made], str],
) -> None:
    """Makes the move; the panel shows the queue of now, and whoever sent the form is told what came."""
    try:
        text = outcome(await move)
    except Refused as refused:
        text = refusal_text(refused, ladder, caller.locale, reader=caller.actor.id)
    painting = render(REVIEWER, await board_of(submission.get(Queue), caller.guild))
    assert painting is not None
    await submission.update(embeds=painting.embeds, components=painting.components)
    await submission.respond(text)

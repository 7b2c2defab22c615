"""What reviewers press on the list of pending skips: approve, how it was paid, another tier, reject.

Each button carries the song's number. Whether that song still waits is asked when it is pressed.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import alluka
import hikari
import tanjun

from bot.errors import UserError
from bot.router import Press, Router, Submission, encode
from components.displays import PENDING, PENDING_SONGS, render
from components.outcomes import REASON_FIELD, approved_text, reason_rows, removed_text
from components.panel import tier_rows
from components.pending import (
    APPROVE,
    APPROVED,
    OTHER,
    PAID,
    PICK,
    REJECT,
    REJECTED,
    TIER,
    entry_row,
    entry_text,
)
from components.refusals import not_pending, refusal_text
from components.review import (
    AMOUNT_FIELD,
    METHOD_FIELD,
    TIER_FIELD,
    approve_rows,
    paid_text,
    read_amount,
    read_method,
    read_tier,
)
from components.song_option import parse
from components.texts import say
from components.who import Caller, admit, reviewer
from state.configure import Configuration
from state.ladder import Ladder
from state.moved import Moved
from state.queue import Queue
from state.refusal import Reason, Refused
from state.song import Song, SongState

routes = Router()


def _number(values: Sequence[str], caller: Caller, place: int = 0) -> int:
    """A number out of a custom_id or a select; anything else is answered as an old message."""
    number = parse(values[place]) if len(values) > place else None
    if number is None:
        raise UserError(say("common.outdated", caller.locale))
    return number


@routes.component(APPROVE)
async def approve(press: Press) -> None:
    """Lets the song in at the tier that stands on the button."""
    caller, ladder = await admit(press.interaction, press.get(Configuration))
    number, tier = _number(press.args, caller), _number(press.args, caller, 1)
    await _let_in(press, caller, ladder, number, tier)


@routes.component(TIER)
async def approve_into(press: Press) -> None:
    """Lets the song in at the tier chosen from the select."""
    caller, ladder = await admit(press.interaction, press.get(Configuration))
    number, tier = _number(press.args, caller), _number(press.values, caller)
    await _let_in(press, caller, ladder, number, tier)


@routes.component(PAID)
async def paid(press: Press) -> None:
    """Asks for the tier, and how the skip was paid; the tier is that of the claim unless changed."""
    caller, ladder = await admit(press.interaction, press.get(Configuration))
    number = _number(press.args, caller)
    song = await _pending_song(press, caller, ladder, number)
    if song is None:
        return
    tier = ladder.name(song.tier if song.claimed is None else song.claimed)
    title = say("review.approve_title", caller.locale, number=number)
    await press.ask(title, encode(APPROVED, number), approve_rows(tier, caller.locale))


@routes.modal(APPROVED)
async def approved(submission: Submission) -> None:
    """The form behind it."""
    caller, ladder = await admit(submission.interaction, submission.get(Configuration))
    number, values = _number(submission.args, caller), submission.values
    tier = read_tier(values.get(TIER_FIELD, ""), ladder, caller.locale)
    method = read_method(values.get(METHOD_FIELD, ""), caller.locale)
    amount = read_amount(values.get(AMOUNT_FIELD), caller.locale)
    await _let_in(submission, caller, ladder, number, tier.label, method=method, amount=amount)


@routes.modal(REJECTED)
async def rejected(submission: Submission) -> None:
    """The form behind Reject."""
    caller, ladder = await admit(submission.interaction, submission.get(Configuration))
    number = _number(submission.args, caller)
    reason = submission.values.get(REASON_FIELD) or None
    await _decide(
        submission,
        caller,
        ladder,
        submission.get(Queue).reject(caller.guild, caller.request, caller.actor, number, reason=reason),
        lambda moved: removed_text(moved, ladder, reason, caller.locale),
    )


@routes.component(REJECT)
async def reject(press: Press) -> None:
    """Asks why. What opens a form answers at once, so the song is looked up when the form comes back."""
    caller = await reviewer(press.interaction, press.get(Configuration))
    number = _number(press.args, caller)
    title = say("panel.reject_title", caller.locale, number=number)
    await press.ask(title, encode(REJECTED, number), reason_rows(caller.locale))


@routes.component(OTHER)
async def other(press: Press) -> None:
    """Asks, for the presser alone, which other tier it is to be."""
    caller, ladder = await admit(press.interaction, press.get(Configuration))
    number = _number(press.args, caller)
    song = await _pending_song(press, caller, ladder, number)
    if song is None:
        return
    board = await press.get(Queue).board(caller.guild, count=0)
    text = say("display.pending_ask", caller.locale, entry=entry_text(song, board, caller.locale))
    rows = tier_rows(board, song, TIER, caller.locale)
    if _for_one(press):
        await press.update(text, components=rows)
    else:
        await press.respond(text, components=rows)


@routes.component(PICK)
async def pick(press: Press) -> None:
    """Shows one of the later entries, with its buttons, to the presser alone."""
    caller, ladder = await admit(press.interaction, press.get(Configuration))
    number = _number(press.values, caller)
    song = await _pending_song(press, caller, ladder, number)
    if song is None:
        return
    board = await press.get(Queue).board(caller.guild, count=0)
    await press.respond(
        entry_text(song, board, caller.locale), components=[entry_row(song, board, caller.locale)]
    )


async def _let_in(
    received: Press | Submission,
    caller: Caller,
    ladder: Ladder,
    number: int,
    tier: int,
    *,
    method: str | None = None,
    amount: str | None = None,
) -> None:
    paid = paid_text(method, amount, caller.locale)
    await _decide(
        received,
        caller,
        ladder,
        received.get(Queue).approve(
            caller.guild, caller.request, caller.actor, number, tier, method=method, amount=amount
        ),
        lambda moved: approved_text(moved, ladder, caller.locale, paid=paid),
    )


async def _pending_song(press: Press, caller: Caller, ladder: Ladder, number: int) -> Song | None:
    """The song if it still waits for approval; else the presser is told what became of it."""
    song = await press.get(Queue).song(caller.guild, number)
    if song is not None and song.state is SongState.PENDING:
        return song
    refused = not_pending(song) if song else Refused(Reason.UNKNOWN_SONG, {"number": number})
    await _refuse(press, caller, ladder, refused)
    return None


async def _decide(
    received: Press | Submission,
    caller: Caller,
    ladder: Ladder,
    move: Awaitable[Moved],
    outcome: Callable[[Moved], str],
) -> None:
    """Makes the move; shows the list without the song, or says in the presser's own message what came."""
    try:
        moved = await move
    except Refused as refused:
        await _refuse(received, caller, ladder, refused)
        return
    if _for_one(received):
        await received.update(outcome(moved), components=[])
    else:
        await _show(received, caller)


async def _refuse(received: Press | Submission, caller: Caller, ladder: Ladder, refused: Refused) -> None:
    """Nothing was moved: the list as it is now, and for the presser who did what."""
    text = refusal_text(refused, ladder, caller.locale, reader=caller.actor.id)
    if _for_one(received):
        await received.update(text, components=[])
        return
    await _show(received, caller)
    await received.respond(text)


async def _show(received: Press | Submission, caller: Caller) -> None:
    queue = received.get(Queue)
    board = await queue.board(caller.guild, count=0, pending=PENDING_SONGS)
    painting = render(PENDING, board)
    assert painting is not None
    await received.update(embeds=painting.embeds, components=painting.components)
    await queue.drawn(caller.guild, PENDING, board)


def _for_one(received: Press | Submission) -> bool:
    """Whether it was pressed on a message that only the presser sees, not on the list."""
    message = received.interaction.message
    return message is not None and bool(message.flags & hikari.MessageFlag.EPHEMERAL)


component = tanjun.Component(name="pending").load_from_scope()


@component.with_on_open
async def register(router: alluka.Injected[Router]) -> None:
    """Puts this feature's buttons where presses are routed, each time a bot opens."""
    router.include(routes)


load = component.make_loader()

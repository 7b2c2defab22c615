"""The decision on claimed skips as commands."""

from __future__ import annotations

import alluka
import tanjun

from components.choices import choices
from components.outcomes import approved_text
from components.refusals import worded
from components.review import AMOUNT_LIMIT, METHODS, paid_text, read_amount, read_method
from components.song_option import demand_song, demand_tier
from components.texts import describe
from components.who import admit
from plugins.review.desk import REASON, answer, offer_pending, offer_tiers, review, take_out
from state.configure import Configuration
from state.queue import Queue


@tanjun.with_str_slash_option(
    "amount", describe("review.amount_option"), default=None, max_length=AMOUNT_LIMIT
)
@tanjun.with_str_slash_option(
    "method",
    describe("review.method_option"),
    default=None,
    choices=choices({method: f"review.method_{method}" for method in METHODS}),
)
@tanjun.with_str_slash_option("tier", describe("review.tier_option"), autocomplete=offer_tiers)
@tanjun.with_str_slash_option("song", describe("review.song_option"), autocomplete=offer_pending)
@review.as_sub_command("approve", describe("review.approve_description"))
async def approve(
    ctx: tanjun.abc.SlashContext,
    song: str,
    tier: str,
    method: str | None,
    amount: str | None,
    queue: alluka.Injected[Queue],
    configuration: alluka.Injected[Configuration],
) -> None:
    """Lets a pending skip in at the back of the tier the reviewer names."""
    caller, ladder = await admit(ctx.interaction, configuration)
    number, to = demand_song(song, caller.locale), demand_tier(ladder, tier, caller.locale)
    method, amount = read_method(method or "", caller.locale), read_amount(amount, caller.locale)
    with worded(ladder, caller.locale, reader=caller.actor.id):
        moved = await queue.approve(
            caller.guild, caller.request, caller.actor, number, to.label, method=method, amount=amount
        )
    paid = paid_text(method, amount, caller.locale)
    await answer(ctx, approved_text(moved, ladder, caller.locale, paid=paid))


@tanjun.with_str_slash_option("reason", describe("review.reason_option"), default=None, max_length=REASON)
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
    await take_out(ctx, configuration, song, reason, queue.reject)

"""`/tiktok link`, `handles`, `unlink` and `forcelink`: which TikTok handles count for which account."""

from __future__ import annotations

from typing import Final

import alluka
import hikari
import tanjun

from bot.errors import UserError
from bot.settings import Settings
from components.handles import handles_text, proof_text
from components.markdown import plain
from components.refusals import refusal_text, span
from components.texts import describe, say
from components.who import Caller, manager
from plugins.tiktok.group import tiktok
from state.configure import Configuration
from state.handles import Claimed, Handles, name_of
from state.refusal import Reason, Refused

_LONGEST: Final = 100


async def _answer(ctx: tanjun.abc.SlashContext, text: str) -> None:
    await ctx.respond(text, user_mentions=False, role_mentions=False, mentions_everyone=False)


async def offer_free(ctx: tanjun.abc.AutocompleteContext, typed: str) -> None:
    """Handles that were seen here and that nobody owns."""
    caller = Caller.of(ctx.interaction)
    found = await ctx.get_type_dependency(Handles).offered(caller.guild, typed, free=True)
    await ctx.set_choices([(handle.shown, handle.shown) for handle in found])


async def offer_seen(ctx: tanjun.abc.AutocompleteContext, typed: str) -> None:
    """All handles that were seen here, for those who manage the server."""
    caller = Caller.of(ctx.interaction)
    handles = ctx.get_type_dependency(Handles)
    found = await handles.offered(caller.guild, typed) if caller.manages else []
    await ctx.set_choices([(handle.shown, handle.shown) for handle in found])


async def offer_own(ctx: tanjun.abc.AutocompleteContext, typed: str) -> None:
    """The caller's own handles, and the names that are to be theirs."""
    caller, handles = Caller.of(ctx.interaction), ctx.get_type_dependency(Handles)
    shown = [handle.shown for handle in await handles.of_user(caller.guild, caller.actor.id)]
    shown += [f"@{name}" for name in await handles.awaited_by(caller.guild, caller.actor.id)]
    wanted = typed.strip().casefold().removeprefix("@")
    await ctx.set_choices([(each, each) for each in shown if wanted in each.casefold()][:25])


def _name(text: str, locale: str) -> str:
    name = name_of(text)
    if name is None:
        raise UserError(say("handles.malformed", locale, handle=plain(text, 40)))
    return name


@tanjun.with_str_slash_option(
    "handle", describe("handles.link_option"), default=None, max_length=_LONGEST, autocomplete=offer_free
)
@tiktok.as_sub_command("link", describe("handles.link_description"))
async def link(
    ctx: tanjun.abc.SlashContext,
    handle: str | None,
    handles: alluka.Injected[Handles],
    settings: alluka.Injected[Settings],
) -> None:
    """Gives the caller a code to type in the live's chat; where no proof is asked for, links at once."""
    caller = Caller.of(ctx.interaction)
    name = None if handle is None else _name(handle, caller.locale)
    try:
        if settings.link_any_handle and name is not None:
            claimed = await handles.claim(caller.guild, caller.request, caller.actor, caller.actor.id, name)
            await _answer(ctx, _claimed_text(claimed, "own", caller))
            return
        proof = await handles.start(caller.guild, caller.request, caller.actor, name)
    except Refused as refused:
        raise UserError(_refusal(refused, name, caller)) from refused
    await _answer(ctx, proof_text(proof, name, caller.locale))


def _claimed_text(claimed: Claimed, whose: str, caller: Caller, user: int = 0) -> str:
    key = f"handles.linked_{whose}" if claimed.handle is not None else f"handles.awaited_{whose}"
    return say(key, caller.locale, handle=plain(f"@{claimed.name}", 60), user=user)


def _refusal(refused: Refused, name: str | None, caller: Caller) -> str:
    handle = plain(f"@{name}", 60) if name else ""
    match refused.reason:
        case Reason.TAKEN:
            return say("handles.taken", caller.locale, handle=handle)
        case Reason.SAME_OWNER:
            return say("handles.same_owner", caller.locale, handle=handle)
        case Reason.LIMIT if "seconds" in refused.facts:
            wait = span(int(refused.facts["seconds"]) * 1000, caller.locale)
            return say("handles.too_many_codes", caller.locale, wait=wait)
        case Reason.LIMIT:
            return say("handles.too_many_awaited", caller.locale, limit=refused.facts["limit"])
        case _:
            raise refused


@tiktok.as_sub_command("handles", describe("handles.handles_description"))
async def list_(ctx: tanjun.abc.SlashContext, handles: alluka.Injected[Handles]) -> None:
    """Lists the caller's handles, to the caller alone."""
    caller = Caller.of(ctx.interaction)
    linked = await handles.of_user(caller.guild, caller.actor.id)
    awaited = await handles.awaited_by(caller.guild, caller.actor.id)
    await _answer(ctx, handles_text(linked, awaited, caller.locale))


@tanjun.with_str_slash_option(
    "handle", describe("handles.unlink_option"), max_length=_LONGEST, autocomplete=offer_own
)
@tiktok.as_sub_command("unlink", describe("handles.unlink_description"))
async def unlink(
    ctx: tanjun.abc.SlashContext,
    handle: str,
    handles: alluka.Injected[Handles],
    configuration: alluka.Injected[Configuration],
) -> None:
    """Lets go of one of the caller's handles; its points go with it."""
    caller = Caller.of(ctx.interaction)
    name = _name(handle, caller.locale)
    try:
        await handles.unlink(caller.guild, caller.request, caller.actor, caller.actor.id, name)
    except Refused as refused:
        ladder = await configuration.ladder(caller.guild)
        raise UserError(refusal_text(refused, ladder, caller.locale)) from refused
    shown = name if name.isdecimal() and handle.strip() == name else f"@{name}"
    await _answer(ctx, say("handles.unlinked", caller.locale, handle=plain(shown, 60)))


@tanjun.with_str_slash_option(
    "handle", describe("handles.force_option"), max_length=_LONGEST, autocomplete=offer_seen
)
@tanjun.with_user_slash_option("user", describe("handles.user_option"))
@tiktok.as_sub_command("forcelink", describe("handles.forcelink_description"))
async def forcelink(
    ctx: tanjun.abc.SlashContext, user: hikari.User, handle: str, handles: alluka.Injected[Handles]
) -> None:
    """Gives a handle to somebody without a proof, also one that another has; the history says who did."""
    caller = manager(ctx.interaction)
    if user.is_bot:
        raise UserError(say("handles.no_bots", caller.locale))
    name = _name(handle, caller.locale)
    try:
        claimed = await handles.claim(
            caller.guild, caller.request, caller.actor, int(user.id), name, force=True
        )
    except Refused as refused:
        if refused.reason is not Reason.SAME_OWNER:
            raise
        shown = plain(f"@{name}", 60)
        raise UserError(say("handles.same_other", caller.locale, handle=shown, user=user.id)) from refused
    await _answer(ctx, _claimed_text(claimed, "other", caller, int(user.id)))

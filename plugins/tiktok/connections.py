"""`/tiktok connect`, `disconnect`, `status` and `support`: which lives are heard, and whom gifts lift."""

from __future__ import annotations

from typing import Final

import alluka
import tanjun

from bot.errors import UserError
from components.hosts import status_embed
from components.markdown import plain
from components.song_lines import tier_name, title_line
from components.texts import describe, say
from components.who import Caller, reviewer
from plugins.tiktok.group import tiktok
from state.configure import Configuration
from state.handles import Handles, name_of
from state.hosts import Hosts
from state.live import Live
from state.queue import Queue
from state.refusal import Reason, Refused
from state.song import Song

_LONGEST: Final = 120
_OFFERED: Final = 25


async def _offer(ctx: tanjun.abc.AutocompleteContext, typed: str, *, wanted: bool) -> None:
    try:
        caller = await reviewer(ctx.interaction, ctx.get_type_dependency(Configuration))
    except UserError:
        await ctx.set_choices([])
        return
    part = typed.strip().casefold().removeprefix("@")
    hosts = await ctx.get_type_dependency(Hosts).all(caller.guild)
    names = [host.handle for host in hosts if host.wanted is wanted and part in host.handle]
    if not wanted and (typed_name := name_of(typed)) and typed_name not in names:
        names.insert(0, typed_name)
    await ctx.set_choices([(f"@{name}", name) for name in names[:_OFFERED]])


async def offer_new(ctx: tanjun.abc.AutocompleteContext, typed: str) -> None:
    """What is typed, and the hosts that were listened to before."""
    await _offer(ctx, typed, wanted=False)


async def offer_connected(ctx: tanjun.abc.AutocompleteContext, typed: str) -> None:
    """The hosts that are listened to."""
    await _offer(ctx, typed, wanted=True)


def _handle(text: str, caller: Caller) -> str:
    handle = name_of(text)
    if handle is None:
        raise UserError(say("hosts.no_handle", caller.locale))
    return handle


@tanjun.with_str_slash_option(
    "handle", describe("hosts.handle_option"), max_length=_LONGEST, autocomplete=offer_new
)
@tiktok.as_sub_command("connect", describe("hosts.connect_description"))
async def connect(
    ctx: tanjun.abc.SlashContext,
    handle: str,
    hosts: alluka.Injected[Hosts],
    configuration: alluka.Injected[Configuration],
) -> None:
    """Wants a host from now on; the process that listens hears of it at once."""
    caller = await reviewer(ctx.interaction, configuration)
    name = _handle(handle, caller)
    try:
        await hosts.connect(caller.guild, caller.request, caller.actor, name)
    except Refused as refused:
        if refused.reason is Reason.LIMIT:
            raise UserError(say("hosts.limit", caller.locale, limit=refused.facts["limit"])) from refused
        raise UserError(say("hosts.already", caller.locale, handle=plain(name))) from refused
    await ctx.respond(say("hosts.connected", caller.locale, handle=plain(name)))


@tanjun.with_str_slash_option(
    "handle", describe("hosts.handle_option"), max_length=_LONGEST, autocomplete=offer_connected
)
@tiktok.as_sub_command("disconnect", describe("hosts.disconnect_description"))
async def disconnect(
    ctx: tanjun.abc.SlashContext,
    handle: str,
    hosts: alluka.Injected[Hosts],
    configuration: alluka.Injected[Configuration],
) -> None:
    """Wants it no more: no alert follows."""
    caller = await reviewer(ctx.interaction, configuration)
    name = _handle(handle, caller)
    try:
        await hosts.disconnect(caller.guild, caller.request, caller.actor, name)
    except Refused as refused:
        raise UserError(say("hosts.not_connected", caller.locale, handle=plain(name))) from refused
    await ctx.respond(say("hosts.disconnected", caller.locale, handle=plain(name)))


@tiktok.as_sub_command("status", describe("hosts.status_description"))
async def status(
    ctx: tanjun.abc.SlashContext,
    hosts: alluka.Injected[Hosts],
    configuration: alluka.Injected[Configuration],
) -> None:
    """Shows how every connection stands."""
    caller = await reviewer(ctx.interaction, configuration)
    wanted = [host for host in await hosts.all(caller.guild) if host.wanted]
    shown = [(host, await hosts.status(caller.guild, host.handle)) for host in wanted]
    await ctx.respond(embed=status_embed(shown, caller.locale))


async def _supported(queue: Queue, guild: int) -> list[Song]:
    board = await queue.board(guild, count=100, pending=25, held=25)
    return [*board.songs, *board.held_songs, *board.pending_songs]


async def offer_songs(ctx: tanjun.abc.AutocompleteContext, typed: str) -> None:
    """The songs that wait; whoever types `-` takes their support back."""
    caller = Caller.of(ctx.interaction)
    part = typed.strip().casefold()
    songs = await _supported(ctx.get_type_dependency(Queue), caller.guild)
    named = [(f"#{song.number} {song.title} — {song.artist}"[:100], str(song.number)) for song in songs]
    await ctx.set_choices([each for each in named if part in each[0].casefold()][:_OFFERED])


@tanjun.with_str_slash_option(
    "song", describe("hosts.song_option"), max_length=_LONGEST, autocomplete=offer_songs
)
@tiktok.as_sub_command("support", describe("hosts.support_description"))
async def support(
    ctx: tanjun.abc.SlashContext,
    song: str,
    live: alluka.Injected[Live],
    queue: alluka.Injected[Queue],
    handles: alluka.Injected[Handles],
) -> None:
    """Lets the gifts of the caller's handles go to a song; `-` takes that back."""
    caller = Caller.of(ctx.interaction)
    owned = [handle.id for handle in await handles.of_user(caller.guild, caller.actor.id)]
    if not owned:
        raise UserError(say("hosts.support_no_handle", caller.locale))
    number = song.strip().removeprefix("#")
    own = number == "-"
    if not own and not (number.isascii() and number.isdecimal() and len(number) <= 12):
        raise UserError(say("hosts.support_unknown", caller.locale))
    try:
        lifted = await live.support(
            caller.guild, caller.request, caller.actor, owned, None if own else int(number)
        )
    except Refused as refused:
        key = "support_same" if refused.reason is Reason.UNCHANGED else "support_unknown"
        raise UserError(say(f"hosts.{key}", caller.locale)) from refused
    if own:
        await ctx.respond(say("hosts.supporting_own", caller.locale))
        return
    found = await queue.song(caller.guild, int(number))
    named = title_line(found) if found is not None else f"#{number}"
    if not lifted:
        text = say("hosts.supporting", caller.locale, song=named)
    else:
        board = await queue.board(caller.guild, count=0)
        tier = tier_name(lifted[-1].to_tier, board.ladder)
        text = say("hosts.supporting_lifted", caller.locale, song=named, tier=tier)
    await ctx.respond(text, user_mentions=False, role_mentions=False, mentions_everyone=False)

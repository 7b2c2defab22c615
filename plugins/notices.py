"""`/notices`: whether one is told of one's songs, and where a server tells it."""

from __future__ import annotations

import alluka
import hikari
import tanjun

from bot.errors import UserError
from components.choices import choices
from components.notices import choice_text
from components.texts import describe, say
from components.who import Caller, manager
from state.configure import Configuration
from state.notices import Mode, Notices
from state.refusal import Reason, Refused

notices = tanjun.slash_command_group(
    "notices", describe("notices.description"), default_to_ephemeral=True, dm_enabled=False
)


async def _show(ctx: tanjun.abc.SlashContext, caller: Caller, store: Notices) -> None:
    mode, channel = await store.place(caller.guild)
    wants = await store.wants(caller.guild, caller.actor.id)
    await ctx.respond(choice_text(wants=wants, mode=mode, channel=channel, locale=caller.locale))


@notices.as_sub_command("on", describe("notices.on_description"))
async def on(ctx: tanjun.abc.SlashContext, store: alluka.Injected[Notices]) -> None:
    """Has the caller told again."""
    caller = Caller.of(ctx.interaction)
    await store.choose(caller.guild, caller.request, caller.actor, quiet=False)
    await _show(ctx, caller, store)


@notices.as_sub_command("off", describe("notices.off_description"))
async def off(ctx: tanjun.abc.SlashContext, store: alluka.Injected[Notices]) -> None:
    """Has the caller told nothing more."""
    caller = Caller.of(ctx.interaction)
    await store.choose(caller.guild, caller.request, caller.actor, quiet=True)
    await _show(ctx, caller, store)


@notices.as_sub_command("show", describe("notices.show_description"))
async def show(ctx: tanjun.abc.SlashContext, store: alluka.Injected[Notices]) -> None:
    """Says what the caller has chosen."""
    await _show(ctx, Caller.of(ctx.interaction), store)


@tanjun.with_channel_slash_option(
    "channel", describe("notices.server_channel"), default=None, types=[hikari.GuildTextChannel]
)
@tanjun.with_str_slash_option(
    "where",
    describe("notices.server_where"),
    choices=choices({mode.value: f"notices.where_{mode.value}" for mode in Mode}),
)
@notices.as_sub_command("server", describe("notices.server_description"))
async def server(
    ctx: tanjun.abc.SlashContext,
    where: str,
    channel: hikari.InteractionChannel | None,
    store: alluka.Injected[Notices],
    configuration: alluka.Injected[Configuration],
) -> None:
    """Chooses where this server's artists are told."""
    caller = manager(ctx.interaction)
    mode = Mode(where) if where in tuple(Mode) else Mode.DM
    _, known = await store.place(caller.guild)
    if mode is Mode.CHANNEL and channel is None and not known:
        raise UserError(say("notices.server_no_channel", caller.locale))
    values: dict[str, str | None] = {"notices": mode.value}
    if channel is not None:
        known = int(channel.id)
        values["channel:notices"] = str(known)
    try:
        await configuration.change(caller.guild, caller.request, caller.actor, values)
    except Refused as refused:
        if refused.reason is not Reason.UNCHANGED:
            raise
    suffix = "" if mode is Mode.DM else f"_{mode.value}"
    text = say(f"notices.server_done{suffix}", caller.locale, channel=known)
    if mode is Mode.DM and known:
        text += " " + say("notices.else_channel", caller.locale, channel=known)
    await ctx.respond(text)


component = tanjun.Component(name="notices").load_from_scope()

load = component.make_loader()

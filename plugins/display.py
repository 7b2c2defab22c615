"""`/display`: the messages that show the queue all the time: put up, listed, healed, taken down."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import alluka
import hikari
import tanjun
from redis.asyncio import Redis
from tanjun.permissions import calculate_everyone_permissions, calculate_permissions

from bot.errors import UserError
from components.choices import choices
from components.display_states import Condition, DisplayFacts, kind_key, kind_name, list_text
from components.displays import KINDS
from components.permissions import missing_in
from components.setup import DISPLAYS
from components.texts import describe, say
from components.who import Caller, manager
from state import keys
from state.configure import Configuration
from state.connection import fields_of
from state.refusal import Reason, Refused

_NEEDS: Final = {display: place for place, displays in DISPLAYS.items() for display in displays}
"""The kind of channel whose permissions a display needs."""
_PRIVATE: Final = DISPLAYS["review"]

display = tanjun.slash_command_group(
    "display",
    describe("displays.description"),
    default_member_permissions=hikari.Permissions.MANAGE_GUILD,
    default_to_ephemeral=True,
    dm_enabled=False,
)
_KIND_CHOICES: Final = choices({kind: kind_key(kind) for kind in KINDS})


@tanjun.with_channel_slash_option(
    "channel", describe("displays.channel_option"), default=None, types=[hikari.GuildTextChannel]
)
@tanjun.with_str_slash_option("kind", describe("displays.kind_option"), choices=_KIND_CHOICES)
@display.as_sub_command("add", describe("displays.add_description"))
async def add(
    ctx: tanjun.abc.SlashContext,
    kind: str,
    channel: hikari.InteractionChannel | None,
    configuration: alluka.Injected[Configuration],
) -> None:
    """Puts a display up, or moves it."""
    caller = manager(ctx.interaction)
    _known(kind, caller)
    target = int(channel.id if channel is not None else ctx.channel_id)
    await ctx.defer(ephemeral=True)
    note = await _fitting(ctx, caller, kind, target)
    old = (await configuration.displays(caller.guild)).get(kind)
    if old is not None and old[0] == target:
        text = say(
            "displays.added_already", caller.locale, kind=kind_name(kind, caller.locale), channel=target
        )
        await ctx.edit_initial_response(text)
        return
    await configuration.set_display(caller.guild, caller.request, caller.actor, kind, (target, 0))
    if old is not None:
        await _delete(ctx.rest, *old)
    text = say("displays.added", caller.locale, kind=kind_name(kind, caller.locale), channel=target)
    await ctx.edit_initial_response("\n".join([text, *note]))


def _known(kind: str, caller: Caller) -> None:
    if kind not in KINDS:
        raise UserError(say("common.outdated", caller.locale))


async def _fitting(ctx: tanjun.abc.SlashContext, caller: Caller, kind: str, channel: int) -> Sequence[str]:
    """What is to be said of the channel. Raises `UserError` where the display could not be shown."""
    try:
        found = await ctx.rest.fetch_channel(channel)
    except (hikari.ForbiddenError, hikari.NotFoundError) as hidden:
        missing = missing_in(_NEEDS.get(kind, "queue"), hikari.Permissions.NONE, caller.locale)
        text = say("displays.lacking", caller.locale, channel=channel, permissions=missing)
        raise UserError(text) from hidden
    if not isinstance(found, hikari.GuildTextChannel) or int(found.guild_id) != caller.guild:
        raise UserError(say("displays.not_a_channel", caller.locale))
    guild = await ctx.rest.fetch_guild(caller.guild)
    user = (ctx.cache and ctx.cache.get_me()) or await ctx.rest.fetch_my_user()
    me = await ctx.rest.fetch_member(caller.guild, user)
    held = calculate_permissions(me, guild, guild.roles, channel=found)
    if missing := missing_in(_NEEDS.get(kind, "queue"), held, caller.locale):
        raise UserError(say("displays.lacking", caller.locale, channel=channel, permissions=missing))
    everyone = calculate_everyone_permissions(guild.roles[guild.id], channel=found)
    if kind in _PRIVATE and everyone & hikari.Permissions.VIEW_CHANNEL:
        return [say("displays.not_private", caller.locale, channel=channel)]
    return []


async def _delete(rest: hikari.api.RESTClient, channel: int, message: int) -> None:
    """Removes the message a display leaves behind: nobody would keep it true."""
    if not message:
        return
    try:
        await rest.delete_message(channel, message)
    except hikari.HTTPError:
        # It is gone already, or its channel is closed to us: nothing is left to be done about it.
        return


async def _looked_at(
    rest: hikari.api.RESTClient, configuration: Configuration, redis: Redis, guild: int
) -> list[DisplayFacts]:
    """Every registered display, as Redis and Discord know it now."""
    found: list[DisplayFacts] = []
    for kind, (channel, message) in (await configuration.displays(guild)).items():
        if kind not in KINDS:
            continue
        painted = await fields_of(redis, keys.painted(guild, kind))
        code = int(painted["off"]) if "off" in painted else 0
        condition = Condition.OFF if code else await _condition(rest, channel, message)
        found.append(DisplayFacts(kind, guild, channel, message, condition, code))
    return found


async def _condition(rest: hikari.api.RESTClient, channel: int, message: int) -> Condition:
    if not message:
        return Condition.WAITING
    try:
        await rest.fetch_message(channel, message)
    except hikari.NotFoundError:
        return Condition.DELETED
    except hikari.HTTPError:
        return Condition.UNSEEN
    return Condition.GOOD


@display.as_sub_command("list", describe("displays.list_description"))
async def list_(
    ctx: tanjun.abc.SlashContext,
    configuration: alluka.Injected[Configuration],
    redis: alluka.Injected[Redis],
) -> None:
    """Tells of each kind where it stands and whether it works."""
    caller = manager(ctx.interaction)
    await ctx.defer(ephemeral=True)
    facts = await _looked_at(ctx.rest, configuration, redis, caller.guild)
    await ctx.edit_initial_response(list_text(facts, caller.locale))


@display.as_sub_command("heal", describe("displays.heal_description"))
async def heal(
    ctx: tanjun.abc.SlashContext,
    configuration: alluka.Injected[Configuration],
    redis: alluka.Injected[Redis],
) -> None:
    """Puts up again what was deleted, and tries at once what was switched off."""
    caller = manager(ctx.interaction)
    await ctx.defer(ephemeral=True)
    facts = await _looked_at(ctx.rest, configuration, redis, caller.guild)
    if not facts:
        raise UserError(say("displays.no_displays", caller.locale))
    healed: list[str] = []
    for each in facts:
        if each.condition not in (Condition.DELETED, Condition.OFF, Condition.UNSEEN):
            continue
        message = 0 if each.condition is Condition.DELETED else each.message
        request = f"{caller.request}.{each.kind}"
        place = each.channel, message
        try:
            await configuration.set_display(caller.guild, request, caller.actor, each.kind, place)
        except Refused as refused:
            if refused.reason is not Reason.UNCHANGED:
                raise
            continue
        healed.append(kind_name(each.kind, caller.locale))
    if not healed:
        await ctx.edit_initial_response(say("displays.healthy", caller.locale))
        return
    await ctx.edit_initial_response(say("displays.healed", caller.locale, kinds=", ".join(healed)))


@tanjun.with_str_slash_option("kind", describe("displays.kind_option"), choices=_KIND_CHOICES)
@display.as_sub_command("remove", describe("displays.remove_description"))
async def remove(
    ctx: tanjun.abc.SlashContext, kind: str, configuration: alluka.Injected[Configuration]
) -> None:
    """Takes a display down, with its message."""
    caller = manager(ctx.interaction)
    _known(kind, caller)
    old = (await configuration.displays(caller.guild)).get(kind)
    if old is None:
        raise UserError(say("displays.not_there", caller.locale, kind=kind_name(kind, caller.locale)))
    await ctx.defer(ephemeral=True)
    await configuration.set_display(caller.guild, caller.request, caller.actor, kind, None)
    await _delete(ctx.rest, *old)
    await ctx.edit_initial_response(
        say("displays.removed", caller.locale, kind=kind_name(kind, caller.locale))
    )


component = tanjun.Component(name="display").load_from_scope()

load = component.make_loader()

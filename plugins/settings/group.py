"""What the commands of `/settings` share: the group, who may use it, what its answers are made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import hikari
import tanjun

from bot.router import Router
from components.settings import difference_lines
from components.setup import DISPLAYS
from components.texts import describe
from components.who import Caller
from state.configure import Configuration
from state.guild_settings import Kind
from state.ladder import Ladder

_LISTED: Final = 20

routes = Router()
settings_ = tanjun.slash_command_group(
    "settings",
    describe("settings.description"),
    default_member_permissions=hikari.Permissions.MANAGE_GUILD,
    default_to_ephemeral=True,
    dm_enabled=False,
)


async def answer(
    ctx: tanjun.abc.SlashContext,
    text: str,
    rows: list[hikari.impl.MessageActionRowBuilder] | hikari.UndefinedType = hikari.UNDEFINED,
) -> None:
    """Answers without pinging anybody."""
    await ctx.respond(
        text, components=rows, user_mentions=False, role_mentions=False, mentions_everyone=False
    )


def things(client: tanjun.abc.Client, guild: int, kind: Kind) -> Mapping[int, str]:
    """Ids and names of what the server has of that kind."""
    if client.cache is None:
        return {}
    if kind is Kind.ROLE:
        roles = client.cache.get_roles_view_for_guild(guild).values()
        return {int(role.id): role.name for role in roles if int(role.id) != guild}
    channels = client.cache.get_guild_channels_view_for_guild(guild).values()
    return {
        int(channel.id): channel.name or ""
        for channel in channels
        if isinstance(channel, hikari.GuildTextChannel)
    }


async def follow(
    rest: hikari.api.RESTClient,
    configuration: Configuration,
    caller: Caller,
    changes: Mapping[str, tuple[str | None, str | None]],
) -> None:
    """Moves the displays of a channel that was changed to the new one."""
    for place, displays in DISPLAYS.items():
        after = changes.get(f"channel:{place}", (None, None))[1]
        if after is None:
            continue
        registered = await configuration.displays(caller.guild)
        for display in displays:
            old = registered.get(display)
            if old is None or old[0] == int(after):
                continue
            request = f"{caller.request}.{display}"
            await configuration.set_display(caller.guild, request, caller.actor, display, (int(after), 0))
            if old[1]:
                try:
                    await rest.delete_message(old[0], old[1])
                except hikari.HTTPError:
                    # Gone already, or no longer ours to delete: the display has left it either way.
                    continue


def listed(
    settings: Mapping[str, tuple[str | None, str | None]],
    tiers: Mapping[str, tuple[str | None, str | None]],
    ladder: Ladder,
    locale: str,
) -> str:
    """Changes as a list, a line each; the end of a long one is left out."""
    lines = difference_lines(settings, tiers, ladder, locale)
    more = ["…"] if len(lines) > _LISTED else []
    return "\n".join(f"- {line}" for line in [*lines[:_LISTED], *more])

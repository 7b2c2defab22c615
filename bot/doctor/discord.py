"""Discord: the token, the limits on starting, and whether the bot is in a server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import hikari

from bot.doctor.findings import Finding, fail, ok, warn
from bot.intents import GRANTED
from bot.settings import Settings
from components.permissions import ASKED, SETTING_UP, each, off_without, permission_name

__all__ = ["check_discord"]

_PATIENCE = 20.0
_FEW_STARTS = 10
_NAMED = 5


async def check_discord(settings: Settings) -> AsyncIterator[Finding]:
    """Check all that the REST endpoint of the settings can tell; nothing is changed there."""
    app = hikari.RESTApp(url=settings.rest_url, max_retries=1, max_rate_limit=5.0)
    await app.start()
    try:
        async with app.acquire(settings.token.get_secret_value(), hikari.TokenType.BOT) as rest:
            try:
                async with asyncio.timeout(_PATIENCE):
                    findings = await _ask(rest, settings)
            except hikari.UnauthorizedError:
                yield fail(
                    "Discord",
                    "refuses the token",
                    "reset it in the developer portal and put the new one into DISCORD_BOT_TOKEN",
                )
                return
            except (hikari.HTTPError, TimeoutError) as error:
                yield fail(
                    "Discord",
                    f"{settings.rest_url} cannot be used ({_reason(error)})",
                    "check the network and DISCORD_REST_URL",
                )
                return
            for finding in findings:
                yield finding
    finally:
        await app.close()


async def _ask(rest: hikari.api.RESTClient, settings: Settings) -> list[Finding]:
    me = await rest.fetch_my_user()
    findings = [ok("Discord", f"{settings.rest_url} knows the bot as {me.username} ({me.id})")]
    findings.append(_starts(await rest.fetch_gateway_bot_info(), settings))
    application = await rest.fetch_application()
    findings.append(_intents(application.flags))
    invite = (
        f"https://discord.com/oauth2/authorize?client_id={application.id}"
        f"&scope=bot+applications.commands&permissions={int(ASKED)}"
    )
    findings.append(await _servers(rest, settings, application, invite))
    servers = await rest.fetch_my_guilds()
    if settings.guild_id is not None:
        servers = [server for server in servers if server.id == settings.guild_id]
    return findings + _permissions(servers, invite)


def _starts(info: hikari.GatewayBotInfo, settings: Settings) -> Finding:
    limit = info.session_start_limit
    wanted = settings.shards.count if settings.shards else info.shard_count
    needed = len(settings.shards.ids) if settings.shards else info.shard_count
    hours = limit.reset_after.total_seconds() / 3600
    left = f"{limit.remaining} of {limit.total} connections left for the next {hours:.0f} h"
    if limit.remaining < needed:
        return fail("Gateway", left, "wait, and find out what keeps restarting the bot")
    if limit.remaining < needed + _FEW_STARTS:
        return warn("Gateway", left, "do not restart the bot too often")
    if wanted < info.shard_count:
        return warn(
            "Gateway",
            f"{wanted} shards, Discord recommends {info.shard_count}",
            "raise the count in SKIPLINE_SHARDS",
        )
    return ok("Gateway", f"{info.shard_count} shards recommended, {left}")


def _intents(flags: hikari.ApplicationFlags) -> Finding:
    if flags & GRANTED:
        return ok("Intents", "message content is granted: songs dropped in the submission channel are taken")
    return warn(
        "Intents",
        "message content is not granted, so songs dropped in the submission channel are not taken",
        "switch on Message Content Intent in Discord's developer portal, under Bot",
    )


async def _servers(
    rest: hikari.api.RESTClient, settings: Settings, application: hikari.Application, invite: str
) -> Finding:
    if settings.guild_id is None:
        # Discord counts now and then only, so a bot may be in its first server and still read 0 here.
        if not application.approximate_guild_count:
            return warn("Servers", "the bot is in none", f"invite it: {invite}")
        return ok("Servers", f"the bot is in about {application.approximate_guild_count}")
    try:
        guild = await rest.fetch_guild(settings.guild_id)
    except (hikari.NotFoundError, hikari.ForbiddenError):
        return fail("Servers", f"the bot is not in GUILD_ID {settings.guild_id}", f"invite it: {invite}")
    return ok("Servers", f"the bot is in GUILD_ID {settings.guild_id}, {guild.name}")


def _permissions(servers: Sequence[hikari.OwnGuild], invite: str) -> list[Finding]:
    """What the bot lacks in the whole of a server, with what is off without it; channels may still differ."""
    found: list[Finding] = []
    for permission in each(ASKED & ~SETTING_UP):
        lacking = [server.name for server in servers if not _holds(server, permission)]
        if lacking:
            where = ", ".join(lacking[:_NAMED]) + (", …" if len(lacking) > _NAMED else "")
            found.append(
                warn(
                    f"Permission {permission_name(permission)}",
                    f"lacks in {where}: {off_without(permission)}",
                    f"give it to the bot's role there, or invite it once more: {invite}",
                )
            )
    if found or not servers:
        return found
    alone = [
        permission_name(permission)
        for permission in each(SETTING_UP)
        if not all(_holds(server, permission) for server in servers)
    ]
    only = f"all but {' and '.join(alone)}, which only /setup needs" if alone else "everything it uses"
    return [ok("Permissions", f"the bot has {only}")]


def _holds(server: hikari.OwnGuild, permission: hikari.Permissions) -> bool:
    held = server.my_permissions
    return bool(held & (permission | hikari.Permissions.ADMINISTRATOR)) or server.is_owner


def _reason(error: Exception) -> str:
    if isinstance(error, hikari.HTTPResponseError):
        return f"it answers {int(error.status)}"
    return "it does not answer"

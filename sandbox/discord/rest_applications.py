"""REST routes of the application: gateway, own user, application, commands, direct channels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sandbox.discord import limits, payloads
from sandbox.discord.refusals import Refusal, invalid
from sandbox.discord.rest import Routes

if TYPE_CHECKING:
    from sandbox.discord.refusals import Json
    from sandbox.discord.rest import Call

routes: Final = Routes()

_COMMANDS: Final = "/applications/{application_id}/commands"
_COMMAND: Final = "/applications/{application_id}/commands/{command_id}"
_GUILD_COMMANDS: Final = "/applications/{application_id}/guilds/{guild_id}/commands"
_GUILD_COMMAND: Final = "/applications/{application_id}/guilds/{guild_id}/commands/{command_id}"


@routes("GET", "/gateway", auth=False)
def get_gateway(call: Call) -> Json:
    """Say where the gateway is."""
    return {"url": call.sandbox.gateway_url}


@routes("GET", "/gateway/bot")
def get_gateway_bot(call: Call) -> Json:
    """Say where the gateway is, and how many shards to start how fast."""
    sandbox = call.sandbox
    return {
        "url": sandbox.gateway_url,
        "shards": sandbox.shards,
        "session_start_limit": sandbox.gateway.start_limit(),
    }


@routes("GET", "/users/@me")
def get_own_user(call: Call) -> Json:
    """Give the bot's user."""
    return payloads.own_user(call.sandbox.bot)


@routes("PATCH", "/users/@me")
def edit_own_user(call: Call) -> Json:
    """Rename the bot."""
    name = call.object().get("username")
    if name is not None:
        if not 2 <= len(str(name)) <= 32:
            raise invalid("username", "BASE_TYPE_BAD_LENGTH", "Must be between 2 and 32 in length.")
        call.sandbox.bot.name = str(name)
    return payloads.own_user(call.sandbox.bot)


@routes("GET", "/users/{user_id}")
def get_user(call: Call) -> Json:
    """Give a user."""
    user = call.world.users.get(call.id("user_id"))
    if user is None:
        raise Refusal(10013)
    return payloads.user(user)


@routes("GET", "/users/@me/guilds")
def get_own_guilds(call: Call) -> list[Json]:
    """List the guilds the bot is in, with counts where asked for."""
    after, limit = call.integer("after", 0, 0, 1 << 63), call.integer("limit", 200, 1, 200)
    guilds = sorted(call.world.guilds.values(), key=lambda each: each.id)
    listed: list[Json] = [
        {
            "id": str(guild.id),
            "name": guild.name,
            "icon": None,
            "banner": None,
            "owner": guild.owner_id == call.sandbox.bot.id,
            "permissions": str(guild.permissions(call.sandbox.bot.id)),
            "features": [],
        }
        | (payloads.counts(guild) if call.asks("with_counts") else {})
        for guild in guilds
        if guild.id > after
    ]
    return listed[:limit]


@routes("DELETE", "/users/@me/guilds/{guild_id}")
def leave_guild(call: Call) -> None:
    """Leave a guild."""
    call.world.remove_guild(call.guild())


@routes("POST", "/users/@me/channels")
def create_direct_channel(call: Call) -> Json:
    """Open a direct channel. Whether the user takes messages shows when one is sent."""
    recipient = str(call.object().get("recipient_id") or "")
    user = call.world.users.get(int(recipient)) if recipient.isdecimal() else None
    if user is None or user.bot:
        raise Refusal(50033)
    return payloads.channel(call.world.direct_channel(user))


@routes("GET", "/applications/@me")
@routes("GET", "/oauth2/applications/@me")
@routes("PATCH", "/applications/@me")
def get_application(call: Call) -> Json:
    """Give the application."""
    sandbox = call.sandbox
    owner = next(iter(call.world.guilds.values()), None)
    team_owner = owner.members[owner.owner_id].user if owner is not None else sandbox.bot
    return {
        "id": str(sandbox.application_id),
        "name": sandbox.bot.name,
        "icon": None,
        "description": "",
        "type": None,
        "bot": payloads.user(sandbox.bot),
        "summary": "",
        "bot_public": True,
        "bot_require_code_grant": False,
        "verify_key": "00" * 32,
        "flags": sandbox.application_flags,
        "flags_new": str(sandbox.application_flags),
        "redirect_uris": [],
        "interactions_endpoint_url": None,
        "role_connections_verification_url": None,
        "owner": payloads.user(team_owner),
        "approximate_guild_count": len(call.world.guilds),
        "approximate_user_install_count": 0,
        "approximate_user_authorization_count": 0,
        "event_webhooks_url": None,
        "event_webhooks_status": 1,
        "event_webhooks_types": [],
        "explicit_content_filter": 0,
        "team": _team(call),
        "eligible_oauth2_scopes": ["bot", "applications.commands"],
        "integration_types_config": {
            "0": {"oauth2_install_params": {"scopes": ["applications.commands", "bot"], "permissions": "0"}}
        },
    }


def _team(call: Call) -> Json | None:
    if not call.sandbox.team:
        return None
    id_ = str(call.sandbox.application_id)
    members = [
        {
            "user": payloads.user(user),
            "team_id": id_,
            "membership_state": 2 if accepted else 1,
            "role": "admin",
            "permissions": ["*"],
        }
        for user, accepted in call.sandbox.team.items()
    ]
    owner = str(next(iter(call.sandbox.team)).id)
    return {"id": id_, "icon": None, "name": "Team", "owner_user_id": owner, "members": members}


@routes("GET", _COMMANDS)
@routes("GET", _GUILD_COMMANDS)
def get_commands(call: Call) -> list[Json]:
    """List the commands of a scope."""
    return call.sandbox.commands.all(_scope(call))


@routes("PUT", _COMMANDS)
@routes("PUT", _GUILD_COMMANDS)
def put_commands(call: Call) -> list[Json]:
    """Replace the commands of a scope."""
    scope, bodies = _scope(call), call.list()
    limits.commands(bodies, "global" if scope is None else "guild")
    return call.sandbox.commands.put(scope, bodies)


@routes("POST", _COMMANDS)
@routes("POST", _GUILD_COMMANDS)
def create_command(call: Call) -> Json:
    """Create a command, or overwrite the one of that name."""
    scope, body = _scope(call), call.object()
    limits.command(body)
    commands = call.sandbox.commands
    others: list[Any] = [
        each
        for each in commands.all(scope)
        if (each["type"], each["name"]) != (body.get("type") or 1, body["name"])
    ]
    call.status = 201 if len(others) == len(commands.all(scope)) else 200
    limits.commands([*others, body], "global" if scope is None else "guild")
    return commands.save(scope, body)


@routes("GET", _COMMAND)
@routes("GET", _GUILD_COMMAND)
def get_command(call: Call) -> Json:
    """Give a command."""
    return _command(call)


@routes("PATCH", _COMMAND)
@routes("PATCH", _GUILD_COMMAND)
def edit_command(call: Call) -> Json:
    """Change a command."""
    command, body = _command(call), call.object()
    limits.command(body, edit=True)
    return call.sandbox.commands.edit(_scope(call), command, body)


@routes("DELETE", _COMMAND)
@routes("DELETE", _GUILD_COMMAND)
def delete_command(call: Call) -> None:
    """Delete a command."""
    call.sandbox.commands.delete(_scope(call), _command(call))


def _scope(call: Call) -> int | None:
    if call.id("application_id") != call.sandbox.application_id:
        raise Refusal(50001)
    if "guild_id" not in call.params:
        return None
    guild = call.world.guilds.get(call.id("guild_id"))
    if guild is None:
        raise Refusal(50001)
    return guild.id


def _command(call: Call) -> Json:
    found = call.sandbox.commands.get(_scope(call), call.id("command_id"))
    if found is None:
        raise Refusal(10063)
    return found

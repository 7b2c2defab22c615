"""REST routes of guilds, roles and members."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sandbox.discord import limits, payloads
from sandbox.discord.permissions import Permission
from sandbox.discord.refusals import Refusal
from sandbox.discord.rest import Routes

if TYPE_CHECKING:
    from sandbox.discord.guilds import Guild
    from sandbox.discord.members import Member, Role
    from sandbox.discord.refusals import Json
    from sandbox.discord.rest import Call

routes: Final = Routes()

_ROLES: Final = 250
_MEMBER_ROLE: Final = "/guilds/{guild_id}/members/{user_id}/roles/{role_id}"


@routes("GET", "/guilds/{guild_id}")
def get_guild(call: Call) -> Json:
    """Give a guild, with counts where asked for."""
    guild = call.guild()
    return payloads.guild(guild) | (payloads.counts(guild) if call.asks("with_counts") else {})


@routes("GET", "/guilds/{guild_id}/roles")
def get_roles(call: Call) -> list[Json]:
    """List a guild's roles."""
    return [payloads.role(each) for each in call.guild().roles]


@routes("POST", "/guilds/{guild_id}/roles")
def create_role(call: Call) -> Json:
    """Create a role; the bot can only give what it has."""
    guild, body = call.guild(Permission.MANAGE_ROLES), call.object()
    limits.role(body)
    if len(guild.role_by_id) >= _ROLES:
        raise Refusal(30005)
    fields = _role_fields(call, guild, body)
    name = str(fields.pop("name", "new role"))
    permissions = int(fields.pop("permissions", guild.everyone.permissions))
    return payloads.role(call.world.create_role(guild, name, permissions, **fields))


@routes("GET", "/guilds/{guild_id}/roles/{role_id}")
def get_role(call: Call) -> Json:
    """Give a role."""
    return payloads.role(call.role(call.guild()))


@routes("PATCH", "/guilds/{guild_id}/roles/{role_id}")
def edit_role(call: Call) -> Json:
    """Change a role below the bot's own."""
    guild, body = call.guild(Permission.MANAGE_ROLES), call.object()
    role = call.role(guild)
    _below(call, guild, role)
    limits.role(body)
    call.world.update_role(role, **_role_fields(call, guild, body))
    return payloads.role(role)


@routes("DELETE", "/guilds/{guild_id}/roles/{role_id}")
def delete_role(call: Call) -> None:
    """Delete a role below the bot's own."""
    guild = call.guild(Permission.MANAGE_ROLES)
    role = call.role(guild)
    _below(call, guild, role)
    if role.managed or role is guild.everyone:
        raise Refusal(50028)
    call.world.delete_role(role)


@routes("GET", "/guilds/{guild_id}/members")
def get_members(call: Call) -> list[Json]:
    """List members by id, a page at a time."""
    guild = call.guild()
    limit, after = call.integer("limit", 1, 1, 1000), call.integer("after", 0, 0, 1 << 63)
    found = [guild.members[each] for each in sorted(guild.members) if each > after]
    return [payloads.member(each) for each in found[:limit]]


@routes("GET", "/guilds/{guild_id}/members/search")
def search_members(call: Call) -> list[Json]:
    """Find members whose name begins with the query."""
    guild, query = call.guild(), call.query.get("query", "").lower()
    limit = call.integer("limit", 1, 1, 1000)
    found = [
        each
        for each in guild.members.values()
        if each.user.name.lower().startswith(query) or (each.nick or "").lower().startswith(query)
    ]
    return [payloads.member(each) for each in found[:limit]]


@routes("GET", "/guilds/{guild_id}/members/{user_id}")
def get_member(call: Call) -> Json:
    """Give a member."""
    return payloads.member(call.member(call.guild()))


@routes("PATCH", "/guilds/{guild_id}/members/@me")
def edit_own_member(call: Call) -> Json:
    """Set the bot's nickname."""
    guild, body = call.guild(Permission.CHANGE_NICKNAME), call.object()
    limits.member(body)
    call.world.update_member(guild, call.sandbox.bot.id, nick=body.get("nick"))
    return payloads.member(guild.members[call.sandbox.bot.id])


@routes("PATCH", "/guilds/{guild_id}/members/{user_id}")
def edit_member(call: Call) -> Json:
    """Set a member's nickname or roles."""
    guild, body = call.guild(), call.object()
    member = call.member(guild)
    limits.member(body)
    fields: dict[str, Any] = {}
    if "nick" in body:
        _may(call, guild, member, Permission.MANAGE_NICKNAMES)
        fields["nick"] = body["nick"]
    if body.get("roles") is not None:
        wanted = [int(each) for each in body["roles"]]
        for role_id in {*wanted} ^ {*member.role_ids}:
            role = guild.role_by_id.get(role_id)
            if role is None:
                raise Refusal(10011)
            _assignable(call, guild, role)
        fields["role_ids"] = wanted
    call.world.update_member(guild, member.user.id, **fields)
    return payloads.member(member)


@routes("PUT", _MEMBER_ROLE)
def add_member_role(call: Call) -> None:
    """Give a member a role below the bot's own."""
    guild = call.guild(Permission.MANAGE_ROLES)
    member, role = call.member(guild), call.role(guild)
    _assignable(call, guild, role)
    if role.id not in member.role_ids:
        call.world.set_member_roles(guild, member.user.id, [*member.role_ids, role.id])


@routes("DELETE", _MEMBER_ROLE)
def remove_member_role(call: Call) -> None:
    """Take a role below the bot's own from a member."""
    guild = call.guild(Permission.MANAGE_ROLES)
    member, role = call.member(guild), call.role(guild)
    _assignable(call, guild, role)
    if role.id in member.role_ids:
        kept = [each for each in member.role_ids if each != role.id]
        call.world.set_member_roles(guild, member.user.id, kept)


def _role_fields(call: Call, guild: Guild, body: Json) -> dict[str, Any]:
    fields: dict[str, Any] = {
        key: body[key] for key in ("name", "color", "hoist", "mentionable") if body.get(key) is not None
    }
    if body.get("colors"):
        fields["color"] = int(body["colors"].get("primary_color") or 0)
    if body.get("permissions") is not None:
        permissions = int(body["permissions"])
        if permissions & ~guild.permissions(call.sandbox.bot.id):
            raise Refusal(50013)
        fields["permissions"] = permissions
    return fields


def _below(call: Call, guild: Guild, role: Role) -> None:
    if role.position >= guild.members[call.sandbox.bot.id].top:
        raise Refusal(50013)


def _assignable(call: Call, guild: Guild, role: Role) -> None:
    if not guild.permissions(call.sandbox.bot.id) & Permission.MANAGE_ROLES:
        raise Refusal(50013)
    _below(call, guild, role)
    if role.managed or role is guild.everyone:
        raise Refusal(50028)


def _may(call: Call, guild: Guild, member: Member, permission: Permission) -> None:
    bot = guild.members[call.sandbox.bot.id]
    if not guild.permissions(bot.user.id) & permission:
        raise Refusal(50013)
    if member.user.id == guild.owner_id or member.top >= bot.top:
        raise Refusal(50013)

"""REST routes of channels and their permission overwrites."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sandbox.discord import limits, payloads
from sandbox.discord.channels import CATEGORY, TEXT
from sandbox.discord.permissions import Overwrite, Permission
from sandbox.discord.refusals import Refusal, invalid
from sandbox.discord.rest import Routes
from sandbox.discord.world import overwrite_type

if TYPE_CHECKING:
    from sandbox.discord.channels import Channel
    from sandbox.discord.guilds import Guild
    from sandbox.discord.refusals import Json
    from sandbox.discord.rest import Call

routes: Final = Routes()

_CHANNELS: Final = 500
_FIELDS: Final = {"topic": "topic", "nsfw": "nsfw", "position": "position", "rate_limit_per_user": "slowmode"}


@routes("GET", "/guilds/{guild_id}/channels")
def get_channels(call: Call) -> list[Json]:
    """List a guild's channels."""
    return [payloads.channel(each) for each in call.guild().channels]


@routes("POST", "/guilds/{guild_id}/channels")
def create_channel(call: Call) -> Json:
    """Create a channel."""
    guild, body = call.guild(Permission.MANAGE_CHANNELS), call.object()
    limits.channel(body)
    if len(guild.channel_by_id) >= _CHANNELS:
        raise Refusal(30013)
    kind = int(body.get("type") or TEXT)
    overwrites = [_overwrite(call, guild, each) for each in body.get("permission_overwrites") or ()]
    fields = _fields(guild, body)
    call.status = 201
    name = _name(str(body["name"]), kind)
    channel = call.world.create_channel(guild, name, type=kind, overwrites=overwrites, **fields)
    return payloads.channel(channel)


@routes("GET", "/channels/{channel_id}")
def get_channel(call: Call) -> Json:
    """Give a channel."""
    return payloads.channel(call.channel())


@routes("PATCH", "/channels/{channel_id}")
def edit_channel(call: Call) -> Json:
    """Change a channel."""
    channel, body = call.channel(Permission.MANAGE_CHANNELS), call.object()
    guild = _guild(channel)
    limits.channel(body, edit=True)
    fields = _fields(guild, body)
    if body.get("name"):
        fields["name"] = _name(str(body["name"]), channel.type)
    if body.get("permission_overwrites") is not None:
        _need(call, channel, Permission.MANAGE_ROLES)
        found = [_overwrite(call, guild, each) for each in body["permission_overwrites"]]
        fields["overwrites"] = {each.id: each for each in found}
    call.world.update_channel(channel, **fields)
    return payloads.channel(channel)


@routes("DELETE", "/channels/{channel_id}")
def delete_channel(call: Call) -> Json:
    """Delete a channel, or close a direct one."""
    channel = call.channel()
    if channel.guild is not None:
        _need(call, channel, Permission.MANAGE_CHANNELS)
        call.world.delete_channel(channel)
    return payloads.channel(channel)


@routes("PUT", "/channels/{channel_id}/permissions/{overwrite_id}")
def put_overwrite(call: Call) -> None:
    """Set a channel's exception for a role or a member."""
    channel, body = call.channel(Permission.MANAGE_ROLES), call.object()
    guild = _guild(channel)
    limits.overwrite(body)
    overwrite = _overwrite(call, guild, body | {"id": call.id("overwrite_id")})
    call.world.set_overwrite(channel, overwrite)


@routes("DELETE", "/channels/{channel_id}/permissions/{overwrite_id}")
def delete_overwrite(call: Call) -> None:
    """Take a channel's exception away."""
    channel = call.channel(Permission.MANAGE_ROLES)
    if call.id("overwrite_id") not in channel.overwrites:
        raise Refusal(10009)
    call.world.delete_overwrite(channel, call.id("overwrite_id"))


def _guild(channel: Channel) -> Guild:
    if channel.guild is None:
        raise Refusal(50003)
    return channel.guild


def _need(call: Call, channel: Channel, permission: Permission) -> None:
    if not _guild(channel).permissions(call.sandbox.bot.id, channel) & permission:
        raise Refusal(50013)


def _overwrite(call: Call, guild: Guild, body: Json) -> Overwrite:
    """Read an exception. The bot can only allow or deny what it has itself in the guild."""
    allow, deny = int(body.get("allow") or 0), int(body.get("deny") or 0)
    held = guild.permissions(call.sandbox.bot.id)
    if (allow | deny) & ~held:
        raise Refusal(50013)
    target, kind = int(body["id"]), overwrite_type(body.get("type"))
    if target not in (guild.members if kind else guild.role_by_id):
        # Discord names the overwrite unknown when its role or member is not in the guild.
        raise Refusal(10009)
    return Overwrite(target, int(kind), allow, deny)


def _fields(guild: Guild, body: Json) -> dict[str, Any]:
    fields = {name: body[key] for key, name in _FIELDS.items() if body.get(key) is not None}
    if "topic" in body:
        fields["topic"] = body["topic"]
    if "parent_id" in body:
        parent = body["parent_id"]
        if parent is not None:
            category = guild.channel_by_id.get(int(parent))
            if category is None or category.type != CATEGORY:
                raise invalid("parent_id", "CHANNEL_PARENT_INVALID", "Category does not exist")
        fields["parent_id"] = None if parent is None else int(parent)
    return fields


def _name(name: str, kind: int) -> str:
    return name if kind != TEXT else "-".join(name.lower().split())

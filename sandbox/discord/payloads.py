"""How the sandbox's objects look as Discord's JSON.

Held against Discord's published OpenAPI file by the tests; ids and permissions are strings of digits.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sandbox.discord.channels import CATEGORY, DM, NEWS, VOICE
from sandbox.discord.messages import CONTEXT_MENU_COMMAND, EPHEMERAL, REPLY
from sandbox.discord.snowflakes import iso

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.discord.channels import Channel
    from sandbox.discord.guilds import Guild
    from sandbox.discord.members import Member, Role, User
    from sandbox.discord.messages import Attachment, Message
    from sandbox.discord.permissions import Overwrite
    from sandbox.discord.refusals import Json

_PLAIN = re.compile(r"[^a-z0-9_.]")
_SHOWS_REFERENCE = frozenset({REPLY, CONTEXT_MENU_COMMAND})
"""The types of messages that bring along the message they refer to (Message Object, referenced_message)."""


def user(one: User) -> Json:
    """Write a user as others see it."""
    return {
        "id": str(one.id),
        "username": _PLAIN.sub("_", one.name.lower()),
        "discriminator": "0000" if one.bot else "0",
        "global_name": None if one.bot else (one.display_name or one.name),
        "avatar": None,
        "banner": None,
        "accent_color": None,
        "avatar_decoration_data": None,
        "collectibles": None,
        "primary_guild": None,
        "public_flags": 0,
        "flags": 0,
        **({"bot": True} if one.bot else {}),
    }


def own_user(one: User) -> Json:
    """Write the bot's user as the bot sees it."""
    return user(one) | {"mfa_enabled": True, "locale": "en-US", "verified": True, "email": None}


def role(one: Role) -> Json:
    """Write a role."""
    return {
        "id": str(one.id),
        "name": one.name,
        "description": None,
        "permissions": str(one.permissions),
        "position": one.position,
        "color": one.color,
        "colors": {"primary_color": one.color, "secondary_color": None, "tertiary_color": None},
        "hoist": one.hoist,
        "managed": one.managed,
        "mentionable": one.mentionable,
        "icon": None,
        "unicode_emoji": None,
        "flags": 0,
        **({"tags": {"bot_id": str(one.bot_id)}} if one.bot_id is not None else {}),
    }


def member(one: Member, *, with_user: bool = True) -> Json:
    """Write a member, without the user where the place has it already."""
    body: Json = {
        "roles": [str(role_id) for role_id in one.role_ids],
        "nick": one.nick,
        "avatar": None,
        "banner": None,
        "joined_at": iso(one.joined_at),
        "premium_since": None,
        "communication_disabled_until": iso(one.timed_out_until) if one.timed_out_until else None,
        "deaf": False,
        "mute": False,
        "pending": False,
        "flags": 0,
    }
    if with_user:
        body["user"] = user(one.user)
    return body


def overwrite(one: Overwrite) -> Json:
    """Write a channel's exception."""
    return {"id": str(one.id), "type": int(one.type), "allow": str(one.allow), "deny": str(one.deny)}


def channel(one: Channel) -> Json:
    """Write a channel of a guild, or a direct one."""
    last = next(reversed(one.log), None)
    if one.type == DM:
        assert one.recipient is not None
        return {
            "id": str(one.id),
            "type": DM,
            "flags": 0,
            "last_message_id": str(last) if last else None,
            "recipients": [user(one.recipient)],
        }
    assert one.guild is not None
    body: Json = {
        "id": str(one.id),
        "type": one.type,
        "guild_id": str(one.guild.id),
        "name": one.name,
        "position": one.position,
        "parent_id": str(one.parent_id) if one.parent_id else None,
        "permission_overwrites": [overwrite(each) for each in one.overwrites.values()],
        "flags": 0,
    }
    if one.type != CATEGORY:
        body |= {
            "topic": one.topic,
            "nsfw": one.nsfw,
            "last_message_id": str(last) if last else None,
            "rate_limit_per_user": one.slowmode,
        }
        pins = one.pins
        if pins and pins[0].pinned_at:
            body["last_pin_timestamp"] = iso(pins[0].pinned_at)
    if one.type == VOICE:
        body |= {"bitrate": 64000, "user_limit": 0, "rtc_region": None}
    if one.type == NEWS:
        body.pop("rate_limit_per_user")
    return body


def guild(one: Guild) -> Json:
    """Write a guild as REST gives it."""
    return {
        "id": str(one.id),
        "name": one.name,
        "icon": None,
        "description": None,
        "home_header": None,
        "splash": None,
        "discovery_splash": None,
        "features": [],
        "banner": None,
        "owner_id": str(one.owner_id),
        "application_id": None,
        "region": "us-west",
        "afk_channel_id": None,
        "afk_timeout": 300,
        "system_channel_id": None,
        "system_channel_flags": 0,
        "widget_enabled": False,
        "widget_channel_id": None,
        "verification_level": 0,
        "roles": [role(each) for each in one.roles],
        "default_message_notifications": 0,
        "mfa_level": 0,
        "explicit_content_filter": 0,
        "max_presences": None,
        "max_members": 500000,
        "max_stage_video_channel_users": 50,
        "max_video_channel_users": 25,
        "vanity_url_code": None,
        "premium_tier": one.boost_tier,
        "premium_subscription_count": 0,
        "preferred_locale": one.locale,
        "rules_channel_id": None,
        "safety_alerts_channel_id": None,
        "public_updates_channel_id": None,
        "premium_progress_bar_enabled": False,
        "nsfw": False,
        "nsfw_level": 0,
        "emojis": [],
        "stickers": [],
        "incidents_data": None,
    }


def counts(one: Guild) -> Json:
    """Write how many members a guild has and how many of them are online."""
    # The bot alone is online: the sandbox knows no presences.
    return {"approximate_member_count": len(one.members), "approximate_presence_count": 1}


def guild_create(one: Guild, members: list[Member]) -> Json:
    """Write a guild as GUILD_CREATE gives it, with those members the session may see."""
    return guild(one) | {
        "joined_at": iso(one.joined_at),
        "large": False,
        "unavailable": False,
        "member_count": len(one.members),
        "voice_states": [],
        "members": [member(each) for each in members],
        "channels": [channel(each) for each in one.channels],
        "threads": [],
        "presences": [],
        "stage_instances": [],
        "guild_scheduled_events": [],
        "soundboard_sounds": [],
    }


def attachment(one: Attachment, url: str) -> Json:
    """Write an attachment under the signed address `url`."""
    body: Json = {
        "id": str(one.id),
        "filename": one.filename,
        "size": len(one.content),
        "url": url,
        "proxy_url": url,
    }
    if one.content_type is not None:
        body["content_type"] = one.content_type
    if one.description is not None:
        body["description"] = one.description
    if one.ephemeral:
        body["ephemeral"] = True
    return body


def message(one: Message, sign: Callable[[Attachment], str]) -> Json:
    """Write a message as REST gives it, which is without guild and member."""
    attachments = [attachment(each, sign(each)) for each in one.attachments]
    addresses = {f"attachment://{each['filename']}": each for each in attachments}
    embeds = [_embed(each, addresses) for each in one.embeds]
    shown = {
        part["url"]
        for each in embeds
        for key in ("image", "thumbnail")
        if (part := each.get(key)) is not None and "url" in part
    }
    body: Json = {
        "id": str(one.id),
        "type": one.type,
        "channel_id": str(one.channel.id),
        "author": user(one.author),
        "content": one.content,
        "embeds": embeds,
        # Discord leaves out the files that an embed shows.
        "attachments": [each for each in attachments if each["url"] not in shown],
        "components": [_component(each, addresses) for each in one.components],
        "mentions": [user(each) for each in one.mentions],
        "mention_roles": [str(each) for each in one.mention_roles],
        "mention_everyone": one.mention_everyone,
        "timestamp": iso(one.at),
        "edited_timestamp": iso(one.edited_at) if one.edited_at is not None else None,
        "pinned": one.pinned,
        "tts": one.tts,
        "flags": one.flags,
    }
    if one.nonce is not None:
        body["nonce"] = one.nonce
    if one.by_application is not None:
        body["application_id"] = str(one.by_application)
    if one.interaction is not None:
        body["interaction_metadata"] = one.interaction
        body["webhook_id"] = str(one.by_application)
    if one.reactions:
        body["reactions"] = [_reaction(emoji, users) for emoji, users in one.reactions.items()]
    if one.reference is not None:
        body["message_reference"] = {
            "type": 0,
            "message_id": str(one.reference.id),
            "channel_id": str(one.reference.channel.id),
            **({"guild_id": str(one.channel.guild.id)} if one.channel.guild else {}),
        }
        if one.type in _SHOWS_REFERENCE:
            body["referenced_message"] = None if one.reference.deleted else message(one.reference, sign)
    return body


def message_event(one: Message, sign: Callable[[Attachment], str]) -> Json:
    """Write a message as the gateway gives it, with guild and member where it has them."""
    body = message(one, sign)
    guild_of = one.channel.guild
    if guild_of is not None and not one.flags & EPHEMERAL:
        body["guild_id"] = str(guild_of.id)
        author = guild_of.members.get(one.author.id)
        if author is not None:
            body["member"] = member(author, with_user=False)
        for mentioned in body["mentions"]:
            found = guild_of.members.get(int(mentioned["id"]))
            if found is not None:
                mentioned["member"] = member(found, with_user=False)
    return body


def _reaction(emoji: str, users: set[int]) -> Json:
    name, _, emoji_id = emoji.partition(":")
    return {
        "emoji": {"id": emoji_id or None, "name": name},
        "count": len(users),
        "count_details": {"burst": 0, "normal": len(users)},
        "burst_colors": [],
        "me_burst": False,
        "burst_me": False,
        "me": False,
        "burst_count": 0,
    }


def _embed(one: Json, addresses: dict[str, Json]) -> Json:
    body: Json = {"type": "rich", **one}
    if body.get("fields"):
        body["fields"] = [each | {"inline": bool(each.get("inline"))} for each in body["fields"]]
    for key in ("image", "thumbnail"):
        part = body.get(key)
        if part is not None:
            target = addresses.get(part.get("url") or "")
            body[key] = part if target is None else part | {"url": target["url"], "proxy_url": target["url"]}
    return body


def _component(one: Json, addresses: dict[str, Json]) -> Json:
    body = dict(one)
    for key in ("components", "items"):
        nested: list[Any] | None = body.get(key)
        if nested is not None:
            body[key] = [_component(each, addresses) for each in nested]
    if body.get("accessory") is not None:
        body["accessory"] = _component(body["accessory"], addresses)
    for key in ("media", "file"):
        media: Json | None = body.get(key)
        if media is not None:
            target = addresses.get(media.get("url") or "")
            url = media["url"] if target is None else target["url"]
            body[key] = {"id": "1", "url": url, "proxy_url": url, "height": None, "width": None} | (
                {} if target is None else {"attachment_id": target["id"]}
            )
            if key == "file" and target is not None:
                body |= {"name": target["filename"], "size": target["size"]}
    return body

"""REST routes of messages: post, read, edit, delete, pin, react."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.discord import limits, payloads
from sandbox.discord.attachments import clean
from sandbox.discord.channels import MESSAGE_CHANNELS
from sandbox.discord.gateway import STRIPPED
from sandbox.discord.intents import Intent
from sandbox.discord.permissions import Permission
from sandbox.discord.postbox import check_edit
from sandbox.discord.refusals import Refusal, invalid
from sandbox.discord.rest import Routes
from sandbox.discord.snowflakes import created_at, iso

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.discord.channels import Channel
    from sandbox.discord.messages import Message, Upload
    from sandbox.discord.refusals import Json
    from sandbox.discord.rest import Call

routes: Final = Routes()

_MESSAGES: Final = "/channels/{channel_id}/messages"
_MESSAGE: Final = "/channels/{channel_id}/messages/{message_id}"
_REACTIONS: Final = "/channels/{channel_id}/messages/{message_id}/reactions"
_BULK_AGE: Final = 14 * 24 * 3600
_PINS: Final = 250


@routes("POST", _MESSAGES)
def create_message(call: Call) -> Json:
    """Post a message; the same nonce with `enforce_nonce` gives the message that is there already."""
    channel, body = call.channel(Permission.SEND_MESSAGES), call.object()
    if channel.type not in MESSAGE_CHANNELS:
        raise Refusal(50008)
    _check_uploads(channel, call.files)
    limits.message(body, files=[clean(upload.filename) for upload in call.files.values()])
    if limits.is_empty(body, len(call.files)):
        raise Refusal(50006)
    _check_parts(call, channel, body)
    if channel.recipient is not None and not channel.recipient.accepts_dms:
        raise Refusal(50007)
    bot, postbox = call.sandbox.bot, call.world.postbox
    message = postbox.same_nonce(channel, bot, body)
    if message is None:
        message = postbox.post(channel, bot, body, call.files)
    return _show(call, message)


@routes("GET", _MESSAGES)
def get_messages(call: Call) -> list[Json]:
    """List messages, newest first; empty without the permission to read history, as Discord does."""
    channel = call.channel()
    limit = call.integer("limit", 50, 1, 100)
    if not _held(call, channel) & Permission.READ_MESSAGE_HISTORY:
        return []
    messages = channel.messages
    found = list(reversed(messages))
    if "before" in call.query:
        bound = call.integer("before", 0, 0, 1 << 63)
        found = [each for each in found if each.id < bound]
    elif "after" in call.query:
        bound = call.integer("after", 0, 0, 1 << 63)
        found = list(reversed([each for each in messages if each.id > bound][:limit]))
    elif "around" in call.query:
        bound = call.integer("around", 0, 0, 1 << 63)
        older = [each for each in found if each.id <= bound][: limit // 2 + 1]
        newer = [each for each in messages if each.id > bound][: limit // 2]
        found = [*reversed(newer), *older]
    return [_show(call, each) for each in found[:limit]]


@routes("GET", _MESSAGE)
def get_message(call: Call) -> Json:
    """Give a message."""
    channel = call.channel()
    if not _held(call, channel) & Permission.READ_MESSAGE_HISTORY:
        raise Refusal(50001)
    return _show(call, call.message(channel))


@routes("PATCH", _MESSAGE)
def edit_message(call: Call) -> Json:
    """Change one of the bot's own messages."""
    channel, body = call.channel(), call.object()
    message = call.message(channel)
    if message.author is not call.sandbox.bot:
        raise Refusal(50005)
    if message.is_notice:
        raise Refusal(50021)
    _check_uploads(channel, call.files)
    check_edit(message, body, call.files)
    call.world.ration_old_edit(message)
    call.world.postbox.edit(message, body, call.files)
    return _show(call, message)


@routes("DELETE", _MESSAGE)
def delete_message(call: Call) -> None:
    """Delete a message."""
    channel = call.channel()
    message = call.message(channel)
    if message.author is not call.sandbox.bot:
        if channel.guild is None:
            raise Refusal(50003)
        if not _held(call, channel) & Permission.MANAGE_MESSAGES:
            raise Refusal(50013)
    call.world.delete_message(message)


@routes("POST", "/channels/{channel_id}/messages/bulk-delete")
def delete_messages(call: Call) -> None:
    """Delete 2 to 100 messages that are younger than two weeks; unknown ones are passed over."""
    channel = call.channel(Permission.MANAGE_MESSAGES)
    ids = limits.bulk_delete(call.object())
    if any(created_at(each) < call.sandbox.clock() - _BULK_AGE for each in ids):
        raise Refusal(50034)
    found = [channel.log[each] for each in ids if each in channel.log]
    call.world.delete_messages(channel, [each for each in found if each.visible_to is None])


@routes("GET", "/channels/{channel_id}/messages/pins")
def get_pins(call: Call) -> Json:
    """List pinned messages, latest pin first, a page at a time."""
    channel, limit = call.channel(), call.integer("limit", 50, 1, 50)
    if not _held(call, channel) & Permission.READ_MESSAGE_HISTORY:
        return {"items": [], "has_more": False}
    before = call.query.get("before")
    pins = [each for each in channel.pins if before is None or iso(each.pinned_at or 0) < before]
    items = [{"pinned_at": iso(each.pinned_at or 0), "message": _show(call, each)} for each in pins[:limit]]
    return {"items": items, "has_more": len(pins) > limit}


@routes("GET", "/channels/{channel_id}/pins")
def get_pins_before_paging(call: Call) -> list[Json]:
    """List pinned messages by the older route."""
    channel = call.channel()
    if not _held(call, channel) & Permission.READ_MESSAGE_HISTORY:
        return []
    return [_show(call, each) for each in channel.pins[:50]]


@routes("PUT", "/channels/{channel_id}/messages/pins/{message_id}")
@routes("PUT", "/channels/{channel_id}/pins/{message_id}")
def pin(call: Call) -> None:
    """Pin a message."""
    channel = call.channel(Permission.PIN_MESSAGES)
    message = call.message(channel)
    if message.is_notice:
        raise Refusal(50021)
    if len(channel.pins) >= _PINS:
        raise Refusal(30003)
    if not message.pinned:
        call.world.pin(message, True, call.sandbox.bot)


@routes("DELETE", "/channels/{channel_id}/messages/pins/{message_id}")
@routes("DELETE", "/channels/{channel_id}/pins/{message_id}")
def unpin(call: Call) -> None:
    """Unpin a message."""
    message = call.message(call.channel(Permission.PIN_MESSAGES))
    if message.pinned:
        call.world.pin(message, False, call.sandbox.bot)


@routes("PUT", _REACTIONS + "/{emoji_name}/@me")
def add_reaction(call: Call) -> None:
    """React to a message."""
    channel = call.channel(Permission.ADD_REACTIONS, Permission.READ_MESSAGE_HISTORY)
    message = call.message(channel)
    message.reactions.setdefault(call.params["emoji_name"], set()).add(call.sandbox.bot.id)
    _reaction(call, "MESSAGE_REACTION_ADD", message)


@routes("DELETE", _REACTIONS + "/{emoji_name}/@me")
def remove_reaction(call: Call) -> None:
    """Take the bot's reaction back."""
    message = call.message(call.channel())
    users = message.reactions.get(call.params["emoji_name"])
    if users is None or call.sandbox.bot.id not in users:
        raise Refusal(10014)
    users.discard(call.sandbox.bot.id)
    if not users:
        del message.reactions[call.params["emoji_name"]]
    _reaction(call, "MESSAGE_REACTION_REMOVE", message)


@routes("GET", _REACTIONS + "/{emoji_name}")
def get_reactions(call: Call) -> list[Json]:
    """List who reacted."""
    users = call.message(call.channel()).reactions.get(call.params["emoji_name"], set())
    return [payloads.user(call.world.users[each]) for each in sorted(users)]


@routes("DELETE", _REACTIONS)
def remove_reactions(call: Call) -> None:
    """Take all reactions away."""
    call.message(call.channel(Permission.MANAGE_MESSAGES)).reactions.clear()


@routes("POST", "/channels/{channel_id}/typing")
def type_in(call: Call) -> None:
    """Show that the bot is typing."""
    call.channel(Permission.SEND_MESSAGES).typing_at = call.sandbox.clock()


def _reaction(call: Call, event: str, message: Message) -> None:
    name, _, emoji_id = call.params["emoji_name"].partition(":")
    channel = message.channel
    body: Json = {
        "user_id": str(call.sandbox.bot.id),
        "channel_id": str(channel.id),
        "message_id": str(message.id),
        "emoji": {"id": emoji_id or None, "name": name},
        "burst": False,
        "type": 0,
    }
    intent = Intent.DIRECT_MESSAGE_REACTIONS
    if channel.guild is not None:
        intent = Intent.GUILD_MESSAGE_REACTIONS
        body["guild_id"] = str(channel.guild.id)
        if event == "MESSAGE_REACTION_ADD":
            body["member"] = payloads.member(channel.guild.members[call.sandbox.bot.id])
    call.world.gateway.dispatch(event, body, channel.guild, intent)
    channel.changed()


def _held(call: Call, channel: Channel) -> int:
    if channel.guild is None:
        return int(Permission.READ_MESSAGE_HISTORY)
    return channel.guild.permissions(call.sandbox.bot.id, channel)


def _check_uploads(channel: Channel, files: Mapping[int, Upload]) -> None:
    limit = channel.guild.upload_limit if channel.guild is not None else 10 * 2**20
    if any(len(upload.content) > limit for upload in files.values()):
        raise Refusal(40005)


def _check_parts(call: Call, channel: Channel, body: Json) -> None:
    if channel.guild is not None:
        held = channel.guild.permissions(call.sandbox.bot.id, channel)
        if (
            (call.files and not held & Permission.ATTACH_FILES)
            or (body.get("embeds") and not held & Permission.EMBED_LINKS)
            or (body.get("message_reference") and not held & Permission.READ_MESSAGE_HISTORY)
        ):
            raise Refusal(50013)
    reference = body.get("message_reference")
    if reference is not None and reference.get("fail_if_not_exists", True):
        target = channel.log.get(int(reference["message_id"]))
        if target is None or target.visible_to is not None:
            raise invalid("message_reference", "MESSAGE_REFERENCE_UNKNOWN_MESSAGE", "Unknown message")


def _show(call: Call, message: Message) -> Json:
    """Write a message; other people's are stripped where the application may not read content."""
    body, bot = payloads.message(message, call.world.attachments.sign), call.sandbox.bot
    if (
        call.world.gateway.privileged & Intent.MESSAGE_CONTENT
        or message.channel.guild is None
        or message.author is bot
        or bot in message.mentions
    ):
        return body
    return body | STRIPPED

"""Posting and editing messages: the fields of a request's body become a message."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, cast

from sandbox.discord import limits
from sandbox.discord.messages import (
    COMPONENTS_V2,
    DEFAULT,
    EPHEMERAL,
    LOADING,
    REPLY,
    SUPPRESS_EMBEDS,
    SUPPRESS_NOTIFICATIONS,
    TEXT_DISPLAY,
    Message,
    number,
    walk,
)
from sandbox.discord.permissions import Permission
from sandbox.discord.refusals import Refusal, invalid

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.discord.channels import Channel
    from sandbox.discord.members import User
    from sandbox.discord.messages import Attachment, Upload
    from sandbox.discord.refusals import Json
    from sandbox.discord.world import World

_USER: Final = re.compile(r"<@!?(\d{1,19})>")
_ROLE: Final = re.compile(r"<@&(\d{1,19})>")
_EVERYONE: Final = re.compile(r"@(everyone|here)\b")
_SETTABLE: Final = EPHEMERAL | SUPPRESS_EMBEDS | SUPPRESS_NOTIFICATIONS | COMPONENTS_V2
_NONCE_SECONDS: Final = 300.0

Files = dict[int, Any]
"""Uploads by the number of their part: `files[0]` is 0."""


class Postbox:
    """Makes messages of bodies that have been checked before."""

    def __init__(self, world: World) -> None:
        self._world = world

    def post(
        self,
        channel: Channel,
        author: User,
        body: Json,
        files: Mapping[int, Upload] | None = None,
        *,
        type: int = DEFAULT,
        flags: int = 0,
        visible_to: int | None = None,
        interaction: Json | None = None,
        by_application: int | None = None,
        answers: Message | None = None,
    ) -> Message:
        """Post a message and announce it. `answers` is what it replies to without a mention."""
        world = self._world
        reference = cast("Json", body.get("message_reference") or {}).get("message_id")
        message = Message(
            id=world.snowflakes.next(),
            channel=channel,
            author=author,
            at=world.clock(),
            type=type,
            tts=bool(body.get("tts")),
            nonce=body.get("nonce"),
            flags=(int(body.get("flags") or 0) & _SETTABLE) | flags,
            visible_to=visible_to,
            interaction=interaction,
            by_application=by_application,
        )
        if reference is not None:
            message.reference = channel.log.get(int(reference))
            message.type = REPLY if message.reference is not None else message.type
        self._fill(message, body, files or {})
        message.reference = message.reference or answers
        channel.log[message.id] = message
        channel.typing_at = None
        world.gateway.dispatch_message("MESSAGE_CREATE", message)
        channel.changed()
        return message

    def edit(self, message: Message, body: Json, files: Mapping[int, Upload] | None = None) -> None:
        """Change what the body names, and announce it. A loading message stops loading."""
        message.flags &= ~LOADING
        if body.get("flags") is not None:
            kept = message.flags & ~(SUPPRESS_EMBEDS | COMPONENTS_V2) | message.flags & COMPONENTS_V2
            message.flags = kept | int(body["flags"]) & (SUPPRESS_EMBEDS | COMPONENTS_V2)
        self._fill(message, body, files or {})
        message.edited_at = self._world.clock()
        message.edits += 1
        self._world.gateway.dispatch_message("MESSAGE_UPDATE", message)
        message.channel.changed()

    def same_nonce(self, channel: Channel, author: User, body: Json) -> Message | None:
        """Find the message of the last minutes that `enforce_nonce` makes this one the same as."""
        nonce = body.get("nonce")
        if nonce is None or not body.get("enforce_nonce"):
            return None
        horizon = self._world.clock() - _NONCE_SECONDS
        for message in reversed(channel.log.values()):
            if message.at < horizon:
                return None
            if message.author is author and str(message.nonce) == str(nonce):
                return message
        return None

    def _fill(self, message: Message, body: Json, files: Mapping[int, Upload]) -> None:
        if "content" in body:
            message.content = str(body["content"] or "").strip()
        if "embeds" in body:
            message.embeds = [dict(embed) for embed in body["embeds"] or ()]
        if "components" in body:
            message.components = number(body["components"] or [])
        if files or "attachments" in body:
            self._attach(message, body, files)
        if "content" in body or "components" in body or "allowed_mentions" in body:
            self._mention(message, body.get("allowed_mentions"))

    def _attach(self, message: Message, body: Json, files: Mapping[int, Upload]) -> None:
        listed: list[Json] | None = body.get("attachments")
        kept: list[Attachment] = message.attachments
        described: dict[int, str | None] = {}
        if listed is not None:
            wanted = {int(each["id"]) for each in listed}
            described = {int(each["id"]): each.get("description") for each in listed}
            kept = [each for each in kept if each.id in wanted]
        store = self._world.attachments.store
        message.attachments = kept + [
            store(
                upload,
                message.channel.id,
                description=described.get(index),
                ephemeral=message.visible_to is not None,
            )
            for index, upload in sorted(files.items())
        ]

    def _mention(self, message: Message, allowed: Json | None) -> None:
        texts = [
            message.content,
            *(str(each["content"]) for each in walk(message.components) if each["type"] == TEXT_DISPLAY),
        ]
        text = "\n".join(texts)
        parse = {"users", "roles", "everyone"} if allowed is None else set[str](allowed.get("parse") or ())
        users = {int(each) for each in (allowed or {}).get("users") or ()}
        roles = {int(each) for each in (allowed or {}).get("roles") or ()}
        guild = message.channel.guild
        message.mentions = [
            self._world.users[user_id]
            for user_id in dict.fromkeys(map(int, _USER.findall(text)))
            if user_id in self._world.users and ("users" in parse or user_id in users)
        ]
        replied = message.reference
        ping = allowed is None or bool(allowed.get("replied_user"))
        if replied is not None and ping and replied.author not in message.mentions:
            message.mentions.append(replied.author)
        message.mention_roles = [
            role_id
            for role_id in dict.fromkeys(map(int, _ROLE.findall(text)))
            if guild is not None and role_id in guild.role_by_id and ("roles" in parse or role_id in roles)
        ]
        message.mention_everyone = bool(
            guild is not None
            and "everyone" in parse
            and _EVERYONE.search(text)
            and guild.permissions(message.author.id, message.channel) & Permission.MENTION_EVERYONE
        )


def check_edit(message: Message, body: Json, files: Mapping[int, Upload]) -> None:
    """Check a change of a message. Raises limits.Invalid, or Refusal 50006 where nothing would be left."""
    # The flag of components v2 stays with a message, so the form is judged as if the body carried it.
    sent = body.get("flags")
    flags = (limits.whole(sent) or 0) | message.flags & COMPONENTS_V2
    readable = sent is None or limits.whole(sent) is not None
    limits.message(body | {"flags": flags if readable else sent}, edit=True)
    listed = cast("list[Json] | None", body.get("attachments"))
    kept = len(message.attachments)
    if listed is not None:
        wanted = {str(each.get("id")) for each in listed}
        kept = sum(str(each.id) in wanted for each in message.attachments)
    after: Json = {
        "content": body.get("content", message.content),
        "embeds": body.get("embeds", message.embeds),
        "components": body.get("components", message.components),
    }
    if limits.is_empty(after, kept + len(files)) and not message.loading:
        raise Refusal(50006)
    if message.flags & COMPONENTS_V2 == 0 and flags & COMPONENTS_V2:
        # A message becomes one of components only when its old content goes in the same edit.
        for key in ("content", "embeds"):
            if after[key]:
                text = f"The '{key}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2"
                raise invalid(key, "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2", text)

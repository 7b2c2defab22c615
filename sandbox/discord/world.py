"""The state of the sandbox and every change of it, each announced to the bot's sessions.

Checks of form and of permission are made before, by the routes and by `Person`; here things just happen.
"""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING, Any, Final

from sandbox.discord import payloads
from sandbox.discord.attachments import AttachmentStore
from sandbox.discord.channels import DM, TEXT, Channel
from sandbox.discord.guilds import BOT, EVERYONE, Guild
from sandbox.discord.intents import Intent
from sandbox.discord.members import Member, Role, User
from sandbox.discord.messages import PIN_NOTICE
from sandbox.discord.permissions import OverwriteType
from sandbox.discord.postbox import Postbox
from sandbox.discord.refusals import Refusal
from sandbox.discord.snowflakes import Snowflakes, iso

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from sandbox.discord.gateway import Gateway
    from sandbox.discord.messages import Message
    from sandbox.discord.permissions import Overwrite
    from sandbox.discord.refusals import Json
    from sandbox.discord.server import Sandbox

OLD_AFTER: Final = 3600.0
"""Seconds after which edits of a message are rationed."""


class World:
    """All guilds, channels, users and messages of one sandbox."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.snowflakes = Snowflakes(clock)
        self.attachments = AttachmentStore(self.snowflakes, clock)
        self.users: dict[int, User] = {}
        self.guilds: dict[int, Guild] = {}
        self.channels: dict[int, Channel] = {}
        self.postbox = Postbox(self)
        self.old_edits = 30
        self._old_edits: dict[int, deque[float]] = {}
        self.gateway: Gateway

    def create_user(self, name: str, *, bot: bool = False, user_id: int | None = None) -> User:
        """Create an account."""
        user = User(user_id or self.snowflakes.next(), name, bot=bot)
        self.users[user.id] = user
        return user

    def create_guild(
        self,
        sandbox: Sandbox,
        name: str,
        owner: User,
        *,
        guild_id: int | None = None,
        bot_permissions: int = BOT,
    ) -> Guild:
        """Create a guild with its owner and the bot in it."""
        guild = Guild(guild_id or self.snowflakes.next_guild(), sandbox, name, owner.id, self.clock())
        everyone = Role(guild.id, guild, "@everyone", EVERYONE, 0)
        bot_role = Role(self.snowflakes.next(), guild, sandbox.bot.name, bot_permissions, 1)
        bot_role.bot_id = sandbox.bot.id
        guild.role_by_id = {everyone.id: everyone, bot_role.id: bot_role}
        guild.members[owner.id] = Member(owner, guild, self.clock())
        guild.members[sandbox.bot.id] = Member(sandbox.bot, guild, self.clock(), [bot_role.id])
        self.guilds[guild.id] = guild
        self.gateway.dispatch_guild(guild)
        return guild

    def remove_guild(self, guild: Guild) -> None:
        """Throw the bot out, or delete the guild: the bot cannot tell which."""
        self.gateway.dispatch("GUILD_DELETE", {"id": str(guild.id)}, guild, Intent.GUILDS)
        del self.guilds[guild.id]
        for channel_id in guild.channel_by_id:
            self.channels.pop(channel_id, None)

    def create_role(self, guild: Guild, name: str, permissions: int, **fields: Any) -> Role:
        """Create a role right above everyone."""
        for other in guild.role_by_id.values():
            if other.position >= 1:
                other.position += 1
        role = Role(self.snowflakes.next(), guild, name, permissions, 1, **fields)
        guild.role_by_id[role.id] = role
        self._role("GUILD_ROLE_CREATE", role)
        return role

    def update_role(self, role: Role, **fields: Any) -> None:
        """Change a role."""
        for key, value in fields.items():
            setattr(role, key, value)
        self._role("GUILD_ROLE_UPDATE", role)

    def delete_role(self, role: Role) -> None:
        """Delete a role; members lose it, channels forget its overwrites."""
        guild = role.guild
        for member in guild.members.values():
            if role.id in member.role_ids:
                member.role_ids.remove(role.id)
        for channel in guild.channels:
            channel.overwrites.pop(role.id, None)
        del guild.role_by_id[role.id]
        body = {"guild_id": str(guild.id), "role_id": str(role.id)}
        self.gateway.dispatch("GUILD_ROLE_DELETE", body, guild, Intent.GUILDS)

    def create_channel(
        self,
        guild: Guild,
        name: str,
        *,
        type: int = TEXT,
        topic: str | None = None,
        overwrites: Iterable[Overwrite] = (),
        **fields: Any,
    ) -> Channel:
        """Create a channel in a guild."""
        channel = Channel(
            self.snowflakes.next(), guild, name, type, len(guild.channel_by_id), topic, **fields
        )
        channel.overwrites = {each.id: each for each in overwrites}
        guild.channel_by_id[channel.id] = channel
        self.channels[channel.id] = channel
        self._channel("CHANNEL_CREATE", channel)
        return channel

    def update_channel(self, channel: Channel, **fields: Any) -> None:
        """Change a channel."""
        for key, value in fields.items():
            setattr(channel, key, value)
        self._channel("CHANNEL_UPDATE", channel)
        channel.changed()

    def delete_channel(self, channel: Channel) -> None:
        """Delete a channel with its messages."""
        channel.deleted = True
        self.channels.pop(channel.id, None)
        if channel.guild is not None:
            channel.guild.channel_by_id.pop(channel.id, None)
        self._channel("CHANNEL_DELETE", channel)
        channel.changed()

    def set_overwrite(self, channel: Channel, overwrite: Overwrite) -> None:
        """Set a channel's exception for a role or member."""
        channel.overwrites[overwrite.id] = overwrite
        self._channel("CHANNEL_UPDATE", channel)
        channel.changed()

    def delete_overwrite(self, channel: Channel, target_id: int) -> None:
        """Take a channel's exception away."""
        if channel.overwrites.pop(target_id, None) is not None:
            self._channel("CHANNEL_UPDATE", channel)
            channel.changed()

    def direct_channel(self, user: User) -> Channel:
        """Give the direct channel between the bot and a user, new at the first time."""
        for channel in self.channels.values():
            if channel.type == DM and channel.recipient is user:
                return channel
        channel = Channel(self.snowflakes.next(), None, user.name, DM, recipient=user)
        self.channels[channel.id] = channel
        return channel

    def add_member(self, guild: Guild, user: User, role_ids: Sequence[int] = ()) -> Member:
        """Let a user join."""
        member = Member(user, guild, self.clock(), list(role_ids))
        guild.members[user.id] = member
        body = payloads.member(member) | {"guild_id": str(guild.id)}
        self.gateway.dispatch("GUILD_MEMBER_ADD", body, guild, Intent.GUILD_MEMBERS)
        return member

    def remove_member(self, guild: Guild, user_id: int) -> None:
        """Let a member leave."""
        member = guild.members.pop(user_id)
        body = {"guild_id": str(guild.id), "user": payloads.user(member.user)}
        self.gateway.dispatch("GUILD_MEMBER_REMOVE", body, guild, Intent.GUILD_MEMBERS)

    def set_member_roles(self, guild: Guild, user_id: int, role_ids: Iterable[int]) -> None:
        """Give a member exactly these roles."""
        self.update_member(guild, user_id, role_ids=list(dict.fromkeys(role_ids)))

    def update_member(self, guild: Guild, user_id: int, **fields: Any) -> None:
        """Change a member. The bot hears of changes to itself whatever its intents."""
        member = guild.members[user_id]
        for key, value in fields.items():
            setattr(member, key, value)
        body = payloads.member(member) | {"guild_id": str(guild.id)}
        own = user_id == guild.sandbox.bot.id
        self.gateway.dispatch("GUILD_MEMBER_UPDATE", body, guild, 0 if own else Intent.GUILD_MEMBERS)

    def delete_message(self, message: Message) -> None:
        """Delete a message and its files."""
        self._remove(message)
        channel = message.channel
        body: Json = {"id": str(message.id), "channel_id": str(channel.id)}
        if channel.guild is not None and message.visible_to is None:
            body["guild_id"] = str(channel.guild.id)
        self.gateway.dispatch_in_channel("MESSAGE_DELETE", body, channel, message.visible_to)
        channel.changed()

    def delete_messages(self, channel: Channel, messages: Sequence[Message]) -> None:
        """Delete many messages at once."""
        for message in messages:
            self._remove(message)
        body: Json = {"ids": [str(each.id) for each in messages], "channel_id": str(channel.id)}
        if channel.guild is not None:
            body["guild_id"] = str(channel.guild.id)
        self.gateway.dispatch_in_channel("MESSAGE_DELETE_BULK", body, channel, None)
        channel.changed()

    def pin(self, message: Message, pinned: bool, by: User) -> None:
        """Pin or unpin a message; a pin is told in the channel, an unpinning is not."""
        message.pinned_at = self.clock() if pinned else None
        channel = message.channel
        channel.pinned.pop(message.id, None)
        if pinned:
            channel.pinned[message.id] = message
        self.gateway.dispatch_message("MESSAGE_UPDATE", message)
        latest = channel.pins[0].pinned_at if channel.pins else None
        body: Json = {"channel_id": str(channel.id), "last_pin_timestamp": iso(latest) if latest else None}
        if channel.guild is not None:
            body["guild_id"] = str(channel.guild.id)
        intent = Intent.GUILDS if channel.guild is not None else Intent.DIRECT_MESSAGES
        self.gateway.dispatch("CHANNEL_PINS_UPDATE", body, channel.guild, intent)
        if pinned:
            self.postbox.post(channel, by, {}, type=PIN_NOTICE, answers=message)
        channel.changed()

    def ration_old_edit(self, message: Message) -> None:
        """Count an edit of a message older than an hour. Raises Refusal 30046 above `old_edits` an hour.

        Discord publishes no figure; a channel's budget is `old_edits`, to be set by tests.
        """
        now = self.clock()
        if now - message.at <= OLD_AFTER:
            return
        spent = self._old_edits.setdefault(message.channel.id, deque())
        while spent and spent[0] <= now - OLD_AFTER:
            spent.popleft()
        if len(spent) >= self.old_edits:
            wait = round(spent[0] + OLD_AFTER - now, 3) if spent else OLD_AFTER
            raise Refusal(
                30046,
                extra={"retry_after": wait, "global": False},
                headers={"Retry-After": str(math.ceil(wait)), "X-RateLimit-Scope": "user"},
            )
        spent.append(now)

    def _remove(self, message: Message) -> None:
        message.deleted = True
        message.channel.log.pop(message.id, None)
        message.channel.pinned.pop(message.id, None)
        for attachment in message.attachments:
            self.attachments.forget(attachment)

    def _role(self, event: str, role: Role) -> None:
        body = {"guild_id": str(role.guild.id), "role": payloads.role(role)}
        self.gateway.dispatch(event, body, role.guild, Intent.GUILDS)

    def _channel(self, event: str, channel: Channel) -> None:
        self.gateway.dispatch(event, payloads.channel(channel), channel.guild, Intent.GUILDS)


def overwrite_type(value: object) -> OverwriteType:
    """Read an overwrite's type, which Discord also takes as a word."""
    return OverwriteType.MEMBER if value in {1, "1", "member"} else OverwriteType.ROLE

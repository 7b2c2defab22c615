"""Discord's permission bits and how a member's permissions in a channel come about.

Source: Discord's documentation, topic Permissions: bit table, overwrite hierarchy, implicit permissions.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, IntFlag
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping


class Permission(IntFlag):
    """Every permission bit Discord documents. Bit 47 is not documented and therefore absent."""

    CREATE_INSTANT_INVITE = 1 << 0
    KICK_MEMBERS = 1 << 1
    BAN_MEMBERS = 1 << 2
    ADMINISTRATOR = 1 << 3
    MANAGE_CHANNELS = 1 << 4
    MANAGE_GUILD = 1 << 5
    ADD_REACTIONS = 1 << 6
    VIEW_AUDIT_LOG = 1 << 7
    PRIORITY_SPEAKER = 1 << 8
    STREAM = 1 << 9
    VIEW_CHANNEL = 1 << 10
    SEND_MESSAGES = 1 << 11
    SEND_TTS_MESSAGES = 1 << 12
    MANAGE_MESSAGES = 1 << 13
    EMBED_LINKS = 1 << 14
    ATTACH_FILES = 1 << 15
    READ_MESSAGE_HISTORY = 1 << 16
    MENTION_EVERYONE = 1 << 17
    USE_EXTERNAL_EMOJIS = 1 << 18
    VIEW_GUILD_INSIGHTS = 1 << 19
    CONNECT = 1 << 20
    SPEAK = 1 << 21
    MUTE_MEMBERS = 1 << 22
    DEAFEN_MEMBERS = 1 << 23
    MOVE_MEMBERS = 1 << 24
    USE_VAD = 1 << 25
    CHANGE_NICKNAME = 1 << 26
    MANAGE_NICKNAMES = 1 << 27
    MANAGE_ROLES = 1 << 28
    MANAGE_WEBHOOKS = 1 << 29
    MANAGE_GUILD_EXPRESSIONS = 1 << 30
    USE_APPLICATION_COMMANDS = 1 << 31
    REQUEST_TO_SPEAK = 1 << 32
    MANAGE_EVENTS = 1 << 33
    MANAGE_THREADS = 1 << 34
    CREATE_PUBLIC_THREADS = 1 << 35
    CREATE_PRIVATE_THREADS = 1 << 36
    USE_EXTERNAL_STICKERS = 1 << 37
    SEND_MESSAGES_IN_THREADS = 1 << 38
    USE_EMBEDDED_ACTIVITIES = 1 << 39
    MODERATE_MEMBERS = 1 << 40
    VIEW_CREATOR_MONETIZATION_ANALYTICS = 1 << 41
    USE_SOUNDBOARD = 1 << 42
    CREATE_GUILD_EXPRESSIONS = 1 << 43
    CREATE_EVENTS = 1 << 44
    USE_EXTERNAL_SOUNDS = 1 << 45
    SEND_VOICE_MESSAGES = 1 << 46
    SET_VOICE_CHANNEL_STATUS = 1 << 48
    SEND_POLLS = 1 << 49
    USE_EXTERNAL_APPS = 1 << 50
    PIN_MESSAGES = 1 << 51
    BYPASS_SLOWMODE = 1 << 52


ALL: Final[int] = sum(int(bit) for bit in Permission)
"""Every documented bit: what an owner or an administrator has."""

GUILD_ONLY: Final[int] = int(
    Permission.KICK_MEMBERS
    | Permission.BAN_MEMBERS
    | Permission.ADMINISTRATOR
    | Permission.MANAGE_GUILD
    | Permission.VIEW_AUDIT_LOG
    | Permission.VIEW_GUILD_INSIGHTS
    | Permission.CHANGE_NICKNAME
    | Permission.MANAGE_NICKNAMES
    | Permission.MANAGE_GUILD_EXPRESSIONS
    | Permission.CREATE_GUILD_EXPRESSIONS
    | Permission.MODERATE_MEMBERS
    | Permission.VIEW_CREATOR_MONETIZATION_ANALYTICS
)
"""Bits without a channel type in the documentation's table: no channel can take them away."""

NEEDS_SEND: Final[int] = int(
    Permission.MENTION_EVERYONE
    | Permission.SEND_TTS_MESSAGES
    | Permission.ATTACH_FILES
    | Permission.EMBED_LINKS
)
"""Bits that mean nothing to one who may not send messages in the channel."""


class OverwriteType(IntEnum):
    """Whom an overwrite speaks of."""

    ROLE = 0
    MEMBER = 1


@dataclass(frozen=True, slots=True)
class Overwrite:
    """A channel's exception for one role or one member. The everyone role's id is the guild's."""

    id: int
    type: int
    allow: int = 0
    deny: int = 0


def base(
    owner_id: int, member_id: int, member_role_ids: Iterable[int], roles: Mapping[int, int], everyone_id: int
) -> int:
    """Give a member's permissions in the guild, before any channel has its say.

    `roles` maps a role id to its permissions; ids the guild does not know are passed over.
    """
    if member_id == owner_id:
        return ALL
    granted = roles.get(everyone_id, 0)
    for role_id in member_role_ids:
        granted |= roles.get(role_id, 0)
    return ALL if granted & Permission.ADMINISTRATOR else granted


def compute(
    owner_id: int,
    member_id: int,
    member_role_ids: Collection[int],
    roles: Mapping[int, int],
    everyone_id: int,
    overwrites: Iterable[Overwrite] | None,
) -> int:
    """Give a member's permissions in a channel, or in the guild where `overwrites` is None.

    The order is Discord's: everyone, the member's roles taken together, the member; at each step deny first.
    Without VIEW_CHANNEL nothing that belongs to a channel is left; without SEND_MESSAGES nothing that
    only a sender can use is left.
    """
    granted = base(owner_id, member_id, member_role_ids, roles, everyone_id)
    if overwrites is None or granted & Permission.ADMINISTRATOR:
        return granted
    role_ids = set(member_role_ids) - {everyone_id}
    everyone, by_role, by_member = [0, 0], [0, 0], [0, 0]
    for overwrite in overwrites:
        if overwrite.type == OverwriteType.MEMBER:
            step = by_member if overwrite.id == member_id else None
        elif overwrite.id == everyone_id:
            step = everyone
        else:
            step = by_role if overwrite.id in role_ids else None
        if step is not None:
            step[0] |= overwrite.allow
            step[1] |= overwrite.deny
    for allow, deny in (everyone, by_role, by_member):
        granted = granted & ~deny | allow
    return _implied(granted)


def _implied(granted: int) -> int:
    if not granted & Permission.VIEW_CHANNEL:
        return granted & GUILD_ONLY
    if not granted & Permission.SEND_MESSAGES:
        return granted & ~NEEDS_SEND
    return granted

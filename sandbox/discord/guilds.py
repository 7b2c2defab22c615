"""Guilds, as tests hold them. What changes something tells the bot's sessions through `World`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from sandbox.discord.channels import TEXT, Channel
from sandbox.discord.members import UPLOAD_LIMITS, Member, Role
from sandbox.discord.people import Person
from sandbox.discord.permissions import ALL, Overwrite, OverwriteType, Permission, compute

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sandbox.discord.server import Sandbox

EVERYONE: Final = int(
    Permission.CREATE_INSTANT_INVITE
    | Permission.ADD_REACTIONS
    | Permission.STREAM
    | Permission.VIEW_CHANNEL
    | Permission.SEND_MESSAGES
    | Permission.EMBED_LINKS
    | Permission.ATTACH_FILES
    | Permission.READ_MESSAGE_HISTORY
    | Permission.USE_EXTERNAL_EMOJIS
    | Permission.CONNECT
    | Permission.SPEAK
    | Permission.CHANGE_NICKNAME
    | Permission.USE_APPLICATION_COMMANDS
    | Permission.SEND_MESSAGES_IN_THREADS
)
"""What a new guild's everyone role may do."""

BOT: Final = EVERYONE | int(
    Permission.MANAGE_CHANNELS
    | Permission.MANAGE_ROLES
    | Permission.MANAGE_MESSAGES
    | Permission.PIN_MESSAGES
    | Permission.MENTION_EVERYONE
)
"""What the bot is given when a test does not say: enough for a set-up that creates channels and roles."""


@dataclass(slots=True, eq=False, repr=False)
class Guild:
    """A server. Made by `Sandbox.create_guild`."""

    id: int
    sandbox: Sandbox
    name: str
    owner_id: int
    joined_at: float
    boost_tier: int = 0
    locale: str = "en-US"
    role_by_id: dict[int, Role] = field(default_factory=dict[int, Role])
    channel_by_id: dict[int, Channel] = field(default_factory=dict[int, Channel])
    members: dict[int, Member] = field(default_factory=dict[int, Member])

    @property
    def roles(self) -> list[Role]:
        """All roles, lowest first; the first is everyone."""
        return sorted(self.role_by_id.values(), key=lambda role: (role.position, role.id))

    @property
    def channels(self) -> list[Channel]:
        """All channels, oldest first."""
        return list(self.channel_by_id.values())

    @property
    def everyone(self) -> Role:
        """The role all members have."""
        return self.role_by_id[self.id]

    @property
    def owner(self) -> Person:
        """Who owns the guild."""
        return Person(self.sandbox, self.members[self.owner_id].user, self)

    @property
    def bot_role(self) -> Role:
        """The role the bot brought along."""
        return next(role for role in self.role_by_id.values() if role.bot_id == self.sandbox.bot.id)

    @property
    def upload_limit(self) -> int:
        """The size in bytes a file may have here."""
        return UPLOAD_LIMITS[self.boost_tier]

    def channel(self, name: str) -> Channel:
        """Find a channel by its name. Raises LookupError."""
        for channel in self.channel_by_id.values():
            if channel.name == name:
                return channel
        raise LookupError(f"no channel {name!r} in {self.name!r}")

    def role(self, name: str) -> Role:
        """Find a role by its name. Raises LookupError."""
        for role in self.role_by_id.values():
            if role.name == name:
                return role
        raise LookupError(f"no role {name!r} in {self.name!r}")

    def permissions(self, user_id: int, channel: Channel | None = None) -> int:
        """Give a user's permissions here or in a channel; 0 for one who is no member."""
        member = self.members.get(user_id)
        if member is None:
            return 0
        if user_id == self.owner_id:
            return ALL
        return compute(
            self.owner_id,
            user_id,
            member.role_ids,
            {role.id: role.permissions for role in self.role_by_id.values()},
            self.id,
            None if channel is None else channel.overwrites.values(),
        )

    def create_role(self, name: str, permissions: int = 0, **fields: int | bool) -> Role:
        """Create a role right above everyone, as Discord does; the others move up."""
        return self.sandbox.world.create_role(self, name, int(permissions), **fields)

    def create_channel(
        self,
        name: str,
        overwrites: Iterable[Overwrite] = (),
        *,
        type: int = TEXT,
        topic: str | None = None,
        private_to: Sequence[Role | Person] | None = None,
    ) -> Channel:
        """Create a channel. `private_to` hides it from all but these roles and people and the bot."""
        found = list(overwrites)
        if private_to is not None:
            view = int(Permission.VIEW_CHANNEL)
            found.append(Overwrite(self.id, OverwriteType.ROLE, 0, view))
            found.append(Overwrite(self.sandbox.bot.id, OverwriteType.MEMBER, view, 0))
            for one in private_to:
                kind = OverwriteType.MEMBER if isinstance(one, Person) else OverwriteType.ROLE
                found.append(Overwrite(one.id, kind, view, 0))
        return self.sandbox.world.create_channel(self, name, type=type, topic=topic, overwrites=found)

    def join(
        self,
        who: str | Person,
        roles: Iterable[Role] = (),
        *,
        permissions: int | None = None,
        upload_limit: int | None = None,
    ) -> Person:
        """Let a new person, or one of another guild, join.

        `permissions` gives them a role of their own with these bits. `upload_limit` in bytes stands for a
        subscription; without it theirs is Discord's free 10 MiB or the guild's, whichever is greater.
        """
        world = self.sandbox.world
        user = who.user if isinstance(who, Person) else world.create_user(who)
        if upload_limit is not None:
            user.upload_limit = upload_limit
        given = list(roles)
        if permissions is not None:
            given.append(self.create_role(f"{user.name}'s role", int(permissions)))
        world.add_member(self, user, [role.id for role in given])
        return Person(self.sandbox, user, self)

    def person(self, user_id: int) -> Person:
        """Give the person with this user id. Raises KeyError for one who is no member."""
        return Person(self.sandbox, self.members[user_id].user, self)

    def kick(self, person: Person) -> None:
        """Remove a person."""
        self.sandbox.world.remove_member(self, person.id)

    def set_roles(self, person: Person, roles: Iterable[Role]) -> None:
        """Give a person exactly these roles."""
        self.sandbox.world.set_member_roles(self, person.id, [role.id for role in roles])

    def __repr__(self) -> str:
        return f"<Guild {self.name} {self.id}>"

"""Users, and what a guild makes of them: roles and members."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from sandbox.discord.guilds import Guild

UPLOAD_LIMITS: Final = (10 * 2**20, 10 * 2**20, 50 * 2**20, 100 * 2**20)
"""Bytes a file may have in a guild, by its boost tier."""


@dataclass(slots=True, eq=False, repr=False)
class User:
    """An account. `accepts_dms` False refuses the bot's direct messages with 50007."""

    id: int
    name: str
    display_name: str | None = None
    bot: bool = False
    accepts_dms: bool = True
    upload_limit: int = UPLOAD_LIMITS[0]
    locale: str = "en-US"

    @property
    def mention(self) -> str:
        """How text mentions this user."""
        return f"<@{self.id}>"

    def __repr__(self) -> str:
        return f"<User {self.name} {self.id}>"


@dataclass(slots=True, eq=False, repr=False)
class Role:
    """A role. `position` counts from the bottom, the everyone role has 0."""

    id: int
    guild: Guild
    name: str
    permissions: int
    position: int
    color: int = 0
    hoist: bool = False
    mentionable: bool = False
    bot_id: int | None = None

    @property
    def managed(self) -> bool:
        """Whether it belongs to a bot and can be neither given nor taken."""
        return self.bot_id is not None

    def __repr__(self) -> str:
        return f"<Role {self.name} {self.id}>"


@dataclass(slots=True, eq=False, repr=False)
class Member:
    """A user in a guild. `role_ids` leaves out the everyone role."""

    user: User
    guild: Guild
    joined_at: float
    role_ids: list[int] = field(default_factory=list[int])
    nick: str | None = None
    timed_out_until: float | None = None

    @property
    def top(self) -> int:
        """The position of the highest role."""
        return max((self.guild.role_by_id[role_id].position for role_id in self.role_ids), default=0)

    def __repr__(self) -> str:
        return f"<Member {self.user.name} of {self.guild.name}>"

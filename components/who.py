"""Who asks, and what they may do. Asked again at each use, never only when something is drawn."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Protocol, TypeAlias

import hikari

from bot.errors import UserError
from components.texts import say
from state.guild_settings import GuildSettings
from state.ladder import Ladder
from state.scripts import Actor

_RUNS_THE_SERVER: Final = hikari.Permissions.MANAGE_GUILD | hikari.Permissions.ADMINISTRATOR

Interaction: TypeAlias = (
    hikari.CommandInteraction
    | hikari.AutocompleteInteraction
    | hikari.ComponentInteraction
    | hikari.ModalInteraction
)


def is_reviewer(
    permissions: hikari.Permissions, role_ids: Iterable[hikari.Snowflakeish], settings: GuildSettings
) -> bool:
    """Whether a member may move the queue: has the guild's reviewer role, or may manage the server.

    `permissions` and `role_ids` are those Discord sends with the interaction itself.
    """
    if permissions & _RUNS_THE_SERVER:
        return True
    return bool(settings.reviewer_role) and settings.reviewer_role in {int(role) for role in role_ids}


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sent an interaction, where. `request` names it, so that a repetition of it moves nothing."""

    guild: int
    actor: Actor
    request: str
    locale: str
    permissions: hikari.Permissions
    roles: tuple[int, ...]

    @classmethod
    def of(cls, interaction: Interaction) -> Caller:
        """The caller of an interaction. Raises `UserError` outside a server."""
        member, guild = interaction.member, interaction.guild_id
        if member is None or guild is None:
            raise UserError(say("common.guild_only", str(interaction.locale)))
        return cls(
            guild=int(guild),
            actor=Actor(int(member.id), member.display_name),
            request=str(interaction.id),
            locale=str(interaction.locale),
            permissions=member.permissions,
            roles=tuple(int(role) for role in member.role_ids),
        )

    def reviews(self, settings: GuildSettings) -> bool:
        """Whether the caller is a reviewer of the guild."""
        return is_reviewer(self.permissions, self.roles, settings)

    def demand_reviewer(self, settings: GuildSettings) -> None:
        """Raises `UserError` unless the caller is a reviewer."""
        if not self.reviews(settings):
            raise UserError(say("common.reviewers_only", self.locale))

    @property
    def manages(self) -> bool:
        """Whether the caller may manage the server."""
        return bool(self.permissions & _RUNS_THE_SERVER)


class Rules(Protocol):
    """Where a guild's settings and tiers are read, such as `state.configure.Configuration`."""

    async def settings(self, guild: int, /) -> GuildSettings:
        """The settings of a guild."""
        ...

    async def ladder(self, guild: int, /) -> Ladder:
        """Its tiers."""
        ...


def manager(interaction: Interaction) -> Caller:
    """The caller. Raises `UserError` for anybody who may not manage the server.

    Who sees a command is the server's choice; who may use it is decided here.
    """
    caller = Caller.of(interaction)
    if not caller.manages:
        raise UserError(say("common.managers_only", caller.locale))
    return caller


async def reviewer(interaction: Interaction, rules: Rules) -> Caller:
    """The caller. Raises `UserError` for anybody but a reviewer."""
    caller = Caller.of(interaction)
    caller.demand_reviewer(await rules.settings(caller.guild))
    return caller


async def admit(interaction: Interaction, rules: Rules) -> tuple[Caller, Ladder]:
    """The caller and the guild's tiers. Raises `UserError` for anybody but a reviewer."""
    caller = await reviewer(interaction, rules)
    return caller, await rules.ladder(caller.guild)

"""One run of `/setup`: what the server has, and what was found missing so far."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

import hikari
import tanjun
from tanjun.permissions import calculate_permissions

from components.texts import say
from components.who import Caller
from state.configure import Configuration
from state.refusal import Reason, Refused


@dataclass
class Run:
    """One run: what the server has, what was found missing so far.

    `channels` are those in which displays may stand, `known` is the id of every channel of whatever kind.
    """

    caller: Caller
    rest: hikari.api.RESTClient
    configuration: Configuration
    guild: hikari.RESTGuild
    me: hikari.Member
    channels: dict[int, hikari.GuildTextChannel]
    known: frozenset[int]
    problems: list[str] = field(default_factory=list[str])

    @property
    def reason(self) -> str:
        """What the server's audit log says of it."""
        return self.say("setup.reason", name=self.caller.actor.name)

    def say(self, key: str, /, **values: object) -> str:
        """A sentence in the caller's language."""
        return say(key, self.caller.locale, **values)

    def held(self, channel: hikari.GuildTextChannel | None = None) -> hikari.Permissions:
        """What the bot is allowed, in a channel or in the whole server."""
        return calculate_permissions(self.me, self.guild, self.guild.roles, channel=channel)

    async def record(self, values: Mapping[str, str | None]) -> None:
        """Keeps settings, under a request id that a repetition of this very step has again."""
        request = f"{self.caller.request}:{','.join(values)}"
        try:
            await self.configuration.change(self.caller.guild, request, self.caller.actor, values)
        except Refused as refused:
            if refused.reason is not Reason.UNCHANGED:
                raise


async def look(caller: Caller, client: tanjun.abc.Client, configuration: Configuration) -> Run:
    """What the server has now, as Discord itself says.

    Raises `hikari.HTTPError` where it does not say.
    """
    rest = client.rest
    me = (client.cache and client.cache.get_me()) or await rest.fetch_my_user()
    guild, member, channels = await asyncio.gather(
        rest.fetch_guild(caller.guild),
        rest.fetch_member(caller.guild, me),
        rest.fetch_guild_channels(caller.guild),
    )
    texts = {int(each.id): each for each in channels if isinstance(each, hikari.GuildTextChannel)}
    known = frozenset(int(each.id) for each in channels)
    return Run(caller, rest, configuration, guild, member, texts, known)

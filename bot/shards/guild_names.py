"""Names of roles and channels in guilds that Discord told another process of, not us."""

from __future__ import annotations

import asyncio
from typing import Final, cast
from weakref import WeakKeyDictionary

import hikari

from bot.shards.shard import Shard

WAIT_SECONDS: Final = 1.5
"""How long an autocomplete waits for them; it has 3 s in all, and is asked again at each letter."""


class GuildNames:
    """Reads the names of a guild once somebody chooses among them, if its session was begun elsewhere.

    Discord tells of all guilds when a session begins, and of changes from then on. Reading all of them again
    after each restart would cost two calls a guild, for lists that are seldom looked at.
    """

    def __init__(self, bot: hikari.GatewayBot) -> None:
        self._rest = bot.rest
        self._cache = cast("hikari.api.MutableCache", bot.cache)
        self._read: WeakKeyDictionary[Shard, dict[int, asyncio.Task[bool]]] = WeakKeyDictionary()

    async def known(self, shard: hikari.api.GatewayShard, guild: int | None) -> None:
        """Returns once the names of the guild are in the cache, or could not be read in time."""
        if guild is None or not isinstance(shard, Shard) or not shard.inherited:
            return
        reading = self._read.setdefault(shard, {})
        task = reading.get(guild)
        if task is None or (task.done() and not task.result()):
            task = reading[guild] = asyncio.create_task(self._fill(guild), name="names of a guild")
        await asyncio.wait([task], timeout=WAIT_SECONDS)

    async def _fill(self, guild: int) -> bool:
        try:
            roles, channels = await asyncio.gather(
                self._rest.fetch_roles(guild), self._rest.fetch_guild_channels(guild)
            )
        except hikari.HikariError:
            return False
        id_ = hikari.Snowflake(guild)
        self._cache.clear_roles_for_guild(id_)
        self._cache.clear_guild_channels_for_guild(id_)
        for role in roles:
            self._cache.set_role(role)
        for channel in channels:
            if isinstance(channel, hikari.PermissibleGuildChannel):
                self._cache.set_guild_channel(channel)
        return True

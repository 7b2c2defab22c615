"""Discord's shards, which many processes share: each is run by one of them, and handed on without a gap."""

from bot.shards.guild_names import GuildNames
from bot.shards.keeping import Shards

__all__ = ["GuildNames", "Shards"]

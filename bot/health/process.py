"""What the checks and figures look at: the parts of one process, as far as it has come with its start."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import hikari

from bot.settings import Role
from bot.stores import Stores
from persistence.archive_writer import ArchiveWriter


@dataclass
class Process:
    """One process. `bot` is None in a worker, `writer` in a gateway.

    `commands_declared` is set once Discord has the commands, `begun` once the background work runs. `edits`
    counts what became of the displays' edits; it stays empty where no displays are kept. `waiting` names the
    shards that this process is ready to take over from another one.
    """

    role: Role
    stores: Stores
    bot: hikari.GatewayBot | None
    writer: ArchiveWriter | None
    commands_declared: asyncio.Event
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    edits: Mapping[str, int] = field(default_factory=dict[str, int])
    waiting: Callable[[], Sequence[str]] = tuple
    started: float = field(default_factory=time.monotonic)

    def shards(self) -> list[hikari.api.GatewayShard]:
        """The shards of this process, by id; none before the bot has begun to connect."""
        return [] if self.bot is None else sorted(self.bot.shards.values(), key=lambda shard: shard.id)

    def ready(self) -> dict[str, bool]:
        """What has to be true before this process does its work, and whether it is."""
        wanted: dict[str, bool] = {}
        if self.role is not Role.WORKER:
            shards = self.shards()
            wanted["shards"] = bool(shards) and all(shard.is_connected for shard in shards)
            wanted["commands"] = self.commands_declared.is_set()
        if self.role is not Role.GATEWAY:
            wanted["work"] = self.begun.is_set()
        return wanted

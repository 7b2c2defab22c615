"""Changes of a guild's settings, ladder and register of displays, each as one move."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import orjson
from redis.asyncio import Redis

from state import keys
from state.connection import fields_of
from state.feed import Change, Feed
from state.guild_settings import GuildSettings, check_setting
from state.ladder import Ladder
from state.scripts import Actor, Scripts


class Configuration:
    """What a guild chose. Changes are events like every move, so they reach all processes at once.

    Reads are kept in memory and forgotten when the feed tells of a change or had lost its connection.
    """

    def __init__(self, redis: Redis, scripts: Scripts, feed: Feed) -> None:
        self._redis = redis
        self._scripts = scripts
        self._kept: dict[int, tuple[GuildSettings, Ladder]] = {}
        self._forgotten = 0
        feed.listen(self._heard, self._resumed)

    def _heard(self, change: Change) -> None:
        if change.kind in ("settings", "ladder", "restored"):
            self._forget(change.guild)

    def _forget(self, guild: int) -> None:
        self._forgotten += 1
        self._kept.pop(guild, None)

    async def _resumed(self) -> None:
        self._forgotten += 1
        self._kept.clear()

    async def _read(self, guild: int) -> tuple[GuildSettings, Ladder]:
        kept = self._kept.get(guild)
        if kept is not None:
            return kept
        before = self._forgotten
        revision, settings, ladder = await self._fetch(guild)
        if revision is None:
            await self._scripts.open(guild)
            revision, settings, ladder = await self._fetch(guild)
        found = GuildSettings.from_hash(settings), Ladder.from_hash(ladder)
        # A change heard while the answer was on its way makes the answer old: give it, keep it not.
        if before == self._forgotten:
            self._kept[guild] = found
        return found

    async def _fetch(self, guild: int) -> tuple[str | None, dict[str, str], dict[str, str]]:
        async with self._redis.pipeline(transaction=False) as pipe:
            pipe.get(keys.revision(guild))
            pipe.hgetall(keys.settings(guild))
            pipe.hgetall(keys.ladder(guild))
            revision, settings, ladder = await pipe.execute()
        return revision, settings, ladder

    async def settings(self, guild: int) -> GuildSettings:
        """The guild's settings; defaults for a guild never seen."""
        return (await self._read(guild))[0]

    async def ladder(self, guild: int) -> Ladder:
        """The guild's ladder; `skips` for a guild never seen."""
        return (await self._read(guild))[1]

    async def change(
        self,
        guild: int,
        request: str,
        actor: Actor,
        values: Mapping[str, str | None],
        *,
        seen: Mapping[str, str | None] | None = None,
    ) -> None:
        """Sets fields of the settings (None: back to the default).

        With `seen`, refused as `changed` when a field no longer holds what the caller saw; refused as
        `unchanged` when every field holds the value already. Raises `ValueError` for a value its field
        cannot hold.
        """
        for field, value in values.items():
            check_setting(field, value)
        await self._configure("settings", guild, request, actor, values, seen=seen)

    async def set_ladder(self, guild: int, request: str, actor: Actor, ladder: Ladder) -> None:
        """Replaces the ladder; refused as `stranded` while songs wait in a tier the new one lacks."""
        await self._configure("ladder", guild, request, actor, ladder.to_hash(), replace=True)

    async def displays(self, guild: int) -> dict[str, tuple[int, int]]:
        """Registered displays: kind to (channel id, message id; 0 before it is first posted)."""
        fields = await fields_of(self._redis, keys.displays(guild))
        if not fields and await self._scripts.opened_just_now(guild):
            fields = await fields_of(self._redis, keys.displays(guild))
        places = {kind: orjson.loads(value) for kind, value in fields.items()}
        return {kind: (int(place["channel"]), int(place["message"])) for kind, place in places.items()}

    async def set_display(
        self, guild: int, request: str, actor: Actor, kind: str, place: tuple[int, int] | None
    ) -> None:
        """Registers where a display stands, or (None) that there is none."""
        value = None
        if place is not None:
            value = orjson.dumps({"channel": str(place[0]), "message": str(place[1])}).decode()
        await self._configure("displays", guild, request, actor, {kind: value})

    async def _configure(
        self,
        name: Literal["settings", "ladder", "displays"],
        guild: int,
        request: str,
        actor: Actor,
        values: Mapping[str, str | None],
        *,
        seen: Mapping[str, str | None] | None = None,
        replace: bool = False,
    ) -> None:
        arguments: dict[str, object] = {
            "hash": name,
            "values": {field: False if value is None else value for field, value in values.items()},
            "replace": replace or None,
        }
        if seen is not None:
            arguments["unless"] = {field: False if value is None else value for field, value in seen.items()}
        await self._scripts.move("configure", guild, request, actor, arguments)
        # Whoever changed something reads it back at once, before the feed has told of it.
        self._forget(guild)

"""Changes of a guild's settings, ladder and register of displays, each as one move."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, cast

import orjson
from redis.asyncio import Redis

from state import keys
from state.connection import fields_of
from state.feed import Change, Feed
from state.guild_settings import GuildSettings, check_setting
from state.ladder import SKIPS, Ladder
from state.scripts import Actor, Scripts

Values = Mapping[str, str | None]
"""Fields of a hash; None is absent."""

CONFIGURED: Final = ("settings", "ladder", "imported")
"""Kinds of events that change what a guild chose."""

_READ_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class Configured:
    """A change of the settings or the ladder, from its event.

    The values are (before, after) by field; `takes_back` is the revision of the change this one undid.
    `at` in ms since 1970.
    """

    revision: int
    kind: str
    at: int
    by: int
    by_name: str
    settings: Mapping[str, tuple[str | None, str | None]]
    ladder: Mapping[str, tuple[str | None, str | None]]
    takes_back: int | None

    @classmethod
    def of(
        cls, revision: int, kind: str, at: int, by: int, by_name: str, data: Mapping[str, Any]
    ) -> Configured:
        """The change that an event of one of the kinds of `CONFIGURED` tells of."""
        changes = _pairs(data.get("changes"))
        ladder = _from_default(changes if kind == "ladder" else _pairs(data.get("ladder")))
        return cls(
            revision=revision,
            kind=kind,
            at=at,
            by=by,
            by_name=by_name,
            settings={} if kind == "ladder" else changes,
            ladder=ladder,
            takes_back=int(data["of"]) if data.get("of") else None,
        )


def _pairs(changes: Sequence[Sequence[Any]] | None) -> dict[str, tuple[str | None, str | None]]:
    return {str(field): (before, after) for field, before, after in changes or ()}


def _from_default(
    changes: Mapping[str, tuple[str | None, str | None]],
) -> Mapping[str, tuple[str | None, str | None]]:
    """Changes of the ladder; where none was kept before, the default was what held."""
    if not changes or any(before is not None for before, _ in changes.values()):
        return changes
    default = SKIPS.to_hash()
    both = {
        label: (default.get(label), changes.get(label, (None, None))[1]) for label in {**default, **changes}
    }
    return {label: values for label, values in both.items() if values[0] != values[1]}


def last_standing(changes: Sequence[Configured]) -> Configured | None:
    """Of changes, newest first, the one that taking back concerns: neither undone nor itself an undoing."""
    undone: set[int] = set()
    for change in changes:
        if change.takes_back is not None:
            undone.add(change.takes_back)
        elif change.revision not in undone:
            return change
    return None


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
        if change.kind in (*CONFIGURED, "restored"):
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
        values: Values,
        *,
        seen: Values | None = None,
    ) -> None:
        """Sets fields of the settings (None: back to the default).

        With `seen`, refused as `changed` when a field no longer holds what the caller saw; refused as
        `unchanged` when every field holds the value already. Raises `ValueError` for a value its field
        cannot hold.
        """
        for field, value in values.items():
            check_setting(field, value)
        await self._configure("settings", guild, request, actor, settings=_part(values, seen))

    async def set_ladder(
        self, guild: int, request: str, actor: Actor, ladder: Ladder, *, seen: Values | None = None
    ) -> None:
        """Replaces the ladder; refused as `stranded` while songs wait in a tier the new one lacks.

        `seen`, its hash as the caller saw it, refuses as `changed` when it is no longer that.
        """
        part = _part(ladder.to_hash(), seen, replace=True)
        await self._configure("ladder", guild, request, actor, ladder=part)

    async def adopt(
        self,
        guild: int,
        request: str,
        actor: Actor,
        *,
        settings: Values,
        seen: Values,
        ladder: Ladder | None = None,
        seen_ladder: Values | None = None,
    ) -> None:
        """Sets settings and ladder as one move, refused as `change` and `set_ladder` are."""
        for field, value in settings.items():
            check_setting(field, value)
        rungs = None if ladder is None else _part(ladder.to_hash(), seen_ladder, replace=True)
        await self._configure("imported", guild, request, actor, settings=_part(settings, seen), ladder=rungs)

    async def take_back(self, guild: int, request: str, actor: Actor, change: Configured) -> None:
        """Puts back what a change had replaced; refused as `changed` when it was built upon since."""
        settings = ladder = None
        if change.settings:
            before = {field: values[0] for field, values in change.settings.items()}
            after = {field: values[1] for field, values in change.settings.items()}
            settings = _part(before, after)
        if change.ladder:
            kept = await fields_of(self._redis, keys.ladder(guild))
            now = dict(kept)
            for field, (before, _) in change.ladder.items():
                now.pop(field, None)
                if before is not None:
                    now[field] = before
            after = {**kept, **{field: values[1] for field, values in change.ladder.items()}}
            # Before the first choice there was no hash, which stands for the default.
            ladder = _part(Ladder.from_hash(now).to_hash(), after, replace=True)
        await self._configure(
            cast("Literal['settings', 'ladder', 'imported']", change.kind),
            guild,
            request,
            actor,
            settings=settings,
            ladder=ladder,
            of=str(change.revision),
        )

    async def changes(self, guild: int) -> tuple[list[Configured], bool]:
        """Changes of settings and ladder that Redis still has, newest first, and whether it has them all.

        What it lacks is in the archive.
        """
        found: list[Configured] = []
        top = "+"
        while True:
            answer = await self._redis.xrevrange(keys.events(guild), max=top, count=_READ_AT_ONCE)
            entries = cast("list[tuple[str, dict[str, str]]]", answer)
            for name, entry in entries:
                if entry["kind"] in CONFIGURED:
                    revision = int(name.partition("-")[0])
                    data = orjson.loads(entry["data"])
                    who = int(entry["by"]), entry["by_name"]
                    found.append(Configured.of(revision, entry["kind"], int(entry["at"]), *who, data))
            if len(entries) < _READ_AT_ONCE:
                return found, bool(entries) and int(entries[-1][0].partition("-")[0]) <= 1
            top = f"({entries[-1][0]}"

    async def raw_settings(self, guild: int) -> tuple[dict[str, str], dict[str, str]]:
        """The fields of the `settings` and `ladder` hashes as they are kept."""
        _, settings, ladder = await self._fetch(guild)
        return settings, ladder

    async def displays(self, guild: int) -> dict[str, tuple[int, int]]:
        """Registered displays: kind to (channel id, message id; 0 before it is first posted)."""
        fields = await fields_of(self._redis, keys.displays(guild))
        if not fields and await self._scripts.opened_just_now(guild):
            fields = await fields_of(self._redis, keys.displays(guild))
        places = {kind: orjson.loads(value) for kind, value in fields.items()}
        return {kind: (int(place["channel"]), int(place["message"])) for kind, place in places.items()}

    async def set_display(
        self,
        guild: int,
        request: str,
        actor: Actor,
        kind: str,
        place: tuple[int, int] | None,
        *,
        seen: tuple[int, int] | None = None,
    ) -> None:
        """Registers where a display stands, or (None) that there is none.

        With `seen` it must still stand there; else it is refused as `changed`.
        """
        expected = {kind: _place(seen)} if seen is not None else None
        await self._configure(
            "displays", guild, request, actor, displays=_part({kind: _place(place)}, expected)
        )

    async def _configure(
        self,
        kind: Literal["settings", "ladder", "displays", "imported"],
        guild: int,
        request: str,
        actor: Actor,
        **parts: object,
    ) -> None:
        await self._scripts.move("configure", guild, request, actor, {"kind": kind, **parts})
        # Whoever changed something reads it back at once, before the feed has told of it.
        self._forget(guild)


def _place(place: tuple[int, int] | None) -> str | None:
    if place is None:
        return None
    return orjson.dumps({"channel": str(place[0]), "message": str(place[1])}).decode()


def _part(values: Values, seen: Values | None, *, replace: bool = False) -> dict[str, object]:
    part: dict[str, object] = {"values": _nullable(values)}
    if seen is not None:
        part["unless"] = _nullable(seen)
    if replace:
        part["replace"] = True
    return part


def _nullable(values: Values) -> dict[str, object]:
    return {field: False if value is None else value for field, value in values.items()}

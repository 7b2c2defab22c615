"""Points of Discord accounts and TikTok handles, and the links between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, cast

import orjson
from redis.asyncio import Redis

from state import keys
from state.connection import members_of
from state.score import SPAN
from state.scripts import Actor, Scripts


@dataclass(frozen=True, slots=True)
class PointsChange:
    """Points to add to (or, negative, take from) a Discord account or a TikTok user id."""

    kind: Literal["user", "handle"]
    id: int
    delta: int


@dataclass(frozen=True, slots=True)
class Reset:
    """Points that were taken: from how many accounts and handles, how many; `revision` is Undo's handle."""

    revision: int
    rows: int
    total: int


@dataclass(frozen=True, slots=True)
class Held:
    """What counts for an account's Free songs: its `own` points and those of its handles (ids to points)."""

    own: int
    handles: dict[int, int]

    @property
    def total(self) -> int:
        """All of them, each counted once."""
        return self.own + sum(self.handles.values())


@dataclass(frozen=True, slots=True)
class Ranked:
    """A row of the leaderboard. `id` is a Discord account, or, with `handle`, a TikTok id nobody owns.

    `name` is what such a handle goes by, without the @; empty when that is not known.
    """

    place: int
    id: int
    points: int
    handle: bool = False
    name: str = ""


@dataclass(frozen=True, slots=True)
class Leaderboard:
    """A page of it; `count` rows there are in all, `own` is where the asker stands."""

    rows: tuple[Ranked, ...]
    count: int
    own: Ranked | None


class Points:
    """Points decide the order of Free songs: every change re-scores what it moves, in the same script."""

    def __init__(self, redis: Redis, scripts: Scripts) -> None:
        self._redis = redis
        self._scripts = scripts

    async def add(
        self,
        guild: int,
        request: str,
        actor: Actor,
        changes: Sequence[PointsChange],
        *,
        reason: str | None = None,
    ) -> dict[int, int]:
        """Applies all changes as one move; gives the new totals by id, held within 0 to 10^14 - 1.

        Raises `ValueError` for a change beyond 10^14 - 1 either way, which no total could take.
        """
        if any(abs(change.delta) >= SPAN for change in changes):
            raise ValueError("points change by less than 10^14 at a time")
        rows = [[change.kind, str(change.id), change.delta] for change in changes]
        answer = await self._scripts.move("points", guild, request, actor, {"rows": rows, "reason": reason})
        return {int(id_): int(total) for id_, total in answer["totals"]}

    async def reset(
        self,
        guild: int,
        request: str,
        actor: Actor,
        *,
        user: int | None = None,
        handles_of: int | None = None,
        handle: int | None = None,
    ) -> Reset:
        """Takes an account's own points, those of all its handles, of one handle, or everybody's.

        Name one of them, or none for everybody. Undo gives them back. Raises `Refused` (`empty`) when there
        are none.
        """
        chosen = {"user": user, "handles_of": handles_of, "handle": handle}
        arguments = {name: None if id_ is None else str(id_) for name, id_ in chosen.items()}
        answer = await self._scripts.move("reset", guild, request, actor, arguments)
        return Reset(answer["revision"], answer["rows"], int(answer["total"]))

    async def all(self, guild: int) -> tuple[int, int]:
        """How many accounts and handles have points, and how many points there are in all."""
        rows: list[tuple[str, float]] = []
        for key in (keys.points_user(guild), keys.points_handle(guild)):
            rows += cast("list[tuple[str, float]]", await self._redis.zrange(key, 0, -1, withscores=True))
        return len(rows), sum(int(score) for _, score in rows)

    async def leaderboard(self, guild: int, user: int, *, offset: int = 0, count: int = 10) -> Leaderboard:
        """Who has most, from place `offset` (from 0), and where `user` stands."""
        arguments = {"offset": offset, "count": count, "user": str(user)}
        found = orjson.loads(await self._scripts.read("leaderboard", guild, arguments))
        if not found["opened"]:
            await self._scripts.open(guild)
            found = orjson.loads(await self._scripts.read("leaderboard", guild, arguments))
        rows = [
            Ranked(place, int(row["id"]), int(row["points"]), row["handle"], row.get("name") or "")
            for place, row in enumerate(found["rows"] or (), offset + 1)
        ]
        own = found.get("own")
        return Leaderboard(
            tuple(rows), found["count"], Ranked(own["place"], user, int(own["points"])) if own else None
        )

    async def link(
        self,
        guild: int,
        request: str,
        actor: Actor,
        handle: int,
        user: int,
        *,
        name: str,
        force: bool = False,
    ) -> None:
        """Gives a TikTok user id to an account. Raises `Refused` (`taken`) when another owns it."""
        arguments = {"handle": str(handle), "user": str(user), "name": name, "force": force or None}
        await self._scripts.move("link", guild, request, actor, arguments)

    async def unlink(
        self, guild: int, request: str, actor: Actor, handle: int, *, owner: int | None = None
    ) -> None:
        """Takes a TikTok user id from its owner; its points stay with it.

        With `owner`, raises `Refused` (`unknown_handle`) when it is not, or no more, that account's.
        """
        arguments = {"handle": str(handle), "owner": None if owner is None else str(owner)}
        await self._scripts.move("link", guild, request, actor, arguments)

    async def of_handle(self, guild: int, handle: int) -> int:
        """The points of a TikTok user id."""
        return int(await self._redis.zscore(keys.points_handle(guild), str(handle)) or 0)

    async def of_user(self, guild: int, user: int) -> int:
        """What counts for the Free songs of an account: its own points and those of its handles."""
        return (await self.held_by(guild, user)).total

    async def held_by(self, guild: int, user: int) -> Held:
        """The same, each apart; handles in the order in which they were linked."""
        found = await self._rows_of(guild, user)
        if not found.total and await self._scripts.opened_just_now(guild):
            found = await self._rows_of(guild, user)
        return found

    async def _rows_of(self, guild: int, user: int) -> Held:
        handles = await members_of(self._redis, keys.handles(guild, user))
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.zscore(keys.points_user(guild), str(user))
            for handle in handles:
                pipe.zscore(keys.points_handle(guild), handle)
            own, *rest = cast("list[float | None]", await pipe.execute())
        return Held(
            int(own or 0), {int(handle): int(held or 0) for handle, held in zip(handles, rest, strict=True)}
        )

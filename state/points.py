"""Points of Discord accounts and TikTok handles, and the links between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, cast

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

    async def reset(self, guild: int, request: str, actor: Actor, user: int | None = None) -> Reset:
        """Takes all points of an account and its handles, or of everybody, which Undo gives back.

        Raises `Refused` (`empty`) when there are none.
        """
        arguments = {"user": None if user is None else str(user)}
        answer = await self._scripts.move("reset", guild, request, actor, arguments)
        return Reset(answer["revision"], answer["rows"], int(answer["total"]))

    async def all(self, guild: int) -> tuple[int, int]:
        """How many accounts and handles have points, and how many points there are in all."""
        rows: list[tuple[str, float]] = []
        for key in (keys.points_user(guild), keys.points_handle(guild)):
            rows += cast("list[tuple[str, float]]", await self._redis.zrange(key, 0, -1, withscores=True))
        return len(rows), sum(int(score) for _, score in rows)

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

    async def unlink(self, guild: int, request: str, actor: Actor, handle: int) -> None:
        """Takes a TikTok user id from its owner; its points stay with it."""
        await self._scripts.move("link", guild, request, actor, {"handle": str(handle)})

    async def of_user(self, guild: int, user: int) -> int:
        """What counts for the Free songs of an account: its own points and those of its handles."""
        found = await self._rows_of(guild, user)
        if not any(found) and await self._scripts.opened_just_now(guild):
            found = await self._rows_of(guild, user)
        return sum(int(value) for value in found if value is not None)

    async def _rows_of(self, guild: int, user: int) -> list[float | None]:
        handles = await members_of(self._redis, keys.key(guild, f"handles:{user}"))
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.zscore(keys.points_user(guild), str(user))
            for handle in handles:
                pipe.zscore(keys.points_handle(guild), handle)
            rows: list[float | None] = await pipe.execute()
        return rows

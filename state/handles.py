"""TikTok handles: who was seen under which name, and how a handle comes to belong to an account."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, cast

import orjson
from redis.asyncio import Redis

from state import keys
from state.connection import fields_of
from state.points import Points
from state.refusal import Reason, Refused
from state.scripts import Actor, Scripts

_NAME: Final = re.compile(r"[a-z0-9._]{2,24}")
"""A TikTok name: 2 to 24 letters, digits, dots, underscores (TikTok's help, Changing your username)."""
_ALPHABET: Final = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # without what looks like another: 0 O 1 I L
_CODE: Final = 5  # 28 million; who guesses has five tries in a quarter of an hour
_SCAN: Final = 2000
_SCANS: Final = 20
_OFFERED: Final = 25


def name_of(text: str) -> str | None:
    """The name somebody typed, in lower case without its @, also out of a link; None when it is none.

    What a shortened link leads to only TikTok knows: there is no name in it.
    """
    typed = text.strip().lower()
    if "/" in typed:
        typed = re.split(r"[/?#]", typed.partition("tiktok.com/@")[2])[0]
    typed = typed.removeprefix("@")
    return typed if _NAME.fullmatch(typed) and not typed.endswith(".") else None


@dataclass(frozen=True, slots=True)
class Handle:
    """A TikTok user id and the name it goes by here, without the @; empty when it was never seen.

    `points` are its own. `owned` says whether an account owns it.
    """

    id: int
    name: str
    points: int = 0
    owned: bool = False

    @property
    def shown(self) -> str:
        """`@name`, or the id where no name is known."""
        return f"@{self.name}" if self.name else str(self.id)


@dataclass(frozen=True, slots=True)
class Proof:
    """A code to be typed in the chat within `seconds`."""

    code: str
    seconds: int


class Outcome(StrEnum):
    """What came of a code that was typed in a chat."""

    LINKED = "linked"
    UNKNOWN = "unknown"
    OTHER_NAME = "other_name"
    TAKEN = "taken"
    TOO_MANY = "too_many"
    MASKED = "masked"


@dataclass(frozen=True, slots=True)
class Proved:
    """The outcome, and who asked for the code; 0 where the code is nobody's or the try was not looked at."""

    outcome: Outcome
    user: int = 0


@dataclass(frozen=True, slots=True)
class Claimed:
    """A handle that was linked, or a name (`handle` None) that will be when its viewer appears."""

    name: str
    handle: int | None


class Handles:
    """The handles of every guild. Identity is TikTok's user id; a name is only how people find it."""

    def __init__(self, redis: Redis, scripts: Scripts, points: Points) -> None:
        self._redis: Any = redis
        self._scripts = scripts
        self._points = points

    async def of_user(self, guild: int, user: int) -> list[Handle]:
        """The handles an account owns, the first linked first, with their points."""
        ids = await self._ids_of(guild, user)
        if not ids and await self._scripts.opened_just_now(guild):
            ids = await self._ids_of(guild, user)
        return await self._described(guild, ids)

    async def _ids_of(self, guild: int, user: int) -> list[str]:
        return cast("list[str]", await self._redis.zrange(keys.handles(guild, user), 0, -1))

    async def awaited_by(self, guild: int, user: int) -> list[str]:
        """Names that will be this account's when their viewers appear."""
        fields = await fields_of(self._redis, keys.awaited(guild))
        return sorted(name for name, who in fields.items() if who == str(user))

    async def find(self, guild: int, name: str) -> Handle | None:
        """The handle that goes by that name now, in lower case; None when nobody does."""
        id_ = await self._redis.hget(keys.names(guild), name)
        if id_ is None and await self._scripts.opened_just_now(guild):
            id_ = await self._redis.hget(keys.names(guild), name)
        if id_ is None:
            return None
        (handle,) = await self._described(guild, [str(id_)])
        return handle if handle.name.lower() == name else None

    async def offered(self, guild: int, typed: str, *, free: bool = False) -> list[Handle]:
        """Handles whose name contains what was typed, those that begin with it first; at most 25.

        `free` leaves out those that somebody owns. Looks at some 40,000 names at most.
        """
        wanted = re.sub(r"[^a-z0-9._]", "", typed.lower())
        found: dict[str, Handle] = {}
        cursor = 0
        for _ in range(_SCANS):
            cursor, some = await self._redis.hscan(
                keys.names(guild), cursor, match=f"*{wanted}*" if wanted else None, count=_SCAN
            )
            for handle in await self._described(guild, list(dict.fromkeys(some.values()))):
                if wanted in handle.name.lower() and handle.name and not (free and handle.owned):
                    found[handle.name.lower()] = handle
            if not cursor or sum(name.startswith(wanted) for name in found) >= _OFFERED:
                break
        ordered = sorted(found.items(), key=lambda each: (not each[0].startswith(wanted), each[0]))
        return [handle for _, handle in ordered[:_OFFERED]]

    async def _described(self, guild: int, ids: Sequence[str]) -> list[Handle]:
        if not ids:
            return []
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.hmget(keys.viewers(guild), ids)
            pipe.hmget(keys.links(guild), ids)
            for each in ids:
                pipe.zscore(keys.points_handle(guild), each)
            names, owners, *points = await pipe.execute()
        return [
            Handle(int(id_), name or "", int(held or 0), owner is not None)
            for id_, name, owner, held in zip(ids, names, owners, points, strict=True)
        ]

    async def start(self, guild: int, request: str, actor: Actor, name: str | None) -> Proof:
        """Begins a proof; a newer one replaces it. `name`, in lower case, is who must type the code.

        Raises `Refused`: `taken` and `same_owner` for a handle somebody, or the actor, owns; `limit` with
        `seconds` to wait after five codes within a quarter of an hour.
        """
        if name is not None:
            await self._demand_free(guild, actor.id, name)
        while True:
            code = "".join(secrets.choice(_ALPHABET) for _ in range(_CODE))
            answer = await self._proof(
                guild,
                verb="start",
                user=str(actor.id),
                user_name=actor.name,
                code=code,
                request=request,
                **({} if name is None else {"name": name}),
            )
            if "wait" in answer:
                raise Refused(Reason.LIMIT, {"seconds": answer["wait"]})
            if "code" in answer:
                return Proof(answer["code"], int(answer["seconds"]))

    async def _demand_free(self, guild: int, user: int, name: str) -> None:
        seen = await self.find(guild, name)
        owner = await self._redis.hget(keys.links(guild), str(seen.id)) if seen else None
        if owner is not None:
            raise Refused(Reason.SAME_OWNER if owner == str(user) else Reason.TAKEN, {})

    async def prove(
        self, guild: int, request: str, code: str, viewer: int, name: str, *, masked: bool = False
    ) -> Proved:
        """Links the viewer who typed a code to the account that asked for it.

        `request` names the chat message: the same again changes nothing. A handle that somebody else owns
        stays theirs.
        """
        if masked or not viewer:
            return Proved(Outcome.MASKED)
        code = code.strip().upper()
        answer = await self._proof(guild, verb="look", code=code, viewer=str(viewer), name=name.lower())
        outcome = Outcome(answer["outcome"])
        if outcome is not Outcome.LINKED:
            return Proved(outcome)
        user = int(answer["user"])
        try:
            await self._points.link(
                guild, request, Actor(user, answer["user_name"]), viewer, user, name=f"@{name}"
            )
        except Refused as refused:
            # Linked already: by an earlier code of theirs, or by this one before an answer got lost.
            if refused.reason is not Reason.SAME_OWNER:
                outcome = Outcome.TAKEN
        await self._proof(guild, verb="done", user=str(user), code=code)
        return Proved(outcome, user)

    async def claim(
        self, guild: int, request: str, actor: Actor, user: int, name: str, *, force: bool = False
    ) -> Claimed:
        """Gives the handle of that name (in lower case) to an account without a proof.

        A name nobody was seen under is awaited. `force` takes it from whoever has it; otherwise that raises
        `Refused` (`taken`), and awaiting too many names `limit`. `same_owner`: the account has it already.
        """
        while True:
            seen = await self.find(guild, name)
            if seen is not None:
                await self._points.link(guild, request, actor, seen.id, user, name=seen.shown, force=force)
                return Claimed(seen.name, seen.id)
            arguments = {"name": name, "user": str(user), "force": force or None}
            try:
                await self._scripts.move("await_name", guild, request, actor, arguments)
            except Refused as refused:
                if refused.reason is Reason.SEEN:
                    continue
                raise
            return Claimed(name, None)

    async def unlink(self, guild: int, request: str, actor: Actor, user: int, name: str) -> None:
        """Takes a handle, or a name that is awaited, from an account; the points stay with the handle.

        `name` is in lower case, or a handle's id as text. Raises `Refused` (`unknown_handle`) when the
        account has no such handle.
        """
        for handle in await self.of_user(guild, user):
            if name in (handle.name.lower(), str(handle.id)):
                await self._points.unlink(guild, request, actor, handle.id, owner=user)
                return
        await self._scripts.move("await_name", guild, request, actor, {"name": name, "owner": str(user)})

    async def _proof(self, guild: int, **arguments: object) -> dict[str, Any]:
        return orjson.loads(await self._scripts.read("proof", guild, arguments))

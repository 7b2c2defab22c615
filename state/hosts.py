"""TikTok hosts a guild listens to: which it wants, since when, and what became of each connection."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, cast

import orjson
from redis.asyncio import Redis

from state import host_keys, keys
from state.connection import fields_of
from state.refusal import Fenced
from state.scripts import Actor, Scripts

_GUILDS_AT_ONCE: Final = 200


@dataclass(frozen=True, slots=True)
class Outage:
    """A connection that ended against the guild's wish: since when (ms) and why, as a word of `Status`.

    `told`: somebody was told of it.
    """

    since: int
    why: str
    told: bool = False


@dataclass(frozen=True, slots=True)
class Host:
    """A TikTok host as the guild wants it: `wanted` until disconnected; `by` and `at` (ms) say who and when.

    `id` is TikTok's numeric user id, 0 until the host was first found. `over` is an outage (since, until)
    whose end nobody was told of yet.
    """

    handle: str
    wanted: bool
    by: int
    by_name: str
    at: int
    id: int = 0
    outage: Outage | None = None
    over: tuple[int, int] | None = None

    @classmethod
    def from_json(cls, handle: str, text: str) -> Host:
        """From a field of the `hosts` hash."""
        kept: dict[str, Any] = orjson.loads(text)
        lost, over = kept.get("outage"), kept.get("over")
        return cls(
            handle,
            bool(kept["wanted"]),
            int(kept["by"]),
            str(kept["by_name"]),
            int(kept["at"]),
            int(kept.get("id") or 0),
            Outage(int(lost["since"]), str(lost["why"]), bool(lost.get("told"))) if lost else None,
            (int(over["since"]), int(over["at"])) if over else None,
        )


@dataclass(frozen=True, slots=True)
class Status:
    """How a host's connection stands, as its process last wrote. Times in ms since 1970, 0 for none.

    `state` is a word of the connection: waiting, connecting, live, reconnecting, limited, sign_down, blocked,
    unknown, restricted, stopped. `per_minute` counts the events of the last minute.
    """

    state: str
    since: int
    reason: str = ""
    next_try: int = 0
    room: int = 0
    session: int = 0
    last_event: int = 0
    per_minute: int = 0
    failures: int = 0
    process: str = ""

    def to_hash(self) -> dict[str, str]:
        """The fields of `host:<handle>`."""
        return {name: str(getattr(self, name)) for name in self.__slots__}

    @classmethod
    def from_hash(cls, fields: Mapping[str, str]) -> Status | None:
        """None when no process looks after the host."""
        if "state" not in fields:
            return None
        numbers = ("since", "next_try", "room", "session", "last_event", "per_minute", "failures")
        return cls(
            fields["state"],
            reason=fields.get("reason", ""),
            process=fields.get("process", ""),
            **{name: int(fields.get(name, "0")) for name in numbers},
        )


class Hosts:
    """The hosts of every guild."""

    def __init__(self, redis: Redis, scripts: Scripts) -> None:
        self._redis = redis
        self._scripts = scripts

    async def all(self, guild: int) -> list[Host]:
        """Those that are wanted and those that were, newest change first."""
        fields = await fields_of(self._redis, host_keys.hosts(guild))
        if not fields and await self._scripts.opened_just_now(guild):
            fields = await fields_of(self._redis, host_keys.hosts(guild))
        hosts = [Host.from_json(handle, text) for handle, text in fields.items()]
        return sorted(hosts, key=lambda host: (not host.wanted, -host.at))

    async def connect(self, guild: int, request: str, actor: Actor, handle: str) -> None:
        """Wants a host from now on.

        Raises `Refused`: `unchanged` when it is wanted already, `limit` when the guild wants too many.
        """
        await self._move("connect", guild, request, actor, handle)

    async def disconnect(self, guild: int, request: str, actor: Actor, handle: str) -> None:
        """Wants it no more: this end is meant and alerts nobody. Raises `Refused` (`unchanged`)."""
        await self._move("disconnect", guild, request, actor, handle)

    async def broke(
        self, guild: int, request: str, actor: Actor, handle: str, why: str, since: int, left: float
    ) -> None:
        """Notes that a connection broke, which is to count as lost in `left` seconds. Raises `Refused`.

        Its timer is `outage:<handle>`; whoever does that says `lost` without `since`.
        """
        facts = {"why": why, "since": since, "left": max(0, round(left * 1000))}
        await self._move("broke", guild, request, actor, handle, **facts)

    async def lost(
        self, guild: int, request: str, actor: Actor, handle: str, why: str | None, since: int | None = None
    ) -> None:
        """Notes that a connection ended against the guild's wish; once an outage. Raises `Refused`.

        Without `since` it is the one that broke; without `why` for the reason it had then.
        """
        await self._move("lost", guild, request, actor, handle, why=why, since=since)

    async def back(self, guild: int, request: str, actor: Actor, handle: str) -> None:
        """Notes that it is connected. Raises `Refused` (`unchanged`) where it was neither lost nor broken."""
        await self._move("back", guild, request, actor, handle)

    async def told(self, guild: int, request: str, actor: Actor, handle: str, since: int) -> None:
        """Notes that people were told of an outage, or of its end. Raises `Refused` (`unchanged`)."""
        await self._move("told", guild, request, actor, handle, since=since)

    async def known(self, guild: int, request: str, actor: Actor, handle: str, id_: int) -> None:
        """Notes a host's TikTok user id. Raises `Refused` (`unchanged`)."""
        await self._move("known", guild, request, actor, handle, id=str(id_))

    async def status(self, guild: int, handle: str) -> Status | None:
        """How its connection stands; None when no process looks after it."""
        return Status.from_hash(await fields_of(self._redis, host_keys.host(guild, handle)))

    async def show_status(self, guild: int, handle: str, status: Status) -> None:
        """Writes how its connection stands; to be written again within 20 s. Raises `Fenced`."""
        await self._show(guild, handle, values=[text for pair in status.to_hash().items() for text in pair])

    async def take_over(self, guild: int, handle: str) -> None:
        """Has everything refused that an earlier holder of the connection writes. Raises `Fenced`."""
        await self._show(guild, handle)

    async def _show(self, guild: int, handle: str, **more: object) -> None:
        arguments = {"handle": handle, "seconds": host_keys.STATUS_SECONDS, **more}
        if not await self._scripts.read("host_status", guild, arguments):
            raise Fenced(f"the connection to @{handle} in guild {guild}")

    async def _move(
        self,
        verb: Literal["connect", "disconnect", "broke", "lost", "told", "back", "known"],
        guild: int,
        request: str,
        actor: Actor,
        handle: str,
        **facts: object,
    ) -> None:
        await self._scripts.move("host", guild, request, actor, {"verb": verb, "handle": handle, **facts})


async def any_wanted(redis: Redis) -> bool:
    """Whether any guild wants a host."""
    return bool(await wanted(redis))


async def wanted(redis: Redis) -> dict[str, list[int]]:
    """Every host that is wanted, with the guilds that want it."""
    guilds = sorted(int(guild) for guild in cast("set[str]", await redis.smembers(keys.GUILDS)))
    found: dict[str, list[int]] = {}
    for start in range(0, len(guilds), _GUILDS_AT_ONCE):
        page = guilds[start : start + _GUILDS_AT_ONCE]
        async with redis.pipeline(transaction=False) as pipe:
            for guild in page:
                pipe.hgetall(host_keys.hosts(guild))
            answers = cast("list[dict[str, str]]", await pipe.execute())
        for guild, fields in zip(page, answers, strict=True):
            for handle, text in fields.items():
                if Host.from_json(handle, text).wanted:
                    found.setdefault(handle, []).append(guild)
    return found

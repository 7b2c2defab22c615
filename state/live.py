"""What comes of a live: points, coins, songs that gifts lift, and the books of its sessions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from redis.asyncio import Redis

from state import keys, live_keys
from state.connection import fields_of, members_of
from state.live_events import LiveEvent
from state.live_session import CurveMinute, LiveSession, ViewerRow
from state.refusal import Reason, Refused
from state.scripts import Actor, Scripts
from state.song import SongFacts

BATCH: Final = 500
"""Events one move books at most; a hundred keep the server busy for a few milliseconds."""

_BOT: Final = Actor(0, "Skipline")


@dataclass(frozen=True, slots=True)
class Promotion:
    """A song that gifts lifted. `coins` is what it cost, `handle` and `name` who gave last: 0 for nobody."""

    song: SongFacts
    from_tier: int
    to_tier: int
    coins: int
    handle: int
    name: str

    @classmethod
    def from_answer(cls, facts: Mapping[str, Any]) -> Promotion:
        """From a row of `promotions` in a script's answer or an event."""
        handle, name = facts.get("by") or ("0", "")
        song = SongFacts.from_answer(facts["song"])
        return cls(song, facts["from"], facts["to"], int(facts["coins"]), int(handle), name)


@dataclass(frozen=True, slots=True)
class Ingested:
    """What a batch came to: events that were new, those that could not be true, and what they were worth.

    `revision` is None when nothing was new. `linked` are handles that got the owner who awaited them, as
    (TikTok id, name, Discord id).
    """

    revision: int | None
    new: int
    skipped: int
    coins: int = 0
    points: int = 0
    promotions: tuple[Promotion, ...] = ()
    linked: tuple[tuple[int, str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Began:
    """A connected session. `resumed`: it was on before; `ended`: an older one of the host that ended here."""

    session: int
    resumed: bool
    ended: int | None


class Live:
    """The lives of every guild. All times are ms since 1970.

    Whoever tells them by its own clock gives as `now` what that says: where it is wrong they are put right.
    """

    def __init__(self, redis: Redis, scripts: Scripts) -> None:
        self._redis = redis
        self._scripts = scripts

    async def ingest(
        self, guild: int, session: int, events: Sequence[LiveEvent], *, skipped: int = 0
    ) -> Ingested:
        """Books a batch of at most `BATCH` events, in order; the same events again change nothing.

        `skipped` counts messages that could not be read, which the session tells. Raises `Refused`
        (`no_session`) for one that ended or never was, `ValueError` for too many events.
        """
        if len(events) > BATCH:
            raise ValueError(f"at most {BATCH} events at once")
        rows = [event.to_row() for event in events if event.is_possible]
        impossible = len(events) - len(rows)
        arguments = {"session": str(session), "events": rows, "skipped": skipped + impossible}
        try:
            answer = await self._scripts.move("ingest", guild, "", _BOT, arguments)
        except Refused as refused:
            if refused.reason is not Reason.EMPTY:
                raise
            return Ingested(None, 0, impossible)
        return Ingested(
            revision=answer["revision"],
            new=answer["new"],
            skipped=impossible,
            coins=int(answer["coins"]),
            points=int(answer["points"]),
            promotions=promotions_of(answer),
            linked=tuple((int(h), name, int(user)) for h, name, user in answer.get("linked") or ()),
        )

    async def begin(
        self, guild: int, host: str, host_id: int, room: int, at: int, *, now: int | None = None
    ) -> Began:
        """Opens a host's session, or goes on with one that was left within the guild's `live_grace`.

        Whatever lay between is a gap. Begun again at the same moment it is the same answer.
        """
        arguments = {"verb": "begin", "host": host, "host_id": str(host_id), "room": str(room), "at": at}
        request = f"begin:{host}:{at}"
        answer = await self._scripts.move("session", guild, request, _BOT, _told(arguments, now))
        return Began(answer["session"], answer["resumed"], answer.get("ended"))

    async def away(self, guild: int, session: int, at: int, why: str, *, now: int | None = None) -> None:
        """Notes that the connection or the live is gone, which may come back."""
        await self._turn(guild, {"verb": "away", "session": str(session), "at": at, "why": why}, now=now)

    async def back(self, guild: int, session: int, at: int) -> None:
        """Notes that it is back; the time between is a gap."""
        await self._turn(guild, {"verb": "back", "session": str(session), "at": at})

    async def gap(
        self, guild: int, session: int, start: int, end: int, why: str, *, now: int | None = None
    ) -> None:
        """Notes a stretch in which events were lost."""
        await self._turn(
            guild, {"verb": "gap", "session": str(session), "from": start, "to": end, "why": why}, now=now
        )

    async def end(
        self, guild: int, session: int, at: int, *, left: int | None = None, now: int | None = None
    ) -> None:
        """Closes a session. It stays until `stored`; raises `Refused` (`no_session`) when it is over.

        With `left` only if it was left off then, and is not on again or was heard of since.
        """
        more = {} if left is None else {"left": left}
        await self._turn(guild, {"verb": "end", "session": str(session), "at": at, **more}, now=now)

    async def stored(self, guild: int, session: int) -> None:
        """Drops an ended session that PostgreSQL has. Raises `Refused` (`no_session`) when it is gone."""
        # No moment tells one time from another: a backup put back brings the session, to be dropped again.
        await self._turn(guild, {"verb": "stored", "session": str(session)}, request="")

    async def _turn(
        self,
        guild: int,
        arguments: Mapping[str, object],
        *,
        request: str | None = None,
        now: int | None = None,
    ) -> None:
        if request is None:
            request = ":".join(str(value) for value in arguments.values())
        try:
            await self._scripts.move("session", guild, request, _BOT, _told(arguments, now))
        except Refused as refused:
            if refused.reason is not Reason.UNCHANGED:
                raise

    async def support(
        self, guild: int, request: str, actor: Actor, handles: Sequence[int], song: int | None
    ) -> tuple[Promotion, ...]:
        """Lets the gifts of handles go to a song (None: their owner's own); may lift it at once.

        Raises `Refused`: `unknown_song`, `ended`, `unchanged`; `ValueError` without a handle.
        """
        if not handles:
            raise ValueError("a handle supports a song")
        arguments = {"handles": [str(h) for h in handles], "song": None if song is None else str(song)}
        return promotions_of(await self._scripts.move("support", guild, request, actor, arguments))

    async def supported(self, guild: int, handle: int) -> int | None:
        """The song that a handle's gifts go to."""
        found = await cast("Any", self._redis).hget(live_keys.supports(guild), str(handle))
        return None if found is None else int(found)

    async def session(self, guild: int, id_: int) -> LiveSession | None:
        """A session as it stands; None when Redis does not have it."""
        fields = await fields_of(self._redis, live_keys.session(guild, id_))
        return LiveSession.from_hash(id_, fields) if fields else None

    async def open(self, guild: int) -> list[LiveSession]:
        """The sessions that are on or away, oldest first."""
        live = await fields_of(self._redis, live_keys.live(guild))
        if not live and await self._scripts.opened_just_now(guild):
            live = await fields_of(self._redis, live_keys.live(guild))
        found = [await self.session(guild, int(id_)) for id_ in sorted(live.values(), key=int)]
        return [session for session in found if session is not None]

    async def ended(self, guild: int) -> list[int]:
        """Sessions that are over and not stored yet, oldest first."""
        return [int(id_) for id_ in await members_of(self._redis, live_keys.unstored(guild))]

    async def viewers(self, guild: int, id_: int) -> list[ViewerRow]:
        """Everybody who did something in a session, the most engaged first."""
        rows = await fields_of(self._redis, live_keys.session_viewers(guild, id_))
        found = [ViewerRow.from_field(handle, text) for handle, text in rows.items()]
        return sorted(found, key=lambda row: (-row.points, -row.active_ms, row.handle))

    async def curve(self, guild: int, id_: int) -> list[CurveMinute]:
        """A session's minutes in order; minutes in which nothing was told are missing."""
        rows = await fields_of(self._redis, live_keys.session_curve(guild, id_))
        found = [CurveMinute.from_field(minute, text) for minute, text in rows.items()]
        return sorted(found, key=lambda minute: minute.at)

    async def names(self, guild: int, handles: Sequence[int]) -> dict[int, str]:
        """What those viewers go by now, without the @."""
        if not handles:
            return {}
        wanted = [str(handle) for handle in handles]
        found = await cast("Any", self._redis).hmget(keys.viewers(guild), wanted)
        return {handle: name for handle, name in zip(handles, found, strict=True) if name}

    async def owners(self, guild: int, handles: Sequence[int]) -> dict[int, int]:
        """The accounts those viewers are linked to; nobody's are missing."""
        if not handles:
            return {}
        found = await cast("Any", self._redis).hmget(keys.links(guild), [str(handle) for handle in handles])
        return {handle: int(user) for handle, user in zip(handles, found, strict=True) if user}

    async def bank(self, guild: int, *, user: int | None = None, handle: int | None = None) -> int:
        """Gifted coins that an account, or a handle nobody owns, has not spent yet."""
        key = live_keys.bank_handle(guild) if user is None else live_keys.bank_user(guild)
        return int(await self._redis.zscore(key, str(handle if user is None else user)) or 0)


def promotions_of(facts: Mapping[str, Any]) -> tuple[Promotion, ...]:
    """The songs that gifts lifted, from the answer of a move or the data of its event."""
    return tuple(Promotion.from_answer(row) for row in facts.get("promotions") or ())


def _told(arguments: Mapping[str, object], now: int | None) -> dict[str, object]:
    return dict(arguments) if now is None else {**arguments, "now": now}

"""What artists are told of their songs: claimed once, owed until it was sent, and who wants none of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, NamedTuple, cast

import orjson
from redis.asyncio import Redis

from state import keys
from state.lease import Lease
from state.refusal import Reason, Refused
from state.scripts import Actor, Scripts
from state.song import Song

MOST_OWED: Final = 50
"""Notices a guild may owe at a time; what comes on top, e.g. of a cleared tier, is dropped."""

_PAGE: Final = 200
_FRESH_MS: Final = 3_600_000
_NEW_MS: Final = 60_000
_SILENT: Final = frozenset({"restored_backup", "forgotten"})


class NoticeKind(StrEnum):
    """What a notice says; each is said once a song."""

    TWO = "two"
    NEXT = "next"
    PLAYING = "playing"
    PLAYED = "played"
    REVIEWED = "reviewed"
    REMOVED = "removed"
    REJECTED = "rejected"
    APPROVED = "approved"
    BACK = "back"
    GIFTED = "gifted"


class Giver(NamedTuple):
    """Whose gifts lifted a song: an account, or a handle nobody owns with its name; `coins` in all."""

    user: int | None
    name: str
    coins: int


class Mode(StrEnum):
    """Where a guild's notices go."""

    DM = "dm"
    CHANNEL = "channel"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Owed:
    """A claimed notice of which nobody knows yet that it was sent."""

    number: int
    kind: NoticeKind


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice to be sent now. `channel` is 0 when none is chosen, `tier` the displayed name.

    `place` is that of a song whose skip was turned away, None when it does not wait.
    `language` is the guild's: Discord does not tell which one an artist reads who does nothing.
    """

    kind: NoticeKind
    song: Song
    tier: str
    score: str | None
    review_note: str | None
    place: int | None
    mode: Mode
    channel: int
    language: str
    givers: tuple[Giver, ...] = ()


class Notices:
    """The notices of every guild on one Redis."""

    def __init__(self, redis: Redis, scripts: Scripts) -> None:
        self._redis = redis
        self._scripts = scripts

    async def claim(self, guild: int) -> tuple[list[Owed], int]:
        """Claims all that became true since the last look; gives what is owed, and how many were dropped.

        The place in the event stream is kept in Redis. Without one (a new guild, or a Redis that lost it)
        only moves of the last minute count, and who waits in front in an older guild counts as told: rather
        is nobody told than somebody twice.
        """
        dropped = age = 0
        while True:
            cursor, now_ms = await self._cursor(guild)
            entries = await self._entries(guild, cursor)
            # The first page says for all of them: after it there is a place in the stream.
            age = age or (_NEW_MS if cursor is None else _FRESH_MS)
            fresh = now_ms - age
            silent = cursor is None and any(int(fields["at"]) < fresh for _, fields in entries)
            reached = entries[-1][0].partition("-")[0] if entries else str(cursor or 0)
            recent = (fields for _, fields in entries if int(fields["at"]) >= fresh)
            arguments: dict[str, object] = {
                "reached": reached,
                "candidates": [[str(number), kind.value] for number, kind in candidates(recent)],
                "most": MOST_OWED,
                "silent": silent or None,
            }
            given = {name: value for name, value in arguments.items() if value is not None}
            reply = await self._scripts.read("claim_notices", guild, given)
            if reply is None:
                return [], 0
            answer = orjson.loads(reply)
            dropped += int(answer["dropped"])
            if len(entries) < _PAGE:
                return _owed(answer["owed"]), dropped

    async def take(self, guild: int, owed: Owed) -> Notice | None:
        """Takes a notice up for sending; None when it is no longer true, wanted, or safe to repeat."""
        arguments = {"number": str(owed.number), "kind": owed.kind.value}
        reply = await self._scripts.read("take_notice", guild, arguments)
        answer: dict[str, Any] = {} if reply is None else orjson.loads(reply)
        if answer.get("outcome") != "send":
            return None
        song = cast("Mapping[str, str]", answer["song"])
        channel = str(answer["channel"])
        return Notice(
            kind=owed.kind,
            song=Song.from_hash(song),
            tier=str(answer["tier"]),
            score=song.get("score"),
            review_note=song.get("review_note"),
            place=answer.get("place"),
            mode=Mode(answer["mode"]) if answer["mode"] in tuple(Mode) else Mode.DM,
            channel=int(channel) if channel.isdecimal() else 0,
            language=str(answer["language"]),
            givers=tuple(
                Giver(int(id_) if kind == "user" else None, name, int(coins))
                for kind, id_, coins, name in answer.get("givers") or ()
            ),
        )

    async def settle(self, guild: int, owed: Owed, lease: Lease) -> None:
        """Notes that nothing more is to be done: it was sent, or cannot be.

        Left to whoever holds the lease of the guild's notices: by then the same may be owed anew.
        """
        await lease.write(["HDEL", keys.owed(guild), f"{owed.number}:{owed.kind.value}"])

    async def wants(self, guild: int, user: int) -> bool:
        """Whether a person is told of their songs here."""
        quiet = await cast("Any", self._redis).hexists(keys.quiet(guild), str(user))
        if not quiet and await self._scripts.opened_just_now(guild):
            quiet = await cast("Any", self._redis).hexists(keys.quiet(guild), str(user))
        return not quiet

    async def place(self, guild: int) -> tuple[Mode, int]:
        """Where a guild tells its artists, and the channel for it (0: none)."""
        client: Any = self._redis
        names = ["notices", "channel:notices"]
        mode, channel = await client.hmget(keys.settings(guild), names)
        if mode is None and channel is None and await self._scripts.opened_just_now(guild):
            mode, channel = await client.hmget(keys.settings(guild), names)
        known = Mode(mode) if mode in tuple(Mode) else Mode.DM
        return known, int(channel) if channel and channel.isdecimal() else 0

    async def choose(self, guild: int, request: str, actor: Actor, *, quiet: bool) -> None:
        """Keeps whether the actor wants no notices here; the same choice again changes nothing."""
        try:
            arguments = {"user": str(actor.id), "quiet": quiet or None}
            await self._scripts.move("quiet", guild, request, actor, arguments)
        except Refused as refused:
            if refused.reason is not Reason.UNCHANGED:
                raise

    async def _cursor(self, guild: int) -> tuple[int | None, int]:
        cursor = cast("str | None", await self._redis.get(keys.noticed(guild)))
        seconds, micros = await self._redis.time()
        now_ms = seconds * 1000 + micros // 1000
        if cursor is None or not cursor.isdecimal():
            return None, now_ms
        revision = cast("str | None", await self._redis.get(keys.revision(guild)))
        # A guild put back to an earlier revision goes on from there.
        return min(int(cursor), int(revision or cursor)), now_ms

    async def _entries(self, guild: int, cursor: int | None) -> list[tuple[str, dict[str, str]]]:
        client: Any = self._redis
        start = "-" if cursor is None else f"({cursor}-0"
        return await client.xrange(keys.events(guild), start, "+", count=_PAGE)


def candidates(entries: Iterable[Mapping[str, str]]) -> list[tuple[int, NoticeKind]]:
    """What events may be a reason to tell: a song got another state, or a review.

    Read from the effects, so that a move of many songs counts like many. The script judges what is true now.
    """
    found: dict[tuple[int, NoticeKind], None] = {}
    for fields in entries:
        kind = fields.get("kind", "")
        if kind in _SILENT:
            continue
        for effect in orjson.loads(fields.get("effects") or "[]") or ():
            type_, name, field, value = effect
            number = str(name).removeprefix("song:")
            if type_ != "h" or number == name or not number.isdecimal() or value is None:
                continue
            if field == "credit" and kind != "undone":
                found[int(number), NoticeKind.GIFTED] = None
            said = _said(kind, field, value)
            if said is not None:
                found[int(number), said] = None
    return list(found)


def _said(kind: str, field: str, value: str) -> NoticeKind | None:
    if field in ("score", "review_note"):
        return NoticeKind.REVIEWED if kind == "reviewed" else None
    if field != "state":
        return None
    if value in ("playing", "played", "removed", "rejected"):
        return NoticeKind(value)
    if kind == "approved":
        return NoticeKind.APPROVED
    if kind == "rejected":
        return NoticeKind.REJECTED
    return NoticeKind.BACK if kind == "undone" else None


def _owed(fields: Sequence[str] | Mapping[str, str]) -> list[Owed]:
    """Oldest song first; Lua gives an empty list as an empty object."""
    found: list[Owed] = []
    for field in fields:
        number, _, kind = field.partition(":")
        if number.isdecimal() and kind in tuple(NoticeKind):
            found.append(Owed(int(number), NoticeKind(kind)))
    order = list(NoticeKind)
    return sorted(found, key=lambda owed: (owed.number, order.index(owed.kind)))

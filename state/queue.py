"""The moves of a guild's queue. Each is one Lua script; the rules stand in `state/lua`.

Every move takes the guild, a request id and the acting person. The same request id again changes nothing
and gets the first answer. All moves raise `Refused` when nothing was moved, with the reason and its facts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

import orjson
from redis.asyncio import Redis

from state import keys
from state.board import Board
from state.connection import fields_of, members_of
from state.moved import Advanced, Moved, Undone
from state.refusal import Reason, Refused
from state.review import HIGHEST_SCORE, Bookmarked, Reviewed
from state.revisions import Revisions
from state.scripts import Actor, Scripts
from state.song import NewSong, Song, SongFacts

EDITABLE: Final = frozenset(("title", "artist", "link", "note", "track", "file", "file_name", "file_size"))
"""Fields of a song that its artist may change while it waits."""

BOARDS_KEPT: Final = 256
"""Boards a process keeps, a few tens of kilobytes each: the revision says when one is still true."""


def _is_number(song: int) -> bool:
    """Whether a submission can have that number: members of the sorted sets have 12 digits."""
    return 0 < song < 10**12


class Queue:
    """The queue of every guild on one Redis."""

    def __init__(self, redis: Redis, scripts: Scripts) -> None:
        self._redis = redis
        self._scripts = scripts
        self._revisions = Revisions(redis)
        # Nothing moves without a new revision, so a board of the same revision is the same board.
        self._boards: dict[tuple[int, int, int, int, int], Board] = {}

    def forget(self, guild: int | None = None) -> None:
        """Drops kept boards (of one guild): after a restore, a revision may come again with other content."""
        for view in list(self._boards):
            if guild is None or view[0] == guild:
                del self._boards[view]

    async def drawn(self, guild: int, kind: str, board: Board) -> None:
        """Says that an answer has just drawn a display from this board, past whoever keeps it.

        If the guild has moved since, what was drawn may have covered something newer: the display's keeper is
        told to distrust its own note and to look again. Otherwise the next move is shown after it anyway.
        """
        now = await self._revisions.of(guild)
        if now != str(board.revision):
            await self._redis.hset(keys.painted(guild, kind), "late", "0")
            await self._redis.publish(keys.CHANGES, f"{guild} {now or 0} drawn")

    async def submit(self, guild: int, request: str, actor: Actor, song: NewSong) -> Moved:
        """Takes a song in; a claimed skip waits for approval, which the answer's `state` says."""
        return Moved.from_answer(
            await self._scripts.move("submit", guild, request, actor, song.to_arguments())
        )

    async def next(
        self,
        guild: int,
        request: str,
        actor: Actor,
        *,
        expected: int | None = None,
        expect_none: bool = False,
        guard: int = 0,
        guard_self: bool = False,
    ) -> Advanced:
        """Ends the song that plays and starts the first.

        `expected` is the number of the song the caller saw playing, `expect_none` that it saw none; with
        neither, nothing is compared. A Next by somebody else (with `guard_self` by anybody) less than
        `guard` milliseconds ago is refused as `recent`.
        """
        answer = await self._scripts.move(
            "next",
            guild,
            request,
            actor,
            {
                "expected": "none" if expect_none else None if expected is None else str(expected),
                "guard": guard or None,
                "guard_self": guard_self or None,
            },
        )
        ended, song = answer.get("ended"), answer.get("song")
        return Advanced(
            revision=answer["revision"],
            ended=SongFacts.from_answer(ended) if ended else None,
            song=SongFacts.from_answer(song) if song else None,
            waiting=answer["waiting"],
        )

    async def undo(
        self, guild: int, request: str, actor: Actor, *, expected: int | None = None, guard: int = 0
    ) -> Undone:
        """Puts the last move back exactly; `expected` is the revision of the move the caller saw."""
        answer = await self._scripts.move(
            "undo",
            guild,
            request,
            actor,
            {"expected": None if expected is None else str(expected), "guard": guard or None},
        )
        playing = answer.get("playing")
        return Undone(
            revision=answer["revision"],
            move=answer["move"],
            move_by=int(answer["move_by"]),
            move_by_name=answer["move_by_name"],
            songs=tuple(SongFacts.from_answer(facts) for facts in answer["songs"] or ()),
            playing=int(playing) if playing else None,
        )

    async def promote(self, guild: int, request: str, actor: Actor, song: int, tier: int) -> Moved:
        """Moves a waiting, held or bumped song to the back of another tier, up or down."""
        return await self._move("promote", guild, request, actor, song, tier=str(tier))

    async def remove(
        self,
        guild: int,
        request: str,
        actor: Actor,
        song: int,
        *,
        reason: str | None = None,
        owner: int | None = None,
    ) -> Moved:
        """Takes an active song out, kept with who and why.

        With `owner` (an artist's own removal) a foreign song is `unknown_song`, a playing one `playing`.
        """
        return await self._move(
            "remove",
            guild,
            request,
            actor,
            song,
            reason=reason,
            owner=None if owner is None else str(owner),
        )

    async def edit(
        self, guild: int, request: str, owner: Actor, song: int, fields: Mapping[str, str | None]
    ) -> Moved:
        """Lets an artist put right what they wrote, without losing place.

        `fields` are title, artist, link, note, track, file, file_name, file_size; None takes one away and
        what is left out stays. A foreign song is `unknown_song`, a playing one `playing`; another track is
        held against the queue and the recent plays. Raises `ValueError` for a field that is not theirs.
        """
        if not fields.keys() <= EDITABLE:
            raise ValueError(f"artists do not edit {sorted(fields.keys() - EDITABLE)}")
        given = {name: False if value is None else value for name, value in fields.items()}
        return await self._move("edit", guild, request, owner, song, owner=str(owner.id), fields=given)

    async def claim(self, guild: int, request: str, owner: Actor, song: int, tier: int) -> Moved:
        """Lets the artist of a waiting Free song claim a skip: it waits for approval from then on.

        A foreign song is `unknown_song`; one whose place is announced keeps it (`announced`).
        """
        return await self._move("claim", guild, request, owner, song, owner=str(owner.id), tier=str(tier))

    async def withdraw(self, guild: int, request: str, owner: Actor, song: int) -> Moved:
        """Lets an artist take a claim back: the song waits in Free, where its points put it."""
        return await self._move("withdraw", guild, request, owner, song, owner=str(owner.id))

    async def approve(
        self,
        guild: int,
        request: str,
        actor: Actor,
        song: int,
        tier: int,
        *,
        method: str | None = None,
        amount: str | None = None,
    ) -> Moved:
        """Lets a pending skip in at the back of `tier`; how it was paid is kept."""
        return await self._move(
            "approve", guild, request, actor, song, tier=str(tier), method=method, amount=amount
        )

    async def reject(
        self, guild: int, request: str, actor: Actor, song: int, *, reason: str | None = None
    ) -> Moved:
        """Turns a pending skip away: the song waits in Free.

        One that never waited there ends instead when Free is closed or its artist's Free songs are at their
        limit; the answer's `barred` says which, `closed` or `limit`.
        """
        return await self._move("reject", guild, request, actor, song, reason=reason)

    async def hold(self, guild: int, request: str, actor: Actor, song: int) -> Moved:
        """Sets a waiting or playing song aside; a playing Free song gets its points back."""
        return await self._move("hold", guild, request, actor, song)

    async def back(self, guild: int, request: str, actor: Actor, song: int) -> Moved:
        """Brings a held song back to the place its tier and order give it."""
        return await self._move("back", guild, request, actor, song)

    async def bump(self, guild: int, request: str, actor: Actor, song: int, places: int) -> Moved:
        """Lets `places` songs (1-100) go before a waiting or playing one."""
        if not 1 <= places <= 100:
            raise ValueError("places must be 1 to 100")
        return await self._move("bump", guild, request, actor, song, places=places)

    async def review(
        self,
        guild: int,
        request: str,
        actor: Actor,
        song: int,
        *,
        score: int | Literal[False] | None = None,
        note: str | Literal[False] | None = None,
    ) -> Reviewed:
        """Keeps a score (0 to 10) and a note for a song that plays or has played.

        None leaves what there is, False takes it away. Raises `ValueError` for any other score.
        """
        if score is not None and score is not False and not 0 <= score <= HIGHEST_SCORE:
            raise ValueError(f"a score is 0 to {HIGHEST_SCORE}")
        given = score if score is None or score is False else str(score)
        return Reviewed.from_answer(
            await self._ask("review", guild, request, actor, song, score=given, review_note=note)
        )

    async def bookmark(
        self, guild: int, request: str, actor: Actor, song: int, *, to: bool | None = None, guard: int = 0
    ) -> Bookmarked:
        """Marks a song to be found again, or takes the mark off.

        `to` is whether it shall be marked; refused as `bookmarked` or `not_bookmarked` when it is so
        already. None is the other of what is, but a mark that somebody else set less than `guard`
        milliseconds ago stays.
        """
        return Bookmarked.from_answer(
            await self._ask(
                "bookmark",
                guild,
                request,
                actor,
                song,
                to=None if to is None else "on" if to else "off",
                guard=guard or None,
            )
        )

    async def clear(
        self, guild: int, request: str, actor: Actor, tier: int, *, reason: str | None = None
    ) -> int:
        """Removes every waiting song of a tier as one move; gives how many there were."""
        answer = await self._scripts.move(
            "clear", guild, request, actor, {"tier": str(tier), "reason": reason}
        )
        return answer["count"]

    async def _move(
        self, name: str, guild: int, request: str, actor: Actor, song: int, **arguments: object
    ) -> Moved:
        return Moved.from_answer(await self._ask(name, guild, request, actor, song, **arguments))

    async def _ask(
        self, name: str, guild: int, request: str, actor: Actor, song: int, **arguments: object
    ) -> dict[str, Any]:
        if not _is_number(song):
            raise Refused(Reason.UNKNOWN_SONG, {"number": song})
        return await self._scripts.move(name, guild, request, actor, {"song": str(song), **arguments})

    async def board(
        self,
        guild: int,
        *,
        offset: int = 0,
        count: int = 10,
        pending: int = 0,
        held: int = 0,
        changed: bool = False,
    ) -> Board:
        """One moment of the queue: `count` songs from `offset` (from 0), the first pending and held.

        `changed` is for who has just made a move: it is not asked first whether a kept board is still true.
        Raises `ValueError` for a negative number, which would count from the end.
        """
        if min(offset, count, pending, held) < 0:
            raise ValueError("offset and counts start at 0")
        view = (guild, offset, count, pending, held)
        kept = None if changed else self._boards.get(view)
        if kept is not None and await self._revisions.of(guild) == str(kept.revision):
            return kept
        wanted = {"offset": offset, "count": count, "pending": pending, "held": held}
        reply = await self._scripts.read("board", guild, wanted)
        if reply[0] is None:
            await self._scripts.open(guild)
            reply = await self._scripts.read("board", guild, wanted)
        board = Board.from_reply(reply, offset)
        self._boards[view] = board
        if len(self._boards) > BOARDS_KEPT:
            del self._boards[next(iter(self._boards))]
        return board

    async def places(self, guild: int, songs: Sequence[int]) -> tuple[dict[int, int], int]:
        """Places (from 1) of those of the songs that wait, and how many wait in all."""
        wanted = {"songs": [str(number) for number in songs if _is_number(number)]}
        answer = orjson.loads(await self._scripts.read("place", guild, wanted))
        if answer["revision"] is None:
            await self._scripts.open(guild)
            answer = orjson.loads(await self._scripts.read("place", guild, wanted))
        return {int(number): place for number, place in answer["places"].items()}, answer["waiting"]

    async def song(self, guild: int, number: int) -> Song | None:
        """One submission, ended ones included while Redis keeps them."""
        if not _is_number(number):
            return None
        fields = await fields_of(self._redis, keys.song(guild, number))
        if not fields and await self._scripts.opened_just_now(guild):
            fields = await fields_of(self._redis, keys.song(guild, number))
        return Song.from_hash(fields) if fields else None

    async def songs(self, guild: int, numbers: Sequence[int]) -> tuple[Song, ...]:
        """Those of the submissions that Redis has, in the order asked for."""
        known = [number for number in numbers if _is_number(number)]
        async with self._redis.pipeline(transaction=False) as pipe:
            for number in known:
                pipe.hgetall(keys.song(guild, number))
            found: list[dict[str, str]] = await pipe.execute() if known else []
        return tuple(Song.from_hash(fields) for fields in found if fields)

    async def songs_of(self, guild: int, user: int) -> tuple[Song, ...]:
        """The active songs of one account, oldest first."""
        members = await members_of(self._redis, keys.artist(guild, user))
        if not members and await self._scripts.opened_just_now(guild):
            members = await members_of(self._redis, keys.artist(guild, user))
        async with self._redis.pipeline(transaction=False) as pipe:
            for member in members:
                pipe.hgetall(keys.song(guild, int(member)))
            found: list[dict[str, str]] = await pipe.execute() if members else []
        return tuple(Song.from_hash(fields) for fields in found if fields)

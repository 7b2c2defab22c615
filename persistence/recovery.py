"""The way back: how a guild's Redis stands against the archive, and rebuilding it from there."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from redis.asyncio import Redis

from persistence import live_keys
from persistence.archive import Archive, LastMove, LiveRow
from persistence.errors import Forked, Malformed, Unknown
from persistence.events import Event, from_entry, to_entry
from persistence.keys import CHANGES, GUILDS, entry_id, key
from persistence.restore_lease import RestoreLease

_log = logging.getLogger(__name__)

TAIL = 1000
"""How many of the newest moves stay readable in a guild's stream; displays and overlays start from there."""

_AT_ONCE = 500  # guilds that are looked at in one round trip
_BATCH = 500
_SESSION = "session:"
_REPEATED_SECONDS = 15 * 60
"""As long as `seen` keeps a message; nothing older is repeated by TikTok."""


class Standing(StrEnum):
    """How a guild's Redis stands against the archive."""

    EQUAL = "equal"
    AHEAD = "ahead"
    """Redis has moves that are yet to be archived: the normal case in a running show."""
    BEHIND = "behind"
    """The archive has moves that Redis lost."""
    EMPTY = "empty"
    """Redis knows nothing of the guild, the archive does."""
    FORKED = "forked"
    """Redis lost moves and then made others under the same revisions."""
    NEW = "new"
    """Neither has seen the guild."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """A guild's revision in Redis and in the archive (None: unknown there), and what follows."""

    guild_id: int
    standing: Standing
    redis_revision: int | None
    archived_revision: int | None

    @property
    def needs_restore(self) -> bool:
        """Whether Redis must be rebuilt before anybody moves."""
        return self.standing in (Standing.BEHIND, Standing.EMPTY, Standing.FORKED)

    def __str__(self) -> str:
        """Return one sentence for the log and for admins."""
        here, there = self.redis_revision or 0, self.archived_revision or 0
        match self.standing:
            case Standing.BEHIND:
                return f"Redis is behind the archive: it has {here} moves, {there} are archived."
            case Standing.EMPTY:
                return f"Redis is behind the archive: it is empty, {there} moves are archived."
            case Standing.FORKED:
                return f"Redis is behind the archive: it lost moves, then made others; {there} are archived."
            case Standing.AHEAD:
                return f"Redis is {here - there} moves ahead of the archive."
            case Standing.EQUAL:
                return f"Redis and the archive agree on {there} moves."
            case Standing.NEW:
                return "Neither Redis nor the archive knows this guild."


@dataclass(frozen=True, slots=True)
class Restored:
    """What a rebuild brought back.

    `rescued` moves were in the old stream but not yet archived, `forked` ones contradict archived moves and
    were set aside in the archive's gaps. `exact` is False when moves before `revision` are missing from the
    archive. `rows` is 0 when another process did the work.
    """

    guild_id: int
    revision: int
    rows: int
    rescued: int
    forked: int
    exact: bool
    seconds: float

    def __str__(self) -> str:
        """Return one sentence for the log and for admins."""
        text = f"Guild {self.guild_id}: {self.rows} values put back into Redis as of move {self.revision}"
        if self.forked:
            text += f"; {self.forked} moves that contradict the archive were set aside"
        if not self.exact:
            text += "; earlier moves are missing from the archive, the queue may be incomplete"
        return text + "."


async def compare(guild_id: int, redis: Redis, archive: Archive) -> Comparison:
    """Say how a guild's Redis stands against the archive. Raises `Unavailable` when PostgreSQL is away."""
    archived = await archive.cursor(guild_id)
    text: Any = await redis.get(key(guild_id, "rev"))
    here = None if text is None else int(text)
    if here is None:
        standing = Standing.NEW if archived is None else Standing.EMPTY
    elif archived is None:
        standing = Standing.AHEAD if here else Standing.EQUAL
    elif await _contradicts(guild_id, min(here, archived), redis, archive):
        standing = Standing.FORKED
    elif here == archived:
        standing = Standing.EQUAL
    else:
        standing = Standing.AHEAD if here > archived else Standing.BEHIND
    return Comparison(guild_id, standing, here, archived)


async def doubtful(redis: Redis, archive: Archive) -> list[int]:
    """Return the guilds to `reconcile`, those whose Redis may have lost moves: in few round trips for all."""
    found: list[int] = []
    known = sorted((await archive.last_moves()).items())
    for start in range(0, len(known), _AT_ONCE):
        batch = known[start : start + _AT_ONCE]
        async with redis.pipeline(transaction=False) as pipe:
            for guild_id, last in batch:
                pipe.get(key(guild_id, "rev"))
                pipe.xrange(key(guild_id, "events"), entry_id(last.revision), entry_id(last.revision))
            answers: list[Any] = await pipe.execute()
        for (guild_id, last), text, page in zip(batch, answers[::2], answers[1::2], strict=True):
            if text is None or int(text) < last.revision or (page and not _is_last(page[0], last)):
                found.append(guild_id)
    return found


def _is_last(entry: Any, last: LastMove) -> bool:
    try:
        event = from_entry(*entry)
    except Malformed:
        return False
    return (event.moment, event.request) == (last.moment, last.request)


async def reconcile(guild_id: int, redis: Redis, archive: Archive) -> Restored | None:
    """Compare, and rebuild Redis where it lost moves; the archive is the truth. None: nothing to do."""
    comparison = await compare(guild_id, redis, archive)
    if not comparison.needs_restore:
        return None
    _log.warning("Guild %s: %s", guild_id, comparison)
    return await restore(guild_id, redis, archive, asked=False)


async def open_guild(guild_id: int, redis: Redis, archive: Archive) -> Restored | None:
    """Make sure a guild's live state is there: as it is, rebuilt from the archive, or as a new guild.

    Returns what was rebuilt, if anything. Raises `Unavailable` when Redis knows nothing of the guild and
    PostgreSQL cannot be asked: starting such a guild from nothing might bury what is archived.
    """
    if await redis.exists(key(guild_id, "rev")):
        return None
    if await archive.cursor(guild_id) is not None:
        return await restore(guild_id, redis, archive, asked=False)
    # On a cluster the two keys are on two servers. A guild that is listed without `rev` is opened again.
    await _enlist(guild_id, redis)
    # An old stream without `rev` can only be a mishap; its ids must not be given out again.
    await redis.set(key(guild_id, "rev"), await _top(guild_id, redis), nx=True)
    return None


async def restore(guild_id: int, redis: Redis, archive: Archive, *, asked: bool = True) -> Restored:
    """Rebuild a guild's Redis keys as of its last archived move, so that the next move continues from there.

    `rev` goes first and comes back last: without it every script refuses, so nobody moves meanwhile and a
    crash leaves a guild that will be rebuilt again. Moves still in the old stream are archived before.
    Several processes may call this at once; one works, the others wait for it. Unless it was `asked` for it
    is left when nothing is lost (any more): the caller may have slept since it looked. Raises `Unavailable`,
    `Busy` when the other takes longer than half a minute, and `Unknown` when the archive has no trace of the
    guild.
    """
    started = time.monotonic()
    async with RestoreLease(redis, guild_id) as lease:
        if (lease.waited or not asked) and not (await compare(guild_id, redis, archive)).needs_restore:
            return Restored(
                guild_id, await _revision(guild_id, redis), 0, 0, 0, True, time.monotonic() - started
            )
        if await archive.cursor(guild_id) is None:
            raise Unknown(f"The archive has no trace of guild {guild_id}.")
        async with lease.writing() as pipe:
            pipe.delete(key(guild_id, "rev"))
        forked, rescued = await _rescue(guild_id, redis, archive)
        state = await archive.live(guild_id)
        assert state is not None, "guilds are never deleted while one is restored"
        await live_keys.clear(guild_id, redis, lease)
        await live_keys.write(guild_id, state.rows, lease)
        await _write_tail(guild_id, state.revision, archive, lease)
        await _write_heard(guild_id, state.rows, lease)
        await _enlist(guild_id, redis)
        async with lease.writing() as pipe:
            pipe.set(key(guild_id, "archived"), state.revision)
            pipe.set(key(guild_id, "rev"), state.revision)
            pipe.publish(CHANGES, f"{guild_id} {state.revision} restored")
    restored = Restored(
        guild_id, state.revision, len(state.rows), rescued, forked, state.exact, time.monotonic() - started
    )
    _log.warning("%s", restored)
    return restored


async def _write_heard(guild_id: int, rows: Sequence[LiveRow], lease: RestoreLease) -> None:
    """Note up to when each host was heard: which messages were booked is not in the archive.

    TikTok repeats the latest ones to whoever connects again, and none may count twice.
    """
    sessions: dict[str, dict[str, str]] = {}
    for row in rows:
        if row.name.startswith(_SESSION) and row.name.count(":") == 1:
            sessions.setdefault(row.name, {})[row.field] = row.value
    heard: dict[str, int] = {}
    for session in sessions.values():
        host = session.get("host", "")
        heard[host] = max(heard.get(host, 0), int(session.get("last_at", "0")))
    if heard:
        async with lease.writing() as pipe:
            pipe.hset(
                key(guild_id, "heard"), items=[text for host, at in heard.items() for text in (host, str(at))]
            )
            pipe.expire(key(guild_id, "heard"), _REPEATED_SECONDS)


async def capture(guild_id: int, redis: Redis, archive: Archive) -> bool:
    """Copy a guild's Redis keys into the archive, which heals it after a gap.

    Returns False when the guild moved meanwhile or has moves to be archived first: try again later.
    """
    before = await _revision(guild_id, redis)
    rows = await live_keys.read(guild_id, redis)
    # Every move raises the revision, so an unchanged one means that the keys were read as of one moment.
    if await _revision(guild_id, redis) != before:
        return False
    return await archive.replace_live(guild_id, before, rows)


async def _rescue(guild_id: int, redis: Redis, archive: Archive) -> tuple[int, int]:
    """Bring what the old stream still has into the archive: (moves set aside as contradicting, added)."""
    archived = await archive.cursor(guild_id) or 0
    aside = await _contradicting(guild_id, archived, redis, archive)
    if aside:
        await archive.note_fork(guild_id, aside)
        return len(aside), 0
    reached = archived
    try:
        while fresh := await entries(guild_id, reached, _BATCH, redis):
            reached = await archive.append(guild_id, fresh)
    except (Forked, Malformed) as error:
        _log.error("Guild %s: moves after %s in the old stream are lost: %s", guild_id, reached, error)
    return 0, reached - archived


async def _contradicting(guild_id: int, archived: int, redis: Redis, archive: Archive) -> list[Event]:
    """Return the moves that follow the last one on which stream and archive agree, when they then part."""
    aside: list[Event] = []
    clash = False
    newest = "+"
    while page := await _newest_entries(guild_id, newest, redis):
        for event in page:
            if event.revision <= archived:
                known = await archive.event(guild_id, event.revision)
                if known is not None and same_move(known, event):
                    return aside[::-1] if clash else []
                clash = clash or known is not None
            aside.append(event)
        newest = f"({entry_id(page[-1].revision)}"
    return aside[::-1] if clash else []


async def _contradicts(guild_id: int, revision: int, redis: Redis, archive: Archive) -> bool:
    """Tell whether Redis and the archive both have this revision and disagree on it."""
    if revision == 0:
        return False
    page: Any = await redis.xrange(key(guild_id, "events"), entry_id(revision), entry_id(revision))
    known = await archive.event(guild_id, revision)
    return bool(page) and known is not None and not same_move(known, from_entry(*page[0]))


def same_move(one: Event, other: Event) -> bool:
    """Tell whether two events of one revision are the same move: one time, one request."""
    return (one.at, one.request) == (other.at, other.request)


async def entries(guild_id: int, after: int, limit: int, redis: Redis) -> list[Event]:
    """Read at most `limit` moves with a revision above `after` from a guild's stream."""
    page: Any = await redis.xrange(key(guild_id, "events"), f"({entry_id(after)}", "+", count=limit)
    return [from_entry(*entry) for entry in page]


async def tail(guild_id: int, until: int, redis: Redis) -> list[Event]:
    """Read all that a guild's stream still has up to a revision, that one included."""
    page: Any = await redis.xrange(key(guild_id, "events"), "-", entry_id(until))
    return [from_entry(*entry) for entry in page]


async def _newest_entries(guild_id: int, until: str, redis: Redis) -> list[Event]:
    page: Any = await redis.xrevrange(key(guild_id, "events"), until, "-", count=50)
    return [from_entry(*entry) for entry in page]


async def _write_tail(guild_id: int, revision: int, archive: Archive, lease: RestoreLease) -> None:
    stream = key(guild_id, "events")
    reached = max(0, revision - TAIL)
    while reached < revision and (events := await archive.events(guild_id, reached, _BATCH)):
        async with lease.writing() as pipe:
            for event in events:
                if event.revision <= revision:
                    fields: dict[Any, Any] = dict(to_entry(event))
                    pipe.xadd(stream, fields, id=entry_id(event.revision))
        reached = events[-1].revision
    if reached < revision:
        # Without the last move itself, a passing entry still makes the stream continue after its revision.
        async with lease.writing() as pipe:
            pipe.xadd(stream, {"kind": "restored"}, id=entry_id(revision))
            pipe.xdel(stream, entry_id(revision))


async def _enlist(guild_id: int, redis: Redis) -> None:
    client: Any = redis
    await client.sadd(GUILDS, str(guild_id))


async def _top(guild_id: int, redis: Redis) -> int:
    stream = key(guild_id, "events")
    if not await redis.exists(stream):
        return 0
    facts: Any = await redis.xinfo_stream(stream)
    return int(str(facts["last-generated-id"]).partition("-")[0])


async def _revision(guild_id: int, redis: Redis) -> int:
    text: Any = await redis.get(key(guild_id, "rev"))
    return int(text or 0)

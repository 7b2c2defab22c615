"""Putting a backup back into Redis: looked at first, then done as one move like any other."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from redis.asyncio import Redis

from persistence import recovery
from persistence.archive import Archive
from persistence.backups import moment
from persistence.backups.difference import Difference, Mark, corrections, difference, first_part
from persistence.backups.document import Backup, Live
from persistence.backups.store import Step, silent
from persistence.backups.taking import Backups, Cause, Taken
from persistence.errors import Busy, PersistenceError, Unavailable
from persistence.events import Effect
from persistence.keys import key

_log = logging.getLogger(__name__)

_ATTEMPTS: Final = 5
_OVERTAKEN: Final = 40
"""How often what was overtaken is corrected before all of it is worked out again."""
_BATCH: Final = 100


class Put(Protocol):
    """Makes the move: all `effects` at once, unless the guild has moved on from revision `expected`.

    The new revision is above `least`. Returns it, or None when nothing was done.
    """

    async def __call__(
        self,
        guild: int,
        request: str,
        *,
        expected: int,
        least: int,
        effects: Sequence[Sequence[str | None]],
        facts: Mapping[str, object],
        overtaken: str | None = None,
        instead: Sequence[str] = (),
    ) -> int | None:
        """Make the move; `overtaken`: what that request meant, but `effects` for the keys `instead`."""
        ...


@dataclass(frozen=True, slots=True)
class Way:
    """What a restore works with. `archive` None: PostgreSQL is away, so only a running queue is restored."""

    redis: Redis
    archive: Archive | None
    backups: Backups
    put: Put
    by: int
    by_name: str


@dataclass(frozen=True, slots=True)
class Restored:
    """A finished restore. `revision` None: nothing differed. `before` is the backup of what was there."""

    revision: int | None
    difference: Difference
    before: Taken | None
    seconds: float


async def preview(backup: Backup, way: Way) -> Difference:
    """Work out what `restore` would change, and change nothing.

    A Redis that knows nothing of the guild is taken as the archive would rebuild it. Raises `Unavailable`
    when that would have to be asked and is away, and `Busy`.
    """
    keys = await _live(backup.guild_id, way)
    return difference(keys, backup.keys, await _mark(backup, way))


async def restore(backup: Backup, way: Way, step: Step = silent) -> Restored:
    """Put a guild back to what a backup holds, running or not, as one move with all its effects.

    Before it a Redis that lost moves is rebuilt from the archive, and what is there then is backed up.
    Readers see the state before or after, nothing between; a difference above 100,000 values comes in several
    moves, of which only the last shows. Raises `Unavailable` when Redis knows nothing of
    the guild and PostgreSQL is away, `Busy` when the guild moves too fast, and what `Backups.take` raises.
    """
    started = time.monotonic()
    guild_id = backup.guild_id
    step("Comparing Redis with the archive")
    await _open(guild_id, way)
    before = None
    if await way.redis.get(key(guild_id, "rev")) != "0":
        before = await way.backups.take(guild_id, Cause.BEFORE_RESTORE, step)
    step("Reading the queue")
    read = await moment.read(guild_id, way.redis)
    whole = found = difference(read.keys, backup.keys, await _mark(backup, way))
    revision, refused = None, 0
    while found.effects:
        step(f"Writing {len(found.effects)} values")
        effects = first_part(found, read.keys, backup.keys)
        written = await _write(effects, len(effects) == len(found.effects), read, whole, backup, way)
        if written is None:
            refused += 1
            if refused == _ATTEMPTS:
                raise Busy(f"Guild {guild_id} moves all the time; pause the queue and try again.")
        else:
            revision = written
            step("Bringing the archive up to date")
            await _archive(guild_id, way)
            if len(effects) == len(found.effects):
                break
        read = await moment.catch_up(guild_id, read, way.redis)
        found = difference(read.keys, backup.keys, await _mark(backup, way))
    return Restored(revision, whole, before, time.monotonic() - started)


async def _write(
    effects: Sequence[Effect], last: bool, read: moment.Moment, whole: Difference, backup: Backup, way: Way
) -> int | None:
    """Writes effects that were worked out of what was read; gives the revision, or None if moves overtake it.

    Against a live that moves all the time only what was touched since is worked out and sent again, which
    takes as long as one move. What is not the `last` part leaves the keys alone that it did not mean.
    """
    guild_id, facts = backup.guild_id, _facts(backup, whole)
    mark, meant = await _mark(backup, way), {effect.name for effect in effects}
    first = f"restore:{secrets.token_hex(8)}"
    written = await way.put(
        guild_id,
        first,
        expected=read.revision,
        least=backup.revision,
        effects=[list(effect) for effect in effects],
        facts=facts | _wallet(effects, read.keys),
    )
    now = read
    for _ in range(_OVERTAKEN):
        if written is not None:
            break
        now = await moment.catch_up(guild_id, now, way.redis)
        touched = {
            name
            for name in now.keys.keys() | read.keys.keys()
            if now.keys.get(name) is not read.keys.get(name) and (last or name in meant)
        }
        anew = corrections(now.keys, backup.keys, mark, touched)
        wallet = anew if "wallet" in touched else [effect for effect in effects if effect.name == "wallet"]
        written = await way.put(
            guild_id,
            f"restore:{secrets.token_hex(8)}",
            expected=now.revision,
            least=backup.revision,
            effects=[list(effect) for effect in anew],
            facts=facts | _wallet(wallet, now.keys),
            overtaken=first,
            instead=sorted(touched),
        )
    return written


async def _archive(guild_id: int, way: Way) -> None:
    """Archive what was written at once; who archives otherwise need not run, or finds nothing left to do."""
    if way.archive is None:
        return
    try:
        reached = await way.archive.cursor(guild_id) or 0
        while events := await recovery.entries(guild_id, reached, _BATCH, way.redis):
            reached = await way.archive.append(guild_id, events)
    except PersistenceError as error:
        _log.warning("Guild %s: the restored state is archived later: %s", guild_id, error)


async def _open(guild_id: int, way: Way) -> None:
    """Make sure that Redis has all that the archive has, so that no revision is given out twice."""
    if way.archive is not None:
        try:
            await recovery.reconcile(guild_id, way.redis, way.archive)
            await recovery.open_guild(guild_id, way.redis, way.archive)
        except Unavailable:
            await _demand_open(guild_id, way)
    else:
        await _demand_open(guild_id, way)


async def _demand_open(guild_id: int, way: Way) -> None:
    if not await way.redis.exists(key(guild_id, "rev")):
        raise Unavailable(
            f"Redis knows nothing of guild {guild_id}, and PostgreSQL, which may know more than the backup, "
            "cannot be reached."
        )


async def _live(guild_id: int, way: Way) -> Live:
    try:
        return (await moment.read(guild_id, way.redis)).keys
    except moment.NotOpen:
        if way.archive is None:
            await _demand_open(guild_id, way)
            raise
        state = await way.archive.live(guild_id)
        return {} if state is None else moment.of_rows(state.rows)


async def _mark(backup: Backup, way: Way) -> Mark:
    seconds, micros = await _time(way.redis)
    return Mark(
        by=way.by,
        by_name=way.by_name,
        at=seconds * 1000 + micros // 1000,
        reason=f"The queue was restored as of {backup.taken_at:%Y-%m-%d %H:%M} UTC",
    )


async def _time(redis: Redis) -> tuple[int, int]:
    answer: Any = await redis.time()
    return int(answer[0]), int(answer[1])


def _wallet(effects: Sequence[Effect], live: Live) -> dict[str, object]:
    """What those writes change in wallets, as the ledger is told: [user, change, cause, balance after]."""
    held = live["wallet"].values if "wallet" in live else dict[str, str]()
    rows: list[list[object]] = []
    for effect in effects:
        if effect.name == "wallet" and effect.field is not None:
            before, after = int(held.get(effect.field, "0")), int(effect.value or "0")
            rows.append([effect.field, after - before, "restored", after])
    return {"wallet": rows} if rows else {}


def _facts(backup: Backup, found: Difference) -> dict[str, object]:
    return {
        "backup": {"revision": backup.revision, "taken_at": backup.taken_at.isoformat()},
        "back": len(found.back),
        "gone": len(found.gone),
        "moved": len(found.moved),
        "points": len(found.points),
        "settings": len(found.settings),
    }

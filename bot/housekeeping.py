"""Once an hour: lets songs go that ended long ago, and files that no song names."""

from __future__ import annotations

import logging
import time
from typing import Any, Final

from redis.asyncio import Redis

from bot.stores import Stores
from persistence.archive import Archive
from persistence.errors import PersistenceError
from persistence.files import FileStore
from state import keys
from state.configure import Configuration
from state.housekeeping import MOST, Housekeeping, Pruned
from state.refusal import Unopened
from state.scripts import Scripts

_log = logging.getLogger("skipline.housekeeping")

EVERY_SECONDS: Final = 3600.0
UPLOAD_SECONDS: Final = 3600.0
"""Files younger than this are left alone: they may be of a song that is just being submitted."""

_DAY_MS: Final = 24 * 3600 * 1000


async def round(stores: Stores, *_: object) -> float:
    """Every guild that is open, then the files; gives the seconds until the next round."""
    try:
        await one_round(stores.redis, stores.archive, stores.configuration, stores.files)
    except PersistenceError as gone:
        _log.warning("Housekeeping waits for the next hour (%s).", type(gone).__name__)
    return EVERY_SECONDS


async def one_round(redis: Redis, archive: Archive, configuration: Configuration, files: FileStore) -> None:
    """That round. Raises `Unavailable` while PostgreSQL is away."""
    house = Housekeeping(Scripts(redis, _skip))
    for guild in await archive.guilds():
        if await redis.exists(keys.revision(guild)):
            try:
                await prune(guild, redis, archive, configuration, house)
            except Unopened:
                continue  # it was emptied this very moment; whoever uses it next has it rebuilt
    await sweep(redis, archive, files)


async def prune(
    guild: int, redis: Redis, archive: Archive, configuration: Configuration, house: Housekeeping
) -> Pruned:
    """Let go of a guild's songs that ended longer ago than it keeps them; gives what went."""
    days = (await configuration.settings(guild)).keep_days
    songs = tracks = 0
    if days:
        seconds, micros = await redis.time()
        before, after = seconds * 1000 + micros // 1000 - days * _DAY_MS, 0
        while numbers := await archive.ended(guild, before, MOST, after):
            gone = await house.prune(guild, numbers)
            songs, tracks, after = songs + gone.songs, tracks + gone.tracks, numbers[-1]
    tracks += (await house.prune(guild, [])).tracks
    if songs:
        _log.info("Guild %d: %d songs that ended over %d days ago left Redis.", guild, songs, days)
    return Pruned(songs, tracks)


async def sweep(redis: Redis, archive: Archive, files: FileStore) -> list[str]:
    """Remove stored files that no song names, live or archived; gives their names."""
    # Taken first, for a process that is paused after it has read what is wanted.
    before = time.time() - UPLOAD_SECONDS
    # What Redis has comes first: a song archived in between is then found in the archive.
    wanted = await _live_files(redis) | await archive.file_names()
    removed = await files.sweep(wanted, before)
    if removed:
        _log.info("%d files that belong to no song were removed.", len(removed))
    return removed


async def _live_files(redis: Redis) -> set[str]:
    client: Any = redis
    names: set[str] = set()
    page: list[str] = []

    async def read() -> None:
        async with client.pipeline(transaction=False) as pipe:
            for name in page:
                pipe.hget(name, "file")
            names.update(name for name in await pipe.execute() if name)
        page.clear()

    async for name in client.scan_iter("sl:{*}:song:*", count=1000):
        page.append(name)
        if len(page) >= 1000:
            await read()
    if page:
        await read()
    return names


async def _skip(guild: int) -> None:
    raise Unopened(f"guild {guild} is not open")

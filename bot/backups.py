"""Takes a backup of every guild each hour, in one process at a time."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime, timedelta
from typing import Final

from redis.asyncio import Redis
from redis.exceptions import RedisError

from bot.clock import Clock, SystemClock
from bot.errors import Reporter, unavailable
from persistence.backups import Backups, Cause, NotOpen
from persistence.errors import PersistenceError
from state import keys
from state.lease import Lease

_log = logging.getLogger("skipline.backups")

EVERY: Final = timedelta(hours=1)
LOOK_SECONDS: Final = 60.0
"""How often it looks whose hour is over; a restart neither skips an hour nor doubles a backup."""
LEASE: Final = keys.common_lease("backups")


class HourlyBackups:
    """The hourly runner. `troubles` says by guild why its last backup could not be taken or kept whole."""

    def __init__(
        self,
        redis: Redis,
        backups: Backups,
        reporter: Reporter,
        clock: Clock | None = None,
        look_seconds: float = LOOK_SECONDS,
    ) -> None:
        self._redis = redis
        self._backups = backups
        self._reporter = reporter
        self._clock = clock or SystemClock()
        self._look_seconds = look_seconds
        self._last: dict[int, datetime] = {}
        self._starting = True
        self.troubles: dict[int, str] = {}

    async def run(self) -> None:
        """Work until cancelled; a backup in the making is finished first."""
        while True:
            async with Lease(self._redis, LEASE).held() as lease:
                self._last.clear()  # another process may have taken some meanwhile
                self._starting = True
                while not lease.lost.is_set():
                    work = asyncio.ensure_future(self.round(lease))
                    try:
                        await asyncio.shield(work)
                    except asyncio.CancelledError:
                        await asyncio.wait([work], timeout=5.0)
                        raise
                    except (RedisError, OSError) as gone:
                        _log.warning("Backups wait for Redis (%s).", type(gone).__name__)
                    try:
                        async with asyncio.timeout(self._look_seconds):
                            await lease.lost.wait()
                    except TimeoutError:
                        continue

    async def round(self, lease: Lease) -> int:
        """Back up every guild whose hour is over; return how many new backups were taken.

        A guild without any backup gets one in the first round, an hour after its first move in later ones.
        """
        taken = 0
        for guild in await self._backups.guilds():
            if not await self._due(guild):
                continue
            if not await lease.holds():
                break
            taken += await self._take(guild)
        self._starting = False
        return taken

    async def _due(self, guild: int) -> bool:
        if guild not in self._last:
            newest = next(iter(await self._backups.store.entries(guild)), None)
            if newest is None and self._starting:
                return True
            self._last[guild] = self._clock.now() if newest is None else newest.taken_at
        return self._clock.now() - self._last[guild] >= EVERY

    async def _take(self, guild: int) -> bool:
        try:
            backup = await self._backups.take(guild, Cause.HOURLY)
        except (RedisError, asyncio.CancelledError):
            raise
        except NotOpen:
            return False  # nobody has used it since Redis was emptied; it is opened by its next move
        except Exception as error:
            self._fail(guild, error)
            return False
        # Counted from now, also when nothing had moved: an idle guild is looked at once an hour.
        self._last[guild] = self._clock.now()
        if backup.troubles:
            self._tell(guild, " ".join(backup.troubles))
        elif self.troubles.pop(guild, None) is not None:
            _log.info("Guild %d is backed up in both places again.", guild)
        return backup.new

    def _fail(self, guild: int, error: Exception) -> None:
        if isinstance(error, PersistenceError) or unavailable(error) is not None:
            self._tell(guild, str(error))
        else:
            self._reporter.report(error, f"backup of guild {guild}")
            self.troubles[guild] = type(error).__name__

    def _tell(self, guild: int, trouble: str) -> None:
        if guild not in self.troubles:
            _log.warning("Backup of guild %d: %s", guild, trouble)
        self.troubles[guild] = trouble

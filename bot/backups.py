"""Takes a backup of every guild each hour."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from redis.exceptions import RedisError

from bot.errors import Reporter, unavailable
from persistence.backups import Backups, Cause, NotOpen
from persistence.errors import PersistenceError

_log = logging.getLogger("skipline.backups")

EVERY_SECONDS: Final = 3600.0

RETRY_SECONDS: Final = 60.0
"""Until those that could be kept nowhere are tried again."""


class HourlyBackups:
    """That round. `troubles` says by guild why its last backup could not be taken or kept whole."""

    def __init__(self, backups: Backups, reporter: Reporter) -> None:
        self._backups = backups
        self._reporter = reporter
        self._failed: list[int] = []
        self.troubles: dict[int, str] = {}

    async def round(self, *_: object) -> float:
        """Back up every guild that moved since its last backup; return the seconds until the next round."""
        guilds, self._failed = self._failed or await self._backups.guilds(), []
        for guild in guilds:
            if not await self._take(guild):
                self._failed.append(guild)
        return RETRY_SECONDS if self._failed else EVERY_SECONDS

    async def _take(self, guild: int) -> bool:
        """Whether that is done with for this hour."""
        try:
            backup = await self._backups.take(guild, Cause.HOURLY)
        except (RedisError, asyncio.CancelledError):
            raise
        except NotOpen:
            return True  # nobody has used it since Redis was emptied; it is opened by its next move
        except Exception as error:
            self._fail(guild, error)
            return False
        if backup.troubles:
            self._tell(guild, " ".join(backup.troubles))
        elif self.troubles.pop(guild, None) is not None:
            _log.info("Guild %d is backed up in both places again.", guild)
        return True

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

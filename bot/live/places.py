"""Answers who asks in a live's chat where their songs are: by direct message, as bots cannot write there."""

from __future__ import annotations

import logging
import time
from typing import ClassVar, Final

import hikari
from redis.asyncio import Redis

from bot.errors import Reporter
from bot.nonce import nonce
from bot.posting import post_once
from bot.upkeep import RETRY_SECONDS, Upkeep
from components.queue import SEEN, where_text
from components.texts import say
from state.asked import Asked
from state.configure import Configuration
from state.feed import Feed
from state.lease import Lease
from state.points import Points
from state.queue import Queue
from state.song import SongState

_log = logging.getLogger("skipline.live")

FRESH_SECONDS: Final = 300.0
"""An older question, e.g. from before a restart, is not answered: Discord may not know the answer again."""


class Places(Upkeep):
    """Answers those of every guild this process holds the lease for."""

    subject: ClassVar[str] = "places"
    settle: ClassVar[float] = 0.0
    watched: ClassVar[frozenset[str] | None] = frozenset({"asked"})

    def __init__(
        self,
        *,
        rest: hikari.api.RESTClient,
        redis: Redis,
        asked: Asked,
        queue: Queue,
        points: Points,
        configuration: Configuration,
        feed: Feed,
        reporter: Reporter,
    ) -> None:
        super().__init__(redis, feed, reporter)
        self._rest = rest
        self._asked = asked
        self._queue = queue
        self._points = points
        self._configuration = configuration

    async def _round(self, guild: int, lease: Lease) -> float:
        """Answers whoever waits for it, and then forgets the question."""
        for user, at in (await self._asked.open(guild)).items():
            if self.closed or not await lease.holds():
                self.mark(guild)
                return 0.0
            if time.time() - at / 1000 < FRESH_SECONDS:
                try:
                    await self._answer(guild, user, at)
                except hikari.ClientHTTPResponseError as refused:
                    # They take no direct messages from here; there is no other way to them.
                    _log.info("A place cannot be told: %s.", type(refused).__name__)
                except hikari.HTTPError as passing:
                    _log.warning("A place is told later (%s).", type(passing).__name__)
                    self.mark(guild)
                    return RETRY_SECONDS
            await self._asked.answered(guild, user, at)
        return 0.0

    async def _answer(self, guild: int, user: int, at: int) -> None:
        locale = (await self._configuration.settings(guild)).language
        songs = await self._queue.songs_of(guild, user)
        board = await self._queue.board(guild, count=SEEN)
        waiting = [song.number for song in songs if song.state in (SongState.WAITING, SongState.BUMPED)]
        places = (await self._queue.places(guild, waiting))[0] if waiting else {}
        held = await self._points.of_user(guild, user)
        direct = await self._rest.create_dm_channel(user)
        await post_once(
            self._rest,
            self._redis,
            guild,
            direct.id,
            nonce("place", guild, user, at),
            content=f"{say('hosts.asked', locale)}\n\n{where_text(songs, places, held, board, locale)}",
            flags=hikari.MessageFlag.SUPPRESS_EMBEDS,
        )

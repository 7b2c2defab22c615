"""Tells artists what becomes of their songs, each thing once: by direct message, or in a channel.

What is to be told is claimed in Redis before anything is sent, so that neither a second process nor a
restart tells it again. A notice is taken up right before it is sent and judged anew then: what is no longer
true, e.g. after an Undo, is not sent. One that was under way when its process died is repeated within two
minutes, under the same nonce, by which Discord knows it; later nobody can tell whether it arrived, and it is
let be.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from typing import Final, cast

import hikari
from redis.asyncio import Redis
from redis.exceptions import RedisError

from bot.errors import Reporter
from components.notices import notice_text
from state import keys
from state.feed import Change, Feed
from state.lease import LEASE_SECONDS, Lease
from state.notices import Mode, Notice, Notices

_log = logging.getLogger("skipline.telling")

SETTLE: Final = 1.0
"""Seconds from a change to the notices it gives: a slip undone at once tells nobody, a burst tells once."""

AT_ONCE: Final = 4
"""Notices a process sends at a time, over all guilds."""

RETRY_SECONDS: Final = 5.0
"""Until a notice is tried again that Discord did not take for a reason that may pass."""

_CLOSED: Final = 50007
_DIRECT_KEPT: Final = 1000


class Telling:
    """Sends the notices of every guild this process holds the lease for."""

    def __init__(
        self,
        *,
        rest: hikari.api.RESTClient,
        redis: Redis,
        notices: Notices,
        feed: Feed,
        reporter: Reporter,
    ) -> None:
        self._rest = rest
        self._redis = redis
        self._notices = notices
        self._reporter = reporter
        self._dirty: set[int] = set()
        self._tellers: dict[int, asyncio.Task[None]] = {}
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._direct: dict[int, hikari.Snowflake] = {}
        self._closed = True
        feed.listen(self._heard, self._resumed)

    def _heard(self, change: Change) -> None:
        self._mark(change.guild)

    async def open(self) -> None:
        """Starts to tell, beginning with whatever happened while nobody did."""
        self._closed = False
        await self._resumed()

    async def _resumed(self) -> None:
        for guild in cast("set[str]", await self._redis.smembers(keys.GUILDS)):
            self._mark(int(guild))

    def _mark(self, guild: int) -> None:
        if self._closed:
            return
        self._dirty.add(guild)
        if guild not in self._tellers:
            name = f"feed: notices of {guild}"
            self._tellers[guild] = asyncio.create_task(self._tell(guild), name=name)

    async def close(self) -> None:
        """Finishes the messages in flight and stops; what is owed then, the next process sends."""
        self._closed = True
        self._dirty.clear()
        if self._tellers:
            await asyncio.wait(self._tellers.values(), timeout=5.0)
        for teller in list(self._tellers.values()):
            teller.cancel()

    async def _tell(self, guild: int) -> None:
        try:
            await self._tell_while_dirty(guild)
        finally:
            # In the same step as the last look at the mark: a later change must find no teller here.
            self._tellers.pop(guild, None)

    async def _tell_while_dirty(self, guild: int) -> None:
        lease = Lease(self._redis, keys.lease(guild, "notices"))
        while guild in self._dirty and not self._closed:
            pause = 0.0
            try:
                await asyncio.sleep(SETTLE)
                if not await lease.take():
                    # The holder heard the same change. Should it die, its lease ends and we look again.
                    await asyncio.sleep(LEASE_SECONDS)
                    continue
                try:
                    # Forget the mark before looking: a change heard during the look must set it again.
                    self._dirty.discard(guild)
                    if not await self._round(guild, lease):
                        pause = RETRY_SECONDS
                finally:
                    await lease.release()
            except (RedisError, OSError) as gone:
                _log.warning("Notices of guild %d wait for Redis (%s).", guild, type(gone).__name__)
                pause = 1.0
            except Exception as error:
                self._reporter.report(error, f"notices of guild {guild}")
                pause = RETRY_SECONDS
            if pause and not self._closed:
                self._dirty.add(guild)
                await asyncio.sleep(pause)

    async def _round(self, guild: int, lease: Lease) -> bool:
        """Sends what is owed, oldest song first; gives whether nothing is left to be tried again."""
        owed, dropped = await self._notices.claim(guild)
        if dropped:
            _log.warning("Guild %d: %d notices at once were too many and are not sent.", guild, dropped)
        done = True
        for each in owed:
            if self._closed or not await lease.holds():
                return False
            async with self._slots:
                notice = await self._notices.take(guild, each)
                if notice is None:
                    continue
                try:
                    await self._send(guild, notice)
                except (hikari.RateLimitTooLongError, hikari.InternalServerError, OSError) as passing:
                    _log.warning(
                        "A notice of guild %d is tried again later (%s).", guild, type(passing).__name__
                    )
                    done = False
                    continue
                except hikari.HikariError as refused:
                    # Neither door is open, or Discord will never take it: asking again changes nothing.
                    _log.info("A notice of guild %d cannot be sent: %s.", guild, type(refused).__name__)
                await self._notices.settle(guild, each)
        return done

    async def _send(self, guild: int, notice: Notice) -> None:
        nonce = hashlib.blake2b(
            f"notice {guild} {notice.song.number} {notice.kind}".encode(), digest_size=10
        ).hexdigest()
        if notice.mode is Mode.DM:
            try:
                direct = await self._direct_channel(notice.song.user)
                await self._post(direct, notice, nonce, mention=False)
                return
            except (hikari.ForbiddenError, hikari.BadRequestError, hikari.NotFoundError) as refused:
                if refused.code != _CLOSED and not isinstance(refused, hikari.NotFoundError):
                    raise
                self._direct.pop(notice.song.user, None)
        if notice.channel:
            await self._post(hikari.Snowflake(notice.channel), notice, nonce, mention=True)

    async def _post(self, channel: hikari.Snowflake, notice: Notice, nonce: str, *, mention: bool) -> None:
        """In a channel the artist is named, and called: nobody reads there for fun."""
        user = notice.song.user
        await self._rest.create_message(
            channel,
            notice_text(notice, mention=mention, locale=notice.language),
            nonce=nonce,
            user_mentions=[hikari.Snowflake(user)] if mention else False,
            role_mentions=False,
            mentions_everyone=False,
            flags=hikari.MessageFlag.SUPPRESS_EMBEDS,
        )

    async def _direct_channel(self, user: int) -> hikari.Snowflake:
        known = self._direct.get(user)
        if known is None:
            known = (await self._rest.create_dm_channel(user)).id
            if len(self._direct) >= _DIRECT_KEPT:
                del self._direct[next(iter(self._direct))]
            self._direct[user] = known
        return known

"""Tells artists what becomes of their songs, each thing once: by direct message, or in a channel.

What is to be told is claimed in Redis before anything is sent, so that neither a second process nor a
restart tells it again. A notice is taken up right before it is sent and judged anew then: what is no longer
true, e.g. after an Undo, is not sent. One that was under way when its process died is repeated within two
minutes, under the same nonce, by which Discord knows it; later nobody can tell whether it arrived, and it is
let be.
"""

from __future__ import annotations

import asyncio
import logging
from typing import ClassVar, Final

import hikari
from redis.asyncio import Redis

from bot.errors import Reporter
from bot.nonce import nonce
from bot.posting import post_once
from bot.upkeep import RETRY_SECONDS, Upkeep
from components.notices import notice_text
from state.feed import Feed
from state.lease import Lease
from state.notices import Mode, Notice, NoticeKind, Notices

_log = logging.getLogger("skipline.telling")

AT_ONCE: Final = 4
"""Notices a process sends at a time, over all guilds."""

_CLOSED: Final = 50007
_DIRECT_KEPT: Final = 1000


class Telling(Upkeep):
    """Sends the notices of every guild this process holds the lease for."""

    subject: ClassVar[str] = "notices"
    # A slip that is undone at once tells nobody.
    settle: ClassVar[float] = 1.0

    def __init__(
        self,
        *,
        rest: hikari.api.RESTClient,
        redis: Redis,
        notices: Notices,
        feed: Feed,
        reporter: Reporter,
    ) -> None:
        super().__init__(redis, feed, reporter)
        self._rest = rest
        self._notices = notices
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._direct: dict[int, hikari.Snowflake] = {}

    async def _round(self, guild: int, lease: Lease) -> float:
        """Sends what is owed, oldest song first."""
        owed, dropped = await self._notices.claim(guild)
        if dropped:
            _log.warning("Guild %d: %d notices at once were too many and are not sent.", guild, dropped)
        pause = 0.0
        for each in owed:
            if self.closed or not await lease.holds():
                self.mark(guild)
                return 0.0
            async with self._slots:
                notice = await self._notices.take(guild, each)
                if notice is None:
                    continue
                try:
                    await self._send(guild, notice)
                except hikari.ClientHTTPResponseError as refused:
                    # Neither door is open, or Discord will never take it: asking again changes nothing.
                    _log.info("A notice of guild %d cannot be sent: %s.", guild, type(refused).__name__)
                except hikari.HTTPError as passing:
                    _log.warning(
                        "A notice of guild %d is tried again later (%s).", guild, type(passing).__name__
                    )
                    self.mark(guild)
                    pause = RETRY_SECONDS
                    continue
                await self._notices.settle(guild, each, lease)
        return pause

    async def _send(self, guild: int, notice: Notice) -> None:
        # A skip may be turned away, claimed again and turned away again.
        # Gifts may lift it more than once, too.
        lifted_to = notice.tier if notice.kind is NoticeKind.GIFTED else ""
        known_by = nonce(
            "notice", guild, notice.song.number, notice.kind, notice.song.turned_down_at, lifted_to
        )
        if notice.mode is Mode.DM:
            try:
                direct = await self._direct_channel(notice.song.user)
                await self._post(guild, direct, notice, known_by, mention=False)
                return
            except (hikari.ForbiddenError, hikari.BadRequestError, hikari.NotFoundError) as refused:
                if refused.code != _CLOSED and not isinstance(refused, hikari.NotFoundError):
                    raise
                self._direct.pop(notice.song.user, None)
        if notice.channel:
            await self._post(guild, hikari.Snowflake(notice.channel), notice, known_by, mention=True)

    async def _post(
        self, guild: int, channel: hikari.Snowflake, notice: Notice, known_by: str, *, mention: bool
    ) -> None:
        """In a channel the artist is named, and called: nobody reads there for fun."""
        user = notice.song.user
        await post_once(
            self._rest,
            self._redis,
            guild,
            channel,
            known_by,
            content=notice_text(notice, mention=mention, locale=notice.language),
            user_mentions=[hikari.Snowflake(user)] if mention else False,
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

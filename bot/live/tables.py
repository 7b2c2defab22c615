"""What a live came to, posted where the guild wants it: the table, its file, the picture of its course."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime, timedelta
from typing import Final

import hikari
from redis.asyncio import Redis

from bot.display_care import tell_owner
from bot.nonce import nonce
from bot.posting import post_once
from components.curve import Pictures
from components.markdown import plain
from components.metrics import (
    PAGE,
    curve_of,
    file_names,
    metrics_embed,
    metrics_rows,
    table_file,
    unposted_text,
)
from components.texts import say
from persistence.sessions import Sessions
from state.configure import Configuration
from state.live_records import LiveSession

_log = logging.getLogger("skipline.live")

_EARLIER: Final = timedelta(minutes=1)
"""Clocks differ: so much before its end a live's table may seem to stand."""

_LOOKED_AT: Final = 200
"""Messages in which a table is sought that was perhaps posted already."""


class Tables:
    """Posts the table of a live that PostgreSQL has."""

    def __init__(
        self,
        rest: hikari.api.RESTClient,
        redis: Redis,
        sessions: Sessions,
        configuration: Configuration,
        pictures: Pictures,
    ) -> None:
        self._rest = rest
        self._redis = redis
        self._sessions = sessions
        self._configuration = configuration
        self._pictures = pictures

    async def post(self, guild: int, record: LiveSession) -> None:
        """Posts it once: a crash right after posts no second one.

        Where Discord will never take it somebody is told, and that is all. Raises `hikari.HTTPError` for
        what may pass, `Unavailable` without PostgreSQL.
        """
        settings = await self._configuration.settings(guild)
        channel, locale = settings.channels.get("metrics", 0), settings.language
        if not channel or await self._stands(channel, file_names(record.session), record.ended_at):
            return
        try:
            await self._send(guild, channel, record, locale)
        except hikari.ClientHTTPResponseError as refused:
            _log.warning("The table of a live of guild %d cannot be posted: %s", guild, refused.message)
            review = settings.channels.get("review", 0)
            place = None if review in (0, channel) else review
            text = unposted_text(record, channel, refused.code or int(refused.status), locale)
            await tell_owner(
                self._rest, guild, text, place, nonce("live", guild, record.session, "not posted")
            )

    async def _send(self, guild: int, channel: int, record: LiveSession, locale: str) -> None:
        viewers, count = await self._sessions.viewers(guild, record.session, limit=PAGE)
        songs = await self._sessions.songs(guild, record)
        everybody = [viewer async for viewer in self._sessions.every_viewer(guild, record.session)]
        files = [await asyncio.to_thread(table_file, record.session, everybody)]
        drawn = await self._pictures.of(curve_of(record, songs, locale))
        if drawn is not None:
            files.append(hikari.Bytes(drawn, f"live-{record.session}.png", mimetype="image/png"))
        await post_once(
            self._rest,
            self._redis,
            guild,
            channel,
            nonce("live", guild, record.session),
            content=say("metrics.posted", locale, host=plain(record.host, 30)),
            embed=metrics_embed(record, viewers, count, 1, songs, locale),
            components=metrics_rows(record.session, 1, count, locale),
            attachments=files,
        )

    async def _stands(self, channel: int, names: frozenset[str], ended: datetime) -> bool:
        """Whether the table was posted before a crash: Discord knows a nonce for minutes only."""
        try:
            async for message in self._rest.fetch_messages(channel, after=ended - _EARLIER).limit(_LOOKED_AT):
                if message.author.is_bot and any(each.filename in names for each in message.attachments):
                    return True
        except hikari.ClientHTTPResponseError:
            # The history may be closed to us, and the post not.
            return False
        return False

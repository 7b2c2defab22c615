"""Keeps the messages that show a queue true: painted when something changed, and never otherwise.

A change is painted at once, later ones together at most every 1.5 seconds a message. What a message shows is
known by a hash kept in Redis, so an unchanged queue, or a restart, costs no call. One process paints a
guild at a time, under a lease; each of the others looks again when that lease may have been left behind.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

import hikari
import orjson
from redis.asyncio import Redis
from redis.exceptions import RedisError

from bot.display_care import pin, tell_owner
from bot.errors import Reporter
from components.display_states import off_text
from components.displays import Painting, render
from persistence.files import FileStore
from state import keys
from state.configure import Configuration
from state.connection import fields_of
from state.feed import Change, Feed
from state.lease import Lease
from state.queue import Queue
from state.refusal import Refused
from state.scripts import Actor

_log = logging.getLogger("skipline.displays")

PACE: Final = 1.5
"""Seconds between two edits of one message, at least (Discord allows 5 in 5 s for a whole channel)."""

SETTLE: Final = 0.05
"""Seconds from a change to its painting: a burst gathers, and whoever pressed is answered first."""

LEASE_SECONDS: Final = 3.0
"""A painter that died with a guild on its hands is replaced within this time."""

RETRY_SECONDS: Final = 5.0
"""Until a painting that failed for an unknown reason is tried again."""

OFF_SECONDS: Final = 600.0
"""Until a display that Discord refused is tried again, in case the permission was given back."""

_SELF: Final = Actor(0, "Skipline")
_EDITED_TOO_OFTEN: Final = 30046
_UNKNOWN_CHANNEL: Final = 10003


@dataclass(frozen=True, slots=True)
class Painted:
    """What the message of a display shows: a hash of its content, the file attached to it, if any."""

    digest: str
    file: str
    message: int

    @classmethod
    def from_hash(cls, fields: Mapping[str, str]) -> Painted:
        """From the fields of `painted:<kind>`; empty when nothing was painted yet."""
        return cls(fields.get("digest", ""), fields.get("file", ""), int(fields.get("message", "0")))


class Displays:
    """Paints every display of every guild this process holds the lease for."""

    def __init__(
        self,
        *,
        rest: hikari.api.RESTClient,
        redis: Redis,
        queue: Queue,
        configuration: Configuration,
        feed: Feed,
        files: FileStore,
        reporter: Reporter,
    ) -> None:
        self._rest = rest
        self._redis = redis
        self._queue = queue
        self._configuration = configuration
        self._files = files
        self._reporter = reporter
        self._dirty: set[int] = set()
        self._painters: dict[int, asyncio.Task[None]] = {}
        self._closed = True
        feed.listen(self._heard, self._resumed)

    def _heard(self, change: Change) -> None:
        self._mark(change.guild)

    async def open(self) -> None:
        """Starts to paint, beginning with whatever changed while nobody did."""
        self._closed = False
        await self._resumed()

    async def _resumed(self) -> None:
        for guild in cast("set[str]", await self._redis.smembers(keys.GUILDS)):
            self._mark(int(guild))

    def _mark(self, guild: int) -> None:
        if self._closed:
            return
        self._dirty.add(guild)
        if guild not in self._painters:
            name = f"displays of {guild}"
            self._painters[guild] = asyncio.create_task(self._paint(guild), name=name)

    async def close(self) -> None:
        """Finishes the edits in flight and stops."""
        self._closed = True
        self._dirty.clear()
        if self._painters:
            await asyncio.wait(self._painters.values(), timeout=5.0)
        for painter in list(self._painters.values()):
            painter.cancel()

    async def _paint(self, guild: int) -> None:
        try:
            await self._paint_while_dirty(guild)
        finally:
            # In the same step as the last look at the mark: a later change must find no painter here.
            self._painters.pop(guild, None)

    async def _paint_while_dirty(self, guild: int) -> None:
        lease = Lease(self._redis, keys.lease(guild, "displays"), seconds=LEASE_SECONDS)
        while guild in self._dirty and not self._closed:
            try:
                # Forget the mark before looking: a change heard during the look must set it again.
                self._dirty.discard(guild)
                if not await self._configuration.displays(guild):
                    continue
                self._dirty.add(guild)
                if not await lease.take():
                    # The holder heard the same change. Should it be dead, its lease ends soon: look again.
                    await asyncio.sleep(LEASE_SECONDS / 3)
                    continue
                try:
                    await self._rounds(guild, lease)
                finally:
                    await lease.release()
            except (RedisError, OSError) as gone:
                _log.warning("Displays of guild %d wait for Redis (%s).", guild, type(gone).__name__)
                self._dirty.add(guild)
                await asyncio.sleep(1.0)
            except Exception as error:
                self._reporter.report(error, f"displays of guild {guild}")
                # What failed may fail again at once; the next change, or this one later, tries anew.
                self._dirty.add(guild)
                await asyncio.sleep(RETRY_SECONDS)

    async def _rounds(self, guild: int, lease: Lease) -> None:
        """Paints until nothing is new. A change heard after the last look starts another round."""
        loop = asyncio.get_running_loop()
        while guild in self._dirty and not self._closed and not lease.lost.is_set():
            await asyncio.sleep(SETTLE)
            started = loop.time()
            self._dirty.discard(guild)
            if await self._round(guild, lease):
                await asyncio.sleep(max(0.0, started + PACE - loop.time()))

    async def _round(self, guild: int, lease: Lease) -> bool:
        places = await self._configuration.displays(guild)
        board = await self._queue.board(guild, count=25, pending=10, held=5)
        jobs: list[Coroutine[Any, Any, bool]] = []
        for kind, (channel, message) in places.items():
            painting = render(kind, board)
            if painting is not None:
                jobs.append(self._display(guild, kind, channel, message, painting, lease))
        return any(await asyncio.gather(*jobs))

    async def _display(
        self, guild: int, kind: str, channel: int, message: int, painting: Painting, lease: Lease
    ) -> bool:
        """Brings one message up to date; gives whether Discord was called."""
        key = keys.painted(guild, kind)
        shown = await fields_of(self._redis, key)
        painted = Painted.from_hash(shown)
        digest = self._digest(painting)
        off = "off" in shown
        if off and shown.get("channel") == str(channel) and shown.get("message") == str(message):
            if time.time() < int(shown.get("off_at", "0")) / 1000 + OFF_SECONDS:
                return False
        elif message and painted.message == message and painted.digest == digest:
            return False
        if not await lease.holds():
            return False
        file = painting.file or ""
        try:
            if not message or not await self._edit(channel, message, painting, painted.file != file):
                message = await self._post(guild, kind, (channel, message), painting)
                if not message:
                    self._mark(guild)
                    return True
        except (hikari.ForbiddenError, hikari.NotFoundError) as refused:
            await self._switch_off(guild, kind, channel, message, refused)
            return True
        fresh = ["digest", digest, "file", file, "message", str(message), "channel", str(channel)]
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.delete(key)
            pipe.hset(key, items=fresh)
            await pipe.execute()
        return True

    async def _switch_off(
        self, guild: int, kind: str, channel: int, message: int, refused: hikari.ClientHTTPResponseError
    ) -> None:
        """Leaves a display alone for a while, and tells somebody who can mend it, once for each cause."""
        _log.warning("The %s display of guild %d is off: Discord says %s.", kind, guild, refused.message)
        key, code = keys.painted(guild, kind), int(getattr(refused, "code", 0))
        cause = f"{code} {channel}"
        told = await fields_of(self._redis, key)
        off = {"off": code, "off_at": int(time.time() * 1000), "channel": channel, "message": message}
        items = [text for field, value in off.items() for text in (field, str(value))]
        await self._redis.hset(key, items=[*items, "told", cause])
        asyncio.get_running_loop().call_later(OFF_SECONDS + 1.0, self._mark, guild)
        if told.get("told") == cause:
            return
        settings = await self._configuration.settings(guild)
        review = settings.channels.get("review", 0)
        text = off_text(kind, channel, code, settings.language)
        await tell_owner(self._rest, guild, text, None if review in (0, channel) else review)

    async def _edit(self, channel: int, message: int, painting: Painting, new_file: bool) -> bool:
        """Edits the message in place; False when it must be posted anew."""
        try:
            await self._rest.edit_message(
                channel,
                message,
                embeds=painting.embeds,
                components=painting.components,
                attachments=self._attachments(painting) if new_file else hikari.UNDEFINED,
                user_mentions=False,
                role_mentions=False,
                mentions_everyone=False,
            )
        except hikari.NotFoundError as missing:
            if missing.code == _UNKNOWN_CHANNEL:
                raise
            return False
        except hikari.BadRequestError as refused:
            if refused.code != _EDITED_TOO_OFTEN:
                raise
            return False
        return True

    async def _post(self, guild: int, kind: str, place: tuple[int, int], painting: Painting) -> int:
        """Posts the message of a display that stands at a place, and registers it.

        A crash in between posts no second one (same nonce). Whoever moves the display or takes it down
        meanwhile has the last word: then nothing is left behind, and it gives 0.
        """
        channel, old = place
        if (await self._configuration.displays(guild)).get(kind) != place:
            return 0
        nonce = hashlib.blake2b(f"{guild} {kind} {channel} {old}".encode(), digest_size=10).hexdigest()
        message = await self._rest.create_message(
            channel,
            embeds=painting.embeds,
            components=painting.components,
            attachments=self._attachments(painting) or hikari.UNDEFINED,
            nonce=nonce,
            user_mentions=False,
            role_mentions=False,
            mentions_everyone=False,
        )
        await pin(self._rest, channel, message)
        posted = (channel, int(message.id))
        try:
            await self._configuration.set_display(
                guild, f"display:{message.id}", _SELF, kind, posted, seen=place
            )
        except Refused:
            if (await self._configuration.displays(guild)).get(kind) != posted:
                await self._delete(*posted)
                return 0
        if old:
            await self._delete(channel, old)
        return posted[1]

    async def _delete(self, channel: int, message: int) -> None:
        try:
            await self._rest.delete_message(channel, message)
        except (hikari.NotFoundError, hikari.ForbiddenError):
            _log.debug("Message %d of channel %d is gone.", message, channel)

    def _attachments(self, painting: Painting) -> list[hikari.File]:
        return [hikari.File(self._files.path(painting.file))] if painting.file else []

    def _digest(self, painting: Painting) -> str:
        """A hash of what would be sent, stable over restarts and library objects."""
        serialize = self._rest.entity_factory.serialize_embed
        embeds = [serialize(embed)[0] for embed in painting.embeds]
        rows = [component.build()[0] for component in painting.components]
        content = orjson.dumps(
            [embeds, rows, painting.file], option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS, default=str
        )
        return hashlib.blake2b(content, digest_size=12).hexdigest()

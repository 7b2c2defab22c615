"""Keeps the messages that show a queue true: painted when something changed, and never otherwise.

A change is painted at once, later ones together at most every 1.5 seconds a message. What a message shows is
known by a hash kept in Redis, so an unchanged queue, or a restart, costs no call. One process paints a
guild at a time, under a lease; each of the others looks again when that lease may have been left behind.

Discord knows no leases: what a process sent before it lost its own comes whenever it comes. So that hash
counts for nothing from before an edit until its outcome is noted under the same lease, and whoever finds that
its lease went meanwhile notes that the message may show something old, and has it painted again.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final

import hikari
import orjson
from redis.asyncio import Redis
from redis.exceptions import RedisError

from bot.display_care import tell_owner
from bot.errors import Reporter
from bot.nonce import nonce
from bot.pins import pin
from bot.upkeep import RETRY_SECONDS, Upkeep
from components.display_states import off_text
from components.displays import REVIEWER, Painting, render
from persistence.files import FileStore
from state import keys
from state.configure import Configuration
from state.connection import fields_of
from state.feed import Feed
from state.lease import Lease
from state.queue import Queue
from state.refusal import Refused
from state.scripts import Actor
from state.timers import Timers

_log = logging.getLogger("skipline.displays")

PACE: Final = 1.5
"""Seconds between two edits of one message, at least (Discord allows 5 in 5 s for a whole channel)."""

OFF_SECONDS: Final = 600.0
"""Until a display that Discord refused is tried again, in case the permission was given back."""

_SELF: Final = Actor(0, "Skipline")
_EDITED_TOO_OFTEN: Final = 30046
_UNKNOWN_CHANNEL: Final = 10003


@dataclass(frozen=True, slots=True)
class Painted:
    """What the message of a display shows: a hash of its content, the file attached to it, if any.

    `at` is when it was painted, in seconds since 1970.
    """

    digest: str
    file: str
    message: int
    at: float

    @classmethod
    def from_hash(cls, fields: Mapping[str, str]) -> Painted:
        """From the fields of `painted:<kind>`; empty when nothing was painted yet."""
        return cls(
            fields.get("digest", ""),
            fields.get("file", ""),
            int(fields.get("message", "0")),
            int(fields.get("at", "0")) / 1000,
        )


class Displays(Upkeep):
    """Paints every display of every guild this process holds the lease for."""

    subject: ClassVar[str] = "displays"
    # Whoever pressed is answered first.
    settle: ClassVar[float] = 0.05
    lease_seconds: ClassVar[float] = 3.0

    def __init__(
        self,
        *,
        rest: hikari.api.RESTClient,
        redis: Redis,
        queue: Queue,
        configuration: Configuration,
        feed: Feed,
        files: FileStore,
        timers: Timers,
        reporter: Reporter,
    ) -> None:
        super().__init__(redis, feed, reporter)
        self._rest = rest
        self._queue = queue
        self._configuration = configuration
        self._files = files
        self._timers = timers
        # Displays whose time to be tried again has come.
        self._again: set[tuple[int, str]] = set()
        # Messages edited, posted, and found to show the right thing already: for the figures.
        self.counts: Counter[str] = Counter()

    async def again(self, guild: int, kind: str) -> float | None:
        """Tries a display that is off; gives the seconds until it is looked whether that was done."""
        client: Any = self._redis
        places = await self._configuration.displays(guild)
        if kind not in places or not await client.hexists(keys.painted(guild, kind), "off"):
            self._again.discard((guild, kind))
            return None
        self._again.add((guild, kind))
        self.mark(guild)
        return RETRY_SECONDS

    async def _wanted(self, guild: int) -> bool:
        return bool(await self._configuration.displays(guild))

    async def _round(self, guild: int, lease: Lease) -> float:
        places = await self._configuration.displays(guild)
        board = await self._queue.board(guild, count=25, pending=10, held=5)
        paintings = {kind: painting for kind in places if (painting := render(kind, board)) is not None}
        # A panel is posted after the others: it stands nearest to where one writes.
        late = {kind for kind in paintings if kind == REVIEWER and not places[kind][1]}
        pauses = [0.0]
        for kinds in (paintings.keys() - late, late):
            jobs = [self._display(guild, kind, *places[kind], paintings[kind], lease) for kind in kinds]
            pauses += await asyncio.gather(*jobs)
        return max(pauses)

    async def _display(
        self, guild: int, kind: str, channel: int, message: int, painting: Painting, lease: Lease
    ) -> float:
        """Brings one message up to date; gives the seconds until it may be edited again."""
        key = keys.painted(guild, kind)
        shown = await fields_of(self._redis, key)
        painted = Painted.from_hash(shown)
        digest = self._digest(painting)
        off = "off" in shown
        if off and shown.get("channel") == str(channel) and shown.get("message") == str(message):
            if (guild, kind) not in self._again:
                # Known already, unless its timer was lost on the way.
                await self._timers.set(guild, f"display:{kind}", OFF_SECONDS, new=True)
                return 0.0
        elif message and painted.message == message and painted.digest == digest and not _uncertain(shown):
            self.counts["saved"] += 1
            return 0.0
        # A process that has stopped since may have painted a moment ago. What lies ahead of our clock is
        # ignored: nobody waits for another host's wrong one.
        ago = time.time() - painted.at
        early = painted.message == message and 0 <= ago < PACE
        if early:
            self.mark(guild)
            return PACE - ago
        begun = [["HDEL", key, "late"], ["HSET", key, "painting", str(lease.token)]]
        if not await lease.write(*begun):
            self.mark(guild)
            return 0.0
        self._again.discard((guild, kind))
        file = painting.file or ""
        late = ["HSET", key, "late", str(lease.token)]
        try:
            if not message or not await self._edit(channel, message, painting, painted.file != file):
                message = await self._post(guild, kind, (channel, message), painting)
                if not message:
                    self.mark(guild)
                    return PACE
                self.counts["posted"] += 1
            else:
                self.counts["edited"] += 1
        except (hikari.ForbiddenError, hikari.NotFoundError) as refused:
            await self._switch_off(guild, kind, channel, message, refused, lease)
            return PACE
        except asyncio.CancelledError:
            with contextlib.suppress(RedisError, OSError):
                await lease.write(otherwise=[late])
            raise
        # The pace counts from Discord's answer: however long each call took to get there, none comes early.
        at = str(int(time.time() * 1000))
        fresh = {"digest": digest, "file": file, "message": message, "channel": channel, "at": at}
        items = [str(each) for pair in fresh.items() for each in pair]
        done = [["HDEL", key, "painting", "off", "off_at", "told"], ["HSET", key, *items]]
        if not await lease.write(*done, otherwise=[late]):
            self.mark(guild)
        return PACE

    async def _switch_off(
        self,
        guild: int,
        kind: str,
        channel: int,
        message: int,
        refused: hikari.ClientHTTPResponseError,
        lease: Lease,
    ) -> None:
        """Leaves a display alone for a while, and tells somebody who can mend it, once for each cause."""
        _log.warning("The %s display of guild %d is off: Discord says %s.", kind, guild, refused.message)
        key, code = keys.painted(guild, kind), int(getattr(refused, "code", 0))
        cause = f"{code} {channel}"
        told = await fields_of(self._redis, key)
        off = {"off": code, "off_at": int(time.time() * 1000), "channel": channel, "message": message}
        items = [text for field, value in off.items() for text in (field, str(value))]
        if not await lease.write(["HDEL", key, "painting"], ["HSET", key, *items, "told", cause]):
            self.mark(guild)
            return
        await self._timers.set(guild, f"display:{kind}", OFF_SECONDS)
        if told.get("told") == cause:
            return
        settings = await self._configuration.settings(guild)
        review = settings.channels.get("review", 0)
        text = off_text(kind, channel, code, settings.language)
        place = None if review in (0, channel) else review
        await tell_owner(self._rest, guild, text, place, nonce(guild, kind, "off", off["off_at"]))

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
        message = await self._rest.create_message(
            channel,
            embeds=painting.embeds,
            components=painting.components,
            attachments=self._attachments(painting) or hikari.UNDEFINED,
            nonce=nonce(guild, kind, channel, old),
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


def _uncertain(shown: Mapping[str, str]) -> bool:
    """Whether somebody began to paint and did not note what came of it, or came late with something old."""
    return "painting" in shown or "late" in shown

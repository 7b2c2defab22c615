"""Posts the cards that moves owe: one message a song in the channel for what plays now, one a bookmark.

The moves themselves note what is owed, in the same step; here it is posted, and the note then says where.
So nothing is announced twice or forgotten, whichever process dies when: an owed card is posted under a
nonce that is the same in every process, and one that was owed for longer than Discord remembers a nonce is
looked for in its channel first. Undo crosses a card out and never posts another.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import secrets
from typing import Any, ClassVar, Final

import hikari
import orjson
from redis.asyncio import Redis
from redis.exceptions import RedisError

from bot.display_care import tell_owner
from bot.errors import Reporter
from bot.nonce import nonce
from bot.upkeep import Upkeep
from components.announcements import Announcement, announcement, footer, holds
from components.display_states import cards_off_text
from persistence.files import FileStore
from state import keys
from state.cards import KEPT, Card, CardKind, Cards, Look
from state.configure import Configuration
from state.feed import Feed
from state.lease import Lease
from state.queue import Queue
from state.refusal import Unopened
from state.song import Song, SongState

_log = logging.getLogger("skipline.announcements")

FRESH_MS: Final = 60_000
"""So long a card counts as just owed: its nonce is remembered, and a song that ended meanwhile is told of."""

_LOOKED_THROUGH: Final = 50
_EDITED_TOO_OFTEN: Final = 30046
_MESSAGE_GONE: Final = 10008


class Announcements(Upkeep):
    """Posts and crosses out the cards of every guild this process holds the lease for."""

    subject: ClassVar[str] = "cards"
    # Whoever pressed is answered first.
    settle: ClassVar[float] = 0.05
    lease_seconds: ClassVar[float] = 3.0
    watched: ClassVar[frozenset[str] | None] = frozenset(
        (
            *("next", "undone", "held", "bumped", "removed", "cleared", "reviewed", "edited"),
            *("bookmarked", "unbookmarked"),
            *("restored", "restored_backup", "forgotten"),
        )
    )

    def __init__(
        self,
        *,
        rest: hikari.api.RESTClient,
        redis: Redis,
        queue: Queue,
        cards: Cards,
        configuration: Configuration,
        feed: Feed,
        files: FileStore,
        reporter: Reporter,
    ) -> None:
        super().__init__(redis, feed, reporter)
        self._rest = rest
        self._queue = queue
        self._cards = cards
        self._configuration = configuration
        self._files = files
        self._me: int | None = None

    async def _wanted(self, guild: int) -> bool:
        return bool(await self._due(guild))

    async def _due(self, guild: int) -> list[tuple[Card, Song, Announcement, str]]:
        """Cards that do not show what they should, oldest first, with what that is and its hash."""
        cards = [card for card in await self._cards.all(guild) if card.look is not Look.OFF]
        if not cards:
            return []
        ladder = await self._configuration.ladder(guild)
        language = (await self._configuration.settings(guild)).language
        songs = {song.number: song for song in await self._queue.songs(guild, [card.song for card in cards])}
        due: list[tuple[Card, Song, Announcement, str]] = []
        for card in cards:
            song = songs.get(card.song)
            if song is None or (not card.message and not holds(card.kind, song) and song.state.is_active):
                # Taken back before it was posted: it stays owed until the song comes again.
                continue
            shown = announcement(card.kind, song, ladder, language)
            # Of the card in English: another language is for the cards to come and edits none.
            digest = self._digest(announcement(card.kind, song, ladder))
            if not card.message or digest != card.digest:
                due.append((card, song, shown, digest))
        return due

    async def _round(self, guild: int, lease: Lease) -> float:
        due = await self._due(guild)
        seconds, _ = await self._redis.time()
        failed: hikari.HikariError | None = None
        for card, song, shown, digest in due:
            if self.closed or not await lease.holds():
                self.mark(guild)
                return 0.0
            try:
                await self._settle(guild, card, song, shown, digest, seconds * 1000 - card.at)
            except hikari.HikariError as error:
                # One card that fails keeps no other from being posted.
                failed = error
        posted = [card for card in await self._cards.all(guild) if card.message or card.look is Look.OFF]
        if len(posted) > KEPT:
            await self._cards.forget(guild, secrets.token_hex(8), posted[: len(posted) - KEPT])
        if failed is not None:
            raise failed
        return 0.0

    async def _settle(
        self, guild: int, card: Card, song: Song, shown: Announcement, digest: str, age: int
    ) -> None:
        """Posts one card or brings it up to date, and notes so. `age` is how long it is owed, in ms."""
        late = card.kind is CardKind.NOW_PLAYING and song.state is not SongState.PLAYING
        if not card.message and (not holds(card.kind, song) or (late and age > FRESH_MS)):
            # Nobody was told while it was true, and now it is not.
            await self._cards.forget(guild, secrets.token_hex(8), [card])
            return
        look = Look.SHOWN if holds(card.kind, song) else Look.STRUCK
        try:
            message = await self._show(guild, card, shown, searching=age > FRESH_MS)
        except asyncio.CancelledError:
            # It may have been sent all the same, and come after what the next one shows.
            with contextlib.suppress(RedisError, OSError, Unopened):
                await self._doubt(guild, card, card.message)
            raise
        if message is None:
            look, message = Look.OFF, card.message
        request = secrets.token_hex(8)
        if not await self._cards.note(guild, request, card, message=message, look=look, digest=digest):
            # Somebody else was at it meanwhile, and ours came later, or what is to be shown changed.
            await self._doubt(guild, card, message)
            self.mark(guild)

    async def _doubt(self, guild: int, card: Card, message: int) -> None:
        """Takes a second message of a card away; has one brought up to date that may show something old."""
        now = next((each for each in await self._cards.all(guild) if each.field == card.field), None)
        if not card.message and message and (now is None or now.message not in (0, message)):
            with contextlib.suppress(hikari.NotFoundError, hikari.ForbiddenError):
                await self._rest.delete_message(card.channel, message)
        elif now is not None and card.message and now.message == card.message and now.look is not Look.OFF:
            await self._cards.note(guild, secrets.token_hex(8), now, message=now.message, look=now.look)

    async def _show(self, guild: int, card: Card, shown: Announcement, *, searching: bool) -> int | None:
        """Brings a card's message up to date; gives its id, None when Discord refuses it for good."""
        try:
            if card.message:
                await self._edit(card, shown)
                return card.message
            if searching and (found := await self._find(card)) is not None:
                return found
            message = await self._post(guild, card, shown)
            # It works (again): should it break another time, that is told like the first.
            await self._redis.delete(keys.painted(guild, card.kind.value))
            return message
        except (hikari.ForbiddenError, hikari.NotFoundError) as refused:
            _log.warning(
                "A card of guild %d is given up in channel %d: Discord says %s.",
                guild,
                card.channel,
                refused.message,
            )
            await self._tell(guild, card, int(getattr(refused, "code", 0)))
            return None

    async def _tell(self, guild: int, card: Card, code: int) -> None:
        """Tells somebody who can mend the channel, once for each cause; a deleted message needs none."""
        if code == _MESSAGE_GONE:
            return
        client: Any = self._redis
        key, cause = keys.painted(guild, card.kind.value), f"{code} {card.channel}"
        if await client.hget(key, "told") == cause:
            return
        settings = await self._configuration.settings(guild)
        review = settings.channels.get("review", 0)
        text = cards_off_text(card.kind.value, card.channel, code, settings.language)
        place = None if review in (0, card.channel) else review
        await tell_owner(self._rest, guild, text, place, nonce(guild, card.field, card.at, cause))
        await client.hset(key, "told", cause)

    async def _edit(self, card: Card, shown: Announcement) -> None:
        try:
            await self._rest.edit_message(
                card.channel,
                card.message,
                embeds=[shown.embed],
                user_mentions=False,
                role_mentions=False,
                mentions_everyone=False,
            )
        except hikari.BadRequestError as refused:
            # An old message that was edited too often stays as it is: a second one would be worse.
            if refused.code != _EDITED_TOO_OFTEN:
                raise

    async def _post(self, guild: int, card: Card, shown: Announcement) -> int:
        message = await self._rest.create_message(
            card.channel,
            embeds=[shown.embed],
            attachments=self._attachments(shown) or hikari.UNDEFINED,
            nonce=nonce(guild, card.field, card.at),
            user_mentions=False,
            role_mentions=False,
            mentions_everyone=False,
        )
        return int(message.id)

    def _attachments(self, shown: Announcement) -> list[hikari.File]:
        """The file of a card. One that our store has lost keeps no card from being posted."""
        try:
            path = self._files.path(shown.file) if shown.file else None
        except ValueError:
            path = None
        return [hikari.File(path)] if path is not None and path.is_file() else []

    async def _find(self, card: Card) -> int | None:
        """The message of a card that was posted, perhaps, by a process that died before it noted so."""
        if self._me is None:
            self._me = int((await self._rest.fetch_my_user()).id)
        looked = self._rest.fetch_messages(card.channel).limit(_LOOKED_THROUGH)
        try:
            async for message in looked:
                mine = int(message.author.id) == self._me and int(message.id.created_at.timestamp() * 1000)
                if mine and mine >= card.at - FRESH_MS:
                    for embed in message.embeds:
                        if embed.footer is not None and embed.footer.text == footer(card.kind, card.song):
                            return int(message.id)
        except hikari.ForbiddenError:
            _log.debug("The history of channel %d is not ours to read.", card.channel)
        return None

    def _digest(self, shown: Announcement) -> str:
        content: list[Any] = [self._rest.entity_factory.serialize_embed(shown.embed)[0], shown.file]
        text = orjson.dumps(content, option=orjson.OPT_SORT_KEYS, default=str)
        return hashlib.blake2b(text, digest_size=8).hexdigest()

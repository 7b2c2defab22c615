"""A link or an audio file dropped in the submission channel is handed in.

Whatever is not meant as a song is left alone: other links and files, talk, messages of bots and webhooks,
threads. An edited message is not read again by itself; the button under it reads it as it is then. Nothing
that people wrote is deleted.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import Final

import hikari
import tanjun
from redis.exceptions import RedisError

from bot.answers import explain
from bot.errors import Reporter, UserError
from bot.in_flight import InFlight
from bot.router import Press, Router, Submission, encode
from components import submission
from components.dropped import ADD, NAMED, Dropped, add_row, name_rows, read_dropped
from components.refusals import refusal_text
from components.submission import Words
from components.texts import FALLBACK, say
from components.who import Caller
from persistence.files import FileStore
from plugins.submit.intake import Artist, Taken, check_file, hand_in_file, hand_in_link
from state.configure import Configuration
from state.ladder import FREE
from state.queue import Queue
from state.refusal import Reason, Refused
from state.scripts import Actor
from state.timers import Timers

SHOWN_SECONDS: Final = 60.0
"""How long a refusal stays in the channel."""
FETCH_SECONDS: Final = 1.5
"""How long the form waits for the message it is about, to be filled in; it must open within 3 s."""

_log = logging.getLogger("skipline.drops")

_KINDS: Final = (hikari.MessageType.DEFAULT, hikari.MessageType.REPLY)

routes = Router()


class Drops:
    """Listens for one bot. Its refusals are taken away again after a while, by whoever does what is due."""

    def __init__(self, client: tanjun.abc.Client) -> None:
        self._client = client
        get = client.injector.get_type_dependency
        self._queue, self._files = get(Queue), get(FileStore)
        self._configuration, self._reporter = get(Configuration), get(Reporter)
        self._in_flight, self._timers = get(InFlight), get(Timers)

    def open(self) -> None:
        """Starts to listen."""
        if self._client.events is not None:
            self._client.events.subscribe(hikari.GuildMessageCreateEvent, self._heard)

    def close(self) -> None:
        """Stops; what was said stays."""
        if self._client.events is not None:
            self._client.events.unsubscribe(hikari.GuildMessageCreateEvent, self._heard)

    async def _heard(self, event: hikari.GuildMessageCreateEvent) -> None:
        message = event.message
        if not event.is_human or message.type not in _KINDS:
            return
        settings = await self._configuration.settings(int(event.guild_id))
        if settings.channels.get("submissions") != int(event.channel_id):
            return
        member = message.member
        name = member.display_name if member else message.author.username
        artist = Artist(
            guild=int(event.guild_id),
            actor=Actor(int(event.author_id), name),
            request=str(message.id),
            locale=settings.language,
        )
        with self._in_flight.answering():
            try:
                await self._take(artist, message)
            except Exception as error:
                text = explain(error, "a song dropped in the channel", self._reporter, artist.locale)
                if text is not None:
                    await self._say(message, text, for_a_while=True)

    async def _take(self, artist: Artist, message: hikari.Message) -> None:
        """Takes the song in, or asks for its names. Raises `UserError` with what is wrong."""
        dropped = _read(message, artist)
        if not dropped.count:
            if dropped.refusal is not None:
                raise UserError(dropped.refusal)
            return
        if dropped.count > 1:
            raise UserError(say("drop.several", artist.locale, count=dropped.count))
        board = await self._queue.board(artist.guild, count=0)
        if not board.settings.takes(FREE):
            reason = Reason.PAUSED if board.settings.paused else Reason.CLOSED
            refused = Refused(reason, {"tier": FREE})
            raise UserError(refusal_text(refused, board.ladder, artist.locale, settings=board.settings))
        if dropped.files:
            check_file(message.attachments[dropped.files[0]], artist.locale)
        if not dropped.names.complete:
            row = add_row(artist.actor.id, int(message.id), artist.locale)
            await self._say(message, say("drop.ask", artist.locale), [row], locale=artist.locale)
            return
        words = submission.read_words(
            dropped.names.title, dropped.names.artist, dropped.note or None, artist.locale
        )
        taken = await _hand_in(artist, self._queue, self._files, message, dropped, words)
        await self._say(message, taken.confirmation(artist.locale))

    async def _say(
        self,
        message: hikari.Message,
        text: str,
        components: list[hikari.impl.MessageActionRowBuilder] | None = None,
        *,
        locale: str = FALLBACK,
        for_a_while: bool = False,
    ) -> None:
        """Replies without a ping. The nonce keeps a message that Discord tells of twice from two replies."""
        try:
            said = await self._client.rest.create_message(
                message.channel_id,
                text,
                components=components or hikari.UNDEFINED,
                reply=message,
                reply_must_exist=False,
                mentions_reply=False,
                user_mentions=False,
                role_mentions=False,
                mentions_everyone=False,
                nonce=f"drop{message.id}"[:25],
            )
        except (hikari.ForbiddenError, hikari.NotFoundError) as refused:
            _log.warning("No answer in channel %s: Discord says %s.", message.channel_id, refused.message)
            await self._whisper(message, text if components is None else say("drop.ask_elsewhere", locale))
            return
        if for_a_while and message.guild_id is not None:
            timer = f"refusal:{said.channel_id}:{said.id}"
            # Without Redis it stays: worse would be to fail with what was said already.
            with contextlib.suppress(RedisError, OSError):
                await self._timers.set(int(message.guild_id), timer, SHOWN_SECONDS)

    async def _whisper(self, message: hikari.Message, text: str) -> None:
        """Tells the author alone, where the channel takes no answer; they may have closed that door, too."""
        with contextlib.suppress(hikari.HikariError):
            await message.author.send(text, mentions_everyone=False, user_mentions=False, role_mentions=False)


def _read(message: hikari.Message, artist: Artist) -> Dropped:
    files = [(file.filename, file.media_type) for file in message.attachments]
    return read_dropped(message.content or "", files, artist.actor.name, artist.locale)


async def _hand_in(
    artist: Artist, queue: Queue, files: FileStore, message: hikari.Message, dropped: Dropped, words: Words
) -> Taken:
    if dropped.files:
        file = message.attachments[dropped.files[0]]
        return await hand_in_file(artist, queue, files, file, words)
    return await hand_in_link(artist, queue, words, dropped.tracks[0])


async def _dropped_by(
    received: Press | Submission, caller: Caller, text: str
) -> tuple[hikari.Message, Dropped]:
    """The caller's own message of that number, as it is now, with the one song in it."""
    number = parse_id(text)
    channel = received.interaction.channel_id
    settings = await received.get(Configuration).settings(caller.guild)
    if number is None or settings.channels.get("submissions") != int(channel):
        raise UserError(say("common.outdated", caller.locale))
    try:
        message = await received.interaction.app.rest.fetch_message(channel, number)
    except (hikari.NotFoundError, hikari.ForbiddenError) as gone:
        raise UserError(say("drop.gone", caller.locale)) from gone
    if int(message.author.id) != caller.actor.id:
        raise UserError(say("drop.not_yours", caller.locale))
    dropped = _read(message, Artist(caller.guild, caller.actor, str(message.id), caller.locale))
    if dropped.count != 1:
        raise UserError(dropped.refusal or say("drop.gone", caller.locale))
    return message, dropped


def parse_id(text: str) -> int | None:
    """A Discord id out of a custom_id, which anybody can make up."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 19 else None


@routes.component(ADD)
async def add(press: Press) -> None:
    """Opens the form for the one who posted the song."""
    caller = Caller.of(press.interaction)
    if len(press.args) != 2:
        raise UserError(say("common.outdated", caller.locale))
    author, number = press.args
    if author != str(caller.actor.id):
        raise UserError(say("drop.not_yours", caller.locale))
    dropped = None
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(FETCH_SECONDS):
            _, dropped = await _dropped_by(press, caller, number)
    await press.ask(
        say("drop.title", caller.locale), encode(NAMED, number), name_rows(dropped, caller.locale)
    )


@routes.modal(NAMED)
async def named(sent: Submission) -> None:
    """Takes the song in; its message, not the form, says which one. The reply becomes the confirmation."""
    caller, given = Caller.of(sent.interaction), sent.values
    message, dropped = await _dropped_by(sent, caller, sent.args[0] if len(sent.args) == 1 else "")
    words = submission.read_words(
        given.get(submission.TITLE, ""),
        given.get(submission.ARTIST, ""),
        given.get(submission.NOTE),
        caller.locale,
    )
    artist = Artist(caller.guild, caller.actor, str(message.id), caller.locale)
    taken = await _hand_in(artist, sent.get(Queue), sent.get(FileStore), message, dropped, words)
    text = taken.confirmation(artist.locale)
    if sent.interaction.message is None:
        await sent.respond(text)
    else:
        await sent.update(text, components=[])

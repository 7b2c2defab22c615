"""`/submit`: artists hand in a song by link, as a file, or in a form."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Generator
from dataclasses import replace
from typing import Final

import aiohttp
import alluka
import hikari
import tanjun

from bot.answers import already_answered
from bot.errors import UserError
from bot.router import Router, Submission, encode
from components import submission
from components.markdown import clean
from components.refusals import worded
from components.song_option import tier_choices
from components.texts import describe, say
from components.who import Caller
from persistence.files import (
    LARGEST,
    Empty,
    FileRefused,
    FileStore,
    StoredFile,
    TooLarge,
    WrongKind,
    extension_of,
)
from state.board import Board
from state.configure import Configuration
from state.queue import Moved, Queue
from state.refusal import Refused, Unopened
from state.song import NewSong
from state.track import LONGEST_LINK, file_track

DOWNLOAD_SECONDS: Final = 120.0
"""How long Discord may take to hand over 25 MB."""
_FORM: Final = "submit.form"

routes = Router()
submit = tanjun.slash_command_group(
    "submit", describe("submit.description"), default_to_ephemeral=True, dm_enabled=False
)


async def offer_skips(
    ctx: tanjun.abc.AutocompleteContext, typed: str, configuration: alluka.Injected[Configuration]
) -> None:
    """The guild's paid tiers."""
    caller = Caller.of(ctx.interaction)
    await ctx.set_choices(tier_choices(await configuration.ladder(caller.guild), typed, paid_only=True))


async def _hand_in(caller: Caller, queue: Queue, board: Board, song: NewSong) -> Moved:
    with worded(board.ladder, caller.locale, reader=caller.actor.id):
        return await queue.submit(caller.guild, caller.request, caller.actor, song)


async def _hand_in_link(
    caller: Caller, queue: Queue, *, url: str, artist: str, title: str, note: str | None, tier: str | None
) -> str:
    """Submits a link; gives the confirmation. What it says is read before, so nothing can fail after."""
    words = submission.read_words(title, artist, note, caller.locale)
    track = submission.read_link(url, caller.locale)
    board = await queue.board(caller.guild, count=0)
    claimed = submission.read_claim(tier, board.ladder, caller.locale)
    song = NewSong(
        title=words.title,
        artist=words.artist,
        note=words.note,
        user=caller.actor.id,
        user_name=caller.actor.name,
        link=track.url,
        track=track.id,
        claimed=claimed,
    )
    moved = await _hand_in(caller, queue, board, song)
    return submission.confirmation(moved.song, moved.place, moved.waiting, board, caller.locale)


@tanjun.with_str_slash_option(
    "tier", describe("submit.tier_option"), default=None, autocomplete=offer_skips, max_length=100
)
@tanjun.with_str_slash_option(
    "note", describe("submit.note_option"), default=None, max_length=submission.NOTE_LIMIT
)
@tanjun.with_str_slash_option(
    "title", describe("submit.title_option"), min_length=1, max_length=submission.NAME_LIMIT
)
@tanjun.with_str_slash_option(
    "artist", describe("submit.artist_option"), min_length=1, max_length=submission.NAME_LIMIT
)
@tanjun.with_str_slash_option("url", describe("submit.url_option"), max_length=LONGEST_LINK)
@submit.as_sub_command("link", describe("submit.link_description"))
async def link(
    ctx: tanjun.abc.SlashContext,
    url: str,
    artist: str,
    title: str,
    note: str | None,
    tier: str | None,
    queue: alluka.Injected[Queue],
) -> None:
    """Submits a song by its link."""
    text = await _hand_in_link(
        Caller.of(ctx.interaction), queue, url=url, artist=artist, title=title, note=note, tier=tier
    )
    await ctx.respond(text, user_mentions=False, role_mentions=False, mentions_everyone=False)


@tanjun.with_str_slash_option(
    "tier", describe("submit.tier_option"), default=None, autocomplete=offer_skips, max_length=100
)
@tanjun.with_str_slash_option(
    "note", describe("submit.note_option"), default=None, max_length=submission.NOTE_LIMIT
)
@tanjun.with_str_slash_option(
    "title", describe("submit.title_option"), min_length=1, max_length=submission.NAME_LIMIT
)
@tanjun.with_str_slash_option(
    "artist", describe("submit.artist_option"), min_length=1, max_length=submission.NAME_LIMIT
)
@tanjun.with_attachment_slash_option("file", describe("submit.file_option"))
@submit.as_sub_command("file", describe("submit.file_description"))
async def file_(
    ctx: tanjun.abc.SlashContext,
    file: hikari.Attachment,
    artist: str,
    title: str,
    note: str | None,
    tier: str | None,
    queue: alluka.Injected[Queue],
    files: alluka.Injected[FileStore],
) -> None:
    """Submits an audio file, which is kept in our own store before the song is."""
    caller = Caller.of(ctx.interaction)
    words = submission.read_words(title, artist, note, caller.locale)
    with _worded_file(caller.locale):
        extension_of(file.filename)
        if file.size > LARGEST:
            raise TooLarge
        if not file.size:
            raise Empty
    await _promise(ctx)
    board = await queue.board(caller.guild, count=0)
    song = NewSong(
        title=words.title,
        artist=words.artist,
        note=words.note,
        user=caller.actor.id,
        user_name=caller.actor.name,
        claimed=submission.read_claim(tier, board.ladder, caller.locale),
    )
    stored = await _download(file, files, caller.locale)
    song = replace(
        song,
        file=stored.name,
        file_name=clean(file.filename, 255),
        file_size=stored.size,
        track=file_track(stored.sha256),
    )
    try:
        moved = await _hand_in(caller, queue, board, song)
    except (UserError, Refused, Unopened):
        # Certain that nothing moved. After any other fault the song may be in, and then needs its file.
        await files.delete(stored.name)
        raise
    kept = await queue.song(caller.guild, moved.song.number)
    if kept is not None and kept.file != stored.name:
        # The same interaction came twice and got its first answer: the first copy is the song's.
        await files.delete(stored.name)
    text = submission.confirmation(moved.song, moved.place, moved.waiting, board, caller.locale)
    await ctx.edit_initial_response(text, user_mentions=False, role_mentions=False, mentions_everyone=False)


async def _promise(ctx: tanjun.abc.SlashContext) -> None:
    """Defers the answer. One that Discord has already, because a reply was lost, counts as deferred."""
    try:
        await ctx.defer(ephemeral=True)
    except hikari.BadRequestError as error:
        if not already_answered(error):
            raise


async def _download(file: hikari.Attachment, files: FileStore, locale: str) -> StoredFile:
    """Streams the upload from the address Discord gave into the store."""
    try:
        with _worded_file(locale):
            async with (
                asyncio.timeout(DOWNLOAD_SECONDS),
                file.stream() as reader,
                contextlib.aclosing(reader.__aiter__()) as chunks,
            ):
                return await files.keep(chunks, file.filename)
    except hikari.ClientHTTPResponseError as gone:
        raise UserError(say("submit.file_gone", locale)) from gone
    except (hikari.HTTPResponseError, aiohttp.ClientError, ConnectionError, TimeoutError) as failed:
        raise UserError(say("submit.file_unreachable", locale)) from failed


@contextlib.contextmanager
def _worded_file(locale: str) -> Generator[None]:
    try:
        yield
    except FileRefused as refused:
        raise UserError(_file_refusal(refused, locale)) from refused


def _file_refusal(refused: FileRefused, locale: str) -> str:
    match refused:
        case TooLarge():
            return say("submit.file_too_large", locale)
        case Empty():
            return say("submit.file_empty", locale)
        case WrongKind(extension=extension, found=str(found)):
            return say("submit.file_other_kind", locale, extension=extension, found=found.upper())
        case WrongKind(extension=extension, known=True):
            return say("submit.file_wrong_kind", locale, extension=extension)
        case _:
            return say("submit.file_extension", locale)


@submit.as_sub_command("form", describe("submit.form_description"))
async def form(ctx: tanjun.abc.SlashContext) -> None:
    """Opens the form. Its id is fixed and it is routed, so it outlives a restart of the bot."""
    caller = Caller.of(ctx.interaction)
    await ctx.create_modal_response(
        say("submit.form_title", caller.locale), encode(_FORM), components=submission.form_rows(caller.locale)
    )


@routes.modal(_FORM)
async def form_sent(sent: Submission) -> None:
    """Submits what was filled in."""
    fields = sent.values
    text = await _hand_in_link(
        Caller.of(sent.interaction),
        sent.get(Queue),
        url=fields.get(submission.URL, ""),
        artist=fields.get(submission.ARTIST, ""),
        title=fields.get(submission.TITLE, ""),
        note=fields.get(submission.NOTE),
        tier=fields.get(submission.TIER),
    )
    await sent.respond(text)


component = tanjun.Component(name="submit").load_from_scope()


@component.with_on_open
async def register(router: alluka.Injected[Router]) -> None:
    """Puts this feature's form where answers are routed, each time a bot opens."""
    router.include(routes)


load = component.make_loader()

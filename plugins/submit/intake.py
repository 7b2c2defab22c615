"""Handing a song in: words are checked, a file is kept in our own store, and the song comes last."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Generator
from dataclasses import dataclass, replace
from typing import Final

import aiohttp
import hikari

from bot.errors import UserError
from components import submission
from components.markdown import clean
from components.refusals import worded
from components.submission import Words
from components.texts import say
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
from state.moved import Moved
from state.queue import Queue
from state.refusal import Refused, Unopened
from state.scripts import Actor
from state.song import NewSong, SongFacts
from state.track import Track, file_track

DOWNLOAD_SECONDS: Final = 120.0
"""How long Discord may take to hand over 25 MB."""


@dataclass(frozen=True, slots=True)
class Artist:
    """Who hands in, where, and why: `request` names the cause, so that its repetition takes nothing in."""

    guild: int
    actor: Actor
    request: str
    locale: str


@dataclass(frozen=True, slots=True)
class Taken:
    """A song that is in; `board` is of the moment before."""

    song: SongFacts
    place: int | None
    waiting: int | None
    board: Board

    def confirmation(self, locale: str) -> str:
        """What its artist is told."""
        return submission.confirmation(self.song, self.place, self.waiting, self.board, locale)


async def hand_in(artist: Artist, queue: Queue, board: Board, song: NewSong) -> Taken:
    """Takes the song in. Raises `UserError` with the reason when the queue does not."""
    with worded(board.ladder, artist.locale, reader=artist.actor.id, settings=board.settings):
        moved: Moved = await queue.submit(artist.guild, artist.request, artist.actor, song)
    return Taken(moved.song, moved.place, moved.waiting, board)


def new_song(artist: Artist, words: Words, claimed: int | None = None) -> NewSong:
    """A song of that artist, without what can be heard."""
    return NewSong(
        title=words.title,
        artist=words.artist,
        note=words.note,
        user=artist.actor.id,
        user_name=artist.actor.name,
        claimed=claimed,
    )


async def hand_in_link(
    artist: Artist, queue: Queue, words: Words, track: Track, tier: str | None = None
) -> Taken:
    """Submits a link. What its answer says is read before, so nothing can fail after."""
    board = await queue.board(artist.guild, count=0)
    song = new_song(artist, words, submission.read_claim(tier, board.ladder, artist.locale))
    return await hand_in(artist, queue, board, replace(song, link=track.url, track=track.id))


async def hand_in_file(
    artist: Artist,
    queue: Queue,
    files: FileStore,
    file: hikari.Attachment,
    words: Words,
    tier: str | None = None,
) -> Taken:
    """Keeps the file, then submits it; what is refused leaves no file behind."""
    board = await queue.board(artist.guild, count=0)
    song = new_song(artist, words, submission.read_claim(tier, board.ladder, artist.locale))
    stored = await _download(file, files, artist.locale)
    song = replace(
        song,
        file=stored.name,
        file_name=clean(file.filename, 255),
        file_size=stored.size,
        track=file_track(stored.sha256),
    )
    try:
        taken = await hand_in(artist, queue, board, song)
    except (UserError, Refused, Unopened):
        # Certain that nothing moved. After any other fault the song may be in, and then needs its file.
        await files.delete(stored.name)
        raise
    kept = await queue.song(artist.guild, taken.song.number)
    if kept is not None and kept.file != stored.name:
        # The same request came twice and got its first answer: the first copy is the song's.
        await files.delete(stored.name)
    return taken


def check_file(file: hikari.Attachment, locale: str) -> None:
    """Raises `UserError` for what can be told of a file before it is read."""
    with _worded_file(locale):
        extension_of(file.filename)
        if file.size > LARGEST:
            raise TooLarge
        if not file.size:
            raise Empty


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

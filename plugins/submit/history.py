"""One's own songs that are over, and handing one of them in again."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import Final

from bot.errors import UserError
from components import submission
from components.submission import Words
from components.texts import say
from persistence.archive import Archive
from persistence.errors import PersistenceError
from persistence.files import FileStore
from persistence.submissions import Submission
from plugins.submit.intake import Artist, Taken, hand_in, new_song
from state.queue import Queue
from state.song import SongState

ARCHIVE_SECONDS: Final = 1.5
"""How long an answer waits for the archive."""
LISTED: Final = 100
"""Submissions looked through, the newest."""


@dataclass(frozen=True, slots=True)
class Past:
    """A song that was played, removed or rejected, with what it takes to hand it in again."""

    number: int
    title: str
    artist: str
    link: str | None
    file: str | None
    file_name: str | None
    file_size: int | None
    note: str | None
    track: str | None


async def past_songs(guild: int, user: int, queue: Queue, archive: Archive) -> list[Past] | None:
    """The ended songs of an account, newest first, each track once; None when they cannot be read now."""
    try:
        async with asyncio.timeout(ARCHIVE_SECONDS):
            rows = await archive.history(guild, user_id=user, limit=LISTED)
    except (PersistenceError, TimeoutError):
        return None
    active = await queue.songs_of(guild, user)
    waiting = {song.number for song in active}
    seen = {song.track for song in active if song.track}
    found: list[Past] = []
    for row in rows:
        if row.number in waiting or not (row.link or row.file) or (row.track and row.track in seen):
            continue
        if row.track:
            seen.add(row.track)
        found.append(_past(row))
    return found


async def past_song(guild: int, user: int, number: int, queue: Queue, archive: Archive) -> Past | None:
    """One ended song of that account: as Redis has it, else the archive. None for any other."""
    song = await queue.song(guild, number)
    if song is not None:
        if song.user != user or song.state.is_active:
            return None
        names = ("number", "title", "artist", "link", "file", "file_name", "file_size", "note", "track")
        return Past(**{name: getattr(song, name) for name in names})
    if not 0 < number < 10**12:
        return None
    rows = await archive.history(guild, user_id=user, limit=1, before=number + 1)
    if not rows or rows[0].number != number or SongState(rows[0].state or "removed").is_active:
        return None
    return _past(rows[0])


async def hand_in_again(
    artist: Artist,
    number: int,
    queue: Queue,
    archive: Archive,
    files: FileStore,
    *,
    note: str | None = None,
    tier: str | None = None,
) -> Taken:
    """Submits an own ended song once more: the same track, and the same file of our own store."""
    past = await past_song(artist.guild, artist.actor.id, number, queue, archive)
    if past is None or not (past.link or past.file):
        raise UserError(say("submit.not_yours", artist.locale))
    if past.file is not None and not await asyncio.to_thread(files.path(past.file).is_file):
        raise UserError(say("submit.file_not_kept", artist.locale))
    board = await queue.board(artist.guild, count=0)
    if note is not None:
        note = submission.read_words(past.title, past.artist, note, artist.locale).note
    words = Words(past.title, past.artist, past.note if note is None else note)
    song = replace(
        new_song(artist, words, submission.read_claim(tier, board.ladder, artist.locale)),
        link=past.link,
        file=past.file,
        file_name=past.file_name,
        file_size=past.file_size,
        track=past.track,
    )
    return await hand_in(artist, queue, board, song)


def _past(row: Submission) -> Past:
    return Past(
        number=row.number,
        title=row.title or "",
        artist=row.artist or "",
        link=row.link,
        file=row.file,
        file_name=row.file_name,
        file_size=row.file_size,
        note=row.note,
        track=row.track,
    )

"""What viewers type in the chat of a live: codes that prove a handle, and commands if wanted."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from integrations.tiktok.events import Comment, LiveEvent
from state.asked import Asked
from state.configure import Configuration
from state.handles import Handles
from state.live import Live
from state.queue import Queue
from state.refusal import Refused
from state.scripts import Actor
from state.song import Song

_LINK: Final = re.compile(r"\s*!link\s+(\S{1,20})\s*", re.IGNORECASE)
_SUPPORT: Final = re.compile(r"\s*!support\s+@?(.{1,80}?)\s*", re.IGNORECASE | re.DOTALL)
_POS: Final = re.compile(r"\s*!pos\s*", re.IGNORECASE)
_PAGE: Final = 100


class Chat:
    """Reads comments for every guild that listens."""

    def __init__(
        self, configuration: Configuration, handles: Handles, live: Live, queue: Queue, asked: Asked
    ) -> None:
        self._configuration = configuration
        self._handles = handles
        self._live = live
        self._queue = queue
        self._asked = asked

    async def read(self, guild: int, events: Iterable[LiveEvent]) -> None:
        """Does what the comments among those events ask for; the same ones again change nothing."""
        wanted: bool | None = None
        for event in events:
            if not isinstance(event, Comment) or event.viewer.masked or not event.viewer.id:
                continue
            if found := _LINK.fullmatch(event.text):
                await self._handles.prove(
                    guild, f"chat:{event.message}", found[1], event.viewer.id, event.viewer.name
                )
                continue
            found, asks = _SUPPORT.fullmatch(event.text), _POS.fullmatch(event.text)
            if not found and not asks:
                continue
            if wanted is None:
                wanted = (await self._configuration.settings(guild)).chat_commands
            if wanted and asks:
                await self._asked.ask(guild, event.viewer.id, event.at)
            elif wanted and found:
                await self._support(guild, event, found[1])

    async def _support(self, guild: int, event: Comment, name: str) -> None:
        """Lets the viewer's gifts go to the waiting song of that artist, if there is one."""
        song = await self._song_of(guild, name.casefold())
        if song is None:
            return
        actor = Actor(0, f"@{event.viewer.name}")
        try:
            await self._live.support(guild, f"chat:{event.message}", actor, [event.viewer.id], song.number)
        except Refused:
            # They support it already, or it has just begun to play.
            return

    async def _song_of(self, guild: int, artist: str) -> Song | None:
        """The artist's song that comes first; only then those that are set aside or not approved yet."""
        offset = 0
        while True:
            board = await self._queue.board(guild, offset=offset, count=_PAGE, pending=_PAGE, held=_PAGE)
            found = next((song for song in board.songs if _fits(song, artist)), None)
            offset += _PAGE
            if found is not None or offset >= board.waiting:
                break
        rest = (*board.held_songs, *board.pending_songs)
        return found or next((song for song in rest if _fits(song, artist)), None)


def _fits(song: Song, wanted: str) -> bool:
    return wanted in (song.artist.casefold(), song.user_name.casefold())

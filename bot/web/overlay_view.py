"""What overlays show of a guild, and which addresses admit to it."""

from __future__ import annotations

from bot.web.audience import Sight
from bot.web.gift_notices import FRESH, GiftNotices
from bot.web.last_shown import LastShown
from components.overlay import ROWS, snapshot
from state.lifts import Lifts
from state.overlays import Overlays
from state.queue import Queue


class OverlayView:
    """The queue as overlays show it; its keys are the digests of the addresses.

    The revision in a message is that of the last move that changed what is shown, or that gifts made: pages
    are sent nothing for a like that moves no song.
    """

    name = "Overlays"
    pause = 0.25

    def __init__(self, queue: Queue, overlays: Overlays, lifts: Lifts) -> None:
        self._queue = queue
        self._overlays = overlays
        self._lifts = lifts
        self._notices: dict[int, GiftNotices] = {}
        self._shown = LastShown()

    async def keys(self, guild: int) -> frozenset[str]:
        """The digests of a guild's addresses."""
        return await self._overlays.digests(guild)

    async def look(self, guild: int) -> Sight:
        """One snapshot, the digests it is for, and what gifts did of late."""
        self._notices = {each: kept for each, kept in self._notices.items() if kept.fresh}
        notices = self._notices.get(guild) or GiftNotices()
        # Before the board: no notice tells of a revision that is newer than the snapshot it comes with.
        looked, lifts = await self._lifts.since(guild, notices.looked, round(FRESH * 1000))
        board = await self._queue.board(guild, count=ROWS)
        # After the board, which opens a guild that Redis lost: it would pass for one without addresses.
        digests = await self._overlays.digests(guild)
        notices.add(min(looked, board.revision), lifts, board.ladder, board.settings.language)
        self._notices[guild] = notices
        # A page that knows a notice newer than its snapshot would take it for one of another past.
        message = self._shown.message(guild, board.revision, snapshot(board), least=notices.newest)
        return Sight(message, digests, notices)

"""What a source tells of a live, as it is booked."""

from __future__ import annotations

from collections.abc import Iterable

from integrations.tiktok import events as heard
from state.live_events import LiveEvent, LiveKind

_PLAIN: dict[type[heard.LiveEvent], LiveKind] = {
    heard.Comment: LiveKind.COMMENT,
    heard.Share: LiveKind.SHARE,
    heard.Follow: LiveKind.FOLLOW,
    heard.Subscribe: LiveKind.SUBSCRIBE,
    heard.Join: LiveKind.JOIN,
}


def booked(events: Iterable[heard.LiveEvent]) -> list[LiveEvent]:
    """The events that are booked, in order; pauses and the end of a live are not among them."""
    return [row for row in map(_row, events) if row is not None]


def _row(event: heard.LiveEvent) -> LiveEvent | None:
    match event:
        case heard.Gift():
            return LiveEvent(
                LiveKind.GIFT,
                event.message,
                event.at,
                event.viewer.id,
                event.viewer.name,
                event.viewer.masked,
                count=event.count,
                gift=event.gift,
                group=event.group,
                price=event.price,
                streakable=event.streakable,
            )
        case heard.Like():
            return LiveEvent(
                LiveKind.LIKE,
                event.message,
                event.at,
                event.viewer.id,
                event.viewer.name,
                event.viewer.masked,
                count=event.count,
                total=event.total,
            )
        case heard.Viewers():
            return LiveEvent(LiveKind.VIEWERS, event.message, event.at, count=event.now, total=event.total)
        case heard.Deed() if type(event) in _PLAIN:
            viewer = event.viewer
            kind = _PLAIN[type(event)]
            return LiveEvent(kind, event.message, event.at, viewer.id, viewer.name, viewer.masked)
        case _:
            return None

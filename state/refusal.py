"""A move that was not made, and the facts a person needs to be told why."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any


class Reason(StrEnum):
    """Why a script moved nothing. The value is the script's own word."""

    STALE = "stale"
    RECENT = "recent"
    EMPTY = "empty"
    PAUSED = "paused"
    CLOSED = "closed"
    FULL = "full"
    LIMIT = "limit"
    DUPLICATE = "duplicate"
    COOLDOWN = "cooldown"
    UNKNOWN_SONG = "unknown_song"
    UNKNOWN_TIER = "unknown_tier"
    NOT_WAITING = "not_waiting"
    NOT_PENDING = "not_pending"
    NOT_HELD = "not_held"
    NOT_PLAYED = "not_played"
    BOOKMARKED = "bookmarked"
    NOT_BOOKMARKED = "not_bookmarked"
    NOT_FREE = "not_free"
    ANNOUNCED = "announced"
    SAME_TIER = "same_tier"
    ENDED = "ended"
    PLAYING = "playing"
    NOTHING = "nothing"
    MOVED_ON = "moved_on"
    TAKEN = "taken"
    SAME_OWNER = "same_owner"
    STRANDED = "stranded"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    NO_SESSION = "no_session"
    NOT_HIGHER = "not_higher"
    NOT_FOR_SALE = "not_for_sale"
    PRICE = "price"
    SHORT = "short"
    SEEN = "seen"
    UNKNOWN_HANDLE = "unknown_handle"


class Refused(Exception):
    """Nothing was changed. `facts` are those of the script that refused, see its file in `state/lua`."""

    def __init__(self, reason: Reason, facts: Mapping[str, Any]) -> None:
        super().__init__(f"{reason.value}: {dict(facts)}")
        self.reason = reason
        self.facts = facts


class Fenced(Exception):
    """Nothing was changed: the work has gone to somebody else, who has a newer token."""


class Unopened(Exception):
    """The guild's live state is unknown and could not be opened or rebuilt just now."""

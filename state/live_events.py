"""What happens on a live, as it is booked: plain facts, whoever they were heard from."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

MOST_UNITS: Final = 10**7
"""A gift of more units, or of a higher price, is no gift TikTok has; neither are so many likes at once."""


class LiveKind(StrEnum):
    """What was done. `VIEWERS` tells how many watch."""

    GIFT = "gift"
    LIKE = "like"
    COMMENT = "comment"
    SHARE = "share"
    FOLLOW = "follow"
    SUBSCRIBE = "subscribe"
    JOIN = "join"
    VIEWERS = "viewers"


@dataclass(frozen=True, slots=True)
class LiveEvent:
    """One event. `message` is TikTok's id of it; `at` in ms since 1970, by TikTok's clock.

    `viewer` is TikTok's numeric user id, 0 for nobody; of a masked viewer only the totals are kept. `name` is
    the @name without its @. Of a gift, `price` is in coins a unit and `count` the units so far: of a streak
    (`streakable`), which viewer, `gift` and `group` make out, only what is new is booked. Of likes, `count`
    is what the viewer gave and `total` what the room has; of viewers, `count` watch now and `total` ever
    came.
    """

    kind: LiveKind
    message: int
    at: int
    viewer: int = 0
    name: str = ""
    masked: bool = False
    count: int = 1
    total: int = 0
    gift: int = 0
    group: int = 0
    price: int = 0
    streakable: bool = False

    @property
    def is_possible(self) -> bool:
        """Whether the numbers can be true; what cannot be is skipped, lest one message spoil the books."""
        small = 0 <= self.count <= MOST_UNITS and 0 <= self.price <= MOST_UNITS
        return small and 0 <= self.total < 10**14 and 0 < self.at < 10**14 and self.message > 0

    def to_row(self) -> list[object]:
        """The row of `ingest.lua`; ids as text, since they are beyond what Lua's numbers hold exactly."""
        nobody = self.masked or self.viewer <= 0
        row: list[object] = [
            self.kind.value,
            str(self.message),
            self.at,
            "0" if nobody else str(self.viewer),
            "" if nobody else self.name,
        ]
        match self.kind:
            case LiveKind.GIFT:
                streak = f"{self.viewer}:{self.gift}:{self.group}" if self.streakable else ""
                return [*row, streak, self.price, self.count]
            case LiveKind.LIKE | LiveKind.VIEWERS:
                return [*row, self.count, self.total]
            case _:
                return row

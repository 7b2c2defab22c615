"""The gift shop: names, prices in coins, and which gifts streak."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Gift:
    """A gift of the shop. `price` is in coins a unit; `streakable` ones are sent in streaks (type 1)."""

    id: int
    name: str
    price: int
    streakable: bool

    @property
    def type(self) -> int:
        """The gift's type on the wire: 1 streaks."""
        return 1 if self.streakable else 2


ROSE: Final = Gift(5655, "Rose", 1, streakable=True)
GG: Final = Gift(6064, "GG", 1, streakable=True)
FINGER_HEART: Final = Gift(5487, "Finger Heart", 5, streakable=True)
PERFUME: Final = Gift(5658, "Perfume", 20, streakable=True)
DOUGHNUT: Final = Gift(5879, "Doughnut", 30, streakable=True)
CAP: Final = Gift(6104, "Cap", 99, streakable=True)
HAND_HEARTS: Final = Gift(5660, "Hand Hearts", 100, streakable=True)
SUNGLASSES: Final = Gift(5509, "Sunglasses", 199, streakable=True)
CORGI: Final = Gift(6267, "Corgi", 299, streakable=False)
MONEY_GUN: Final = Gift(7168, "Money Gun", 500, streakable=False)
GALAXY: Final = Gift(11046, "Galaxy", 1_000, streakable=False)
WHALE_DIVING: Final = Gift(6820, "Whale Diving", 2_150, streakable=False)
MOTORCYCLE: Final = Gift(5765, "Motorcycle", 2_988, streakable=False)
INTERSTELLAR: Final = Gift(8582, "Interstellar", 10_000, streakable=False)
LION: Final = Gift(6369, "Lion", 29_999, streakable=False)
UNIVERSE: Final = Gift(9072, "TikTok Universe", 44_999, streakable=False)

GIFTS: Final = (
    ROSE,
    GG,
    FINGER_HEART,
    PERFUME,
    DOUGHNUT,
    CAP,
    HAND_HEARTS,
    SUNGLASSES,
    CORGI,
    MONEY_GUN,
    GALAXY,
    WHALE_DIVING,
    MOTORCYCLE,
    INTERSTELLAR,
    LION,
    UNIVERSE,
)


def gift_named(name: str) -> Gift:
    """Find a gift by its name, in any case. Raises ValueError."""
    for gift in GIFTS:
        if gift.name.casefold() == name.casefold():
            return gift
    message = f"The shop has no gift named {name!r}."
    raise ValueError(message)

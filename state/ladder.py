"""Ladders: the tiers of a guild, from the first to play to Free."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

FREE: Final = 0
GIFTS: Final = (1000, 2000, 4000, 5000, 6000)
"""TikTok coins for the paid tiers, the cheapest first; those beyond cost as much as the last."""
COINS_A_LUXURY_COIN: Final = 20
"""What a tier costs in Luxury Coins is its gift divided by that."""

HIGHEST_LABEL: Final = 88
"""The band above it holds locked songs; 89 is the highest label whose scores stay below 2^53."""
NAME_LIMIT: Final = 32


@dataclass(frozen=True, slots=True)
class Tier:
    """A rung: `label` is its place in the scores (0 is Free, higher plays first), `name` what people see."""

    label: int
    name: str

    @property
    def is_free(self) -> bool:
        """Whether songs here are ordered by points instead of by arrival."""
        return self.label == FREE


@dataclass(frozen=True, slots=True)
class Ladder:
    """The tiers of one guild, first to play first; the last is Free.

    Raises `ValueError` with a sentence for the owner when labels repeat, leave 0-88, names repeat or are
    longer than 32 characters, or Free is missing.
    """

    tiers: tuple[Tier, ...]

    def __post_init__(self) -> None:
        labels = [tier.label for tier in self.tiers]
        names = [tier.name.casefold() for tier in self.tiers]
        if FREE not in labels:
            raise ValueError("A ladder needs a Free tier with the label 0.")
        if len(set(labels)) != len(labels) or len(set(names)) != len(names):
            raise ValueError("Each tier needs a label and a name of its own.")
        if any(not 0 <= label <= HIGHEST_LABEL for label in labels):
            raise ValueError(f"A tier's label is a number from 0 to {HIGHEST_LABEL}.")
        if any(not name.strip() or len(name) > NAME_LIMIT for name in names):
            raise ValueError(f"A tier's name has 1 to {NAME_LIMIT} characters.")

    @classmethod
    def of(cls, rungs: Iterable[tuple[int, str]]) -> Ladder:
        """A ladder from (label, name) pairs in any order."""
        ordered = sorted(rungs, key=lambda rung: -rung[0])
        return cls(tuple(Tier(label, name) for label, name in ordered))

    @classmethod
    def from_hash(cls, fields: Mapping[str, str]) -> Ladder:
        """The ladder stored in a guild's `ladder` hash; an empty one is the `skips` ladder."""
        return cls.of((int(label), name) for label, name in fields.items()) if fields else SKIPS

    def to_hash(self) -> dict[str, str]:
        """Fields of the guild's `ladder` hash."""
        return {str(tier.label): tier.name for tier in self.tiers}

    def named(self, name: str) -> Tier | None:
        """The tier of that displayed name, whatever its case; its label as text is accepted too."""
        wanted = name.strip().casefold()
        for tier in self.tiers:
            if wanted in (tier.name.casefold(), str(tier.label)):
                return tier
        return None

    def name(self, label: int) -> str:
        """The displayed name of a label; a label that is no longer on the ladder shows as its number."""
        for tier in self.tiers:
            if tier.label == label:
                return tier.name
        return f"Tier {label}"

    def gift_of(self, label: int) -> int:
        """TikTok coins whose gifts lift a song to that tier unless the guild says otherwise: by its rank."""
        rank = sum(0 < tier.label <= label for tier in self.tiers)
        return GIFTS[min(rank, len(GIFTS)) - 1] if label and rank else 0

    @property
    def paid(self) -> tuple[Tier, ...]:
        """The tiers above Free."""
        return tuple(tier for tier in self.tiers if not tier.is_free)


SKIPS: Final = Ladder.of(
    [(25, "25+ Skip"), (20, "20 Skip"), (15, "15 Skip"), (10, "10 Skip"), (5, "5 Skip"), (0, "Free")]
)
LINES: Final = Ladder.of([(30, "BackToBack"), (20, "DoubleSkip"), (10, "Skip"), (0, "Free")])
PRESETS: Final[Mapping[str, Ladder]] = {"skips": SKIPS, "lines": LINES}

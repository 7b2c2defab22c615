"""Cards: messages that tell of one song, posted once each. What is owed, and where the posted ones stand."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

import orjson
from redis.asyncio import Redis

from state import keys
from state.connection import fields_of
from state.refusal import Reason, Refused
from state.scripts import Actor, Scripts

KEPT: Final = 50
"""Posted cards that stay known, so that they can be crossed out: twice as many as Undo takes back."""


class CardKind(StrEnum):
    """What a card tells of; also the name of the channel it goes to (`channel:<kind>` of the settings)."""

    NOW_PLAYING = "now_playing"
    BOOKMARKS = "bookmarks"


class Look(StrEnum):
    """How a card looks; off: Discord refused it, and it is tried no more."""

    SHOWN = "shown"
    STRUCK = "struck"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Card:
    """One card. `message` is 0 while it is owed, `at` (ms) when it became so.

    `digest` is a hash of what it shows, `text` all of it as Redis has it.
    """

    kind: CardKind
    song: int
    channel: int
    message: int
    at: int
    look: Look
    digest: str
    text: str

    @property
    def field(self) -> str:
        """Its field of the `cards` hash."""
        return f"{self.kind.value}:{self.song}"


class Cards:
    """The register of cards of every guild on one Redis."""

    def __init__(self, redis: Redis, scripts: Scripts) -> None:
        self._redis = redis
        self._scripts = scripts

    async def all(self, guild: int) -> list[Card]:
        """Every card that is owed or known, oldest first; what cannot be read is left out."""
        found: list[Card] = []
        for field, text in (await fields_of(self._redis, keys.cards(guild))).items():
            try:
                kind, _, number = field.partition(":")
                facts: dict[str, Any] = orjson.loads(text)
                found.append(
                    Card(
                        kind=CardKind(kind),
                        song=int(number),
                        channel=int(facts["channel"]),
                        message=int(facts["message"]),
                        at=int(facts["at"]),
                        look=Look(facts.get("look", "shown")),
                        digest=str(facts.get("digest", "")),
                        text=text,
                    )
                )
            except (ValueError, KeyError, TypeError):
                continue
        return sorted(found, key=lambda card: (card.at, card.song))

    async def note(
        self, guild: int, request: str, card: Card, *, message: int, look: Look, digest: str = ""
    ) -> Card | None:
        """Notes where a card stands and how it looks; None when somebody noted something else meanwhile."""
        facts = {
            "channel": str(card.channel),
            "message": str(message),
            "at": str(card.at),
            "look": look,
            "digest": digest,
        }
        text = orjson.dumps(facts).decode()
        if not await self._write(guild, request, [card], text):
            return None
        return replace(card, message=message, look=look, digest=digest, text=text)

    async def forget(self, guild: int, request: str, cards: list[Card]) -> None:
        """Drops cards from the register; their messages stay."""
        if cards:
            await self._write(guild, request, cards, None)

    async def _write(self, guild: int, request: str, cards: list[Card], text: str | None) -> bool:
        arguments = {
            "values": {card.field: text or False for card in cards},
            "seen": {card.field: card.text for card in cards},
        }
        try:
            await self._scripts.move("cards", guild, request, Actor(0, "Skipline"), arguments)
        except Refused as refused:
            if refused.reason is not Reason.CHANGED:
                raise
            return False
        return True

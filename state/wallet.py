"""Luxury Coins: what people have, what skips cost, and the moves that give, take and spend."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import orjson
from redis.asyncio import Redis

from state import keys
from state.scripts import Actor, Scripts
from state.song import SongFacts

MOST_GIVEN: Final = 10**9
"""Coins that are given or taken at a time."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A song that may rise, and the coins it had from its artist's wallet already."""

    song: SongFacts
    luxury: int


@dataclass(frozen=True, slots=True)
class Quote:
    """What somebody has, what each paid tier costs, and which songs of theirs may rise.

    `prices`: label to coins, 0 where a tier is not for coins.
    """

    balance: int
    prices: dict[int, int]
    offers: tuple[Offer, ...]

    def cost(self, offer: Offer, tier: int) -> int | None:
        """Coins that are still to be paid for that tier; None where it cannot be bought for that song."""
        price = self.prices.get(tier, 0)
        if not price or tier <= offer.song.tier:
            return None
        return max(0, price - max(offer.luxury, self.prices.get(offer.song.tier, 0)))


@dataclass(frozen=True, slots=True)
class Bought:
    """A skip that was paid. `place` counts from 1, None when the song is on hold."""

    revision: int
    song: SongFacts
    price: int
    balance: int
    place: int | None


class Wallet:
    """The wallets of every guild. Every change stands in its event's data and adds up to the balance."""

    def __init__(self, redis: Redis, scripts: Scripts) -> None:
        self._redis = redis
        self._scripts = scripts

    async def balance(self, guild: int, user: int) -> int:
        """How many coins an account has."""
        score = await self._redis.zscore(keys.wallet(guild), str(user))
        if score is None and await self._scripts.opened_just_now(guild):
            score = await self._redis.zscore(keys.wallet(guild), str(user))
        return int(score or 0)

    async def give(
        self, guild: int, request: str, actor: Actor, user: int, amount: int, *, reason: str | None = None
    ) -> int:
        """Gives coins, or takes them when negative; gives the balance after.

        Raises `Refused` (`short`, with `balance`) when there are fewer, `ValueError` for 0 or more than 10^9.
        """
        if not 0 < abs(amount) <= MOST_GIVEN:
            raise ValueError("coins change by 1 to 10^9 at a time")
        arguments = {"user": str(user), "delta": amount, "reason": reason}
        return int((await self._scripts.move("give", guild, request, actor, arguments))["balance"])

    async def quote(self, guild: int, user: int) -> Quote:
        """What an account could buy now, read at one moment."""
        found = await self._quote(guild, user)
        if not found.get("revision"):
            await self._scripts.open(guild)
            found = await self._quote(guild, user)
        return Quote(
            balance=int(found["balance"]),
            prices=dict(found["prices"] or ()),
            offers=tuple(
                Offer(SongFacts.from_answer(each["song"]), int(each["luxury"]))
                for each in found["songs"] or ()
            ),
        )

    async def _quote(self, guild: int, user: int) -> dict[str, Any]:
        return orjson.loads(await self._scripts.read("prices", guild, {"user": str(user)}))

    async def buy(
        self, guild: int, request: str, actor: Actor, song: int, tier: int, *, expected: int
    ) -> Bought:
        """Pays a tier for a waiting, held or bumped song of the actor's own; it joins the back of that tier.

        `expected` is the cost the actor agreed to. Raises `Refused`: `short` (with `price` and `balance`),
        `price` when the cost is another by now, `not_for_sale`, `not_higher`, `announced`, `closed`,
        `not_waiting`, `unknown_tier`, and `unknown_song` also for somebody else's.
        """
        arguments = {"song": str(song), "owner": str(actor.id), "tier": str(tier), "expected": expected}
        answer = await self._scripts.move("buy", guild, request, actor, arguments)
        return Bought(
            revision=answer["revision"],
            song=SongFacts.from_answer(answer["song"]),
            price=int(answer["price"]),
            balance=int(answer["balance"]),
            place=answer.get("place"),
        )

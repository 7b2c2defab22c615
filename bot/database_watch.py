"""Tells whoever runs the bot that PostgreSQL is away, once an outage, and that it is back."""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Final

import hikari
from redis.asyncio import Redis

from bot.nonce import nonce
from components.texts import say
from persistence.archive import Archive
from persistence.errors import PersistenceError
from state import keys

_log = logging.getLogger("skipline")

LOOK_SECONDS: Final = 15.0

PATIENCE: Final = 60.0
"""Seconds it may be away before anybody is told: a restart takes less."""

ANSWER_SECONDS: Final = 5.0


class DatabaseWatch:
    """One look at a time, in whichever process has the timer; what it knows is in Redis."""

    def __init__(self, redis: Redis, archive: Archive, rest: hikari.api.RESTClient) -> None:
        # Any, because redis-py leaves the answers of its commands untyped.
        self._redis: Any = redis
        self._archive = archive
        self._rest = rest

    async def look(self, *_claim: object) -> float:
        """Notes how PostgreSQL is and tells what is to be told; gives the seconds until the next look."""
        away = await self._away()
        seconds, _ = await self._redis.time()
        noted: str = await self._redis.get(keys.POSTGRES_AWAY) or ""
        since, _, told = noted.partition(" ")
        if away and not since:
            await self._redis.set(keys.POSTGRES_AWAY, seconds)
        elif away and not told and seconds - int(since) >= PATIENCE:
            await self._tell(say("admin.postgres_away", since=f"<t:{since}:f>"), since, "away")
            await self._redis.set(keys.POSTGRES_AWAY, f"{since} told")
        elif since and not away:
            if told:
                text = say("admin.postgres_back", since=f"<t:{since}:f>", until=f"<t:{seconds}:f>")
                await self._tell(text, since, "back")
            await self._redis.delete(keys.POSTGRES_AWAY)
        return LOOK_SECONDS

    async def _away(self) -> bool:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                # No guild has this id: one look into an index.
                await self._archive.cursor(0)
        except (PersistenceError, OSError):
            return True
        return False

    async def _tell(self, text: str, since: str, what: str) -> None:
        """By direct message to the owner of the application, or to everybody in its team."""
        application = await self._rest.fetch_application()
        team = application.team.members.values() if application.team is not None else ()
        accepted = hikari.TeamMembershipState.ACCEPTED
        people = [member.user.id for member in team if member.membership_state == accepted]
        for person in people or [application.owner.id]:
            try:
                direct = await self._rest.create_dm_channel(person)
                await self._rest.create_message(direct.id, text, nonce=nonce("postgres", what, since, person))
            except hikari.ClientHTTPResponseError as refused:
                _log.warning("Whoever runs the bot takes no direct message: %s.", type(refused).__name__)

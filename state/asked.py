"""Who asked in a live's chat where their songs are, and was not answered yet."""

from __future__ import annotations

from redis.asyncio import Redis

from state import live_keys
from state.connection import fields_of
from state.scripts import Scripts


class Asked:
    """The open questions of every guild. Times are ms since 1970, those of the chat messages."""

    def __init__(self, redis: Redis, scripts: Scripts) -> None:
        self._redis = redis
        self._scripts = scripts

    async def ask(self, guild: int, handle: int, at: int) -> bool:
        """Notes the question of a handle's owner, which the change feed tells as `asked`.

        False when nobody owns the handle, the owner asked within a minute, or it is five minutes old.
        """
        arguments = {"verb": "ask", "handle": str(handle), "at": str(at)}
        answer = await self._scripts.read("ask", guild, arguments)
        if answer is None:
            await self._scripts.open(guild)
            answer = await self._scripts.read("ask", guild, arguments)
        return answer == 1

    async def open(self, guild: int) -> dict[int, int]:
        """The accounts that wait for an answer, and when each asked."""
        asked = await fields_of(self._redis, live_keys.asked(guild))
        return {int(user): int(at) for user, at in asked.items()}

    async def answered(self, guild: int, user: int, at: int) -> None:
        """Forgets the question of that moment."""
        await self._scripts.read("ask", guild, {"verb": "done", "user": str(user), "at": str(at)})

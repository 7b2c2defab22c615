"""What a button that confirms stands for, kept until it is pressed or nobody can want it any more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from redis.asyncio import Redis

from state import keys


class Questions:
    """Keeps what was asked under the request that asked it, in every process's reach.

    The move that follows is made under that same request id, so a second press changes nothing: the first
    answer of a move is kept for longer than any question.
    """

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def ask(self, guild: int, request: str, user: int, facts: Mapping[str, Any]) -> None:
        """Keeps the facts for the one who may answer."""
        text = orjson.dumps({"user": str(user), **facts})
        await self._redis.set(keys.question(guild, request), text, ex=keys.QUESTION_SECONDS)

    async def asked(self, guild: int, request: str, user: int) -> Mapping[str, Any] | None:
        """The facts; None when nothing of that name was asked this person, or too long ago."""
        if not request.isascii() or not request.isdecimal() or len(request) > 20:
            return None
        text = await self._redis.get(keys.question(guild, request))
        facts = orjson.loads(text) if text else None
        return facts if facts is not None and facts["user"] == str(user) else None

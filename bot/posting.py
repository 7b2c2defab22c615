"""Posting a message that is to stand once, whoever posts it again after a lost reply, a crash or a sleep."""

from __future__ import annotations

import contextlib
import logging
from typing import Any, Final, cast

import hikari
from redis.asyncio import Redis

from state import keys

_log = logging.getLogger("skipline.posting")

MENTIONS_NOBODY: Final[dict[str, Any]] = {
    "user_mentions": False,
    "role_mentions": False,
    "mentions_everyone": False,
}


async def post_once(
    rest: hikari.api.RESTClient, redis: Redis, guild: int, channel: int, known_by: str, **content: Any
) -> None:
    """Posts what `known_by` (see `bot.nonce`) names, unless it stands already; mentions nobody by itself.

    Discord tells a repetition by its nonce, for minutes. For a day it is told by a note in Redis of who was
    first: a process that slept before it posted finds another one's message there, and takes its own back.
    Raises `hikari.HTTPError`, and whatever Redis raises: then it may stand or not, and is to be posted again.
    """
    note = keys.posted(guild, known_by)
    if await redis.exists(note):
        return
    message = await rest.create_message(channel, nonce=known_by, **{**MENTIONS_NOBODY, **content})
    first = cast(
        "str | None", await redis.set(note, str(message.id), nx=True, get=True, ex=keys.POSTED_SECONDS)
    )
    if first is not None and first != str(message.id):
        _log.warning("A message of guild %d was posted by another process meanwhile; ours goes.", guild)
        with contextlib.suppress(hikari.NotFoundError):
            await rest.delete_message(channel, message)

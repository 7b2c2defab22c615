"""The link under which everybody may read a guild's queue: made, told again, renewed, looked up."""

from __future__ import annotations

import base64
import re
import secrets
from dataclasses import dataclass
from typing import Final

from redis.asyncio import Redis

from state import keys
from state.guild_settings import GuildSettings
from state.refusal import Reason, Refused
from state.scripts import Actor, Scripts

_SECRET_BYTES: Final = 17
_GUILD_BYTES: Final = 8
_TOKEN: Final = re.compile(r"[a-z2-7]{40}")
"""Base32 of the secret and the guild's id: 25 bytes are 40 letters and digits, which survive any app."""


@dataclass(frozen=True, slots=True)
class PublicPage:
    """The page of one guild. `token` is None until a link was made; `language` is the guild's."""

    token: str | None
    on: bool
    language: str

    @property
    def keys(self) -> frozenset[str]:
        """The tokens that open the page now: one, or none."""
        return frozenset((self.token,) if self.on and self.token else ())


def guild_of(token: str) -> int | None:
    """The guild that a token names; None for what is no token."""
    if not _TOKEN.fullmatch(token):
        return None
    return int.from_bytes(base64.b32decode(token.upper())[_SECRET_BYTES:]) or None


class PublicPages:
    """The public page of every guild.

    The setting `public_page` switches it. Its link is meant to be passed on and opens nothing but what
    everybody may read, so its token is kept as it is. 136 of its bits are random.
    """

    def __init__(self, redis: Redis, scripts: Scripts) -> None:
        self._redis = redis
        self._scripts = scripts

    async def find(self, guild: int) -> PublicPage:
        """The page of a guild. One that is not open is left so: strangers ask this, of any number."""
        async with self._redis.pipeline(transaction=False) as pipe:
            pipe.hget(keys.page(guild), "token")
            pipe.hgetall(keys.settings(guild))
            token, fields = await pipe.execute()
        settings = GuildSettings.from_hash(fields)
        return PublicPage(token, settings.public_page, settings.language)

    async def link(self, guild: int, request: str, actor: Actor) -> str:
        """The token of the guild's link, which is made if there is none."""
        found = (await self.find(guild)).token
        if found is None and await self._scripts.opened_just_now(guild):
            found = (await self.find(guild)).token
        if found is not None:
            return found
        try:
            return await self._put(guild, request, actor, renew=False)
        except Refused as refused:
            # Somebody else was quicker.
            found = (await self.find(guild)).token
            if refused.reason is not Reason.UNCHANGED or found is None:
                raise
            return found

    async def renew(self, guild: int, request: str, actor: Actor) -> str:
        """Gives a new token; the old one opens nothing from then on. The same request gets the same again."""
        return await self._put(guild, request, actor, renew=True)

    async def _put(self, guild: int, request: str, actor: Actor, *, renew: bool) -> str:
        raw = secrets.token_bytes(_SECRET_BYTES) + guild.to_bytes(_GUILD_BYTES)
        facts = {"token": base64.b32encode(raw).decode().lower(), "renew": renew or None}
        return str((await self._scripts.move("page", guild, request, actor, facts))["token"])

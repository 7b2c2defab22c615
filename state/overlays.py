"""Private addresses under which a guild's overlays are shown: made, renewed, taken away, looked up."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from typing import Any, Final, Literal

import orjson
from redis.asyncio import Redis

from state import keys
from state.connection import fields_of
from state.scripts import Actor, Scripts

_SECRET_BYTES: Final = 32
_TOKEN: Final = re.compile(r"([1-9][0-9]{0,19})\.([A-Za-z0-9_-]{43})")
"""A guild's id and its secret: 32 bytes are 43 characters of base64url."""


@dataclass(frozen=True, slots=True)
class Overlay:
    """An address: what people call it, the SHA-256 of its secret (hexadecimal), when it was made (ms)."""

    name: str
    digest: str
    at: int


def read_token(token: str) -> tuple[int, str] | None:
    """The guild that a token names and the digest of its secret; None for what is no token."""
    found = _TOKEN.fullmatch(token)
    return (int(found[1]), _digest(found[2])) if found else None


class Overlays:
    """The overlay addresses of every guild.

    A token is `<guild>.<secret>` with 256 random bits. Redis, the archive and backups keep its digest alone,
    so a token is told once and can then be renewed, never read. Random bits need no salt.
    """

    def __init__(self, redis: Redis, scripts: Scripts) -> None:
        self._redis = redis
        self._scripts = scripts

    async def all(self, guild: int) -> list[Overlay]:
        """Those of a guild, by name; opens the guild if need be."""
        found = await self._read(guild)
        if not found and await self._scripts.opened_just_now(guild):
            found = await self._read(guild)
        return sorted(found, key=lambda overlay: overlay.name.casefold())

    async def digests(self, guild: int) -> frozenset[str]:
        """The digests that open the overlays of a guild.

        A guild that is not open is left so: strangers ask this, of any number they like.
        """
        return frozenset(overlay.digest for overlay in await self._read(guild))

    async def create(self, guild: int, request: str, actor: Actor, name: str) -> str | None:
        """Makes an address and gives its token; None when the same request made it before, and was told.

        Raises `Refused`: `taken` for a name in use, `limit` when the guild has as many as it may.
        """
        return await self._renew("create", guild, request, actor, name)

    async def rotate(self, guild: int, request: str, actor: Actor, name: str) -> str | None:
        """Gives a new token as `create` does, and the old one opens nothing from then on.

        Raises `Refused` (`unchanged`) for a name that is not there.
        """
        return await self._renew("rotate", guild, request, actor, name)

    async def remove(self, guild: int, request: str, actor: Actor, name: str) -> None:
        """Takes an address away. Raises `Refused` (`unchanged`) for a name that is not there."""
        await self._scripts.move("overlay", guild, request, actor, {"verb": "remove", "name": name})

    async def _renew(
        self, verb: Literal["create", "rotate"], guild: int, request: str, actor: Actor, name: str
    ) -> str | None:
        secret = secrets.token_urlsafe(_SECRET_BYTES)
        facts = {"verb": verb, "name": name, "digest": _digest(secret)}
        answer = await self._scripts.move("overlay", guild, request, actor, facts)
        return f"{guild}.{secret}" if answer["digest"] == facts["digest"] else None

    async def _read(self, guild: int) -> list[Overlay]:
        found: list[Overlay] = []
        for name, text in (await fields_of(self._redis, keys.overlays(guild))).items():
            kept: dict[str, Any] = orjson.loads(text)
            found.append(Overlay(name, str(kept["digest"]), int(kept["at"])))
        return found


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()

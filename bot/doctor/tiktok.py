"""TikTok and the service that signs connections to it: whether they answer; no signature is asked for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Final, cast

import httpx

from bot.doctor.findings import Finding, ok, warn
from bot.live.endpoints import endpoints
from bot.settings import Settings
from integrations.tiktok.source import AgeRestricted, Endpoints, SourceBlocked, SourceDown, UnknownHost
from integrations.tiktok.tiktoklive import TikTokLiveSource

__all__ = ["check_tiktok"]

PATIENCE: Final = 10.0
"""Seconds that each of the two is given to answer."""

_SOMEBODY: Final = "tiktok"
"""Whom TikTok is asked for: its own account, which is always there."""

_OFF: Final = "lives cannot be listened to: no likes, gifts and comments count; all else works"
_NO_KEY: Final = (
    "no key is set, so the limits for everybody hold: connections to lives may have to wait, the more hosts "
    "the longer"
)
_GET_KEY: Final = "get a free key at eulerstream.com and put it into TIKTOK_SIGN_KEY"


async def check_tiktok(settings: Settings) -> AsyncIterator[Finding]:
    """Check both; nothing here keeps the bot from running."""
    where = endpoints(settings)
    yield await _signing(where)
    yield await _tiktok(where)


async def _signing(where: Endpoints) -> Finding:
    what = "Signing service"
    headers = {"X-Api-Key": where.key} if where.key else {}
    try:
        async with httpx.AsyncClient(timeout=PATIENCE) as client:
            # What is left of the limits; it costs none of them.
            answer = await client.get(f"{where.sign}/webcast/rate_limits", headers=headers)
    except httpx.HTTPError:
        return warn(
            what,
            f"{where.sign} does not answer; {_OFF}",
            "check the network and TIKTOK_SIGN_URL; if the service is out of order, it goes on by itself",
        )
    if answer.status_code in (401, 402, 403):
        if where.key is None:
            return warn(what, f"{where.sign} wants a key and none is set; {_OFF}", _GET_KEY)
        return warn(
            what, f"{where.sign} refuses the key; {_OFF}", "put the right one into TIKTOK_SIGN_KEY, or none"
        )
    if answer.status_code == 429:
        return warn(what, f"{where.sign} asks to wait", "try again later; the bot waits by itself")
    if answer.status_code != 200:
        return warn(
            what, f"{where.sign} answers {answer.status_code}; {_OFF}", "it goes on once the service works"
        )
    if where.key is None:
        return warn(what, f"{where.sign} answers, but {_NO_KEY}", _GET_KEY)
    return ok(what, f"{where.sign} answers and knows the key{_left(answer)}")


def _left(answer: httpx.Response) -> str:
    """What the service says is left for the day; nothing where it says it in other words."""
    try:
        told: Any = answer.json()
        day = cast("dict[str, Any]", told["day"])
        return f", {int(day['remaining']):,} of {int(day['max']):,} connections left today"
    except (ValueError, KeyError, TypeError):
        return ""


async def _tiktok(where: Endpoints) -> Finding:
    found = ok("TikTok", f"{where.app} answers")
    try:
        async with TikTokLiveSource(where, timeout=PATIENCE) as source:
            await source.resolve(_SOMEBODY)
    except (UnknownHost, AgeRestricted):
        return found
    except SourceBlocked:
        return warn(
            "TikTok",
            f"{where.app} takes this machine for a robot; {_OFF}",
            "addresses of large hosting companies are often blocked: run the bot elsewhere",
        )
    except SourceDown:
        return warn("TikTok", f"{where.app} does not answer; {_OFF}", "check the network and TIKTOK_URL")
    return found

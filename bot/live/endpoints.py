"""Where the process that listens to TikTok, and the doctor, ask, and how often."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from bot.settings import Settings
from integrations.tiktok.source import Endpoints
from integrations.tiktok.status import Pace

_LOOPBACK: Final = frozenset(("127.0.0.1", "::1", "localhost"))


def endpoints(settings: Settings) -> Endpoints:
    """Where TikTok and the signing service are, as the settings say."""
    usual = Endpoints()
    there = settings.tiktok_url
    key = settings.tiktok_sign_key
    return Endpoints(
        app=there or usual.app,
        webcast=f"{there}/webcast" if there else usual.webcast,
        sign=settings.tiktok_sign_url or usual.sign,
        key=key.get_secret_value() if key is not None else None,
    )


def pace(settings: Settings) -> Pace:
    """How patient to be: a TikTok on this very machine is a double, which need not be spared."""
    if settings.tiktok_url and urlsplit(settings.tiktok_url).hostname in _LOOPBACK:
        return Pace(poll=2.0, poll_late=2.0, poll_refused=2.0)
    return Pace()

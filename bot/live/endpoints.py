"""Where the process that listens to TikTok, and the doctor, ask."""

from __future__ import annotations

from bot.settings import Settings
from integrations.tiktok.source import Endpoints


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

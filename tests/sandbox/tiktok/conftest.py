"""A TikTok of one's own for each test."""

from __future__ import annotations

import importlib
import warnings
from typing import TYPE_CHECKING

import pytest

# The library is built on the part of websockets that is deprecated; it says so once, on the first import.
with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    importlib.import_module("TikTokLive")

from sandbox.tiktok import TikTok

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def tiktok(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[TikTok]:
    for name in ("SIGN_API_URL", "SIGN_API_KEY", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    tiktok = await TikTok.start()
    yield tiktok
    await tiktok.close()

"""The local TikTok and who listens to it, as in the tests of lives."""

from tests.live.conftest import listen, settings, tiktok

__all__ = ["listen", "settings", "tiktok"]

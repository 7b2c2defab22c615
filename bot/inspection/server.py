"""Where the Redis is that the settings mean, without starting one."""

from __future__ import annotations

from bot import embedded
from bot.errors import StartupError
from bot.settings import Settings

__all__ = ["address"]


def address(settings: Settings) -> str:
    """The URL of the Redis of the settings.

    Raises `StartupError` when that is the embedded server and it does not run: it ends with the last bot.
    """
    if settings.redis_url is not None:
        return settings.redis_url.get_secret_value()
    url = embedded.find(settings.data_dir)
    if url is None:
        raise StartupError(
            f"The embedded Redis in {settings.data_dir.absolute() / 'valkey'} is not running, because no bot "
            "uses it; start one with skipline run and look again. Nothing was started."
        )
    return url

"""Where the Redis is that the settings mean, without starting one."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

from bot.embedded.processes import is_running, socket_directory
from bot.errors import StartupError
from bot.settings import Settings

__all__ = ["address"]


def address(settings: Settings) -> str:
    """The URL of the Redis of the settings.

    Raises `StartupError` when that is the embedded server and it does not run: it ends with the last bot.
    """
    if settings.redis_url is not None:
        return settings.redis_url.get_secret_value()
    # The names that bot.embedded.valkey_server gives its files.
    directory = settings.data_dir.absolute() / "valkey"
    pid = _pid(directory / "valkey.pid")
    if pid is None or not is_running(pid, str(directory)):
        raise StartupError(
            f"The embedded Redis in {directory} is not running, because no bot uses it; "
            "start one with skipline run and look again. Nothing was started."
        )
    return f"unix://{quote(str(socket_directory(directory, None) / 'valkey.sock'))}"


def _pid(file: Path) -> int | None:
    try:
        return int(file.read_text())
    except (OSError, ValueError):
        return None

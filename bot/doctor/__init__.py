"""`skipline doctor`: checks everything a bot needs and says what to mend, one line a check."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from pathlib import Path

from bot.doctor.discord import check_discord
from bot.doctor.findings import Finding, Level, fail
from bot.doctor.machine import check_data_dir, check_python
from bot.doctor.servers import check_postgres, check_redis
from bot.doctor.tiktok import check_tiktok
from bot.errors import SettingsError
from bot.settings import Settings, load

__all__ = ["Finding", "Level", "examine", "run"]


def run(env_file: Path = Path(".env")) -> int:
    """Print every finding as it is made; return 1 when anything failed, else 0."""
    return asyncio.run(_print(env_file))


async def examine(env_file: Path = Path(".env")) -> AsyncIterator[Finding]:
    """Make all checks. A wrong setting ends them early, because the rest depends on the settings."""
    yield check_python()
    try:
        settings = load(env_file)
    except SettingsError as error:
        yield fail("Settings", str(error))
        return
    yield Finding(Level.OK, "Settings", _summary(settings))
    data_dir = check_data_dir(settings.data_dir)
    yield data_dir
    embedded = settings.redis_url is None or settings.database_url is None
    if embedded and data_dir.level is Level.FAIL:
        yield fail("Servers", "not checked, because the embedded ones need the data directory")
    else:
        for check in (check_redis, check_postgres):
            async for finding in check(settings):
                yield finding
    for check in (check_discord, check_tiktok):
        async for finding in check(settings):
            yield finding


def _summary(settings: Settings) -> str:
    commands = "globally" if settings.guild_id is None else f"in server {settings.guild_id} only"
    return f"role {settings.role}, shards {settings.shards or 'auto'}, commands declared {commands}"


async def _print(env_file: Path) -> int:
    # The libraries would log what the findings say better.
    logging.disable(logging.ERROR)
    failed = False
    try:
        async for finding in examine(env_file):
            print(finding, flush=True)  # noqa: T201 - this is what the command is for
            failed = failed or finding.level is Level.FAIL
    finally:
        logging.disable(logging.NOTSET)
    verdict = "Something has to be mended first." if failed else "Skipline can run."
    print(verdict)  # noqa: T201 - this is what the command is for
    return int(failed)

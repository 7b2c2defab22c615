"""`skipline inspect GUILD`: what Redis holds of one server, for people who rather read than ask.

Nothing is changed and nothing is started. The same answers come from the commands of docs/redis.md.
"""

from __future__ import annotations

import asyncio
import sys

import redis.exceptions
from rich.console import Console

from bot.errors import StartupError
from bot.inspection.printing import show
from bot.inspection.reading import Inspection, Missing, inspect
from bot.inspection.server import address
from bot.settings import Settings
from state.connection import connect

__all__ = ["Inspection", "Missing", "inspect", "run"]

_WIDTH_OF_A_FILE = 140


def run(settings: Settings, guild: int) -> int:
    """Print everything about a server; return 1, after one sentence, when Redis does not know it.

    Raises `StartupError` when there is no Redis to look into.
    """
    return asyncio.run(_run(settings, guild))


async def _run(settings: Settings, guild: int) -> int:
    url = address(settings)
    client = connect(url)
    # Only a terminal sees that it takes a moment; what is printed can be kept in a file.
    waiting = Console(stderr=True).status(f"Reading server {guild} ...")
    try:
        with waiting:
            found = await inspect(client, guild)
    except Missing as missing:
        print(f"skipline: {missing}", file=sys.stderr)  # noqa: T201 - the command line speaks
        return 1
    except (redis.exceptions.RedisError, OSError) as error:
        where = "the embedded server" if settings.redis_url is None else "REDIS_URL"
        raise StartupError(
            f"Redis cannot be read at {where} ({type(error).__name__}); skipline doctor says more."
        ) from error
    finally:
        await client.aclose()
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=_WIDTH_OF_A_FILE)
    show(found, console)
    return 0

"""`python -m bot.live`: the process that listens to TikTok, until told to stop or its parent is gone."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import sys
from collections.abc import AsyncGenerator
from functools import partial

import uvloop

from bot import logs
from bot.errors import Reporter, StartupError
from bot.live.chat import Chat
from bot.live.endpoints import endpoints, pace
from bot.live.listener import PATIENCE
from bot.live.watch import Books, Watch
from bot.settings import Settings, load
from bot.stores import Stores, open_stores
from integrations.tiktok.status import Pace
from integrations.tiktok.tiktoklive import TikTokLiveSource
from state.asked import Asked
from state.handles import Handles
from state.hosts import Hosts
from state.live import Live
from state.points import Points
from state.scripts import Fence
from state.sign_gate import SPACING_SECONDS, SharedSignGate

_log = logging.getLogger("skipline.live")


@contextlib.asynccontextmanager
async def listening(
    settings: Settings,
    *,
    pace: Pace | None = None,
    spacing: float = SPACING_SECONDS,
    patience: float = PATIENCE,
) -> AsyncGenerator[asyncio.Task[None]]:
    """Listens to every host that is wanted, inside the block; gives the task that does, which never ends.

    `spacing` is in seconds between two signatures, `patience` in seconds until an outage is told.
    """
    reporter = Reporter()
    async with contextlib.AsyncExitStack() as stack:
        stores = await stack.enter_async_context(open_stores(settings))
        source = await stack.enter_async_context(TikTokLiveSource(endpoints(settings)))
        watch = Watch(
            source=source,
            gate=SharedSignGate(stores.redis, spacing),
            redis=stores.redis,
            books=partial(books_of, stores),
            feed=stores.feed,
            reporter=reporter,
            pace=pace,
            patience=patience,
        )
        await stores.feed.open()
        stack.push_async_callback(stores.feed.close)
        work = asyncio.create_task(watch.run(), name="hosts")
        try:
            yield work
        finally:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)


def books_of(stores: Stores, fence: Fence) -> Books:
    """Those of one connection: they refuse what is written after it went to another process."""
    redis, scripts = stores.redis, stores.scripts.under(fence)
    live = Live(redis, scripts)
    handles = Handles(redis, scripts, Points(redis, scripts))
    chat = Chat(stores.configuration, handles, live, stores.queue, Asked(redis, scripts))
    return Books(live, Hosts(redis, scripts), chat)


async def _run(settings: Settings) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with listening(settings, pace=pace(settings)) as work:
        _log.info("Listening to TikTok.")
        ends = [asyncio.create_task(each) for each in (stop.wait(), _end_of_input())]
        try:
            await asyncio.wait([work, *ends], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for end in ends:
                end.cancel()
            await asyncio.gather(*ends, return_exceptions=True)
        if work.done():
            # Whoever started this process starts it again.
            Reporter().report(work.exception() or RuntimeError("it ended"), "listening to TikTok")
            return 1
    return 0


async def _end_of_input() -> None:
    """Waits until whoever started this process is gone: it holds the other end of the standard input."""
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    while await reader.read(1024):
        pass


def main() -> int:
    """Runs it; gives the exit code."""
    try:
        # Whoever starts this process hands everything over, also what it read from a .env file.
        settings = load(None)
        secrets = [
            *(settings.token, settings.redis_url, settings.database_url, settings.tiktok_sign_key),
        ]
        logs.configure(settings.log, [secret.get_secret_value() for secret in secrets if secret is not None])
        return uvloop.run(_run(settings))
    except StartupError as error:
        print(f"skipline: {error}", file=sys.stderr)  # noqa: T201 - as the command line does
        return error.exit_code


if __name__ == "__main__":
    sys.exit(main())

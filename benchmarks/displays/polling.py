"""What most bots do: look at the queue every few seconds, and edit the message when it differs.

    python -m benchmarks.displays.polling REDIS_URL SECONDS [--always]

A hikari bot of the same settings as Skipline, that reads the queue with the same script (and, like Skipline,
not again while its revision is the same), draws the same pictures and sends the same edits. Each display has
a loop of its own, begun at a time of its own, so they do not come in bursts. With `--always` it edits in
every round without comparing. Which displays there are is told line by line: guild, channel, kind.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import sys
from random import random
from typing import Any

import hikari
import uvloop

from components.displays import HELD_SONGS, PENDING_SONGS, SONGS, render
from state.connection import connect
from state.queue import Queue
from state.scripts import Scripts


async def keep(
    bot: hikari.GatewayBot, queue: Queue, place: tuple[int, int, str], every: float, always: bool
) -> None:
    """Posts one display and looks after it for ever."""
    guild, channel, kind = place
    serialize = bot.rest.entity_factory.serialize_embed
    message: hikari.Message | None = None
    shown: Any = None
    loop = asyncio.get_running_loop()
    due = loop.time() + random() * every
    while True:
        board = await queue.board(guild, count=SONGS, pending=PENDING_SONGS, held=HELD_SONGS)
        painting = render(kind, board)
        assert painting is not None
        content = (
            [serialize(embed)[0] for embed in painting.embeds],
            [component.build()[0] for component in painting.components],
        )
        if message is None:
            message = await bot.rest.create_message(
                channel, embeds=painting.embeds, components=painting.components
            )
        elif always or content != shown:
            await bot.rest.edit_message(
                channel, message, embeds=painting.embeds, components=painting.components
            )
        shown = content
        due = max(due + every, loop.time())
        await asyncio.sleep(due - loop.time())


async def run(redis_url: str, every: float, always: bool) -> None:
    """Runs until its input ends."""
    bot = hikari.GatewayBot(
        os.environ["DISCORD_BOT_TOKEN"],
        rest_url=os.environ["DISCORD_REST_URL"],
        banner=None,
        logs=None,
        intents=hikari.Intents.GUILDS,
        suppress_optimization_warning=True,
        max_rate_limit=15.0,
        auto_chunk_members=False,
        http_settings=hikari.impl.HTTPSettings(force_close_transports=False),
    )
    redis = connect(redis_url)
    queue = Queue(redis, Scripts(redis, lambda _: asyncio.sleep(0)))
    await bot.start(check_for_updates=False)
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    async with asyncio.TaskGroup() as loops:
        while line := await reader.readline():
            guild, channel, kind = line.decode().split()
            loops.create_task(keep(bot, queue, (int(guild), int(channel), kind), every, always))
        raise SystemExit(0)


def main() -> None:
    """Reads what it is to do from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("redis_url")
    parser.add_argument("seconds", type=float)
    parser.add_argument("--always", action="store_true")
    options = parser.parse_args()
    uvloop.run(run(options.redis_url, options.seconds, options.always))


if __name__ == "__main__":
    main()

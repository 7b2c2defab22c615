"""The tour on the demo's page: eight things to do by oneself, and the buttons that kill what is running."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable, Generator
from functools import partial
from typing import Final

from redis.asyncio import Redis
from redis.exceptions import RedisError

from bot import embedded
from bot.demo.audience import Audience
from bot.demo.prepared import GIVER, prepare
from bot.demo.show import Show
from bot.demo.terminal import StepFailed
from sandbox.discord import ClientRefused
from sandbox.page.tour import Control, ControlFailed, Place, Step, Tour

REDIS_SECONDS: Final = 30.0
"""The bot looks once a second whether its server is there; starting and loading it takes another."""

_POLL: Final = 0.1

Tell = Callable[[str], None]


async def offer(show: Show, tour: Tour) -> bool:
    """Prepares the stage and offers the tour on it; False, with a notice, where that does not work."""

    async def again(_: Tell) -> None:
        await offer(show, tour)

    once_more = Control("again", "Start again", "The stage is prepared anew, and nothing is ticked.", again)
    tour.announce("The stage is being prepared", "Two songs are handed in, and Mia goes live on TikTok.")
    show.transcript.chapter("The stage for the tour")
    try:
        with _told(show, "The stage could not be prepared; the terminal says why."):
            if not show.bot.running:
                show.tell("start", "the bot, which had ended")
                await show.bot.start()
            await prepare(show)
    except ControlFailed as failed:
        tour.announce("This did not work", str(failed), [once_more], failed=True)
        return False
    audience = Audience(show)
    tour.offer(_steps(show, audience), _controls(show, audience), again=once_more)
    return True


def _steps(show: Show, audience: Audience) -> list[Step]:
    carla, alice = show.artists["Carla"], show.artists["Alice"]
    queue = show.channel("song-queue")

    def done(what: str) -> Callable[[], bool]:
        def look() -> bool:
            audience.look()
            return bool(getattr(audience, what))

        return look

    return [
        Step(
            "Submit a song",
            "Press Submit a link and fill in the form. Any song's address on SoundCloud or YouTube will do.",
            "Carla, an artist",
            done("submitted"),
            Place(carla, show.submissions),
        ),
        Step(
            "Claim a skip",
            "Press My submissions, then Claim a skip, and choose the one you say you paid for.",
            "Carla, an artist",
            done("claimed"),
            Place(carla, show.submissions),
        ),
        Step(
            "Approve it",
            "Under Pending skips press the green button: the song goes before all Free ones.",
            "Theo, a moderator",
            done("approved"),
            Place(show.theo, show.review),
        ),
        Step(
            "Press Next",
            "The button is under the list of songs. The first one plays, and everybody sees it.",
            "Mia, the host",
            done("advanced"),
            Place(show.mia, show.review),
        ),
        Step(
            "Undo",
            "Press Undo beside Next: the song is back at exactly its place.",
            "Mia, the host",
            done("undone"),
            Place(show.mia, show.review),
        ),
        Step(
            "A gift promotes a song",
            f"Under TikTok choose the viewer {GIVER} and send a Galaxy: 1,000 coins make a Skip of her song.",
            "Alice, on TikTok",
            done("lifted"),
            Place(alice, queue),
            beside="tiktok",
        ),
        Step(
            "Kill the bot, and start it again",
            "Press a button: the bot, or its Redis, dies without a warning and is started again.",
            "you",
            lambda: audience.restarted,
            controls=("bot", "redis"),
        ),
        Step(
            "See that nothing is lost",
            "After that, use /queue show: the same songs wait, in the same order.",
            "anybody, such as Alice",
            done("kept"),
            Place(alice, queue),
            note=lambda: audience.differs,
        ),
    ]


def _controls(show: Show, audience: Audience) -> list[Control]:
    return [
        Control(
            "bot",
            "Kill and restart the bot",
            "kill -9 of its process, and a new start.",
            partial(_kill_bot, show, audience),
        ),
        Control(
            "redis",
            "Kill and restart Redis",
            "kill -9 of the server that holds the queue; the bot starts it again.",
            partial(_kill_redis, show, audience),
        ),
    ]


async def _kill_bot(show: Show, audience: Audience, tell: Tell) -> None:
    audience.ends()
    show.tell("kill -9", "the bot dies")
    await show.bot.end(signal.SIGKILL)
    tell("killed")
    with _told(show, "The bot did not start again; the terminal says why."):
        tell("starting")
        await show.bot.start()
        await _answers(show)
    show.tell("start", "the bot is back")
    audience.back()
    tell("back")


async def _kill_redis(show: Show, audience: Audience, tell: Tell) -> None:
    if not show.bot.running:
        raise ControlFailed("The bot is not running, so nobody starts Redis again. Restart the bot first.")
    audience.ends()
    with _told(show, "Redis did not come back; the terminal says why."):
        url = embedded.find(show.bot.data)
        if url is None:
            raise StepFailed("The bot's own Valkey is not running.")
        async with Redis.from_url(url) as redis:
            killed = await _process(redis)
            show.tell("kill -9", f"Redis dies (process {killed})")
            os.kill(killed, signal.SIGKILL)
            tell("killed")
            tell("starting")
            async with asyncio.timeout(REDIS_SECONDS):
                while await _process(redis) in {0, killed}:  # noqa: ASYNC110 - another process starts it
                    await asyncio.sleep(_POLL)
        await _answers(show)
    show.tell("the bot", "has started Redis again")
    audience.back()
    tell("back")


async def _process(redis: Redis) -> int:
    """The server's process id; 0 while it does not answer."""
    try:
        return int((await redis.info("server"))["process_id"])
    except (RedisError, OSError):
        return 0


async def _answers(show: Show) -> None:
    """Waits until the bot answers with what Redis has."""
    async with asyncio.timeout(REDIS_SECONDS):
        while True:
            reply = await show.olga.command("points show", show.general)
            if reply.ok:
                message = await reply.settled()
                answered = "points" in message.text
                show.olga.dismiss(message)
                if answered:
                    return
            await asyncio.sleep(_POLL)


@contextlib.contextmanager
def _told(show: Show, sentence: str) -> Generator[None]:
    """Writes to the terminal why something failed, and raises `ControlFailed` with the page's sentence."""
    try:
        yield
    except (StepFailed, ClientRefused, LookupError, OSError, TimeoutError) as failed:
        show.transcript.failed(str(failed) or type(failed).__name__)
        raise ControlFailed(sentence) from failed

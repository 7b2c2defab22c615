"""The part of a process that nobody waits for: archive, displays, notices, backups, lives."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, Coroutine, Mapping, Sequence
from functools import partial
from typing import Any

import hikari

from bot import housekeeping
from bot.announcements import Announcements
from bot.backups import HourlyBackups
from bot.database_watch import DatabaseWatch
from bot.displays import Displays
from bot.errors import Reporter
from bot.live.alerts import HostAlerts
from bot.live.child import LiveProcess
from bot.live.closing import Closing
from bot.live.places import Places
from bot.pictures import DrawingProcess
from bot.settings import Settings
from bot.stores import Stores
from bot.tasks import background
from bot.telling import Telling
from bot.timers import TimerLoop
from bot.upkeep import Upkeep
from persistence.archive_writer import ArchiveWriter
from persistence.recovery import doubtful, reconcile


async def caught_up(stores: Stores) -> ArchiveWriter:
    """Brings a Redis that lost moves up to the archive, before anybody can press; gives who archives on."""
    for guild in await doubtful(stores.redis, stores.archive):
        await reconcile(guild, stores.redis, stores.archive)
    return ArchiveWriter(stores.redis, stores.archive)


def upkeeps(stores: Stores, rest: hikari.api.RESTClient, reporter: Reporter) -> Sequence[Upkeep]:
    """Whatever is kept true outside Redis; each hears the feed from now on and begins when it is opened."""
    return (
        Displays(
            rest=rest,
            redis=stores.redis,
            queue=stores.queue,
            configuration=stores.configuration,
            feed=stores.feed,
            files=stores.files,
            timers=stores.timers,
            reporter=reporter,
        ),
        Announcements(
            rest=rest,
            redis=stores.redis,
            queue=stores.queue,
            cards=stores.cards,
            configuration=stores.configuration,
            feed=stores.feed,
            files=stores.files,
            reporter=reporter,
        ),
        Telling(rest=rest, redis=stores.redis, notices=stores.notices, feed=stores.feed, reporter=reporter),
        HostAlerts(
            rest=rest,
            redis=stores.redis,
            hosts=stores.hosts,
            configuration=stores.configuration,
            feed=stores.feed,
            reporter=reporter,
        ),
        Closing(
            rest=rest,
            redis=stores.redis,
            live=stores.live,
            hosts=stores.hosts,
            sessions=stores.sessions,
            configuration=stores.configuration,
            pictures=DrawingProcess(),
            timers=stores.timers,
            feed=stores.feed,
            reporter=reporter,
        ),
        Places(
            rest=rest,
            redis=stores.redis,
            asked=stores.asked,
            queue=stores.queue,
            points=stores.points,
            configuration=stores.configuration,
            feed=stores.feed,
            reporter=reporter,
        ),
    )


def timer_loop(
    stores: Stores, rest: hikari.api.RESTClient, kept: Sequence[Upkeep], reporter: Reporter
) -> TimerLoop:
    """Does whatever is due at a time; it begins when it is run."""
    loop = TimerLoop(stores.redis, stores.timers, stores.feed, reporter)
    loop.register("backups", HourlyBackups(stores.backups, reporter).round, standing=True)
    loop.register("housekeeping", partial(housekeeping.round, stores), standing=True)
    watch = DatabaseWatch(stores.redis, stores.archive, rest)
    loop.register("postgres", watch.look, standing=True)
    loop.register("refusal", partial(taken_away, rest))
    for each in kept:
        if isinstance(each, Displays):
            loop.register("display", each.again)
        elif isinstance(each, Closing):
            loop.register("session", each.look)
        elif isinstance(each, HostAlerts):
            loop.register("outage", each.overdue)
    return loop


async def taken_away(rest: hikari.api.RESTClient, _: int, place: str) -> None:
    """Deletes a message of ours, `<channel>:<message>`; one that is gone or out of reach is let be."""
    channel, message = map(hikari.Snowflake, place.split(":"))
    with contextlib.suppress(hikari.ClientHTTPResponseError):
        await rest.delete_message(channel, message)


def edits(kept: Sequence[Upkeep]) -> Mapping[str, int]:
    """What became of the displays' edits so far; it goes on counting."""
    found = [each.counts for each in kept if isinstance(each, Displays)]
    return found[0] if found else {}


@contextlib.asynccontextmanager
async def working(
    settings: Settings,
    stores: Stores,
    rest: hikari.api.RESTClient,
    writer: ArchiveWriter,
    kept: Sequence[Upkeep],
    reporter: Reporter,
    *,
    live: bool,
) -> AsyncGenerator[None]:
    """Does all of it inside the block; `live` whether a process beside this one listens to TikTok."""
    work: list[tuple[Coroutine[Any, Any, None], str]] = [(writer.run(), "archive writer")]
    if live:
        process = LiveProcess(settings, stores.addresses, stores.redis, stores.feed)
        work.append((process.run(), "the TikTok process"))
    async with contextlib.AsyncExitStack() as stack:
        for each, name in work:
            await stack.enter_async_context(background(each, name, reporter))
        for upkeep in kept:
            await upkeep.open()
            stack.push_async_callback(upkeep.close)
        due = timer_loop(stores, rest, kept, reporter)
        await stack.enter_async_context(background(due.run(), "timers", reporter))
        yield

"""The composition root: builds one process of Skipline from its settings, and takes it down again."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import gc
import logging
import signal
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import hikari
import miru
import tanjun
import uvloop
from redis.asyncio import Redis

from bot import health, hikari_compat, hooks, intents, logs, rest_client, tanjun_compat, worker
from bot.clock import Clock, SystemClock
from bot.declaring import Declaring
from bot.errors import Reporter, StartupError
from bot.in_flight import InFlight
from bot.intake import Intake
from bot.pictures import DrawingProcess
from bot.reload import Reloader
from bot.router import Router
from bot.settings import Role, Settings
from bot.shards import GuildNames, Shards
from bot.stores import Stores, open_stores
from bot.tasks import background
from bot.web import serving
from components.curve import Pictures
from persistence.archive import Archive
from persistence.archive_writer import ArchiveWriter
from persistence.backups import Backups
from persistence.files import FileStore
from persistence.ledger import Ledger
from persistence.privacy import Privacy
from persistence.sessions import Sessions
from state.configure import Configuration
from state.feed import Feed
from state.handles import Handles
from state.hosts import Hosts
from state.live import Live
from state.notices import Notices
from state.overlays import Overlays
from state.points import Points
from state.public_page import PublicPages
from state.queue import Queue
from state.scripts import observe
from state.served import ServedPages
from state.timers import Timers
from state.wallet import Wallet

_log = logging.getLogger("skipline")

DRAIN_SECONDS: Final = 5.0
"""How long a stopping process waits for the answers it owes; Discord itself waits three seconds for one."""

PLUGINS: Final = Path(__file__).parent.parent / "plugins"


@dataclass(frozen=True)
class App:
    """One running process. `commands_declared` is set once Discord has them.

    `bot` and `shards` are None in a worker; `health` and `answers` unless the settings have this process tell
    how it is.
    """

    settings: Settings
    stores: Stores
    reporter: Reporter
    bot: hikari.GatewayBot | None
    shards: Shards | None
    writer: ArchiveWriter | None
    commands_declared: asyncio.Event
    health: health.Server | None = None
    answers: health.Answers | None = None


@contextlib.asynccontextmanager
async def running(settings: Settings, *, reload: bool = False, live: bool = True) -> AsyncGenerator[App]:
    """Runs one process in the role its settings name; on leaving the block it drains and closes.

    With `reload` a plugin that changes on disk is loaded again; without `live` nobody listens to TikTok.
    Raises `StartupError` with one sentence when it cannot start.
    """
    figures = None if settings.health_port is None else health.Figures()
    reporter = Reporter() if figures is None else health.CountingReporter(figures)
    async with contextlib.AsyncExitStack() as stack:
        stores = await stack.enter_async_context(open_stores(settings))
        declared = asyncio.Event()
        bot = shards = None
        rest: hikari.api.RESTClient
        if settings.role is Role.WORKER:
            rest = await stack.enter_async_context(_worker_rest(settings))
        else:
            bot = _build_bot(settings, await _intents(settings))
            rest = bot.rest
            shards = Shards(bot, stores.redis, settings.token.get_secret_value(), settings.shards)
        writer, kept = None, ()
        if settings.role is not Role.GATEWAY:
            writer = await worker.caught_up(stores)
            kept = worker.upkeeps(stores, rest, reporter)
        app = App(settings, stores, reporter, bot, shards, writer, declared)
        process = None
        if figures is not None and settings.health_port is not None:
            stores.feed.listen(figures.heard)
            observe(stores.redis, figures.ran)
            process = health.Process(settings.role, stores, bot, writer, declared, edits=worker.edits(kept))
            if shards is not None:
                process.waiting = shards.names_waiting
            server = await stack.enter_async_context(
                health.serving(settings.health_host, settings.health_port, process, figures)
            )
            app = dataclasses.replace(
                app, health=server, answers=None if bot is None else health.Answers(figures)
            )
        await stores.feed.open()
        stack.push_async_callback(stores.feed.close)
        await stack.enter_async_context(serving(settings, stores, reporter))
        if bot is not None and shards is not None:
            await stack.enter_async_context(_gateway(app, bot, shards, reload=reload))
        if writer is not None:
            work = worker.working(settings, stores, rest, writer, kept, reporter, live=live)
            await stack.enter_async_context(work)
        if process is not None:
            process.begun.set()
        yield app


async def _intents(settings: Settings) -> hikari.Intents:
    try:
        async with _worker_rest(settings) as rest:
            return await intents.granted(rest)
    except hikari.UnauthorizedError as refused:
        raise StartupError("Discord refuses the token. Check DISCORD_BOT_TOKEN.") from refused


def _build_bot(settings: Settings, intents: hikari.Intents) -> hikari.GatewayBot:
    hikari_compat.mend_rate_limits()
    components = hikari.api.CacheComponents
    bot = hikari.GatewayBot(
        settings.token.get_secret_value(),
        banner=None,
        logs=None,
        intents=intents,
        rest_url=settings.rest_url,
        suppress_optimization_warning=True,
        max_rate_limit=15.0,
        auto_chunk_members=False,
        # One TLS connection for each call would add tens of milliseconds to every answer.
        http_settings=hikari.impl.HTTPSettings(force_close_transports=False),
        cache_settings=hikari.impl.CacheSettings(
            components=components.GUILDS | components.GUILD_CHANNELS | components.ROLES | components.ME,
            only_my_member=True,
        ),
    )
    tanjun_compat.mute_deprecations()
    rest_client.install(bot.rest)
    return bot


@contextlib.asynccontextmanager
async def _worker_rest(settings: Settings) -> AsyncGenerator[hikari.api.RESTClient]:
    hikari_compat.mend_rate_limits()
    app = hikari.RESTApp(
        url=settings.rest_url,
        max_rate_limit=15.0,
        http_settings=hikari.impl.HTTPSettings(force_close_transports=False),
    )
    await app.start()
    try:
        async with app.acquire(settings.token.get_secret_value(), hikari.TokenType.BOT) as rest:
            yield rest
    finally:
        await app.close()


@contextlib.asynccontextmanager
async def _gateway(app: App, bot: hikari.GatewayBot, shards: Shards, *, reload: bool) -> AsyncGenerator[None]:
    """Takes over the shards of this process, with every command, button and modal in its place."""
    stores, settings = app.stores, app.settings
    commands = tanjun.Client(
        bot.rest, cache=bot.cache, events=bot.event_manager, shards=bot, event_managed=False
    )
    commands.set_message_accepts(tanjun.MessageAcceptsEnum.NONE)
    # Our views are bound to no message, so there is nothing to end when one is deleted.
    views = miru.Client(
        bot, ignore_unknown_interactions=True, stop_bound_on_delete=False, injector=commands.injector
    )
    router = Router()
    clock, in_flight = SystemClock(), InFlight()
    for type_, value in (
        (Redis, stores.redis),
        (Queue, stores.queue),
        (Points, stores.points),
        (Handles, stores.handles),
        (Wallet, stores.wallet),
        (Ledger, stores.ledger),
        (Configuration, stores.configuration),
        (Feed, stores.feed),
        (Notices, stores.notices),
        (Privacy, stores.privacy),
        (Archive, stores.archive),
        (FileStore, stores.files),
        (Backups, stores.backups),
        (Sessions, stores.sessions),
        (Live, stores.live),
        (Hosts, stores.hosts),
        (Overlays, stores.overlays),
        (PublicPages, stores.public_pages),
        (ServedPages, stores.served),
        (Pictures, DrawingProcess()),
        (Settings, settings),
        (Reporter, app.reporter),
        (Router, router),
        (Clock, clock),
        (InFlight, in_flight),
        (Timers, stores.timers),
        (miru.Client, views),
    ):
        commands.set_type_dependency(type_, value)
    hooks.install(commands=commands, views=views, router=router, bot=bot, reporter=app.reporter)
    load_plugins(commands)

    await commands.open()
    if app.answers is None:
        Intake(bot, commands, views, in_flight, GuildNames(bot))
    else:
        app.answers.install(bot, commands)
        Intake(bot, commands, views, in_flight, GuildNames(bot), app.answers.watch)
    try:
        try:
            # They are taken over from whoever runs them, now that everything else is in place.
            await shards.open()
        except hikari.UnauthorizedError as refused:
            raise StartupError("Discord refuses the token. Check DISCORD_BOT_TOKEN.") from refused
        await shards.up()
        async with contextlib.AsyncExitStack() as stack:
            declaring = Declaring(stores.redis, commands, settings.guild_id, app.commands_declared)
            await stack.enter_async_context(background(declaring.run(), "declaring commands", app.reporter))
            if reload:
                watch = Reloader(PLUGINS, commands, views, router, app.reporter, declaring.declare)
                await stack.enter_async_context(background(watch.run(), "reloading plugins", app.reporter))
            yield
    finally:
        await shards.close()
        await _drain(in_flight)
        await commands.close()
        if bot.is_alive:
            await bot.close()


def load_plugins(commands: tanjun.Client) -> None:
    """Loads every plugin, each a file or a package."""
    commands.load_directory(PLUGINS, namespace=PLUGINS.name)
    packages = sorted(PLUGINS.glob("*/__init__.py"))
    commands.load_modules(*(f"{PLUGINS.name}.{each.parent.name}" for each in packages))


async def _drain(in_flight: InFlight) -> None:
    """Finishes what was taken: hikari alone would drop the answers that are in the making."""
    try:
        async with asyncio.timeout(DRAIN_SECONDS):
            await in_flight.drained()
    except TimeoutError:
        _log.warning("Some answers were not finished within %.0f s of stopping.", DRAIN_SECONDS)


def run(settings: Settings, *, reload: bool = False) -> int:
    """Runs a process until SIGINT or SIGTERM; gives its exit code. For `reload` see `running`."""
    secrets = [settings.token, settings.redis_url, settings.database_url, settings.tiktok_sign_key]
    logs.configure(settings.log, [secret.get_secret_value() for secret in secrets if secret is not None])
    return uvloop.run(_run(settings, reload=reload))


async def _run(settings: Settings, *, reload: bool) -> int:
    stop, up = asyncio.Event(), asyncio.Event()
    serving = asyncio.create_task(_serve(settings, stop, up, reload=reload))

    def wish() -> None:
        # A start may wait long for a server that does not answer. Whoever is up ends in order.
        if not up.is_set() and not stop.is_set():
            serving.cancel()
        stop.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, wish)
    try:
        return await serving
    except asyncio.CancelledError:
        if not stop.is_set():
            raise
        _log.info("Stopped while starting.")
        return 0


async def _serve(settings: Settings, stop: asyncio.Event, up: asyncio.Event, *, reload: bool) -> int:
    async with running(settings, reload=reload) as app:
        up.set()
        # What is loaded by now stays: the collector need not look through it during the show.
        gc.collect()
        gc.freeze()
        # By default it runs several times in every answer, mostly over objects that die by themselves.
        gc.set_threshold(20_000, 20, 20)
        for line in (f"Skipline is up, role {settings.role.value}.", *app.stores.report):
            _log.info("%s", line)
        for weak in app.stores.warnings:
            _log.warning("%s", weak)
        if not await _stopped(stop, app):
            _log.error("Discord closed a connection for good; see above. Stopping.")
            return 1
        _log.info("Stopping: no new work is taken, what is under way is finished.")
    return 0


async def _stopped(stop: asyncio.Event, app: App) -> bool:
    """Waits for the wish to stop (True) or for the end of a shard for good (False)."""
    wish = asyncio.create_task(stop.wait())
    ends = [] if app.shards is None else [asyncio.create_task(app.shards.ended())]
    try:
        await asyncio.wait([wish, *ends], return_when=asyncio.FIRST_COMPLETED)
        return wish.done()
    finally:
        for task in (wish, *ends):
            task.cancel()
        await asyncio.gather(wish, *ends, return_exceptions=True)

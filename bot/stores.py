"""What a process knows and keeps: its servers, started if need be, and the stores on top of them."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass

from redis.asyncio import Redis
from redis.exceptions import RedisError

from bot import embedded
from bot.embedded.durability import weaknesses
from bot.errors import StartupError
from bot.opening import together
from bot.settings import Settings
from persistence import migrations
from persistence.archive import Archive
from persistence.backups import Backups, BackupStore
from persistence.errors import PersistenceError, SchemaUnknown
from persistence.files import FileStore
from persistence.ledger import Ledger
from persistence.pool import open_pool
from persistence.privacy import Privacy
from persistence.recovery import open_guild
from persistence.sessions import Sessions
from state.address import Address, mismatch, parse
from state.asked import Asked
from state.cards import Cards
from state.configure import Configuration
from state.connection import connect
from state.feed import Change, Feed
from state.forget import Forgetting
from state.handles import Handles
from state.hosts import Hosts
from state.live import Live
from state.notices import Notices
from state.overlays import Overlays
from state.points import Points
from state.public_page import PublicPages
from state.queue import Queue
from state.refusal import Unopened
from state.scripts import Scripts
from state.served import Served, ServedPages
from state.timers import Timers
from state.wallet import Wallet


@dataclass(frozen=True)
class Stores:
    """The open stores of one process.

    `report` says in plain lines what came up and where, `warnings` what Redis keeps less well than it must,
    `addresses` where the servers are, as environment.
    """

    redis: Redis
    scripts: Scripts
    archive: Archive
    feed: Feed
    queue: Queue
    points: Points
    handles: Handles
    wallet: Wallet
    ledger: Ledger
    configuration: Configuration
    notices: Notices
    cards: Cards
    privacy: Privacy
    files: FileStore
    backups: Backups
    sessions: Sessions
    live: Live
    hosts: Hosts
    overlays: Overlays
    public_pages: PublicPages
    served: ServedPages
    asked: Asked
    timers: Timers
    report: tuple[str, ...]
    warnings: tuple[str, ...]
    addresses: Mapping[str, str]


@contextlib.asynccontextmanager
async def open_stores(settings: Settings) -> AsyncGenerator[Stores]:
    """Opens everything the settings name, brings the schema up to date, and closes it all afterwards.

    Raises `StartupError` with one sentence when a server cannot be reached.
    """
    async with contextlib.AsyncExitStack() as stack:
        report: list[str] = []
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        if settings.redis_url is not None:
            redis_url = settings.redis_url.get_secret_value()
        else:
            valkey = await stack.enter_async_context(embedded.valkey(settings.data_dir, keep=True))
            redis_url = valkey.url
            report.append(f"Valkey {valkey.version}, embedded: {valkey.shell}")
        if settings.database_url is not None:
            database_url = settings.database_url.get_secret_value()
        else:
            postgres = await stack.enter_async_context(embedded.postgres(settings.data_dir, keep=True))
            database_url = postgres.url
            report.append(f"PostgreSQL {postgres.version}, embedded: {postgres.shell}")

        redis = connect(redis_url)
        stack.push_async_callback(redis.aclose)
        if settings.redis_url is not None:
            report.append(await _server(redis, parse(redis_url)))
        warnings = [f"Redis: {found}; {mend}." for found, mend in await weaknesses(redis)]

        try:
            await migrations.upgrade(database_url)
            pool = await open_pool(database_url)
        except SchemaUnknown as error:
            raise StartupError(f"{error} Run that version, or restore a backup.") from error
        except (PersistenceError, OSError) as error:
            raise StartupError(f"PostgreSQL cannot be used: {error} Check DATABASE_URL.") from error
        stack.push_async_callback(pool.close)
        if settings.database_url is not None:
            report.append("PostgreSQL at DATABASE_URL, schema up to date.")
        archive = Archive(pool)

        async def opened(guild: int) -> None:
            try:
                await open_guild(guild, redis, archive)
            except PersistenceError as error:
                raise Unopened(f"guild {guild} could not be opened") from error

        feed = Feed(redis)
        scripts = Scripts(redis, together(opened))
        configuration = Configuration(redis, scripts, feed)
        queue = Queue(redis, scripts)
        points = Points(redis, scripts)

        def heard(change: Change) -> None:
            if change.kind == "restored":
                queue.forget(change.guild)

        async def resumed() -> None:
            queue.forget()

        feed.listen(heard, resumed)
        files, backups = FileStore(settings.data_dir), BackupStore(settings.data_dir, pool)
        yield Stores(
            redis=redis,
            scripts=scripts,
            archive=archive,
            feed=feed,
            queue=queue,
            points=points,
            handles=Handles(redis, scripts, points),
            wallet=Wallet(redis, scripts),
            ledger=Ledger(pool),
            configuration=configuration,
            notices=Notices(redis, scripts),
            cards=Cards(redis, scripts),
            privacy=Privacy(redis, pool, archive, backups, files, Forgetting(scripts).put),
            files=files,
            backups=Backups(redis, backups),
            sessions=Sessions(pool),
            live=Live(redis, scripts),
            hosts=Hosts(redis, scripts),
            overlays=Overlays(redis, scripts),
            public_pages=PublicPages(redis, scripts),
            served=ServedPages(redis, _own_pages(settings)),
            asked=Asked(redis, scripts),
            timers=Timers(scripts),
            report=tuple(report),
            warnings=tuple(warnings),
            addresses={"REDIS_URL": redis_url, "DATABASE_URL": database_url},
        )


def _own_pages(settings: Settings) -> Served | None:
    return Served(settings.web_address, settings.web_url is not None) if settings.web_port else None


async def _server(redis: Redis, given: Address) -> str:
    """What the server at the address is. Raises `StartupError` when it is something else or away."""
    try:
        info = await redis.info()
    except RedisError as error:
        raise StartupError(f"Redis cannot be used ({type(error).__name__}). Check REDIS_URL.") from error
    if other := mismatch(given, info):
        raise StartupError(f"What is at REDIS_URL {other[0]}; {other[1]}.")
    name = "Valkey" if "valkey_version" in info else "Redis"
    return f"{name} {info.get('valkey_version', info['redis_version'])} at REDIS_URL: {given}."

"""Redis and PostgreSQL: reachable, new enough, and set up to lose nothing."""

from __future__ import annotations

import re
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from typing import Any

import redis.exceptions
from redis.asyncio.sentinel import MasterNotFoundError

from bot import embedded
from bot.doctor.findings import Finding, fail, ok, warn
from bot.embedded.durability import weaknesses
from bot.errors import StartupError
from bot.settings import Settings
from persistence import migrations
from persistence.errors import PersistenceError, SchemaUnknown
from persistence.pool import single_connection
from state.address import mismatch, parse
from state.connection import connect

__all__ = ["check_postgres", "check_redis", "redis_durability"]

OLDEST_REDIS = (7, 0)
OLDEST_VALKEY = (8, 0)
OLDEST_POSTGRES = (14,)


async def check_redis(settings: Settings) -> AsyncIterator[Finding]:
    """Check the Redis of the settings, or start the embedded one for the time of the check."""
    async with AsyncExitStack() as stack:
        if settings.redis_url is None:
            try:
                server = await stack.enter_async_context(embedded.valkey(settings.data_dir))
            except StartupError as error:
                yield fail("Redis", str(error))
                return
            url, where = server.url, f"embedded; {server.shell}"
        else:
            url = settings.redis_url.get_secret_value()
            where = f"at REDIS_URL: {parse(url)}"
        # Any, because redis-py leaves the answers of its commands untyped.
        client: Any = connect(url)
        stack.push_async_callback(client.aclose)
        try:
            info: Mapping[str, Any] = await client.info("server")
        except (redis.exceptions.RedisError, OSError) as error:
            yield fail(
                "Redis",
                f"cannot be used, {_redis_reason(error, parse(url).tls)}",
                "check REDIS_URL and that the server runs",
            )
            return
        if settings.redis_url is not None and (other := mismatch(parse(url), info)):
            yield fail("Redis", f"what is at REDIS_URL {other[0]}", other[1])
            return
        yield _redis_version(info, where)
        for finding in await redis_durability(client):
            yield finding


async def redis_durability(client: Any) -> list[Finding]:
    """One finding when the server keeps what it is told, else one for each weak setting."""
    weak = [warn("Redis durability", found, mend) for found, mend in await weaknesses(client)]
    return weak or [ok("Redis durability", "every write is on disk before it counts, nothing is evicted")]


async def check_postgres(settings: Settings) -> AsyncIterator[Finding]:
    """Check the PostgreSQL of the settings, or start the embedded one for the time of the check."""
    async with AsyncExitStack() as stack:
        if settings.database_url is None:
            try:
                server = await stack.enter_async_context(embedded.postgres(settings.data_dir))
            except StartupError as error:
                yield fail("PostgreSQL", str(error))
                return
            url, where = server.url, f"embedded; {server.shell}"
        else:
            url, where = settings.database_url.get_secret_value(), "at DATABASE_URL"
        try:
            async with single_connection(url) as connection:
                version = str(await connection.fetchval("SHOW server_version"))
            yield _postgres_version(version, where)
            yield _schema(*await migrations.status(url))
        except SchemaUnknown:
            yield fail("Schema", "made by a newer Skipline", "run that version, or restore a backup")
        except (PersistenceError, OSError) as error:
            reason = type(error.__cause__ or error).__name__
            yield fail(
                "PostgreSQL", f"cannot be used ({reason})", "check DATABASE_URL and that the server runs"
            )


def _redis_version(info: Mapping[str, Any], where: str) -> Finding:
    name, oldest = ("Valkey", OLDEST_VALKEY) if "valkey_version" in info else ("Redis", OLDEST_REDIS)
    version = str(info.get("valkey_version", info.get("redis_version", "0")))
    if _numbers(version) < oldest:
        return fail("Redis", f"{name} {version} is too old", f"use {name} {oldest[0]} or newer")
    return ok("Redis", f"{name} {version}, {where}")


def _redis_reason(error: Exception, tls: bool) -> str:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, redis.exceptions.AuthenticationError | redis.exceptions.NoPermissionError):
            return "it refuses the user or password"
        if isinstance(cause, ssl.SSLCertVerificationError):
            return "its certificate is not trusted; ssl_ca_certs names the file of your own authority"
        if isinstance(cause, MasterNotFoundError):
            return "no Sentinel knows a server of that name that works"
        if "Cluster mode is not enabled" in str(cause):
            return "it is no cluster"
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, redis.exceptions.ConnectionError | redis.exceptions.TimeoutError | OSError):
        # A server without TLS waits for the end of what it takes for a command.
        return "it does not answer over TLS" if tls else "it does not answer"
    return f"it answers with an error ({type(error).__name__})"


def _postgres_version(version: str, where: str) -> Finding:
    if _numbers(version) < OLDEST_POSTGRES:
        return fail("PostgreSQL", f"{version} is too old", f"use PostgreSQL {OLDEST_POSTGRES[0]} or newer")
    return ok("PostgreSQL", f"{version}, {where}")


def _schema(current: str | None, newest: str) -> Finding:
    if current == newest:
        return ok("Schema", f"up to date ({newest})")
    if current is None:
        return ok("Schema", "empty; the first start makes the tables")
    return warn(
        "Schema", f"{current}, the newest is {newest}", "the next start upgrades it; make a backup first"
    )


def _numbers(version: str) -> tuple[int, ...]:
    """Return the leading numbers: (18, 1) for "18.1 (Debian 18.1-1)"."""
    return tuple(int(number) for number in re.findall(r"\d+", version.split(" ")[0]))

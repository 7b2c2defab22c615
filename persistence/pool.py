"""The connection pool to PostgreSQL: opened from a URL, with its errors translated at this edge."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Generator, Mapping, Sequence
from typing import Any, Protocol, cast

import asyncpg
import orjson

from persistence.errors import Unavailable

CONNECT_TIMEOUT = 5.0
COMMAND_TIMEOUT = 30.0

# Classes of SQLSTATE that may pass by themselves: connection, transaction rollback (deadlock, serialization),
# resources (disk full, too many connections), operator intervention (shutdown, start-up, cancel), system.
# https://www.postgresql.org/docs/current/errcodes-appendix.html
_PASSING_CLASSES = ("08", "40", "53", "57", "58")
# Lock not available; a read-only server, as a standby is during a fail-over; a transaction idle for too long.
_PASSING_STATES = ("55P03", "25006", "25P03")

IDLE_SECONDS = 6.0
"""A transaction of which nothing is heard for so long is rolled back: its process is paused, or gone.

Until then it keeps what it locked: nobody else can archive the guild, or migrate.
"""

_SESSION = {
    "application_name": "skipline",
    "jit": "off",  # the statements are short, compiling them costs more than running them
    "lock_timeout": "10s",
    "timezone": "UTC",
}


class Connection(Protocol):
    """The part of asyncpg's connection in use here. Rows are read by column name."""

    async def execute(self, query: str, *args: object) -> str:
        """Run a statement and return its status, e.g. ``INSERT 0 1``."""
        ...

    async def fetch(self, query: str, *args: object) -> Sequence[Mapping[str, Any]]:
        """Return all rows."""
        ...

    async def fetchrow(self, query: str, *args: object) -> Mapping[str, Any] | None:
        """Return the first row, or None."""
        ...

    async def fetchval(self, query: str, *args: object) -> Any:
        """Return the first value of the first row, or None."""
        ...


class Pool:
    """An open pool. Everything that leaves it is a row or an error of `persistence.errors`."""

    def __init__(self, driver: Any) -> None:
        self._driver = driver

    @contextlib.asynccontextmanager
    async def connection(self) -> AsyncGenerator[Connection]:
        """Lend a connection, each statement its own transaction.

        Raises `Unavailable` when none can be had within `CONNECT_TIMEOUT` seconds or it is lost on the way.
        """
        async with self._borrowed() as connection:
            with translated():
                yield connection

    @contextlib.asynccontextmanager
    async def transaction(self, *, readonly: bool = False) -> AsyncGenerator[Connection]:
        """Lend a connection inside one transaction: committed on a clean exit, else rolled back.

        A read-only one sees a single moment throughout (REPEATABLE READ). Raises `Unavailable`; when it comes
        from the commit itself, the transaction may or may not have happened.
        """
        isolation = "repeatable_read" if readonly else "read_committed"
        async with self._borrowed() as connection:
            with translated():
                async with connection.transaction(isolation=isolation, readonly=readonly):
                    yield connection

    @contextlib.asynccontextmanager
    async def _borrowed(self) -> AsyncGenerator[Any]:
        with translated(refusals=True):
            connection: Any = await self._driver.acquire(timeout=CONNECT_TIMEOUT)
        try:
            yield connection
        finally:
            # A connection that cannot be handed back is dropped by the pool; what happened on it, happened.
            with contextlib.suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError):
                await self._driver.release(connection, timeout=CONNECT_TIMEOUT)

    async def close(self, timeout: float = 10.0) -> None:
        """Wait for borrowed connections to come back, at most `timeout` seconds, then close everything."""
        try:
            async with asyncio.timeout(timeout):
                await self._driver.close()
        except TimeoutError:
            self._driver.terminate()


async def open_pool(url: str, *, min_size: int = 1, max_size: int = 5) -> Pool:
    """Open a pool on `url`, e.g. ``postgresql://user@host/skipline`` or one with ``?host=/socket/directory``.

    With `min_size` 0 nothing is connected until first use, so a server that is down is no obstacle. Raises
    `Unavailable` when the server cannot be reached, and ValueError when the URL makes no sense.
    """
    create: Any = cast(Any, asyncpg).create_pool
    with translated(refusals=True):
        return Pool(
            await create(
                url,
                min_size=min_size,
                max_size=max_size,
                timeout=CONNECT_TIMEOUT,
                command_timeout=COMMAND_TIMEOUT,
                server_settings=_session(),
                init=_prepare,
            )
        )


@contextlib.asynccontextmanager
async def single_connection(url: str, *, command_timeout: float | None = None) -> AsyncGenerator[Any]:
    """Open one connection outside any pool, for work such as a migration that may take its time."""
    connect: Any = cast(Any, asyncpg).connect
    with translated(refusals=True):
        connection = await connect(
            url, timeout=CONNECT_TIMEOUT, command_timeout=command_timeout, server_settings=_patience()
        )
    try:
        with translated():
            yield connection
    finally:
        with translated():
            await connection.close(timeout=CONNECT_TIMEOUT)


@contextlib.contextmanager
def translated(*, refusals: bool = False) -> Generator[None]:
    """Turn what the driver raises for a server that is away into `Unavailable`; let real mistakes through.

    With `refusals` everything the server answers counts as away: a wrong password or a database that does not
    exist, while connecting, are as far from an open archive as no server at all.
    """
    try:
        yield
    except asyncpg.PostgresError as error:
        state = str(getattr(error, "sqlstate", "") or "")
        if refusals or state.startswith(_PASSING_CLASSES) or state in _PASSING_STATES:
            raise _unavailable(error) from error
        raise
    except asyncpg.InterfaceError as error:
        if isinstance(error, ValueError):  # a value or URL the driver cannot encode: a mistake of ours
            raise
        raise _unavailable(error) from error
    except (OSError, TimeoutError, asyncpg.InternalClientError) as error:
        raise _unavailable(error) from error


def _session() -> dict[str, str]:
    return {**_SESSION, **_patience()}


def _patience() -> dict[str, str]:
    return {"idle_in_transaction_session_timeout": f"{IDLE_SECONDS * 1000:.0f}ms"}


def _unavailable(error: Exception) -> Unavailable:
    return Unavailable(f"The archive cannot be reached just now: {str(error) or type(error).__name__}")


async def _prepare(connection: Any) -> None:
    await connection.set_type_codec(
        "jsonb", schema="pg_catalog", format="binary", encoder=_jsonb, decoder=_from_jsonb
    )


def _jsonb(value: object) -> bytes:
    return b"\x01" + orjson.dumps(value)  # the binary form of jsonb is a version byte and the text


def _from_jsonb(value: bytes) -> Any:
    return orjson.loads(memoryview(value)[1:])

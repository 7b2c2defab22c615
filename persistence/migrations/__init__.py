"""The schema's versions. Add a file to `versions/` with raw SQL in ``op.execute``, nothing else to register.

In that SQL write a colon before a word as ``\\:``, else Alembic takes it for a parameter; ``::type`` is fine.

A version only adds, or changes what the program before does not notice: while processes are replaced one by
one, those of the old program work on with the new tables.

Alembic is loaded only where a database is not at the newest version: it and SQLAlchemy are a fifth of what a
start takes, and starts happen while people wait.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

from persistence.errors import SchemaUnknown
from persistence.pool import single_connection

if TYPE_CHECKING:
    from alembic.config import Config

# Any constant will do, as long as every version of the program uses the same: "skip" in ASCII.
_LOCK = 0x736B6970


async def upgrade(url: str) -> tuple[str | None, str]:
    """Bring the database to the newest version in one transaction; return the version before and after.

    Safe from empty, again, and by several processes at once: an advisory lock lets one work and the others
    find nothing left to do. Raises `Unavailable`, or `SchemaUnknown` when the database is newer than this.
    """
    async with single_connection(url) as connection:
        while True:
            before = await _current(connection)
            # Not within the transaction: the server ends one of which nothing is heard for some seconds, and
            # a machine with much to do takes longer to load Alembic.
            statements = _render(before)
            if not statements:
                return before, head()
            async with connection.transaction():
                await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
                if await _current(connection) == before:
                    await connection.execute(statements)
                    return before, head()


async def status(url: str) -> tuple[str | None, str]:
    """Return the database's version (None when empty) and the newest version known to this code.

    Raises `Unavailable`, or `SchemaUnknown` when the database is newer than this.
    """
    async with single_connection(url) as connection:
        return await _current(connection), head()


def head() -> str:
    """Return the newest version known to this code: they are numbered, by the names of their files."""
    return max(_known())


def _known() -> set[str]:
    return {each.name.partition("_")[0] for each in (Path(__file__).parent / "versions").glob("[0-9]*.py")}


async def _current(connection: Any) -> str | None:
    if await connection.fetchval("SELECT to_regclass('alembic_version')") is None:
        return None
    version = await connection.fetchval("SELECT version_num FROM alembic_version")
    if version is not None and version not in _known():
        raise SchemaUnknown(f"The tables are at version {version}, made by a newer Skipline.")
    return version


def _render(current: str | None) -> str:
    if current == head():
        return ""
    from alembic import command

    script = io.StringIO()
    command.upgrade(_config(script), f"{current}:head" if current else "head", sql=True)
    return script.getvalue()


def _config(output: io.StringIO) -> Config:
    from alembic.config import Config

    config = Config(output_buffer=output)
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config

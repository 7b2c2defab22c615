"""Databases of the run's PostgreSQL: cloned from a migrated template, dropped after."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator

import asyncpg


def with_database(url: str, name: str) -> str:
    """The same server, another database: the path of the URL names it."""
    head, _, query = url.partition("?")
    return f"{head.rpartition('/')[0]}/{name}" + (f"?{query}" if query else "")


async def fresh_database(postgres_url: str, template: str) -> AsyncIterator[str]:
    name = f"t{secrets.token_hex(8)}"
    connection = await asyncpg.connect(postgres_url)
    await connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    yield with_database(postgres_url, name)
    await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await connection.close()

"""The ledger of Luxury Coins: every change of a wallet, taken from the moves as they are archived."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from persistence.events import Event
from persistence.pool import Connection, Pool

NOBODY = "0"
"""Whose changes they were before that person was forgotten."""

# A move archived twice is written once.
INSERT = """
INSERT INTO ledger (guild_id, rev, place, user_id, change, cause, balance, at)
SELECT $1, * FROM unnest($2::bigint[], $3::integer[], $4::bigint[], $5::bigint[], $6::text[], $7::bigint[],
    $8::timestamptz[])
ON CONFLICT DO NOTHING
"""
OF_USER = """
SELECT ledger.*, events.song, events.data->>'reason' AS reason
FROM ledger LEFT JOIN events USING (guild_id, rev)
WHERE ledger.guild_id = $1 AND user_id = $2
ORDER BY rev DESC, place DESC LIMIT $3 OFFSET $4
"""
COUNT = "SELECT count(*) FROM ledger WHERE guild_id = $1 AND user_id = $2"
SUMS = "SELECT user_id, sum(change)::bigint AS total FROM ledger WHERE guild_id = $1 GROUP BY user_id"
# Where moves never arrived, say by how much the balances are other than the changes that did.
MEND = """
INSERT INTO ledger (guild_id, rev, place, user_id, change, cause, balance, at)
SELECT $1, $2, 1000000 + row_number() OVER (ORDER BY user_id), user_id,
       coalesce(held.balance, 0) - coalesce(sums.total, 0), 'mended', coalesce(held.balance, 0), now()
FROM unnest($3::bigint[], $4::bigint[]) AS held (user_id, balance)
FULL JOIN (
    SELECT user_id, sum(change)::bigint AS total FROM ledger WHERE guild_id = $1 GROUP BY user_id
) AS sums USING (user_id)
WHERE coalesce(held.balance, 0) <> coalesce(sums.total, 0)
ON CONFLICT DO NOTHING
"""
# Forget a person: the rows are theirs alone.
FORGET = "DELETE FROM ledger WHERE guild_id = $1 AND user_id = $2 AND rev <= $3"


@dataclass(frozen=True, slots=True)
class Entry:
    """One change of a wallet: `change` coins for a `cause` (a word), which left `balance`.

    `song` is the number of the song it was about, `reason` what was given as one; None for neither.
    """

    rev: int
    at: datetime
    change: int
    cause: str
    balance: int
    song: int | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Ledger:
    """Reads it. Every method raises `Unavailable` while PostgreSQL is away."""

    pool: Pool

    async def of_user(
        self, guild_id: int, user_id: int, *, offset: int = 0, limit: int = 10
    ) -> tuple[list[Entry], int]:
        """Return a page of one account's changes, newest first, and how many there are in all."""
        async with self.pool.transaction(readonly=True) as connection:
            count: int = await connection.fetchval(COUNT, guild_id, user_id)
            rows = await connection.fetch(OF_USER, guild_id, user_id, limit, max(offset, 0))
        return [_entry(row) for row in rows], count

    async def sums(self, guild_id: int) -> dict[int, int]:
        """Return what the changes of each account of a guild come to: its balance."""
        async with self.pool.connection() as connection:
            rows = await connection.fetch(SUMS, guild_id)
        return {row["user_id"]: row["total"] for row in rows}


async def add(connection: Connection, guild_id: int, events: Iterable[Event]) -> None:
    """Write the changes that moves tell of, within the transaction that archives the moves."""
    rows = [
        (event.revision, place, int(user), int(change), str(cause), int(balance), event.moment)
        for event in events
        for place, (user, change, cause, balance) in enumerate(_changes(event), 1)
        if str(user) != NOBODY
    ]
    if rows:
        await connection.execute(INSERT, guild_id, *(list(column) for column in zip(*rows, strict=True)))


async def mend(connection: Connection, guild_id: int, revision: int, balances: Mapping[str, str]) -> None:
    """Make the ledger sum to what wallets hold as of a revision, after moves that never arrived."""
    users = [int(user) for user in balances]
    await connection.execute(MEND, guild_id, revision, users, [int(coins) for coins in balances.values()])


def _changes(event: Event) -> Sequence[Sequence[Any]]:
    return cast("Sequence[Sequence[Any]]", event.data.get("wallet") or ())


def _entry(row: Mapping[str, Any]) -> Entry:
    return Entry(
        row["rev"], row["at"], row["change"], row["cause"], row["balance"], row["song"], row["reason"]
    )

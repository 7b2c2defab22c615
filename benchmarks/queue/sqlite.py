"""SQLite in one file and an asyncio.Lock, as small bots have it: one process, one writer."""

from __future__ import annotations

import asyncio
import itertools
import sqlite3
import time
from collections.abc import Awaitable, Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from benchmarks.queue.contest import TIERS, Chunk, Contestant, Free, Move, driven, entries, entry

_TABLES: Final = """
PRAGMA journal_mode = WAL;
CREATE TABLE songs (
    id INTEGER PRIMARY KEY, guild INTEGER, title TEXT, artist TEXT, user_id INTEGER, user_name TEXT,
    link TEXT, track TEXT, tier INTEGER DEFAULT 0, weight INTEGER DEFAULT 0, seq INTEGER,
    state TEXT DEFAULT 'waiting', submitted_at REAL, started_at REAL,
    promoted_by INTEGER, promoted_by_name TEXT
);
CREATE TABLE points (user_id INTEGER PRIMARY KEY, total INTEGER NOT NULL);
CREATE TABLE moves (
    id INTEGER PRIMARY KEY, guild INTEGER, kind TEXT, song INTEGER, by_id INTEGER, by_name TEXT, at REAL
);
"""
_INDEX: Final = """
CREATE INDEX play ON songs (guild, tier DESC, weight DESC, seq) WHERE state = 'waiting'
"""
_FIRST: Final = "FROM songs WHERE guild = 1 AND state = 'waiting' ORDER BY tier DESC, weight DESC, seq LIMIT"
_EARN: Final = "INSERT INTO points VALUES (?, ?) ON CONFLICT DO UPDATE SET total = total + excluded.total"


class Sqlite(Contestant):
    """One file in WAL mode with the ideal index, written in one thread, synchronous as it ships (FULL)."""

    name = "SQLite, asyncio.Lock"
    moves = frozenset(Move) - {Move.ANEW}

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = asyncio.Lock()
        self._thread = ThreadPoolExecutor(1)
        self._free = Free()
        self._fresh, self._sequence = itertools.count(10**7), itertools.count(10**7)
        self._ladder = itertools.cycle(TIERS)

    async def fill(self, depth: int) -> None:
        """Inserts the songs in one transaction, and the index after them."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._fill, depth)
        self._free = Free(song.number for song in entries(depth) if not song.tier)

    def _fill(self, depth: int) -> None:
        self._db = sqlite3.connect(self._path, isolation_level=None)
        self._db.executescript(_TABLES)
        self._db.execute("BEGIN")
        self._db.executemany(
            "INSERT INTO songs (id, guild, title, artist, user_id, user_name, link, track, tier, weight, seq,"
            " submitted_at) VALUES (?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                (
                    song.number, song.title, song.artist, song.user, song.user_name, song.link, song.track,
                    song.tier, 0 if song.tier else song.points + 10, song.number, time.time(),
                )
                for song in entries(depth)
            ),
        )  # fmt: skip
        self._db.execute("INSERT INTO points SELECT user_id, 10 + weight FROM songs")
        self._db.execute(_INDEX)
        self._db.execute("COMMIT")
        self._db.execute("ANALYZE")
        self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    async def close(self) -> None:
        """Closes the file."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._db.close)
        self._thread.shutdown()

    async def chunk(self, move: Move, calls: int, clients: int) -> Chunk:
        """One transaction a call, one at a time."""
        return await driven(self._call(move), calls, clients)

    def _call(self, move: Move) -> Callable[[], Awaitable[object]]:
        match move:
            case Move.SUBMIT:
                return self._submit
            case Move.PROMOTE:
                return lambda: self._run(self._promote, self._free.take(), next(self._ladder))
            case Move.NEXT:
                return lambda: self._run(self._next)
            case Move.POINTS:
                return lambda: self._run(self._earn, self._free.any())
            case Move.PLACE:
                return lambda: self._run(self._place, self._free.any())
            case Move.PAGE | Move.ANEW:
                return lambda: self._run(self._page)

    async def _run(self, work: Callable[..., Any], *arguments: object) -> Any:
        async with self._lock:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work, *arguments)

    async def _submit(self) -> None:
        self._free.add(await self._run(self._insert, next(self._fresh)))

    def _insert(self, number: int) -> int:
        song = entry(number)
        with _transaction(self._db):
            done = self._db.execute(
                "INSERT INTO songs (guild, title, artist, user_id, user_name, link, track, weight, seq,"
                " submitted_at) VALUES (1, ?, ?, ?, ?, ?, ?, 10, ?, ?)",
                (
                    song.title, song.artist, song.user, song.user_name, song.link, song.track,
                    next(self._sequence), time.time(),
                ),
            )  # fmt: skip
            self._db.execute(_EARN, (song.user, 10))
            return self._noted("submit", done.lastrowid or 0)

    def _promote(self, number: int, tier: int) -> None:
        with _transaction(self._db):
            self._db.execute(
                "UPDATE songs SET tier = ?, weight = 0, seq = ?, promoted_by = 1, promoted_by_name = 'bench'"
                " WHERE id = ? AND state = 'waiting'",
                (tier, next(self._sequence), number),
            )
            self._noted("promote", number)

    def _next(self) -> Any:
        with _transaction(self._db):
            song = self._db.execute(
                f"UPDATE songs SET state = 'playing', started_at = ? WHERE id = (SELECT id {_FIRST} 1)"
                " RETURNING *",
                (time.time(),),
            ).fetchone()
            self._noted("next", song[0])
            return song

    def _earn(self, number: int) -> None:
        with _transaction(self._db):
            user = self._db.execute(
                "UPDATE songs SET weight = weight + 5 WHERE id = ? AND state = 'waiting' RETURNING user_id",
                (number,),
            ).fetchone()
            self._db.execute(_EARN, (user[0], 5))
            self._noted("points", number)

    def _place(self, number: int) -> Any:
        return self._db.execute(
            "SELECT count(*) FROM songs, (SELECT tier AS t, weight AS w, seq AS s FROM songs WHERE id = ?)"
            " WHERE guild = 1 AND state = 'waiting' AND (tier > t OR tier = t AND (weight > w OR weight = w"
            " AND seq <= s))",
            (number,),
        ).fetchone()

    def _page(self) -> Any:
        return self._db.execute(f"SELECT * {_FIRST} 10").fetchall()

    def _noted(self, kind: str, song: int) -> int:
        self._db.execute(
            "INSERT INTO moves (guild, kind, song, by_id, by_name, at) VALUES (1, ?, ?, 1, 'bench', ?)",
            (kind, song, time.time()),
        )
        return song


@contextmanager
def _transaction(db: sqlite3.Connection) -> Generator[None]:
    db.execute("BEGIN IMMEDIATE")
    with db:
        yield

"""Measure the archive: ``python -m tests.persistence.measure_archive``; PostgreSQL with fsync on."""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from pathlib import Path

from bot import embedded
from persistence import migrations
from persistence.archive import Archive
from persistence.archive_writer import ArchiveWriter
from persistence.pool import open_pool
from persistence.recovery import open_guild, restore
from state.connection import connect
from tests.persistence.moves import event, move, submit

EVENTS = 10_000
GUILD = 100_000_000_000_000_001


async def main() -> None:
    folder = Path(tempfile.mkdtemp(prefix="sl-"))
    async with embedded.postgres(folder) as database, embedded.valkey(folder) as live:
        await migrations.upgrade(database.url)
        pool = await open_pool(database.url)
        archive, redis = Archive(pool), connect(live.url)
        await open_guild(GUILD, redis, archive)
        for number in range(1, EVENTS // 2 + 1):
            await move(redis, GUILD, submit(number))
        writer = ArchiveWriter(redis, archive)
        started = time.perf_counter()
        task = asyncio.create_task(writer.run())
        await writer.settled(GUILD, EVENTS // 2)
        seconds = time.perf_counter() - started
        _say(f"writer, backlog of {EVENTS // 2:,} moves: {EVENTS / 2 / seconds:,.0f} moves/s")

        delays: list[float] = []
        for number in range(EVENTS // 2 + 1, EVENTS // 2 + 201):
            started = time.perf_counter()
            revision = await move(redis, GUILD, submit(number))
            await writer.settled(GUILD, revision)
            delays.append((time.perf_counter() - started) * 1000)
        delays.sort()
        _say(f"from before a move to its commit: p50 {delays[100]:.1f} ms, p99 {delays[198]:.1f} ms")
        task.cancel()
        await asyncio.wait([task])
        restored = await restore(GUILD, redis, archive)
        _say(f"restore of {restored.rows:,} values and 1,000 moves: {restored.seconds:.2f} s")
        for batch in (1, 10, 100, 500):
            guild = GUILD + batch
            count = min(EVENTS, batch * 200)
            moves = [event(number, submit(number)) for number in range(1, count + 1)]
            started = time.perf_counter()
            for start in range(0, count, batch):
                await archive.append(guild, moves[start : start + batch])
            seconds = time.perf_counter() - started
            fields = len(moves[0].effects)
            _say(f"append, {fields} effects a move, {batch} a batch: {count / seconds:,.0f} moves/s")
        await redis.aclose()
        await pool.close()


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


asyncio.run(main())

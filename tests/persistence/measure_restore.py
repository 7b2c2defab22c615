"""How long a backup and a restore into nothing take.

`python -m tests.persistence.measure_restore [songs] [ended]` prints milliseconds and sizes for a queue in
which `songs` wait and `ended` more have been played. `longest wait` is what another client of the same Redis,
in this process, waited at most while the restore was written.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from pathlib import Path

from redis.asyncio import Redis

from bot import embedded
from persistence import migrations
from persistence.backups import Cause, restore
from persistence.keys import key
from persistence.pool import open_pool
from tests.persistence.backing import Show
from tests.persistence.moves import submit


async def measure(songs: int, ended: int) -> None:
    with tempfile.TemporaryDirectory(prefix="sl-") as folder:
        data = Path(folder)
        async with embedded.valkey(data) as valkey, embedded.postgres(data) as postgres:
            await migrations.upgrade(postgres.url)
            pool = await open_pool(postgres.url)
            redis = Redis.from_url(valkey.url, decode_responses=True, socket_timeout=60)
            show = Show(redis, pool, 1, data)
            await _fill(redis, songs, ended)
            started = time.perf_counter()
            taken = await show.backups.take(1, Cause.ASKED)
            said = {"backup": time.perf_counter() - started}
            backup = await show.store.load(taken.entry)
            await show.lose()
            waits, stop = list[float](), asyncio.Event()
            probe = asyncio.create_task(_probe(Redis.from_url(valkey.url, socket_timeout=60), waits, stop))
            started = time.perf_counter()
            restored = await restore(backup, show.way)
            said["restore"] = time.perf_counter() - started
            stop.set()
            await probe
            said["longest wait"] = max(waits)
            started = time.perf_counter()
            await show.archive_all()
            said["archive"] = time.perf_counter() - started
            event = await redis.xrevrange(key(1, "events"), count=1)
            mebibytes = len(event[0][1]["effects"]) / 2**20
            row = taken.entry.row
            assert row is not None and restored.revision is not None
            print(  # noqa: T201 - that is what it is for
                f"{songs} + {ended} songs, {len(restored.difference.effects)} values: "
                + ", ".join(f"{name} {seconds * 1000:.0f} ms" for name, seconds in said.items())
                + f"; file {row.size / 2**20:.1f} MiB, event {mebibytes:.1f} MiB"
            )
            await redis.aclose()
            await pool.close()


async def _fill(redis: Redis, songs: int, ended: int) -> None:
    await redis.sadd("sl:guilds", "1")
    for start in range(1, songs + ended + 1, 500):
        async with redis.pipeline(transaction=False) as pipe:
            for number in range(start, min(start + 500, songs + ended + 1)):
                played = number > songs
                for type_, name, field, value in submit(number, **{"state": "played"} if played else {}):
                    if played and not name.startswith(("song:", "number", "seq")):
                        continue
                    if type_ == "s":
                        pipe.set(key(1, name), str(value))
                    elif type_ == "h":
                        pipe.hset(key(1, name), str(field), str(value))
                    else:
                        pipe.zadd(key(1, name), {str(field): int(str(value))})
            await pipe.execute()
    await redis.set(key(1, "rev"), str(songs + ended))


async def _probe(redis: Redis, waits: list[float], stop: asyncio.Event) -> None:
    while not stop.is_set():
        started = time.perf_counter()
        await redis.ping()
        waits.append(time.perf_counter() - started)
    await redis.aclose()


if __name__ == "__main__":
    given = [int(number) for number in sys.argv[1:]]
    asyncio.run(measure(*[*given, *[10_000, 0][len(given) :]]))

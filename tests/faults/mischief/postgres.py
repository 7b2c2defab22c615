"""Faults of PostgreSQL, and of the way to it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncGenerator
from typing import Any, Final

import asyncpg

from tests.faults.mischief.scene import Scene, fault
from tests.faults.mischief.wires import cut, lose_answers, slow

_SESSIONS: Final = (
    "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
)
_END: Final = _SESSIONS.replace("SELECT pid", "SELECT pg_terminate_backend(pid)")
_FAILS: Final = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError)


@contextlib.asynccontextmanager
async def _session(scene: Scene) -> AsyncGenerator[Any]:
    """A session of our own, past every wire."""
    connection: Any = await asyncpg.connect(scene.plant.postgres.url)
    try:
        yield connection
    finally:
        connection.terminate()


async def _takes_sessions(scene: Scene) -> None:
    async with asyncio.timeout(60):
        while True:
            with contextlib.suppress(*_FAILS):
                async with _session(scene):
                    return
            await asyncio.sleep(0.1)


@fault("PostgreSQL is stopped and started again")
async def postgres_stopped(scene: Scene) -> None:
    await scene.plant.stop_postgres()
    await asyncio.sleep(scene.seconds(3, 10))
    await scene.plant.start_postgres()


@fault("PostgreSQL is away for minutes", long=True)
async def postgres_away(scene: Scene) -> None:
    await scene.plant.stop_postgres(signal.SIGQUIT)
    await asyncio.sleep(scene.seconds(60, 150))
    await scene.plant.start_postgres()


@fault("the disk of PostgreSQL is full", needs=lambda plant: plant.limited)
async def postgres_full(scene: Scene) -> None:
    with scene.plant.full_disk():
        await asyncio.sleep(scene.seconds(3, 8))
    await scene.plant.start_postgres()


@fault("a session of PostgreSQL is killed, and it recovers from the crash")
async def session_killed(scene: Scene) -> None:
    ended = asyncio.Event()

    def told(_: object) -> None:
        ended.set()

    async with _session(scene) as connection:
        connection.add_termination_listener(told)
        found = sorted(int(row["pid"]) for row in await connection.fetch(_SESSIONS))
        with contextlib.suppress(ProcessLookupError):
            os.kill(scene.random.choice(found), signal.SIGKILL)
        # The server ends every session then, ours too, as the shared memory may be spoilt, and reads its log.
        await asyncio.wait_for(ended.wait(), 30)
    await _takes_sessions(scene)


@fault("sessions of PostgreSQL are ended")
async def sessions_ended(scene: Scene) -> None:
    for _ in range(3):
        async with _session(scene) as connection:
            await connection.execute(_END)
        await asyncio.sleep(scene.seconds(0.2, 1.5))


@fault("PostgreSQL has too many connections")
async def too_many_connections(scene: Scene) -> None:
    ours: list[Any] = []
    clock = asyncio.get_running_loop()
    until = clock.time() + scene.seconds(4, 8)
    try:
        async with _session(scene) as connection:
            full = False
            while clock.time() < until or not full:
                try:
                    ours.append(await asyncpg.connect(scene.plant.postgres.url))
                except asyncpg.TooManyConnectionsError:
                    if not full:
                        # The first of those that were there make room, and we are faster than they.
                        await connection.execute(
                            f"{_END} AND pid <> ALL($1)", [each.get_server_pid() for each in ours]
                        )
                    full = True
                    await asyncio.sleep(0.02)
    finally:
        for each in ours:
            each.terminate()


@fault("PostgreSQL is slow")
async def postgres_slow(scene: Scene) -> None:
    await slow([member.postgres for member in scene.members()], 0.3, scene.seconds(4, 8))


@fault("the network to PostgreSQL is cut")
async def postgres_cut(scene: Scene) -> None:
    await cut((member.postgres for member in scene.members()), scene.seconds(2, 8), scene)


@fault("answers of PostgreSQL are lost")
async def postgres_answers_lost(scene: Scene) -> None:
    await lose_answers(scene.worker().postgres, 0.4, scene)

"""Hundreds of reconnects through the whole path of the process that listens leave nothing behind in it."""

from __future__ import annotations

import asyncio
import gc
from collections import Counter

import psutil
import pytest

from bot.live.__main__ import listening
from bot.settings import Settings
from integrations.tiktok.status import Pace
from sandbox.tiktok import Connection, TikTok
from tests.live.acts import connected, session_of
from tests.stage import Stage, until

QUICK = Pace(poll=0.05, poll_late=0.05, backoff=0.01, backoff_cap=0.01, resolve_after=1_000_000)
WARM, MEASURED = 30, 150
EVERY = 6
"""Of so many connections one brings a like; whoever books it pauses a moment for more."""
MADE_BY = ("bot/live", "state/", "integrations/tiktok", "TikTokLive", "websockets", "httpx", "httpcore")


def tasks() -> Counter[str]:
    """What runs for the process that listens, or for the bot; the double's own tasks are left out."""
    running = (task for task in asyncio.all_tasks() if any(name in repr(task) for name in MADE_BY))
    return Counter(str(task.get_coro()).partition(" at ")[0] for task in running)


@pytest.mark.timeout(120)
async def test_150_reconnects_leave_no_descriptor_task_or_memory_behind(
    stage: Stage, tiktok: TikTok, settings: Settings
) -> None:
    process = psutil.Process()
    endings = (tiktok.faults.cut, tiktok.faults.close, tiktok.faults.corrupt)
    async with listening(settings, pace=QUICK, spacing=0.001):
        host = await connected(stage, tiktok)
        live, anna = host.live, tiktok.viewer("anna")
        assert live is not None

        async def up() -> Connection:
            await tiktok.connected(live)
            (connection,) = live.connections
            await connection.wait_until(lambda each: each.delivery.heartbeats > 0)
            return connection

        async def once(number: int) -> None:
            connection = await up()
            if not number % EVERY:
                anna.like(live, 5)
                await connection.acknowledged()
            endings[number % len(endings)](live)
            await connection.wait_until(lambda each: not each.open)

        async def booked(connections: int) -> None:
            """Waits until all their likes are booked and it is connected again."""

            async def so() -> bool:
                session = await session_of(stage, host)
                return session.state == "live" and session.likes_seen == 5 * (connections // EVERY)

            await up()
            await until(so, 30)

        for number in range(WARM):
            await once(number)
        await booked(WARM)
        gc.collect()
        before = process.num_fds(), tasks().total(), process.memory_info().rss
        for number in range(WARM, WARM + MEASURED):
            await once(number)
        await booked(WARM + MEASURED)
        gc.collect()
        session = await session_of(stage, host)
        assert len(session.gaps) == WARM + MEASURED
        assert tiktok.signer.calls == WARM + MEASURED + 1, "one call a connection"
        assert process.num_fds() <= before[0] + 4, "one connection's are 4 at most, and may be closing yet"
        assert tasks().total() <= before[1] + 2, f"the bot's own come and go: {tasks()}"
        assert process.memory_info().rss - before[2] < 10 << 20

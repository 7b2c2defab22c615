"""`skipline run` and the process beside it that listens to TikTok: begun when needed, ended with it."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from redis.asyncio import Redis

from sandbox.discord import Sandbox
from sandbox.tiktok import ROSE, Live, TikTok, Viewer
from state import live_keys
from tests.processes.conftest import Process, Room
from tests.stage import until

STARTED = re.compile(r"The TikTok process (\d+) is started")


@pytest.fixture
async def tiktok() -> AsyncIterator[TikTok]:
    double = await TikTok.start(sign_key="sign-key-nobody-may-read")
    yield double
    await double.close()


@pytest.fixture
async def listening(
    sandbox: Sandbox, data_dir: Path, redis_of: Redis, postgres_of: str, tiktok: TikTok
) -> AsyncIterator[Process]:
    """A started process whose TikTok is the local one."""
    process = Process(
        sandbox,
        data_dir,
        TIKTOK_URL=tiktok.app_url,
        TIKTOK_SIGN_URL=tiktok.sign_url,
        TIKTOK_SIGN_KEY=tiktok.sign_key,
    )
    await process.start()
    yield process
    if process.child is not None and process.child.returncode is None:
        await process.end(signal.SIGKILL)


def child_of(process: Process) -> int:
    """The process id of the newest child that listens."""
    found = [match[1] for line in process.lines if (match := STARTED.search(line))]
    return int(found[-1])


def runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # One that ended and that nobody waits for is over, too.
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"


async def gone(pid: int) -> None:
    async def so() -> bool:
        return not runs(pid)

    await until(so, 15)


async def heard(process: Process, room: Room, tiktok: TikTok) -> Live:
    """A host is wanted, the child is started, and the live is connected."""
    assert not any(STARTED.search(line) for line in process.lines)
    live = tiktok.host("dj_mara").go_live()
    reply = await room.host.command("tiktok connect", channel=room.review, handle="dj_mara")
    assert reply.ok, reply.text
    await process.says("Listening to TikTok.", 60)
    await tiktok.connected(live, timeout=20)
    return live


@pytest.mark.timeout(180)
async def test_it_is_started_when_needed_and_again_when_it_dies(
    listening: Process, room: Room, tiktok: TikTok, redis_of: Redis
) -> None:
    live, anna = await heard(listening, room, tiktok), tiktok.viewer("anna")
    await never_live_before(room, tiktok)
    anna.gift(live, ROSE, 5)
    await live.acknowledged()
    killed = child_of(listening)
    await booked(redis_of, room, anna, 5)
    os.kill(killed, signal.SIGKILL)
    await listening.says("The TikTok process ended (SIGKILL)")
    await tiktok.wait_until(lambda: not live.connections)
    await tiktok.connected(live, timeout=40)
    assert child_of(listening) != killed
    anna.gift(live, ROSE, 2)
    await booked(redis_of, room, anna, 7)
    status = await room.host.command("tiktok status", channel=room.review)
    assert "live" in (await status.settled()).text
    again = child_of(listening)
    assert await listening.end() == 0
    assert not runs(again)
    log = "\n".join(listening.lines)
    assert "sign-key-nobody-may-read" not in log and "Traceback" not in log
    assert "started again" not in log.partition("Stopping:")[2]


@pytest.mark.timeout(180)
async def test_it_ends_with_its_parent_and_all_goes_on_when_that_starts_again(
    listening: Process, room: Room, tiktok: TikTok, redis_of: Redis
) -> None:
    live, anna = await heard(listening, room, tiktok), tiktok.viewer("anna")
    anna.gift(live, ROSE, 5)
    await booked(redis_of, room, anna, 5)
    child = child_of(listening)
    assert listening.child is not None
    listening.child.kill()
    await listening.child.wait()
    await gone(child)
    await tiktok.wait_until(lambda: not live.connections)
    # Whoever starts next finds the host wanted, and listens at once.
    await listening.start()
    await tiktok.connected(live, timeout=40)
    anna.gift(live, ROSE, 2)
    await booked(redis_of, room, anna, 7)
    assert await redis_of.hgetall(live_keys.live(int(room.guild.id))) == {"dj_mara": "1"}


async def never_live_before(room: Room, tiktok: TikTok) -> None:
    """A local TikTok is asked often: a host it knew nothing of is found soon after going live."""
    await room.host.command("tiktok connect", channel=room.review, handle="new.here")
    await tiktok.wait_until(lambda: any("new.here" in path for _, _, path in tiktok.requests), 20)
    live = tiktok.host("new.here").go_live()
    await tiktok.connected(live, timeout=20)
    live.end()


async def booked(redis: Redis, room: Room, viewer: Viewer, coins: int) -> None:
    """Waits until a viewer's gifts came to so many coins."""

    async def so() -> bool:
        return await redis.zscore(live_keys.coins(int(room.guild.id)), str(viewer.id)) == coins

    await until(so, 20)

"""Pages are served by one process and told of by another."""

from __future__ import annotations

import re
import signal

import aiohttp
import pytest
from redis.asyncio import Redis

from sandbox.discord import Sandbox
from state.web_keys import web_lease
from tests.processes.conftest import PATIENCE, Crew, Process, Room
from tests.stage import free_port, until

pytestmark = pytest.mark.timeout(150)

OUTSIDE = "https://pages.example.org/skipline"
TOKEN = re.compile(re.escape(f"{OUTSIDE}/overlay/") + r"([0-9]+\.[A-Za-z0-9_-]{43})/board\?")
LINK = re.compile(re.escape(f"<{OUTSIDE}/queue/") + r"([a-z2-7]{40})>")


async def said(room: Room, command: str, **options: str) -> str:
    reply = await room.host.command(command, channel=room.queue, options=options)
    return (await reply.settled()).text


async def tells(redis: Redis, process: Process) -> bool:
    """Whether it is the one that has said where pages are."""
    assert process.child is not None
    return f":{process.child.pid}:" in (await redis.get(web_lease()) or "")


async def test_a_gateway_tells_the_address_that_a_worker_serves_and_nothing_when_nobody_does(
    paced: Sandbox, crew: Crew, redis_of: Redis
) -> None:
    room, port = Room(paced), free_port()
    pages = {"SKIPLINE_WEB_PORT": str(port), "SKIPLINE_WEB_URL": OUTSIDE}
    gateway = await crew.begin("gateway")
    await gateway.says("Discord has the commands", PATIENCE)
    assert "No process of this bot serves overlays" in await said(room, "overlay create", name="OBS")
    assert "No process of this bot serves web pages" in await said(room, "queue page on")

    worker = await crew.begin("worker", **pages)
    await worker.says("Web pages are served at", PATIENCE)
    await until(lambda: tells(redis_of, worker))
    told = TOKEN.search(made := await said(room, "overlay create", name="OBS"))
    assert told is not None, made
    link = LINK.search(opened := await said(room, "queue page on"))
    assert link is not None and "SKIPLINE_WEB_URL" not in opened, "the address is one that others reach"

    async def answer(path: str) -> int:
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"http://127.0.0.1:{port}/{path}") as response,
        ):
            return response.status

    assert (await answer(f"overlay/{told[1]}/events"), await answer(f"queue/{link[1]}")) == (200, 200)

    # A second one for the same port waits, and goes on when the first is killed.
    second = await crew.begin("worker", **pages)
    await second.says("Another program serves on", PATIENCE)
    await second.says("Skipline is up", PATIENCE)
    await worker.end(signal.SIGKILL)
    await second.says("Web pages are served at", PATIENCE)
    assert (await answer(f"overlay/{told[1]}/events"), await answer(f"queue/{link[1]}")) == (200, 200)

    await until(lambda: tells(redis_of, second))
    assert LINK.search(await said(room, "queue page link"))
    assert await second.end() == 0
    assert "No process of this bot serves web pages" in await said(room, "queue page link")

"""Processes that reach Discord through one REST proxy, as those do that share its limits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import aiohttp
import pytest
from aiohttp import web

from sandbox.discord import Sandbox
from tests.processes.conftest import PATIENCE, Crew, Room
from tests.stage import free_port

pytestmark = pytest.mark.timeout(150)

MESSAGE = "/channels/[0-9]+/messages/[0-9]+"
NOT_PASSED_ON = {"host", "connection", "transfer-encoding", "content-length"}


class Proxy:
    """Passes on what comes, and keeps a request that Discord limits until it may be asked again."""

    def __init__(self, discord: Sandbox) -> None:
        self.passed = self.kept = 0
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}{urlsplit(discord.rest_url).path}"
        self._discord = discord.rest_url.removesuffix(urlsplit(discord.rest_url).path)
        self._runner: web.AppRunner | None = None

    async def open(self) -> None:
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", self._pass_on)
        self._runner = web.AppRunner(application, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()

    async def close(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _pass_on(self, request: web.Request) -> web.Response:
        body = await request.read()
        headers = {
            name: value for name, value in request.headers.items() if name.lower() not in NOT_PASSED_ON
        }
        async with aiohttp.ClientSession(auto_decompress=False) as session:
            while True:
                self.passed += 1
                async with session.request(
                    request.method, self._discord + request.path_qs, data=body or None, headers=headers
                ) as answer:
                    if answer.status == 429:
                        self.kept += 1
                        await asyncio.sleep(float(answer.headers["Retry-After"]))
                        continue
                    passed = {n: v for n, v in answer.headers.items() if n.lower() not in NOT_PASSED_ON}
                    return web.Response(status=answer.status, body=await answer.read(), headers=passed)


@pytest.fixture
async def proxy(paced: Sandbox) -> AsyncIterator[Proxy]:
    proxy = Proxy(paced)
    await proxy.open()
    yield proxy
    await proxy.close()


async def test_all_processes_work_through_it_and_go_on_when_it_comes_back(
    paced: Sandbox, crew: Crew, proxy: Proxy
) -> None:
    through = {"DISCORD_REST_URL": proxy.url}
    gateways = [await crew.begin("gateway", f"{shard}/2", **through) for shard in range(2)]
    worker = await crew.begin("worker", **through)
    for gateway in gateways:
        await gateway.says("Skipline is up", PATIENCE)
    await worker.says("Skipline is up", PATIENCE)
    await paced.connected(2)
    rooms = [Room(paced), Room(paced)]
    assert {(int(room.guild.id) >> 22) % 2 for room in rooms} == {0, 1}, "each gateway has one"
    await gateways[0].says("Discord has the commands", PATIENCE)
    for room in rooms:
        shown = await room.host.command("display add", room.review, options={"kind": "reviewer"})
        assert shown.ok, shown.text
        await room.submit(room.alice, "First light")
        await room.review.wait_for(lambda found: any("First light" in one.text for one in found), timeout=10)
    assert proxy.passed == len(paced.requests), "nobody went past it"

    # A limit for everybody is kept by it, and no process hears of one.
    limited = proxy.kept
    paced.faults.rate_limit("PATCH", MESSAGE, retry_after=0.3, times=2, is_global=True)
    for room in rooms:
        await room.submit(room.bruno, "Night bus")
        await room.review.wait_for(lambda found: any("Night bus" in one.text for one in found), timeout=10)
    assert proxy.kept == limited + 2

    await proxy.close()
    assert not (await rooms[0].alice.command("queue show", channel=rooms[0].queue)).ok
    await proxy.open()
    for room in rooms:
        reply = await room.host.press(await room.panel(), label="Next")
        assert reply.ok
        await room.review.wait_for(lambda found: any("1 waiting" in one.text for one in found), timeout=10)
    assert proxy.passed == len(paced.requests)
    for process in (*gateways, worker):
        assert await process.end() == 0, "\n".join(process.lines)

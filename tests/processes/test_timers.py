"""What was to be done later is done, once and in time, though every process that knew of it was killed."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import orjson
import pytest
from redis.asyncio import Redis

from bot.embedded import valkey_server
from sandbox.discord import Overwrite, OverwriteType, Permission, Sandbox
from state import keys, timer_keys
from state.configure import Configuration
from state.feed import Feed
from state.hosts import Hosts
from state.live import Live
from state.scripts import Actor, Scripts
from tests.conftest import open_blank
from tests.processes.conftest import PATIENCE, Process, Room, rows
from tests.stage import until
from tests.wire import Wire

pytestmark = pytest.mark.timeout(150)

ADMIN = Actor(1, "admin")
GRACE = 25
AHEAD = """
import time
true, true_ns = time.time, time.time_ns
time.time = lambda: true() + 7200
time.time_ns = lambda: true_ns() + 7200 * 10**9
"""


@dataclass
class Workers:
    """Workers on the servers of one data directory; nobody listens where they look for TikTok."""

    sandbox: Sandbox
    data_dir: Path
    all: list[Process] = field(default_factory=list[Process])

    async def start(self, **more: str) -> Process:
        nowhere = dict.fromkeys(("TIKTOK_URL", "TIKTOK_SIGN_URL"), "http://127.0.0.1:9")
        process = Process(self.sandbox, self.data_dir, SKIPLINE_ROLE="worker", **nowhere, **more)
        self.all.append(process)
        await process.begin()
        await process.says("Skipline is up", PATIENCE)
        return process

    async def start_with_a_wrong_clock(self) -> Process:
        """One that is two hours ahead of everybody else."""
        folder = self.data_dir / "ahead"
        folder.mkdir()
        (folder / "sitecustomize.py").write_text(AHEAD)
        return await self.start(PYTHONPATH=str(folder))


@pytest.fixture
async def workers(
    sandbox: Sandbox, data_dir: Path, redis_of: Redis, postgres_of: str
) -> AsyncIterator[Workers]:
    made = Workers(sandbox, data_dir)
    yield made
    for process in made.all:
        if process.child is not None and process.child.returncode is None:
            await process.end(signal.SIGKILL)


async def now(raw: Any) -> float:
    """The server's clock, in ms."""
    seconds, micros = await raw.time()
    return seconds * 1000 + micros / 1000


async def test_a_session_ends_once_and_in_time_after_a_kill_and_an_emptied_redis(
    workers: Workers, redis_of: Redis, postgres_of: str, room: Room
) -> None:
    guild, client = int(room.guild.id), redis_of
    raw: Any = redis_of
    scripts = Scripts(client, lambda each: open_blank(client, each))
    live, metrics = Live(client, scripts), room.guild.create_channel("metrics")
    first = await workers.start()
    settings = {"live_grace": str(GRACE), "channel:metrics": str(metrics.id)}
    await Configuration(client, scripts, Feed(client)).change(guild, "s", ADMIN, settings)
    await Hosts(client, scripts).connect(guild, "h", ADMIN, "dj_mara")
    left = time.time_ns() // 10**6
    session = (await live.begin(guild, "dj_mara", 7, 71, left - 60_000)).session
    await live.away(guild, session, left, "over")
    due = await raw.zscore(timer_keys.timers(guild), f"session:{session}")
    revision = int(await raw.get(keys.revision(guild)))

    async def archived() -> bool:
        found = await rows(postgres_of, "SELECT max(rev) AS rev FROM events WHERE guild_id = $1", guild)
        return (found[0]["rev"] or 0) >= revision

    await until(archived)
    await first.end(signal.SIGKILL)
    await raw.flushall()
    await workers.start_with_a_wrong_clock()
    kept = await raw.zscore(timer_keys.timers(guild), f"session:{session}")
    # A busy machine may take longer for a start than the host may be away.
    assert kept == due or await now(raw) >= due
    await workers.start()

    (message,) = await metrics.wait_for(lambda found: found, PATIENCE)
    assert await now(raw) >= due, "by the clock of the server alone"
    assert "dj" in message.text

    async def stored() -> bool:
        return not await raw.exists(keys.key(guild, f"session:{session}"), keys.key(guild, "unstored"))

    await until(stored)
    kinds = [entry["kind"] for _, entry in await raw.xrange(keys.events(guild), f"({revision}-0")]
    # It ended, and it was stored.
    assert kinds.count("session") == 2 and len(metrics.messages) == 1
    assert await raw.zcard(timer_keys.due(guild)) == 0


async def test_a_paused_process_ends_no_session_that_another_has_ended_meanwhile(
    workers: Workers, redis_of: Redis, postgres_of: str, room: Room
) -> None:
    guild, client = int(room.guild.id), redis_of
    raw: Any = redis_of
    scripts = Scripts(client, lambda each: open_blank(client, each))
    live, metrics = Live(client, scripts), room.guild.create_channel("metrics")
    await raw.sadd(keys.GUILDS, str(guild))
    socket = Path(unquote(urlsplit(valkey_server.find(workers.data_dir) or "").path))
    async with Wire(workers.data_dir / "wire.sock", socket) as wire:
        sleeper = await workers.start(REDIS_URL=f"unix://{wire.listen}?db=0")
        settings = {"live_grace": "0", "channel:metrics": str(metrics.id)}
        await Configuration(client, scripts, Feed(client)).change(guild, "s", ADMIN, settings)
        await Hosts(client, scripts).connect(guild, "h", ADMIN, "dj_mara")
        left = time.time_ns() // 10**6
        session = (await live.begin(guild, "dj_mara", 7, 71, left - 60_000)).session
        # It has claimed the timer, and falls asleep as it sends the move.
        trap = wire.trap(b'"verb":"end"', sleeper.pause, after=False, hold=True)
        await live.away(guild, session, left, "over")
        await asyncio.wait_for(trap.sprung.wait(), PATIENCE)
        timer = f"session:{session}"
        (token,) = await raw.hmget(timer_keys.claims(guild), timer)
        assert token is not None

        other = await workers.start()
        (message,) = await metrics.wait_for(lambda found: found, PATIENCE)
        assert "dj" in message.text

        async def stored() -> bool:
            return not await raw.exists(keys.key(guild, f"session:{session}"), keys.key(guild, "unstored"))

        await until(stored)
        await other.end()
        sleeper.wake()
        trap.released.set()
        # It works on: what comes after is done, and what came before is not done again.
        await live.begin(guild, "dj_mara", 7, 72, left + 1000)
        await live.away(guild, session + 1, left + 2000, "over")
        await metrics.wait_for(lambda found: len(found) > 1 or None, PATIENCE)
        assert not any("Traceback" in line for line in sleeper.lines), sleeper.lines
    moves = [orjson.loads(entry["data"]) for _, entry in await raw.xrange(keys.events(guild))]
    ended = [move["session"] for move in moves if move.get("verb") == "end"]
    assert ended == [session, session + 1]
    query = "SELECT session FROM live_sessions WHERE guild_id = $1"
    assert {row["session"] for row in await rows(postgres_of, query, guild)} >= {session}
    assert len(metrics.messages) == 2


async def test_a_display_that_was_refused_is_tried_again_by_whoever_is_left(
    workers: Workers, redis_of: Redis, sandbox: Sandbox, room: Room
) -> None:
    guild, raw = int(room.guild.id), redis_of
    client: Any = redis_of
    scripts = Scripts(raw, lambda each: open_blank(raw, each))
    await client.sadd(keys.GUILDS, str(guild))
    first = await workers.start()
    mine = Overwrite(sandbox.bot.id, OverwriteType.MEMBER, deny=int(Permission.VIEW_CHANNEL))
    room.queue.overwrites[mine.id] = mine
    await Configuration(raw, scripts, Feed(raw)).set_display(
        guild, "d", ADMIN, "public", (int(room.queue.id), 0)
    )
    due = timer_keys.due(guild)
    await until(lambda: client.zscore(due, "display:public"))
    await first.end(signal.SIGKILL)
    room.queue.overwrites.clear()
    # Ten minutes go by; nobody moves anything.
    await client.zincrby(due, -600_000, "display:public")
    await workers.start()
    await workers.start()
    await room.queue.wait_for(lambda found: found, PATIENCE)

    async def finished() -> bool:
        return await client.zscore(due, "display:public") is None

    await until(finished, 30)
    posts = [
        exchange
        for exchange in sandbox.requests
        if (exchange.method, exchange.path) == ("POST", f"/channels/{room.queue.id}/messages")
    ]
    assert [exchange.status for exchange in posts if exchange.status < 300] == [200]

from __future__ import annotations

import asyncio
import secrets
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from redis.asyncio import Redis

from bot import embedded
from sandbox.discord import Exchange, Message, Sandbox
from state.configure import Configuration
from state.feed import Feed
from state.queue import Queue
from state.scripts import Actor, Scripts
from tests.processes.conftest import Process, Room, rows

ADMIN = Actor(1, "admin")


@pytest.fixture
async def postgres_of(data_dir: Path) -> AsyncIterator[str]:
    """As it is at the very first start."""
    async with embedded.postgres(data_dir) as server:
        yield server.url


async def put_up_panel(redis: Redis, room: Room) -> Message:
    async def opened(_: int) -> None: ...

    configuration = Configuration(redis, Scripts(redis, opened), Feed(redis))
    guild = int(room.guild.id)
    await configuration.change(guild, secrets.token_hex(8), ADMIN, {"double_press_ms": "0"})
    for kind, channel in (("reviewer", room.review), ("public", room.queue)):
        place = (int(channel.id), 0)
        await configuration.set_display(guild, secrets.token_hex(8), ADMIN, kind, place)
    return await room.panel()


async def pressed(room: Room, panel: Message) -> Message:
    """The panel after the host pressed Next on it."""
    reply = await room.host.press(panel, label="Next")
    assert reply.ok, reply.text
    return await reply.settled()


async def titles(redis: Redis, room: Room) -> list[str]:
    async def opened(_: int) -> None: ...

    board = await Queue(redis, Scripts(redis, opened)).board(int(room.guild.id))
    return [song.title for song in board.songs]


async def archived(postgres: str, redis: Redis, room: Room) -> list[int]:
    """Revisions in the archive, once it has caught up with Redis."""
    guild = int(room.guild.id)
    async with asyncio.timeout(10):
        while True:
            wanted = int(await redis.get(f"sl:{{{guild}}}:rev") or 0)
            found = await rows(postgres, "SELECT rev FROM events WHERE guild_id = $1 ORDER BY rev", guild)
            if found and found[-1]["rev"] == wanted:
                return [row["rev"] for row in found]
            await asyncio.sleep(0.05)


async def test_kill_in_mid_session_loses_and_doubles_nothing(
    skipline: Process, redis_of: Redis, postgres_of: str, room: Room, sandbox: Sandbox
) -> None:
    await room.submit(room.alice, "First light")
    await room.submit(room.bruno, "Second wind")
    panel = await put_up_panel(redis_of, room)
    assert "First light" in (await pressed(room, panel)).text
    before = await titles(redis_of, room)
    posted = len(room.review.messages)

    await skipline.end(signal.SIGKILL)
    # A press nobody answers changes nothing.
    lost = asyncio.create_task(room.host.press(await room.panel(), label="Next"))
    assert not (await lost).ok
    await skipline.start()

    assert await titles(redis_of, room) == before == ["Second wind"]
    assert "Second wind" in (await pressed(room, await room.panel())).text
    assert len(room.review.messages) == posted
    revisions = await archived(postgres_of, redis_of, room)
    assert revisions == list(range(1, len(revisions) + 1))
    played = await rows(postgres_of, "SELECT title FROM submissions WHERE state = 'played'")
    assert [row["title"] for row in played] == ["First light"]


def declaring(exchange: Exchange, method: str) -> bool:
    return exchange.method == method and exchange.route == "/applications/{application_id}/commands"


async def test_both_starts_declare_the_commands(skipline: Process, sandbox: Sandbox, room: Room) -> None:
    def sent(method: str) -> int:
        return sum(declaring(exchange, method) for exchange in sandbox.requests)

    await room.submit(room.alice, "Hello")
    assert sent("PUT") == 1
    asked = sent("GET")
    assert await skipline.end() == 0
    await skipline.start()
    await room.submit(room.bruno, "Again")
    assert sent("GET") == asked + 1
    assert sent("PUT") == 1


async def test_a_stopped_process_finishes_the_answer_it_owes(
    skipline: Process, sandbox: Sandbox, room: Room
) -> None:
    slow = sandbox.faults.delay("POST", "/interactions/.*", 0.8)
    asked = asyncio.create_task(room.alice.command("queue show", channel=room.queue))
    await slow.struck()
    code = await skipline.end()
    reply = await asked
    assert reply.ok and code == 0
    assert any("what is under way is finished" in line for line in skipline.lines)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("route", ["/oauth2/applications/@me", "/gateway/bot"])
async def test_a_process_that_waits_for_discord_at_its_start_stops_at_once(
    sandbox: Sandbox, data_dir: Path, redis_of: Redis, route: str, number: signal.Signals
) -> None:
    silent = sandbox.faults.delay("GET", route, 3600.0)
    process = Process(sandbox, data_dir)
    await process.begin()
    await silent.struck(30)
    assert await process.end(number) == 0
    assert any("Stopped while starting." in line for line in process.lines), process.lines
    assert not any("Traceback" in line for line in process.lines), process.lines
    assert await redis_of.ping(), "a server that somebody else uses goes on"


async def test_a_flushed_redis_is_rebuilt_while_the_bot_runs(
    skipline: Process, redis_of: Redis, postgres_of: str, room: Room
) -> None:
    for number in range(5):
        artist = room.guild.join(f"Artist{number}")
        await room.submit(artist, f"Song {number}")
    await archived(postgres_of, redis_of, room)
    before = await titles(redis_of, room)
    await redis_of.flushall()
    reply = await room.alice.command("queue show", channel=room.queue)
    assert reply.ok and all(title in reply.text for title in before), reply.text
    assert await titles(redis_of, room) == before
    await room.submit(room.bruno, "After the flood")
    revisions = await archived(postgres_of, redis_of, room)
    assert revisions == list(range(1, len(revisions) + 1))

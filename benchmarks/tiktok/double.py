"""The local TikTok of the benchmark, in a process of its own: `python -m benchmarks.tiktok.double`."""

from __future__ import annotations

import asyncio
import contextlib
import statistics
from collections.abc import AsyncGenerator
from dataclasses import dataclass

from benchmarks.served import Served, answer, orders, served
from integrations.tiktok.source import Endpoints
from sandbox.tiktok import GIFTS, Message, Size, TikTok
from sandbox.tiktok import Live as Room

HANDLE = "bench"
VIEWERS, ACTS = 40, 5  # each does five things


def act(tiktok: TikTok, live: Room, number: int) -> None:
    """Let a viewer give, write, like, come in and share."""
    viewer = tiktok.viewer(f"viewer{number % VIEWERS}")
    viewer.gift(live, GIFTS[number % len(GIFTS)], 1 + number % VIEWERS, end=False)
    viewer.comment(live, f"this is comment number {number}")
    viewer.like(live, 15)
    viewer.join(live)
    viewer.share(live)


def prepared(tiktok: TikTok, live: Room, rounds: int, wide: int) -> list[tuple[bytes, list[int]]]:
    """Frames of what a viewer does in each round, which nobody was sent before; nobody may be connected."""
    messages: list[tuple[Message, bytes]] = []
    for number in range(rounds):
        newest = live.recent[-1][0].id
        act(tiktok, live, number)
        live.flush()
        messages += live.since(newest)
    frames: list[tuple[bytes, list[int]]] = []
    for first in range(0, len(messages), wide):
        part = messages[first : first + wide]
        frames.append((live.encode(part, first + 1, compress=True), [message.id for message, _ in part]))
    return frames


async def serve() -> None:
    """Does as it is told.

    `send <frames> <messages a frame>`: the same ones again; `new <rounds> <messages a frame>`: makes what a
    viewer does in so many rounds, and answers when that is done; `go`: sends that.
    """
    tiktok = await TikTok.start(size=Size.LARGE, history_depth=0)
    live = tiktok.host(HANDLE).go_live()
    for number in range(VIEWERS):
        act(tiktok, live, number)
    live.flush()
    messages = live.since(0)
    answer(
        {
            "app": tiktok.app_url,
            "webcast": tiktok.webcast_url,
            "sign": tiktok.sign_url,
            "key": tiktok.sign_key,
            "room": live.room,
            "size": round(statistics.mean(len(message) for _, message in messages)),
            "viewers": [tiktok.viewer(f"viewer{number}").id for number in range(VIEWERS)],
        }
    )
    frames: dict[int, list[bytes]] = {}
    fresh: list[tuple[bytes, list[int]]] = []
    async for verb, *rest in orders():
        numbers = [int(each) for each in rest]
        if verb == "new":
            fresh = prepared(tiktok, live, *numbers)
            answer(len(fresh))
        elif verb == "go":
            for number, (frame, ids) in enumerate(fresh):
                for connection in live.connections:
                    connection.push(number + 1, frame, ids)
        else:
            count, wide = numbers
            if wide not in frames:
                frames[wide] = [
                    live.encode(messages[first : first + wide], first + 1, compress=True)
                    for first in range(0, len(messages), wide)
                ]
            for number in range(count):
                for connection in live.connections:
                    connection.push(number, frames[wide][number % len(frames[wide])], ())


@dataclass
class Double:
    """The local TikTok, as the measuring process sees it."""

    process: Served
    endpoints: Endpoints
    room: int
    size: int
    viewers: list[int]

    async def prepare(self, frames: int, wide: int) -> None:
        """Has frames of messages made that nobody knows."""
        await self.process.ask("new", frames * wide // ACTS, wide)

    def go(self) -> None:
        """Orders what was prepared."""
        self.process.say("go")

    def send(self, frames: int, wide: int) -> None:
        """Orders frames of so many messages each."""
        self.process.say("send", frames, wide)


@contextlib.asynccontextmanager
async def double() -> AsyncGenerator[Double]:
    """A local TikTok in a process of its own."""
    async with served("benchmarks.tiktok.double") as process:
        told = process.told
        urls = Endpoints(**{name: told[name] for name in ("app", "webcast", "sign", "key")})
        yield Double(process, urls, told["room"], told["size"], told["viewers"])


if __name__ == "__main__":
    asyncio.run(serve())

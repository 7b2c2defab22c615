"""Events of a live a second: our source against TikTokLive's own dispatch to an empty handler.

    python -m benchmarks.tiktok [--chunks 5] [--seconds 1.0] [--json FILE]

A local TikTok in a process of its own sends the same gzipped frames of gifts, comments, likes, joins and
shares of 6 KB to both, over a real socket. The clients take turns, chunk by chunk, so noise meets both; ours
is measured twice, which shows how much of a ratio is noise (the A/A column). Time runs from the order to send
to the last event.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import statistics
import sys
import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.rig import Bar, conclude
from integrations.tiktok.source import Endpoints, LiveStream
from integrations.tiktok.tiktoklive import TikTokLiveSource

LIMIT = 5.0
DISTINCT = 200  # different events that the frames are made of
STOCK_GUESS, OUR_GUESS = 150.0, 4_000.0  # events a second, for the first chunk
HANDLE = "bench"


async def serve() -> None:
    """The local TikTok: sends `<frames> <messages a frame>` as it is told on standard input."""
    from sandbox.tiktok import GIFTS, Size, TikTok

    tiktok = await TikTok.start(size=Size.LARGE, history_depth=0)
    live = tiktok.host(HANDLE).go_live()
    for number in range(DISTINCT // 5):
        viewer = tiktok.viewer(f"viewer{number}")
        viewer.gift(live, GIFTS[number % len(GIFTS)], 1 + number, end=False)
        viewer.comment(live, f"this is comment number {number}")
        viewer.like(live, 15)
        viewer.join(live)
        viewer.share(live)
    live.flush()
    messages = live.since(0)
    size = statistics.mean(len(message) for _, message in messages)
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    urls = {
        "app": tiktok.app_url,
        "webcast": tiktok.webcast_url,
        "sign": tiktok.sign_url,
        "key": tiktok.sign_key,
    }
    print(json.dumps({"urls": urls, "room": live.room, "size": round(size)}), flush=True)
    frames: dict[int, list[bytes]] = {}
    while line := await lines.readline():
        count, wide = (int(part) for part in line.split())
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

    endpoints: Endpoints
    room: int
    size: int
    child: asyncio.subprocess.Process

    def send(self, frames: int, wide: int) -> None:
        """Order frames of so many messages each."""
        assert self.child.stdin is not None
        self.child.stdin.write(f"{frames} {wide}\n".encode())


@contextlib.asynccontextmanager
async def double() -> AsyncGenerator[Double]:
    """A local TikTok in a process of its own."""
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "benchmarks.tiktok",
        "--serve",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert child.stdout is not None
    told = json.loads(await child.stdout.readline())
    try:
        yield Double(Endpoints(**told["urls"]), told["room"], told["size"], child)
    finally:
        child.terminate()
        await child.wait()


@dataclass
class Arm:
    """One client and what it reached, in events a second for each chunk."""

    name: str
    guess: float
    reached: list[float] = field(default_factory=list[float])

    def frames(self, seconds: float, wide: int) -> int:
        """How many frames a chunk of about that length has."""
        return max(2, round((self.reached[-1] if self.reached else self.guess) * seconds / wide))

    @property
    def rate(self) -> float:
        """Events a second: the median of the chunks."""
        return statistics.median(self.reached)


async def ours(tiktok: Double, frames: int, wide: int) -> float:
    """Take that many frames with our source."""
    async with (
        TikTokLiveSource(tiktok.endpoints) as source,
        await source.open(HANDLE, tiktok.room) as stream,
    ):
        tiktok.send(1, wide)
        await taken(stream, wide)
        start = time.perf_counter()
        tiktok.send(frames, wide)
        await taken(stream, frames * wide)
        return frames * wide / (time.perf_counter() - start)


async def taken(stream: LiveStream, count: int) -> None:
    """Take so many events."""
    while count > 0:
        count -= len(await anext(stream))


async def stock(tiktok: Double, frames: int, wide: int) -> float:
    """Take that many frames with TikTokLive as it is installed, and a handler that does nothing but count."""
    from TikTokLive import TikTokLiveClient
    from TikTokLive.client.web.web_settings import WebDefaults
    from TikTokLive.events import CommentEvent, ConnectEvent, GiftEvent, JoinEvent, LikeEvent, SocialEvent

    WebDefaults.tiktok_app_url = tiktok.endpoints.app
    WebDefaults.tiktok_webcast_url = tiktok.endpoints.webcast
    WebDefaults.tiktok_sign_url = tiktok.endpoints.sign
    WebDefaults.tiktok_sign_api_key = tiktok.endpoints.key
    client: Any = TikTokLiveClient(HANDLE, ws_kwargs={"max_size": 16 << 20})
    connected, enough = asyncio.Event(), asyncio.Event()
    left = 0

    def count(_: object) -> None:
        nonlocal left
        left -= 1
        if not left:
            enough.set()

    client.add_listener(ConnectEvent, lambda _: connected.set())
    for kind in (CommentEvent, GiftEvent, JoinEvent, LikeEvent, SocialEvent):
        client.add_listener(kind, count)
    task = await client.start(room_id=tiktok.room, fetch_live_check=False)
    try:
        await connected.wait()
        for sent in (1, frames):
            left = sent * wide
            enough.clear()
            start = time.perf_counter()
            tiktok.send(sent, wide)
            await enough.wait()
        return frames * wide / (time.perf_counter() - start)
    finally:
        await client.disconnect()
        await asyncio.wait({task})
        await client.web.close()


async def measure(chunks: int, seconds: float, wide: int, tiktok: Double) -> tuple[Arm, Arm, Arm]:
    """Let the clients take turns, with so many messages a frame."""
    arms = Arm("TikTokLive 7.0.1", STOCK_GUESS), Arm("ours", OUR_GUESS), Arm("ours again", OUR_GUESS)
    for _ in range(chunks):
        for arm, run in zip(arms, (stock, ours, ours), strict=True):
            arm.reached.append(await run(tiktok, arm.frames(seconds, wide), wide))
    return arms


async def compare(chunks: int, seconds: float, console: Console) -> list[Bar]:
    """Measure frames of ten messages, as busy lives send them, and of one."""
    bars: list[Bar] = []
    async with double() as tiktok:
        async with TikTokLiveSource(tiktok.endpoints):
            pass  # imports the library before anything is measured
        for wide in (10, 1):
            base, first, again = await measure(chunks, seconds, wide, tiktok)
            table = Table(title=f"{tiktok.size} bytes an event, {wide} a frame")
            for column in ("client", "events/s", "ratio", "A/A"):
                table.add_column(column, justify="left" if column == "client" else "right")
            table.add_row(base.name, f"{base.rate:.0f}", "1.0", "")
            table.add_row(first.name, f"{first.rate:.0f}", f"{first.rate / base.rate:.1f}", "")
            table.add_row(again.name, f"{again.rate:.0f}", "", f"{again.rate / first.rate:.2f}")
            console.print(table)
            bars.append(
                Bar.at_least(f"decoded events/s over stock, {wide} a frame", first.rate / base.rate, LIMIT)
            )
    return bars


def main() -> int:
    """Measures and reports; exit code 1 when a bar does not hold."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--chunks", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--json")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        asyncio.run(serve())
        return 0
    console = Console()
    return conclude(console, asyncio.run(compare(options.chunks, options.seconds, console)), options.json)


if __name__ == "__main__":
    sys.exit(main())

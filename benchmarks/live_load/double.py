"""The local TikTok whose live is busy, in a process of its own: `python -m benchmarks.live_load.double`."""

from __future__ import annotations

import asyncio
import random
import time

from benchmarks.served import answer, orders
from sandbox.tiktok import TikTok, gift_named

HOST = "bench"
VIEWERS, LINKED = 200, 20
GIFT = gift_named("Galaxy")  # 1,000 coins at once: what the cheapest skip costs


async def serve() -> None:
    """Does as it is told.

    `rate <events a second>`: sends that many from now on; `giver <number>`: tells who that is, and how many
    listen; `gift <number>`: tells when that giver gave, and lets them.
    """
    tiktok = await TikTok.start(history_depth=0)
    live = tiktok.host(HOST).go_live()
    chance = random.Random(1)
    viewers = [tiktok.viewer(f"viewer{number}") for number in range(VIEWERS)]
    rate = 0.0

    async def play() -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            due = max(due, loop.time() - 0.5)
            await asyncio.sleep(due - loop.time())
            due += 1 / rate if rate else 0.02
            if rate:
                number = chance.randrange(VIEWERS)
                what = chance.choices(("like", "comment", "join", "share", "gift"), (50, 25, 15, 3, 7))[0]
                viewer = viewers[number]
                if what == "gift" and number >= LINKED:
                    viewer.gift(live, gift_named("Rose"), 3)
                elif what == "comment":
                    viewer.comment(live, "this one!")
                elif what == "join":
                    viewer.join(live)
                elif what == "share":
                    viewer.share(live)
                else:
                    viewer.like(live, 7)

    answer(
        {
            "app": tiktok.app_url,
            "sign": tiktok.sign_url,
            "key": tiktok.sign_key,
            "viewers": [each.id for each in viewers[:LINKED]],
        }
    )
    playing = asyncio.create_task(play())
    async for verb, number in orders():
        if verb == "rate":
            rate = float(number)
            continue
        giver = tiktok.viewer(f"giver{number}")
        answer({"at": time.time(), "id": giver.id, "connected": len(live.connections)})
        if verb == "gift":
            giver.gift(live, GIFT)
    playing.cancel()


if __name__ == "__main__":
    asyncio.run(serve())

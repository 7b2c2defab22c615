"""Redis away in the middle of a live: nothing that was heard is lost."""

from __future__ import annotations

import secrets
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from pydantic import SecretStr

from sandbox.tiktok import ROSE, TikTok
from tests.live.acts import booked, connected, session_of
from tests.live.conftest import Start
from tests.stage import Stage
from tests.wire import Wire


@pytest.mark.parametrize("longer", [False, True], ids=["seconds", "past the lease"])
@pytest.mark.timeout(90)
async def test_what_comes_while_redis_is_away_is_booked_after(
    stage: Stage, tiktok: TikTok, listen: Start, stage_redis_url: str, longer: bool
) -> None:
    folder = Path(tempfile.gettempdir())
    target = Path(urlsplit(stage_redis_url).path)
    socket = folder / f"sl-{secrets.token_hex(4)}.sock"
    async with Wire(socket, target) as line:
        process = await listen(redis_url=SecretStr(f"unix://{socket}"))
        host = await connected(stage, tiktok)
        live = host.live
        assert live is not None
        session = await session_of(stage, host)
        viewers = [tiktok.viewer(f"viewer_{number}") for number in range(20)]
        streak = viewers[0].streak(live, ROSE, 3)
        await booked(stage, session.id, coins=3)
        await line.cut()
        # What arrived is acknowledged by the client: nobody sends it again.
        for number, viewer in enumerate(viewers):
            viewer.like(live, 10)
            viewer.gift(live, ROSE, 1 + number)
            viewer.comment(live, "hello")
            if number % 5 == 0:
                await live.acknowledged()
        streak.more(4)
        await live.acknowledged()
        if longer:
            await listen()
            # Its lease is gone by then, and the other one has the host.
            await tiktok.wait_until(lambda: len(live.connections) != 1, 20)
        await line.mend()
        streak.end(times=2)
        total = tiktok.books.of(host.name).total
        kept = await booked(
            stage, session.id, 30, coins=total.coins, likes_seen=total.likes, comments=total.comments
        )
        assert kept.state == "live"
        assert [each.id for each in await stage.app.stores.live.open(stage.id)] == [session.id]
        if longer:
            await tiktok.wait_until(lambda: len(live.connections) == 1, 20)
        await process.aclose()

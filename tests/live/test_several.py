"""Several processes, hosts and guilds: one connection for each host, and nothing counted twice."""

from __future__ import annotations

import asyncio
import secrets
import signal
import time

import pytest

from sandbox.discord import Sandbox
from sandbox.tiktok import ROSE, Host, TikTok
from tests.live.acts import SECONDS, booked, connect, connected, session_of, stands
from tests.live.conftest import Spawn, Start
from tests.stage import Stage, set_up, until


async def test_two_processes_share_the_hosts_and_one_goes_on_for_the_other(
    stage: Stage, tiktok: TikTok, listen: Start
) -> None:
    first, _ = await listen(), await listen()
    host = await connected(stage, tiktok)
    live, anna = host.live, tiktok.viewer("anna")
    assert live is not None and len(live.connections) == 1
    session = await session_of(stage, host)
    streak = anna.streak(live, ROSE, 3)
    await booked(stage, session.id, coins=3)
    await first.aclose()
    await tiktok.connected(live, timeout=SECONDS)
    streak.more(2)
    streak.end(times=2)
    kept = await booked(stage, session.id, coins=5, gifts=5)
    assert kept.state == "live" and len(live.connections) == 1
    assert (await stage.app.stores.live.open(stage.id)) == [kept]


@pytest.mark.timeout(90)
async def test_a_killed_process_is_replaced_within_ten_seconds(
    stage: Stage, tiktok: TikTok, spawn: Spawn
) -> None:
    host = tiktok.host(f"dj_{secrets.token_hex(3)}")
    live, anna = host.go_live(), tiktok.viewer("anna")
    await connect(stage, host.name)
    one, other = await spawn(), await spawn()
    status = await stands(stage, host, "live", 40)
    session = await session_of(stage, host)
    anna.gift(live, ROSE, 30)
    anna.like(live, 9)
    anna.comment(live, "hello")
    await booked(stage, session.id, coins=30, likes_seen=9, comments=1)
    # Both are ready by now, and one of them has nothing to do.
    await until(lambda: _both_hear(stage), 20)
    holder = one if f":{one.pid}:" in status.process else other
    assert f":{holder.pid}:" in status.process and len(live.connections) == 1
    holder.send_signal(signal.SIGKILL)
    began = time.monotonic()
    await holder.wait()
    await tiktok.wait_until(lambda: not live.connections)
    await tiktok.connected(live, timeout=10.0)
    assert time.monotonic() - began < 10
    # The comment is told again, as history.
    anna.gift(live, ROSE, 5)
    kept = await booked(stage, session.id, coins=35, likes_seen=9, comments=1)
    assert kept.state == "live" and len(kept.gaps) == 1
    assert tiktok.books.of(host.name).total.coins == 35
    await until(lambda: _replaced(stage, host, status.process))


async def _both_hear(stage: Stage) -> bool:
    """Whether three clients hear the changes: the bot, and either process."""
    clients = await stage.app.stores.redis.client_list()
    return sum(each.get("sub") == "1" for each in clients) >= 3


async def _replaced(stage: Stage, host: Host, before: str) -> bool:
    status = await stage.app.stores.hosts.status(stage.id, host.name)
    return status is not None and status.state == "live" and status.process != before


async def test_one_connection_feeds_every_guild_that_wants_the_host(
    stage: Stage, discord: Sandbox, tiktok: TikTok, listen: Start
) -> None:
    other = await set_up(stage.app, discord)
    await listen()
    host = await connected(stage, tiktok)
    live, anna = host.live, tiktok.viewer("anna")
    assert live is not None
    mine = await session_of(stage, host)
    anna.gift(live, ROSE, 10)
    await booked(stage, mine.id, coins=10)
    # Who comes in the middle of a live hears it from there on, without waiting for an event.
    await connect(other, host.name)
    theirs = await session_of(other, host, "live")
    assert theirs.host_id == host.id and theirs.started_at >= mine.started_at
    await stands(other, host, "live")
    anna.gift(live, ROSE, 5)
    await booked(stage, mine.id, coins=15)
    await booked(other, theirs.id, coins=5)
    assert len(live.connections) == 1 and tiktok.calls("sign") == 1
    # Who leaves ends its own alone.
    reply = await other.host.command("tiktok disconnect", other.review, options={"handle": host.name})
    assert reply.ok

    async def closed() -> bool:
        return await other.app.stores.live.open(other.id) == []

    await until(closed, SECONDS)
    anna.gift(live, ROSE, 1)
    await booked(stage, mine.id, coins=16)
    assert len(live.connections) == 1
    assert await other.app.stores.live.open(other.id) == []


async def test_a_guild_hears_several_hosts_each_in_a_session_of_its_own(
    stage: Stage, tiktok: TikTok, listen: Start
) -> None:
    await listen()
    one, two = await connected(stage, tiktok), await connected(stage, tiktok)
    anna = tiktok.viewer("anna")
    assert one.live is not None and two.live is not None
    first, second = await session_of(stage, one), await session_of(stage, two)
    assert first.id != second.id
    await asyncio.gather(*(tiktok.connected(live) for live in (one.live, two.live)))
    anna.gift(one.live, ROSE, 10)
    anna.gift(two.live, ROSE, 20)
    await booked(stage, first.id, coins=10)
    await booked(stage, second.id, coins=20)
    # The bank is the viewer's, whoever the host was.
    assert await stage.app.stores.live.bank(stage.id, handle=anna.id) == 30
    two.live.end()
    await session_of(stage, two, "away")
    anna.gift(one.live, ROSE, 1)
    assert (await booked(stage, first.id, coins=11)).state == "live"

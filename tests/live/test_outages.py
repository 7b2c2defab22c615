"""What becomes of a connection: waits, drops, outages, and who is told of them, once."""

from __future__ import annotations

import asyncio
import re
import secrets
import time
from functools import partial
from typing import Any, Final

import pytest

from sandbox.discord import Channel, Message
from sandbox.tiktok import ROSE, Host, TikTok, gift_named
from state import keys, live_keys, timer_keys
from tests.live.acts import SECONDS, booked, connect, connected, kinds, session_of, stands
from tests.live.conftest import Spawn, Start
from tests.stage import Stage, until

CORGI: Final = gift_named("Corgi")


async def alerts_channel(stage: Stage) -> Channel:
    channel = stage.guild.create_channel("alerts")
    await stage.configure(channel_alerts=str(channel.id))
    return channel


async def posted(channel: Channel, count: int) -> list[Message]:
    """The messages of a channel once there are so many; more may never come."""
    messages = await channel.wait_for(lambda found: found if len(found) >= count else None, SECONDS)
    assert messages is not None and len(messages) == count
    return messages


async def settled(stage: Stage, host: Host, *, told: bool = True) -> None:
    """Waits until nobody is owed a word about that host."""

    async def so() -> bool:
        found = [each for each in await stage.app.stores.hosts.all(stage.id) if each.handle == host.name]
        outage = found[0].outage
        return found[0].over is None and (outage is None or outage.told) and (not told or outage is not None)

    await until(so, SECONDS)


async def test_an_offline_host_is_waited_for_without_a_signature(
    stage: Stage, tiktok: TikTok, listen: Start
) -> None:
    await listen()
    host = tiktok.host(f"dj_{secrets.token_hex(3)}")
    # Known to TikTok, since it was live before.
    host.go_live().end()
    await connect(stage, host.name)
    await stands(stage, host, "waiting")
    await tiktok.wait_until(lambda: tiktok.calls("api") >= 5)
    assert tiktok.calls("sign") == 0
    assert await stage.app.stores.live.open(stage.id) == []
    live = host.go_live()
    status = await stands(stage, host, "live")
    session = await session_of(stage, host, "live")
    assert (session.room, session.host_id) == (live.room, host.id)
    assert (status.session, status.room) == (session.id, live.room)
    assert tiktok.calls("sign") == 1


async def test_a_drop_of_seconds_is_the_same_session_and_tells_nobody(
    stage: Stage, tiktok: TikTok, listen: Start
) -> None:
    channel = await alerts_channel(stage)
    await listen()
    host = await connected(stage, tiktok)
    live, anna = host.live, tiktok.viewer("anna")
    assert live is not None
    session = await session_of(stage, host)
    anna.like(live, 5)
    await booked(stage, session.id, likes_seen=5)
    for drop in (1, 2):
        before = tiktok.calls("sign") + tiktok.calls("api") + tiktok.calls("page") + tiktok.calls("alive")
        tiktok.faults.cut(live)
        await tiktok.wait_until(lambda: not live.connections)
        await tiktok.connected(live)
        after = tiktok.calls("sign") + tiktok.calls("api") + tiktok.calls("page") + tiktok.calls("alive")
        assert after == before + 1
        anna.like(live, 5)
        kept = await booked(stage, session.id, likes_seen=5 + 5 * drop)
        assert len(kept.gaps) == drop
    assert kept.host_id == host.id and kept.rooms == (live.room,)
    assert all(0 <= gap.end - gap.start < 5000 for gap in kept.gaps)
    assert await kinds(stage, "host_lost") == 0 and channel.messages == []


async def test_a_long_outage_is_told_once_and_so_is_its_end(
    stage: Stage, tiktok: TikTok, listen: Start
) -> None:
    channel = await alerts_channel(stage)
    first = await listen()
    host = await connected(stage, tiktok)
    live = host.live
    assert live is not None
    session = await session_of(stage, host)
    tiktok.faults.reject_socket(500, "", times=None)
    tiktok.faults.cut(live)
    (lost,) = await posted(channel, 1)
    assert f"@{host.name}".replace("_", "\\_") in lost.text and re.search(r"<t:\d+:R>", lost.text), lost.text
    await settled(stage, host)
    # Neither a restart nor a second process tells it again.
    await first.aclose()
    await listen()
    await listen()
    failing = tiktok.calls("socket")
    await tiktok.wait_until(lambda: tiktok.calls("socket") >= failing + 4, SECONDS)
    tiktok.faults.clear()
    await stands(stage, host, "live")
    _, back = await posted(channel, 2)
    assert "is heard again" in back.text and re.search(r"from <t:\d+:T> to <t:\d+:T>", back.text), back.text
    await settled(stage, host, told=False)
    kept = await session_of(stage, host, "live")
    assert kept.id == session.id and kept.gaps
    assert (await kinds(stage, "host_lost"), await kinds(stage, "host_back")) == (1, 1)
    assert len(channel.messages) == 2


async def test_an_outage_is_told_although_whoever_saw_it_begin_was_killed(
    stage: Stage, tiktok: TikTok, spawn: Spawn
) -> None:
    channel = await alerts_channel(stage)
    child = await spawn()
    host = await connected(stage, tiktok)
    assert host.live is not None
    tiktok.faults.reject_socket(500, "", times=None)
    tiktok.faults.cut(host.live)

    async def broke() -> bool:
        return await kinds(stage, "host_broke") == 1

    await until(broke, SECONDS)
    child.kill()
    await child.wait()
    due = await stage.app.stores.redis.zscore(timer_keys.timers(stage.id), f"outage:{host.name}")
    assert due is not None and 25_000 < due - time.time() * 1000 < 30_000
    # Half a minute later.
    await stage.app.stores.timers.set(stage.id, f"outage:{host.name}", 0)
    (lost,) = await posted(channel, 1)
    assert f"@{host.name}".replace("_", "\\_") in lost.text
    await settled(stage, host)
    assert await kinds(stage, "host_lost") == 1


async def test_without_a_channel_the_review_channel_is_told_and_else_the_owner(
    stage: Stage, tiktok: TikTok, listen: Start
) -> None:
    await listen()
    await stage.configure(channel_review=str(stage.review.id))
    nobody = tiktok.host(f"dj_{secrets.token_hex(3)}").name + "x"
    await connect(stage, nobody)
    await stage.review.wait_for(
        lambda found: [each for each in found if "no TikTok user" in each.text], SECONDS
    )
    stage.discord.faults.delete_channel(stage.review)
    await stage.configure(language="es-ES")
    other = f"nobody_{secrets.token_hex(3)}"
    reply = await stage.host.command("tiktok connect", stage.queue, options={"handle": other})
    assert reply.ok
    direct = stage.owner.dm
    told = await direct.wait_for(lambda found: [each for each in found if other[7:] in each.text], SECONDS)
    assert "No existe el usuario de TikTok" in told[0].text
    # It is looked for again and again, and told once.
    asked = tiktok.calls("api")
    await tiktok.wait_until(lambda: tiktok.calls("api") >= asked + 6, SECONDS)
    assert len([each for each in direct.messages if other[7:] in each.text]) == 1
    assert tiktok.calls("sign") == 0


@pytest.mark.parametrize("what", ["limited", "down"])
async def test_a_sign_service_out_of_order_is_named_as_such(
    stage: Stage, tiktok: TikTok, listen: Start, what: str
) -> None:
    channel = await alerts_channel(stage)
    await listen()
    if what == "limited":
        limit = tiktok.faults.limit_sign(3600, times=1)
        host = tiktok.host(f"dj_{secrets.token_hex(3)}")
        host.go_live()
        await connect(stage, host.name)
        await limit.struck()
        status = await stands(stage, host, "limited")
        assert status.next_try > status.since
        (told,) = await posted(channel, 1)
        assert "asks to wait" in told.text
        assert tiktok.calls("sign") == 1
    else:
        host = await connected(stage, tiktok)
        assert host.live is not None
        await tiktok.faults.shut_sign()
        tiktok.faults.cut(host.live)
        await stands(stage, host, "sign_down")
        (told,) = await posted(channel, 1)
        assert "out of order" in told.text and "not your server's fault" in told.text
        shown = await (await stage.host.command("tiktok status", stage.review)).settled()
        assert "signing service is out of order" in shown.text and "next try" in shown.text
        await tiktok.faults.open_sign()
        await stands(stage, host, "live")
        await posted(channel, 2)


async def test_a_live_for_adults_is_told_once(stage: Stage, tiktok: TikTok, listen: Start) -> None:
    channel = await alerts_channel(stage)
    await listen()
    host = tiktok.host(f"dj_{secrets.token_hex(3)}")
    host.age_restricted = True
    live = host.go_live()
    await connect(stage, host.name)
    (told,) = await posted(channel, 1)
    assert "signed-in adults" in told.text
    asked = tiktok.calls("api")
    await tiktok.wait_until(lambda: tiktok.calls("api") >= asked + 6, SECONDS)
    assert len(channel.messages) == 1 and tiktok.calls("sign") == 0
    live.end()
    _, over = await posted(channel, 2)
    assert "is over" in over.text and "not live now" in over.text


async def test_ones_own_disconnect_alerts_nobody(stage: Stage, tiktok: TikTok, listen: Start) -> None:
    channel = await alerts_channel(stage)
    metrics = stage.guild.create_channel("metrics")
    await stage.configure(channel_metrics=str(metrics.id))
    await listen()
    host = await connected(stage, tiktok)
    live, anna = host.live, tiktok.viewer("anna")
    assert live is not None
    session = await session_of(stage, host)
    anna.gift(live, ROSE, 7)
    await booked(stage, session.id, coins=7)

    async def go_on() -> None:
        while True:
            anna.like(live, 1)
            await asyncio.sleep(0.005)

    # What still comes meanwhile opens no second session.
    viewers = asyncio.create_task(go_on())
    reply = await stage.host.command("tiktok disconnect", stage.review, options={"handle": host.name})
    assert "no more" in reply.text
    (table,) = await posted(metrics, 1)
    assert host.name.replace("_", "\\_") in table.text
    await tiktok.wait_until(lambda: not live.connections, SECONDS)
    viewers.cancel()
    stored = await stage.app.stores.sessions.newest(stage.id)
    assert [(each.session, each.coins) for each in stored] == [(session.id, 7)]
    assert channel.messages == [] and await stage.app.stores.live.open(stage.id) == []
    # Wanted again, it is a new session, at once.
    async with asyncio.timeout(SECONDS):
        await connect(stage, host.name)
        await tiktok.connected(live)
        again = await session_of(stage, host, "live")
    assert again.id > session.id
    assert len(metrics.messages) == 1


async def test_a_host_is_let_go_and_wanted_again_at_once(stage: Stage, tiktok: TikTok, listen: Start) -> None:
    await listen()
    host = await connected(stage, tiktok)
    live = host.live
    assert live is not None
    before = await session_of(stage, host)
    for _ in range(3):
        reply = await stage.host.command("tiktok disconnect", stage.review, options={"handle": host.name})
        assert reply.ok
        await connect(stage, host.name)

    async def anew() -> bool:
        return (await session_of(stage, host, "live")).id > before.id and len(live.connections) == 1

    await until(anew, SECONDS)
    session = await session_of(stage, host, "live")
    tiktok.viewer("anna").gift(live, ROSE, 3)
    await booked(stage, session.id, coins=3)
    assert len(live.connections) == 1


async def test_a_quiet_live_that_another_process_takes_up_is_no_outage(
    stage: Stage, tiktok: TikTok, listen: Start
) -> None:
    channel = await alerts_channel(stage)
    first = await listen()
    host = await connected(stage, tiktok)
    session = await session_of(stage, host)
    await first.aclose()
    # As if nobody had said a word for an hour.
    client: Any = stage.app.stores.redis
    earlier = {"connected_at": session.connected_at - 3_600_000, "last_at": session.connected_at - 3_600_000}
    await client.hset(live_keys.session(stage.id, session.id), mapping=earlier)
    await listen()
    await stands(stage, host, "live")
    kept = await session_of(stage, host, "live")
    assert kept.id == session.id and len(kept.gaps) == 1
    assert await kinds(stage, "host_lost") == 0 and channel.messages == []


async def test_what_tiktok_repeats_counts_once_though_redis_was_emptied(
    stage: Stage, tiktok: TikTok, listen: Start
) -> None:
    """Which messages were booked is in no archive; up to when they were is."""
    tiktok.history_depth, tiktok.history_kinds = 20, None
    await listen()
    host = await connected(stage, tiktok)
    live, anna = host.live, tiktok.viewer("anna")
    assert live is not None
    session = await session_of(stage, host)
    anna.gift(live, CORGI, 2)
    await booked(stage, session.id, coins=2 * CORGI.price)
    await until(partial(_archived, stage))
    client: Any = stage.app.stores.redis
    await client.unlink(*[name async for name in client.scan_iter(f"sl:{{{stage.id}}}:*")])
    tiktok.faults.cut(live)
    await tiktok.wait_until(lambda: not live.connections)
    await tiktok.connected(live)
    anna.gift(live, CORGI)
    kept = await booked(stage, session.id, coins=3 * CORGI.price)
    assert kept.gifts == 3
    assert len(tiktok.books.deliveries[-1].history) >= 1


async def _archived(stage: Stage) -> bool:
    archived = await stage.app.stores.archive.cursor(stage.id)
    return str(archived) == await stage.app.stores.redis.get(keys.revision(stage.id))

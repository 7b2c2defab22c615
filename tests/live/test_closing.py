"""After a live: its session in PostgreSQL, its table in the channel, once, whatever happens in between."""

from __future__ import annotations

import csv
import io
import time
from typing import Any, cast

import asyncpg
import hikari
import pytest
from pydantic import SecretStr

from bot.app import running
from bot.settings import Role, Settings
from sandbox.discord import Channel
from sandbox.tiktok import ROSE, UNIVERSE, TikTok
from state import keys, live_keys, timer_keys
from state.live_records import LiveSession
from tests.live.acts import ARTIST, SECONDS, booked, connected, session_of
from tests.live.conftest import Start
from tests.stage import Stage, until
from tests.state import raw


async def metrics(stage: Stage, **settings: str) -> Channel:
    channel = stage.guild.create_channel("metrics")
    await stage.configure(channel_metrics=str(channel.id), **settings)
    return channel


async def stored(stage: Stage, number: int) -> LiveSession:
    """A session once it is in PostgreSQL and gone from Redis."""

    async def so() -> bool:
        stores = stage.app.stores
        return await stores.live.ended(stage.id) == [] and await stores.live.session(stage.id, number) is None

    await until(so, 30)
    found = await stage.app.stores.sessions.session(stage.id, number)
    assert found is not None
    return found


async def test_a_live_that_is_over_is_stored_as_it_was_and_shown_once(
    stage: Stage, tiktok: TikTok, listen: Start
) -> None:
    channel = await metrics(stage, live_grace="1")
    await listen()
    host = await connected(stage, tiktok)
    live = host.live
    assert live is not None
    session = await session_of(stage, host)
    viewers = [tiktok.viewer(f"viewer_{number:02}") for number in range(12)]
    link = stage.app.stores.points.link
    await link(stage.id, "l", ARTIST, viewers[0].id, int(stage.alice.id), name="@viewer_00")
    live.viewers(3)
    for number, viewer in enumerate(viewers):
        viewer.join(live)
        viewer.like(live, 4 + number)
        viewer.comment(live, "=cmd|' /C calc'!A0")
        viewer.gift(live, ROSE, 1 + number)
    viewers[1].share(live)
    viewers[2].follow(live)
    viewers[3].subscribe(live)
    viewers[4].gift(live, UNIVERSE)
    live.viewers(12)
    await live.acknowledged()
    books = tiktok.books.of(host.name)
    await booked(stage, session.id, coins=books.total.coins, viewers_peak=12, subscribes=1)
    live.end()
    record = await stored(stage, session.id)
    total = books.total
    assert (record.likes_seen, record.comments, record.shares) == (total.likes, total.comments, total.shares)
    assert (record.follows, record.subscribes, record.joins) == (total.follows, total.subscribes, total.joins)
    assert (record.gifts, record.coins, record.skipped) == (total.gifts, total.coins, 0)
    assert record.host_id == host.id and record.rooms == [live.room] and record.gaps == []
    kept = stage.app.stores.sessions.every_viewer(stage.id, session.id)
    rows = {viewer.handle_id: viewer async for viewer in kept}
    assert rows.keys() == books.viewers.keys()
    for handle, row in rows.items():
        sent = books.viewers[handle]
        assert (row.likes, row.comments, row.shares, row.follows, row.subscribes, row.gifts, row.coins) == (
            *(sent.likes, sent.comments, sent.shares, sent.follows, sent.subscribes, sent.gifts, sent.coins),
        )
    assert rows[viewers[0].id].user_id == int(stage.alice.id)
    # In the channel, once, with everything.
    (message,) = channel.messages
    assert f"The live of @{host.name}" in message.text.replace("\\", "") and "Page 1 of 2" in message.text
    names = [each.filename for each in message.attachments]
    assert names == [f"live-{session.id}.csv", f"live-{session.id}.png"]
    sheet = list(csv.DictReader(io.StringIO(message.attachments[0].content.decode("utf-8-sig"))))
    assert {int(row["handle_id"]): int(row["coins"]) for row in sheet} == {
        handle: each.coins for handle, each in books.viewers.items()
    }
    assert message.attachments[1].content.startswith(b"\x89PNG")
    parts = (live_keys.session, live_keys.session_viewers, live_keys.session_curve)
    left = await stage.app.stores.redis.exists(*(part(stage.id, session.id) for part in parts))
    assert left == 0 and await stage.app.stores.live.open(stage.id) == []


async def test_a_new_room_within_the_grace_time_is_the_same_evening(
    stage: Stage, tiktok: TikTok, listen: Start
) -> None:
    channel = await metrics(stage)
    await listen()
    host = await connected(stage, tiktok)
    first, anna = host.live, tiktok.viewer("anna")
    assert first is not None
    session = await session_of(stage, host)
    anna.like(first, 10)
    await booked(stage, session.id, likes=10)
    first.end()
    away = await session_of(stage, host, "away")
    assert away.away_why == "over"
    second = host.go_live()
    kept = await session_of(stage, host, "live")
    assert kept.id == session.id and kept.rooms == (first.room, second.room)
    anna.like(second, 4)
    assert [gap.why for gap in kept.gaps] == ["over"]
    # A room counts its likes from nothing.
    await booked(stage, session.id, likes=14, likes_seen=14)
    assert channel.messages == []
    await stage.configure(live_grace="1")
    second.end()
    record = await stored(stage, session.id)
    (message,) = channel.messages
    # Nothing was missed while the host was off air.
    assert "Off air in between" in message.text and "Not heard" not in message.text, message.text
    assert record.likes == 14


@pytest.mark.parametrize("step", ["posting", "posted"])
async def test_what_fails_between_two_steps_is_made_again_and_seen_once(
    stage: Stage, tiktok: TikTok, listen: Start, step: str
) -> None:
    channel = await metrics(stage, live_grace="1")
    await listen()
    host = await connected(stage, tiktok)
    assert host.live is not None
    session = await session_of(stage, host)
    tiktok.viewer("anna").gift(host.live, ROSE, 4)
    await booked(stage, session.id, coins=4)
    faults = stage.discord.faults
    route = f"/channels/{channel.id}/messages"
    if step == "posting":
        fault = faults.fail("POST", route, status=500, times=4)
    else:
        fault = faults.lose_reply("POST", route)
    host.live.end()
    await fault.struck(SECONDS)
    record = await stored(stage, session.id)
    assert record.coins == 4 and len(channel.messages) == 1


async def test_postgres_may_be_away_when_a_live_ends(
    stage: Stage, tiktok: TikTok, listen: Start, postgres_url: str, session_database_url: str
) -> None:
    channel = await metrics(stage, live_grace="1")
    await listen()
    host = await connected(stage, tiktok)
    assert host.live is not None
    session = await session_of(stage, host)
    tiktok.viewer("anna").gift(host.live, ROSE, 4)
    await booked(stage, session.id, coins=4)
    name = (
        session_database_url.rpartition("?")[0].rpartition("/")[2] or session_database_url.rpartition("/")[2]
    )
    admin = cast("Any", await asyncpg.connect(postgres_url))
    try:
        await admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        await admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name)
        host.live.end()

        async def ended() -> bool:
            return await stage.app.stores.live.ended(stage.id) == [session.id]

        await until(ended, SECONDS)
        assert channel.messages == []
        assert await stage.app.stores.live.session(stage.id, session.id) is not None
    finally:
        await admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
        await admin.close()
    record = await stored(stage, session.id)
    assert record.coins == 4 and len(channel.messages) == 1


async def test_a_live_that_nobody_listens_to_any_more_ends_too(stage: Stage) -> None:
    stores = stage.app.stores
    channel = await metrics(stage, live_grace="1")
    reply = await stage.host.command("tiktok connect", stage.review, options={"handle": "dj_mara"})
    assert reply.ok
    at = time.time_ns() // 10**6 - 3_600_000
    number = (await stores.live.begin(stage.id, "dj_mara", 7, 71, at)).session
    record = await stored(stage, number)
    # It ended when it was last heard of.
    assert round(record.ended_at.timestamp() * 1000) == at and record.coins == 0
    assert len(channel.messages) == 1


async def test_a_session_from_before_there_were_timers_ends_as_well(stage: Stage) -> None:
    stores, client = stage.app.stores, cast("Any", stage.app.stores.redis)
    await metrics(stage)
    reply = await stage.host.command("tiktok connect", stage.review, options={"handle": "dj_mara"})
    assert reply.ok
    number = (await stores.live.begin(stage.id, "dj_mara", 7, 71, time.time_ns() // 10**6)).session
    await stores.live.away(stage.id, number, time.time_ns() // 10**6, "dropped")
    for key in (timer_keys.timers, timer_keys.due):
        await client.delete(key(stage.id))
    await stage.configure(live_grace="1")
    # As the start of a worker does.
    await client.publish(keys.CHANGES, f"{stage.id} {await client.get(keys.revision(stage.id))} restored")
    record = await stored(stage, number)
    assert record.coins == 0


async def test_a_session_ends_in_time_although_redis_lost_the_guild_meanwhile(stage: Stage) -> None:
    stores, client = stage.app.stores, cast("Any", stage.app.stores.redis)
    channel = await metrics(stage, live_grace="4")
    reply = await stage.host.command("tiktok connect", stage.review, options={"handle": "dj_mara"})
    assert reply.ok
    number = (await stores.live.begin(stage.id, "dj_mara", 7, 71, time.time_ns() // 10**6)).session
    await stores.live.away(stage.id, number, time.time_ns() // 10**6, "dropped")
    due = await client.zscore(timer_keys.timers(stage.id), f"session:{number}")
    assert stage.app.writer is not None
    await stage.app.writer.settled(stage.id, int(await client.get(keys.revision(stage.id))))
    # Nobody moves anything: whoever waits for the moment has the guild rebuilt then.
    await raw.forget(stores.redis, stage.id)
    (message,) = await channel.wait_for(lambda found: found, SECONDS)
    seconds, micros = await client.time()
    assert seconds * 1000 + micros / 1000 >= due and "dj" in message.text
    await stored(stage, number)


@pytest.mark.timeout(90)
async def test_two_workers_tell_and_post_everything_once(
    stage: Stage,
    tiktok: TikTok,
    listen: Start,
    settings: Settings,
    stage_redis_url: str,
    session_database_url: str,
) -> None:
    channel = await metrics(stage, live_grace="1")
    alerts = stage.guild.create_channel("alerts")
    await stage.configure(channel_alerts=str(alerts.id), chat_commands="1")
    second = settings.model_copy(
        update={
            "role": Role.WORKER,
            "redis_url": SecretStr(stage_redis_url),
            "database_url": SecretStr(session_database_url),
        }
    )
    async with running(second, live=False):
        await listen()
        host = await connected(stage, tiktok)
        live, anna = host.live, tiktok.viewer("anna")
        assert live is not None
        session = await session_of(stage, host)
        await stage.app.stores.points.link(stage.id, "l", ARTIST, anna.id, int(stage.alice.id), name="@anna")
        anna.comment(live, "!pos")
        await stage.alice.dm.wait_for(lambda found: found, SECONDS)
        await tiktok.faults.shut_sign()
        tiktok.faults.cut(live)
        await alerts.wait_for(lambda found: found, SECONDS)
        await tiktok.faults.open_sign()
        await alerts.wait_for(lambda found: len(found) > 1, SECONDS)
        live.end()
        await stored(stage, session.id)
    assert (len(channel.messages), len(alerts.messages), len(stage.alice.dm.messages)) == (1, 2, 1)


@pytest.mark.parametrize("file_bytes", [8 * 1024 * 1024, 10], ids=["csv", "zip"])
async def test_a_table_that_was_posted_before_a_crash_is_not_posted_again(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, file_bytes: int
) -> None:
    monkeypatch.setattr("components.metrics._FILE_BYTES", file_bytes)
    stores = stage.app.stores
    channel = await metrics(stage)
    client: Any = stores.redis
    began = (await stores.live.begin(stage.id, "dj_mara", 7, 71, time.time_ns() // 10**6)).session
    key = live_keys.session(stage.id, began)
    fields = await client.hgetall(key)
    await stored(stage, began)
    (message,) = channel.messages
    # As Redis was before it let go of the session, in a time when Discord has forgotten the nonce.
    message.nonce = None
    at = int(fields["connected_at"]) + 1
    await client.hset(key, mapping={**fields, "state": "ended", "ended_at": str(at)})
    await client.zadd(live_keys.unstored(stage.id), {str(began): at})
    other = (await stores.live.begin(stage.id, "dj_theo", 8, 72, at)).session
    await stored(stage, began)
    await stored(stage, other)
    titles = [each.text.partition("\n")[0].replace("\\", "") for each in channel.messages]
    assert titles == ["The live of @dj_mara is over.", "The live of @dj_theo is over."]


@pytest.mark.parametrize(
    ("status", "code", "cause"),
    [
        (413, 40005, "the message is too large"),
        (413, 0, "the message is too large"),
        (403, 50013, "I lack a permission there"),
        (404, 10003, "the channel is gone"),
        (400, 50035, "Discord refuses it (code 50035)"),
    ],
)
async def test_a_table_that_discord_never_takes_is_told_once_and_the_session_let_go(
    stage: Stage, status: int, code: int, cause: str
) -> None:
    channel = await metrics(stage)
    route = f"/channels/{channel.id}/messages"
    fault = stage.discord.faults.fail("POST", route, status=status, code=code, times=100)
    stage.discord.faults.fail("GET", route, status=status, code=code, times=100)
    lost = stage.discord.faults.lose_reply("POST", f"/channels/{stage.owner.dm.id}/messages")
    for number, host in enumerate(("dj_mara", "dj_theo"), 1):
        at = time.time_ns() // 10**6
        began = (await stage.app.stores.live.begin(stage.id, host, number, 70 + number, at)).session
        await stored(stage, began)
        assert fault.hits == number and len(stage.owner.dm.messages) == number
        told = stage.owner.dm.messages[-1].text.replace("\\", "")
        assert f"@{host}" in told and cause in told and f"<#{channel.id}>" in told, told
        assert "/metrics export" in told and "/settings set name:metrics_channel" in told
    assert lost.hits == 1


async def test_who_reviews_is_told_of_a_table_that_cannot_be_posted(stage: Stage) -> None:
    channel = await metrics(stage, channel_review=str(stage.review.id), language="es-ES")
    stage.discord.faults.withdraw(channel, hikari.Permissions.SEND_MESSAGES)
    at = time.time_ns() // 10**6
    await stored(stage, (await stage.app.stores.live.begin(stage.id, "dj_mara", 7, 71, at)).session)
    told = [each.text for each in stage.review.messages if "no se pudo publicar" in each.text]
    assert len(told) == 1 and "me falta un permiso" in told[0] and not stage.owner.dm.messages
    assert not channel.messages

"""What artists are told of their songs, through the running bot: once, true, and only if they want it."""

from __future__ import annotations

import asyncio
import secrets

import hikari
import pytest

from bot.errors import Reporter
from bot.telling import Telling
from sandbox.discord import Channel, Message, Person
from state.feed import Feed
from state.scripts import Actor
from tests.plugins.reviewing import claimed, submitted
from tests.stage import Stage, until

MIA = Actor(4, "Mia")


@pytest.fixture(autouse=True)
def prompt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.telling.Telling.settle", 0.15)
    monkeypatch.setattr("bot.telling.Telling.lease_seconds", 0.9)


async def next_song(stage: Stage) -> None:
    await stage.app.stores.queue.next(stage.id, secrets.token_hex(8), MIA)


def heard(person: Person) -> list[str]:
    return [message.text for message in person.dm.messages]


async def told(person: Person, text: str) -> Message:
    return await person.dm.wait_for(
        lambda messages: next((message for message in messages if text in message.text), None), timeout=8
    )


async def quiet(stage: Stage) -> None:
    """Waits until every move so far was looked at and nothing is owed any more."""
    redis = stage.app.stores.redis
    prefix = f"sl:{{{stage.id}}}:"

    async def settled() -> bool:
        seen, revision = await redis.mget(f"{prefix}noticed", f"{prefix}rev")
        return seen == revision and not await redis.exists(f"{prefix}owed", f"{prefix}lease:notices")

    await until(settled, timeout=15)


async def test_an_artist_is_told_all_the_way_and_once(stage: Stage) -> None:
    for person, title in ((stage.alice, "One"), (stage.bruno, "Two"), (stage.carla, "Three")):
        await submitted(stage, person, title, tier=10)
    await quiet(stage)
    assert not heard(stage.alice) and not heard(stage.bruno)
    await next_song(stage)
    await told(stage.alice, "One — Alice Band** is playing now!")
    await told(stage.bruno, "You are next: **#2 Two")
    await told(stage.carla, "**#3 Three — Carla Band** is two songs away")
    await next_song(stage)
    await told(stage.alice, "was played")
    await told(stage.bruno, "is playing now")
    await told(stage.carla, "You are next")
    await next_song(stage)
    await told(stage.carla, "is playing now")
    await quiet(stage)
    assert [len(heard(person)) for person in (stage.alice, stage.bruno, stage.carla)] == [2, 3, 3]


async def test_what_undo_took_back_at_once_is_not_told(stage: Stage) -> None:
    await submitted(stage, stage.alice, "One", tier=10)
    await next_song(stage)
    await stage.app.stores.queue.undo(stage.id, "undo", MIA)
    await quiet(stage)
    assert heard(stage.alice) == []
    await next_song(stage)
    await told(stage.alice, "is playing now")
    await stage.app.stores.queue.undo(stage.id, "undo2", MIA)
    await quiet(stage)
    await next_song(stage)
    await quiet(stage)
    assert len(heard(stage.alice)) == 1


async def test_places_that_go_back_and_forth_are_told_once(stage: Stage) -> None:
    await stage.configure(lock="0")
    for person, title in ((stage.alice, "One"), (stage.bruno, "Two"), (stage.carla, "Three")):
        await submitted(stage, person, title, tier=10)
    await next_song(stage)
    await told(stage.bruno, "You are next")
    await told(stage.carla, "two songs away")
    queue = stage.app.stores.queue
    for tier in (20, 15, 5):
        await queue.promote(stage.id, secrets.token_hex(8), MIA, 3, tier)
        await quiet(stage)
    assert sum("two songs away" in text for text in heard(stage.carla)) == 1
    assert sum("You are next" in text for text in heard(stage.carla)) == 1
    assert heard(stage.bruno) == [text for text in heard(stage.bruno) if "You are next" in text]
    assert len(heard(stage.bruno)) == 1


async def test_the_reasons_and_the_review_are_told(stage: Stage) -> None:
    queue = stage.app.stores.queue
    await claimed(stage, stage.alice, "Paid", 10)
    await claimed(stage, stage.bruno, "Unpaid", 10)
    await submitted(stage, stage.carla, "Gone")
    await queue.approve(stage.id, "a", MIA, 1, 15)
    await queue.reject(stage.id, "b", MIA, 2, reason="no *gift* seen")
    await queue.remove(stage.id, "c", MIA, 3, reason="not @everyone's taste")
    await told(stage.alice, "is in the queue as 15 Skip")
    text = (await told(stage.bruno, "was not approved. Your song waits in Free at place 2.")).text
    assert "no \\*gift\\* seen" in text
    assert "Reason: not \\@everyone's taste" in (await told(stage.carla, "was taken out")).text
    await next_song(stage)
    redis = stage.app.stores.redis
    song = f"sl:{{{stage.id}}}:song:000000000001"
    await redis.hset(song, mapping={"score": "8", "review_note": "Great *drums*"})
    await next_song(stage)
    text = (await told(stage.alice, "was played")).text
    assert "Score: **8** of 10" in text and "Great \\*drums\\*" in text


async def test_a_skip_that_is_turned_away_is_told_with_what_to_do(stage: Stage) -> None:
    queue, alice = stage.app.stores.queue, Actor(int(stage.alice.id), "Alice")
    await submitted(stage, stage.alice, "Free one")
    await claimed(stage, stage.alice, "Another", 10)
    await queue.reject(stage.id, "r1", MIA, 2)
    assert "`/submit again`" in (await told(stage.alice, "as many Free songs as are allowed")).text
    await queue.undo(stage.id, "u1", MIA)
    await told(stage.alice, "its skip waits for approval again")
    # Turned away, claimed again, turned away again: each is told.
    for turn in ("first", "second"):
        await queue.claim(stage.id, f"c {turn}", alice, 1, 10)
        await queue.reject(stage.id, f"r {turn}", MIA, 1, reason=turn)
        await told(stage.alice, f"Your song waits in Free at place 1.\nReason: {turn}")


async def test_undoing_a_removal_is_told(stage: Stage) -> None:
    await submitted(stage, stage.alice, "One")
    queue = stage.app.stores.queue
    await queue.remove(stage.id, "a", MIA, 1, reason="wrong one")
    await told(stage.alice, "was taken out")
    await queue.undo(stage.id, "b", MIA)
    await told(stage.alice, "is back in the queue")


async def test_ones_own_removal_is_no_news(stage: Stage) -> None:
    number = await submitted(stage, stage.alice, "One")
    alice = Actor(int(stage.alice.id), "Alice")
    await stage.app.stores.queue.remove(stage.id, "a", alice, number, owner=alice.id)
    await quiet(stage)
    assert heard(stage.alice) == []


async def test_who_switched_it_off_is_told_nothing(stage: Stage) -> None:
    reply = await stage.alice.command("notices off", stage.submissions)
    assert reply.ephemeral and "told nothing" in reply.text
    await submitted(stage, stage.alice, "One", tier=10)
    await submitted(stage, stage.bruno, "Two", tier=10)
    await next_song(stage)
    await told(stage.bruno, "You are next")
    await quiet(stage)
    assert heard(stage.alice) == []
    assert "told nothing" in (await stage.alice.command("notices show", stage.submissions)).text
    reply = await stage.alice.command("notices on", stage.submissions)
    assert "You are told" in reply.text and "direct message" in reply.text
    await next_song(stage)
    await told(stage.alice, "was played")


async def test_a_server_chooses_a_channel_or_nothing(stage: Stage) -> None:
    for person in (stage.host, stage.alice):
        reply = await person.command("notices server", stage.review, where="Off", forge=True)
        assert "Only those who may manage this server" in reply.text
    reply = await stage.mod.command("notices server", stage.review, where="Channel")
    assert "Choose the channel as well" in reply.text
    room = stage.guild.create_channel("notices")
    reply = await stage.mod.command(
        "notices server", stage.review, where="Channel", options={"channel": room}
    )
    assert reply.ephemeral and f"<#{room.id}>" in reply.text, reply.text
    await submitted(stage, stage.alice, "One", tier=10)
    await next_song(stage)
    message = await in_channel(room, "is playing now")
    assert message.text.startswith(f"<@{stage.alice.id}> ") and heard(stage.alice) == []
    await stage.mod.command("notices server", stage.review, where="Off")
    await next_song(stage)
    await quiet(stage)
    assert len(room.messages) == 1 and heard(stage.alice) == []


async def in_channel(channel: Channel, text: str) -> Message:
    return await channel.wait_for(
        lambda messages: next((message for message in messages if text in message.text), None), timeout=8
    )


async def test_closed_direct_messages_lead_to_the_channel_or_nowhere(stage: Stage) -> None:
    stage.alice.user.accepts_dms = False
    await submitted(stage, stage.alice, "One", tier=10)
    await submitted(stage, stage.alice, "Two", tier=10)
    await next_song(stage)
    await quiet(stage)
    room = stage.guild.create_channel("notices")
    await stage.configure(channel_notices=str(room.id))
    await next_song(stage)
    await in_channel(room, "Two — Alice Band** is playing now")
    await quiet(stage)
    assert not any("You are next" in message.text for message in room.messages)


async def test_a_lost_reply_tells_nobody_twice(stage: Stage) -> None:
    path = f"/channels/{stage.alice.dm.id}/messages"
    fault = stage.discord.faults.lose_reply("POST", path)
    await submitted(stage, stage.alice, "One", tier=10)
    await next_song(stage)
    await fault.struck(8)
    await quiet(stage)
    assert len(heard(stage.alice)) == 1


async def test_what_discord_could_not_be_asked_for_is_told_later(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert stage.app.bot is not None
    monkeypatch.setattr("bot.telling.RETRY_SECONDS", 0.1)
    monkeypatch.setattr(stage.app.bot.rest, "_max_retries", 0)
    fault = stage.discord.faults.lose_request("POST", f"/channels/{stage.alice.dm.id}/messages", times=2)
    await submitted(stage, stage.alice, "One", tier=10)
    await next_song(stage)
    await told(stage.alice, "is playing now")
    assert fault.hits == 2


async def test_what_a_killed_process_left_is_sent_or_let_be(stage: Stage) -> None:
    """Claimed is sent; under way is repeated under its nonce; long under way is let be."""
    redis, notices = stage.app.stores.redis, stage.app.stores.notices
    prefix = f"sl:{{{stage.id}}}:"
    await stage.configure(notices="off")
    for person, title in ((stage.alice, "One"), (stage.bruno, "Two"), (stage.carla, "Three")):
        await submitted(stage, person, title, tier=10)
    await quiet(stage)
    seconds, _ = await redis.time()
    await redis.hset(
        f"{prefix}owed",
        mapping={
            "1:playing": "claimed",
            "2:next": f"sending {seconds - 10}000",
            "3:two": f"sending {seconds - 300}000",
        },
    )
    for number, kind in ((1, "playing"), (2, "next"), (3, "two")):
        await redis.hset(f"{prefix}told:{number:012d}", kind, "1")
    await stage.configure(notices=None)
    await next_song(stage)
    await told(stage.alice, "is playing now")
    await told(stage.bruno, "You are next")
    await quiet(stage)
    assert heard(stage.carla) == []
    assert await notices.claim(stage.id) == ([], 0)


async def test_two_processes_tell_once(stage: Stage) -> None:
    stores = stage.app.stores
    feed = Feed(stores.redis)
    assert stage.app.bot is not None
    other = Telling(
        rest=stage.app.bot.rest, redis=stores.redis, notices=stores.notices, feed=feed, reporter=Reporter()
    )
    await feed.open()
    await other.open()
    try:
        for person in (stage.alice, stage.bruno, stage.carla, stage.alice):
            await submitted(stage, person, "Song", tier=10)
        for _ in range(2):
            await asyncio.gather(next_song(stage), next_song(stage))
        await quiet(stage)
    finally:
        await other.close()
        await feed.close()
    for person in (stage.alice, stage.bruno, stage.carla):
        texts = heard(person)
        assert texts and len(texts) == len(set(texts))


async def test_hundreds_at_once_are_dropped(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    await stage.configure(limit_0="0", notices="channel", channel_notices=str(stage.queue.id))
    stage.discord.faults.withdraw(stage.queue, int(hikari.Permissions.SEND_MESSAGES))
    for number in range(60):
        await submitted(stage, stage.alice, f"Song {number}")
    await stage.app.stores.queue.clear(stage.id, "clear", MIA, 0, reason="over")

    async def dropped() -> bool:
        return "10 notices at once were too many" in caplog.text

    await until(dropped)
    await stage.configure(notices="off")
    await quiet(stage)

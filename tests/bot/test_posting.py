"""Messages that stand once, also when a process posts them long after another one did."""

from __future__ import annotations

import asyncio
import secrets
from typing import Any

import pytest

from bot.announcements import Announcements
from bot.errors import Reporter
from bot.posting import post_once
from sandbox.discord import Channel, Message
from state import keys
from state.cards import CardKind
from state.feed import Feed
from state.lease import Lease
from state.notices import NoticeKind, Owed
from state.scripts import Actor
from tests.bot.slow import Slow
from tests.bot.test_announcements import MIA, announced, cards_in, next_song
from tests.plugins.reviewing import submitted
from tests.stage import Stage, until


@pytest.fixture
def forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    """Discord remembers a nonce for minutes; here it is as if those had passed."""
    monkeypatch.setattr("sandbox.discord.postbox._NONCE_SECONDS", -1)


def _slow(stage: Stage, method: str) -> Any:
    assert stage.app.bot is not None
    return Slow(stage.app.bot.rest, method)


def _about(channel: Channel, text: str) -> list[Message]:
    return [message for message in channel.messages if text in message.text]


@pytest.mark.usefixtures("forgetful")
async def test_who_posts_late_takes_it_back(stage: Stage) -> None:
    assert stage.app.bot is not None
    rest, redis, slow = stage.app.bot.rest, stage.app.stores.redis, _slow(stage, "create_message")
    about, channel = secrets.token_hex(8), int(stage.queue.id)
    late = asyncio.create_task(post_once(slow, redis, stage.id, channel, about, content="Just once"))
    await slow.reached.wait()
    await post_once(rest, redis, stage.id, channel, about, content="Just once")
    (first,) = _about(stage.queue, "Just once")
    slow.gate.set()
    await late
    await post_once(rest, redis, stage.id, channel, about, content="Just once")
    assert [message.id for message in _about(stage.queue, "Just once")] == [first.id]
    await post_once(rest, redis, stage.id, channel, about + "x", content="Just once")
    assert len(_about(stage.queue, "Just once")) == 2


async def test_a_reply_that_was_lost_leaves_the_message(stage: Stage) -> None:
    assert stage.app.bot is not None
    rest, redis = stage.app.bot.rest, stage.app.stores.redis
    about, channel = secrets.token_hex(8), int(stage.queue.id)
    stage.discord.faults.lose_reply("POST", f"/channels/{channel}/messages")
    await post_once(rest, redis, stage.id, channel, about, content="It stands")
    assert len(_about(stage.queue, "It stands")) == 1


async def test_a_notice_is_settled_by_who_has_the_lease_alone(stage: Stage) -> None:
    redis, notices = stage.app.stores.redis, stage.app.stores.notices
    client: Any = redis
    lease = Lease(redis, keys.lease(stage.id, "notices"), seconds=60)
    await until(lease.take)
    await client.hset(keys.owed(stage.id), "1:played", "claimed")
    await redis.delete(keys.lease(stage.id, "notices"))
    await notices.settle(stage.id, Owed(1, NoticeKind.PLAYED), lease)
    assert await client.hget(keys.owed(stage.id), "1:played") == "claimed"
    heir = Lease(redis, keys.lease(stage.id, "notices"), seconds=60)
    await until(heir.take)
    await notices.settle(stage.id, Owed(1, NoticeKind.PLAYED), heir)
    assert not await client.hexists(keys.owed(stage.id), "1:played")
    await heir.release()
    await lease.release()


def _cards(stage: Stage, rest: Any) -> Announcements:
    """The cards of another process, which hears nothing by itself."""
    stores = stage.app.stores
    return Announcements(
        rest=rest,
        redis=stores.redis,
        queue=stores.queue,
        cards=stores.cards,
        configuration=stores.configuration,
        feed=Feed(stores.redis),
        files=stores.files,
        reporter=Reporter(),
    )


async def _lease_of_cards(stage: Stage) -> Lease:
    lease = Lease(stage.app.stores.redis, keys.lease(stage.id, "cards"), seconds=60)
    await until(lease.take)
    return lease


async def _on(stage: Stage) -> tuple[Announcements, Any, Lease, Channel, asyncio.Task[float]]:
    """A card that a paused process is about to post while another one has posted it."""
    channel = stage.guild.create_channel("now-playing")
    await stage.configure(channel_now_playing=str(channel.id), lock="0")
    await submitted(stage, stage.alice, "The only one", tier=10)
    slow = _slow(stage, "create_message")
    cards, lease = _cards(stage, slow), await _lease_of_cards(stage)
    cards._closed.clear()
    await next_song(stage)
    late = asyncio.create_task(cards._round(stage.id, lease))
    await slow.reached.wait()
    await stage.app.stores.redis.delete(keys.lease(stage.id, "cards"))
    await announced(stage, channel, "The only one")
    return cards, slow, lease, channel, late


@pytest.mark.usefixtures("forgetful")
async def test_a_card_that_was_posted_late_is_taken_back(stage: Stage) -> None:
    cards, slow, lease, channel, late = await _on(stage)
    (card,) = cards_in(channel)
    slow.gate.set()
    await late
    assert [each.id for each in cards_in(channel)] == [card.id]
    (known,) = [
        each for each in await stage.app.stores.cards.all(stage.id) if each.kind is CardKind.NOW_PLAYING
    ]
    assert known.message == int(card.id)
    await cards.close()
    await lease.release()


async def test_a_card_that_was_edited_late_is_brought_up_to_date(stage: Stage) -> None:
    channel = stage.guild.create_channel("now-playing")
    await stage.configure(channel_now_playing=str(channel.id), lock="0")
    number = await submitted(stage, stage.alice, "Here and back", tier=10)
    await next_song(stage)
    await announced(stage, channel, "Here and back")
    slow = _slow(stage, "edit_message")
    cards, lease = _cards(stage, slow), await _lease_of_cards(stage)
    cards._closed.clear()
    queue = stage.app.stores.queue
    await queue.undo(stage.id, secrets.token_hex(8), MIA)
    late = asyncio.create_task(cards._round(stage.id, lease))
    await slow.reached.wait()
    # Meanwhile another process shows that it plays again, under another title.
    await stage.app.stores.redis.delete(keys.lease(stage.id, "cards"))
    await announced(stage, channel, "Taken back")
    artist = Actor(int(stage.alice.id), "Alice")
    await queue.edit(stage.id, secrets.token_hex(8), artist, number, {"title": "Here for good"})
    await next_song(stage)
    await announced(stage, channel, "Here for good")
    await until(lambda: _noted(stage))
    slow.gate.set()
    await late
    (card,) = channel.messages
    assert "Taken back" in card.text
    # Whoever wakes up in the middle of it has it shown again.
    await channel.wait_for(lambda messages: "Here for good" in messages[0].text or None, timeout=10)
    await cards.close()
    await lease.release()


async def _noted(stage: Stage) -> bool:
    """Whether the card was not only edited, but that noted as well."""
    return not await stage.app.stores.redis.exists(keys.lease(stage.id, "cards"))

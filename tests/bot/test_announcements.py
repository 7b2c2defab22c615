"""Cards: posted once a song whatever dies, crossed out by Undo, looked for before they are posted late."""

from __future__ import annotations

import asyncio
import secrets

from bot.announcements import Announcements
from bot.stores import open_stores
from sandbox.discord import Channel, Message
from state import keys
from state.cards import Look
from state.feed import Feed
from state.scripts import Actor
from tests.plugins.reviewing import buttons, submitted
from tests.stage import Stage, until

MIA = Actor(901, "Mia")


def cards_in(channel: Channel, footer: str = "now playing") -> list[Message]:
    return [message for message in channel.messages if footer in message.text]


async def next_song(stage: Stage) -> int | None:
    advanced = await stage.app.stores.queue.next(stage.id, secrets.token_hex(8), MIA)
    return advanced.song.number if advanced.song else None


async def settled(stage: Stage) -> None:
    """Waits until every card shows what it should, or is given up."""

    async def done() -> bool:
        cards = await stage.app.stores.cards.all(stage.id)
        return all(card.message or card.look is Look.OFF for card in cards)

    await until(done)


async def announced(stage: Stage, channel: Channel, text: str) -> None:
    await channel.wait_for(lambda messages: any(text in message.text for message in messages), timeout=5)
    await settled(stage)


async def test_each_song_is_announced_once_and_undo_crosses_it_out(stage: Stage) -> None:
    channel = stage.guild.create_channel("now-playing")
    await stage.configure(channel_now_playing=str(channel.id), lock="0")
    first = await submitted(stage, stage.alice, "First *light*", tier=10)
    second = await submitted(stage, stage.bruno, "Second wind", tier=5)
    assert await next_song(stage) == first
    await announced(stage, channel, "First")
    (card,) = cards_in(channel)
    assert (
        "Now playing" in card.text and "First \\*light\\*" in card.text and "10 Skip · by Alice" in card.text
    )
    queue = stage.app.stores.queue
    await queue.undo(stage.id, secrets.token_hex(8), MIA)
    await announced(stage, channel, "Taken back")
    assert "~~" in cards_in(channel)[0].text
    assert await next_song(stage) == first
    await announced(stage, channel, "Now playing")
    assert await next_song(stage) == second
    await announced(stage, channel, "Second wind")
    # The first one was played: its card stands as it is, and was never posted again.
    texts = [message.text for message in cards_in(channel)]
    assert len(texts) == 2 and all("Now playing" in text for text in texts)
    assert "~~" not in "".join(texts)


async def test_who_manages_the_server_chooses_the_channels(stage: Stage) -> None:
    for name, channel in (("now_playing_channel", stage.queue), ("bookmarks_channel", stage.pending)):
        reply = await stage.mod.command("settings set", stage.review, name=name, value=channel.name)
        assert "takes a text channel of this server" in reply.text, reply.text
        reply = await stage.mod.command("settings set", stage.review, name=name, value=f"<#{channel.id}>")
        assert f"none → <#{channel.id}>" in reply.text, reply.text
    number = await submitted(stage, stage.alice, "First light")
    await next_song(stage)
    await announced(stage, stage.queue, "Now playing")
    await stage.app.stores.queue.bookmark(stage.id, secrets.token_hex(8), MIA, number)
    await announced(stage, stage.pending, "First light")


async def test_without_a_channel_nothing_is_owed(stage: Stage) -> None:
    await submitted(stage, stage.alice, "First light")
    await next_song(stage)
    assert await stage.app.stores.cards.all(stage.id) == []


async def test_several_workers_post_one_message(stage: Stage) -> None:
    channel = stage.guild.create_channel("now-playing")
    await stage.configure(channel_now_playing=str(channel.id), limit_0="0")
    numbers = [await submitted(stage, stage.alice, f"Song {n}", tier=5) for n in range(3)]
    async with open_stores(stage.app.settings) as stores:
        feed = Feed(stores.redis)
        other = Announcements(
            rest=stage.app.bot.rest,  # type: ignore[union-attr]
            redis=stores.redis,
            queue=stores.queue,
            cards=stores.cards,
            configuration=stores.configuration,
            feed=feed,
            files=stores.files,
            reporter=stage.app.reporter,
        )
        await feed.open()
        await other.open()
        try:
            for number in numbers:
                assert await next_song(stage) == number
                await announced(stage, channel, f"#{number} · now playing")
        finally:
            await other.close()
            await feed.close()
    assert len(cards_in(channel)) == 3


async def test_a_card_posted_by_a_process_that_died_is_found_and_not_posted_again(stage: Stage) -> None:
    channel = stage.guild.create_channel("now-playing")
    await stage.configure(channel_now_playing=str(channel.id))
    number = await submitted(stage, stage.alice, "First light")
    await next_song(stage)
    await announced(stage, channel, "First light")
    # As if the note had never been made, longer ago than Discord remembers a nonce.
    redis, name = stage.app.stores.redis, keys.cards(stage.id)
    (card,) = await stage.app.stores.cards.all(stage.id)
    owed = f'{{"channel": "{card.channel}", "message": "0", "at": "{card.at - 61_000}"}}'
    await redis.hset(name, card.field, owed)
    await stage.app.stores.queue.review(stage.id, secrets.token_hex(8), MIA, number, score=5)
    await settled(stage)
    (again,) = await stage.app.stores.cards.all(stage.id)
    assert again.message == card.message and len(cards_in(channel)) == 1


async def test_a_song_that_ended_long_before_a_worker_came_is_not_announced(stage: Stage) -> None:
    channel = stage.guild.create_channel("now-playing")
    await stage.configure(channel_now_playing=str(channel.id), limit_0="0")
    first = await submitted(stage, stage.alice, "First light")
    await submitted(stage, stage.alice, "Second wind")
    stage.discord.faults.fail("POST", "/channels/{channel_id}/messages", status=500, times=50)
    await next_song(stage)
    redis, name = stage.app.stores.redis, keys.cards(stage.id)
    old = f'{{"channel": "{channel.id}", "message": "0", "at": "1000"}}'
    await redis.hset(name, f"now_playing:{first}", old)
    await next_song(stage)
    stage.discord.faults.clear()
    await until(lambda: _gone(stage, first), 20)
    await announced(stage, channel, "Second wind")
    assert len(cards_in(channel)) == 1


async def _gone(stage: Stage, number: int) -> bool:
    return all(card.song != number for card in await stage.app.stores.cards.all(stage.id))


async def test_a_channel_that_is_gone_is_given_up(stage: Stage) -> None:
    await stage.configure(channel_now_playing="4242")
    lost = stage.discord.faults.lose_reply("POST", f"/channels/{stage.owner.dm.id}/messages")
    await submitted(stage, stage.alice, "First light")
    await next_song(stage)
    await settled(stage)
    (card,) = await stage.app.stores.cards.all(stage.id)
    assert card.look is Look.OFF
    # Somebody who can mend it is told, in their own terms and once.
    await submitted(stage, stage.bruno, "Second wind")
    await next_song(stage)
    await settled(stage)
    told = [each.text for each in stage.owner.dm.messages]
    assert lost.hits == 1
    assert len(told) == 1 and "cannot go to <#4242>, because the channel is gone" in told[0]
    assert told[0].startswith(f"**{stage.guild.name}**\n")
    assert "/settings set name:now_playing_channel" in told[0]


async def test_a_bookmark_that_is_taken_off_is_crossed_out(stage: Stage) -> None:
    channel = stage.guild.create_channel("bookmarks")
    await stage.configure(channel_bookmarks=str(channel.id))
    number = await submitted(stage, stage.alice, "First light")
    for title in ("Bookmark", "Bookmark taken back", "Bookmark"):
        reply = await stage.host.command("review bookmark", channel=stage.review, song=f"#{number}")
        assert f"<#{channel.id}>" in reply.text
        await channel.wait_for(
            lambda messages, title=title: [each.embeds[0]["title"] for each in messages] == [title], timeout=5
        )


async def test_a_bookmark_gets_one_card_that_follows_the_score(stage: Stage) -> None:
    channel = stage.guild.create_channel("bookmarks")
    await stage.configure(channel_bookmarks=str(channel.id))
    number = await submitted(stage, stage.alice, "First light", link="https://example.com/a", note="hi")
    await next_song(stage)
    replies = await asyncio.gather(
        stage.host.command("review bookmark", channel=stage.review, song=f"#{number}"),
        stage.mod.command("review bookmark", channel=stage.review, song=f"#{number}"),
    )
    assert sum("its card goes to" in reply.text for reply in replies) == 1
    await announced(stage, channel, "First light")
    (card,) = cards_in(channel, "bookmarks")
    assert "https://example.com/a" in card.text and "Bookmarked by" in card.text
    await stage.app.stores.queue.review(stage.id, secrets.token_hex(8), MIA, number, score=9)
    await announced(stage, channel, "9/10")
    for _ in range(2):
        await stage.app.stores.queue.undo(stage.id, secrets.token_hex(8), MIA)
    await announced(stage, channel, "Bookmark taken back")
    assert len(cards_in(channel, "bookmarks")) == 1


async def test_who_is_forgotten_is_on_no_card_any_more(stage: Stage) -> None:
    channel = stage.guild.create_channel("now-playing")
    await stage.configure(channel_now_playing=str(channel.id))
    await submitted(stage, stage.alice, "First light")
    await next_song(stage)
    await next_song(stage)
    await announced(stage, channel, "First light")
    asked = await stage.alice.command("privacy delete", channel=stage.submissions)
    sure = next(iter(buttons(asked.components).values()))
    await stage.alice.press(asked.message, sure)
    await channel.wait_for(lambda messages: not any("First light" in m.text for m in messages), timeout=5)
    assert "Alice" not in "".join(message.text for message in channel.messages)

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest

from sandbox.discord import Person, Reply
from state.scripts import Actor
from tests.stage import Stage


async def submit(stage: Stage, person: Person, title: str, **more: Any) -> Reply:
    slug = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
    reply = await person.command(
        "submit link",
        stage.submissions,
        url=f"https://soundcloud.com/{person.name.lower()}/{slug}",
        artist=person.name,
        title=title,
        **more,
    )
    assert reply.ok, reply
    return reply


async def fill(stage: Stage, count: int) -> list[Person]:
    people = [stage.guild.join(f"Artist{number:02d}") for number in range(1, count + 1)]
    for person in people:
        await submit(stage, person, f"Song {person.name}")
    return people


async def test_an_empty_queue_says_how_to_begin(stage: Stage) -> None:
    reply = await stage.alice.command("queue show", stage.queue)
    assert reply.ephemeral and not reply.components
    assert "Nobody waits" in reply.text and "Submissions are open" in reply.text
    where = await stage.alice.command("queue where", stage.queue)
    assert where.ephemeral and "/submit link" in where.text


async def test_pages_are_turned_in_ones_own_message(stage: Stage) -> None:
    await fill(stage, 23)
    reply = await stage.alice.command("queue show", stage.queue)
    assert reply.kind == "message" and reply.ephemeral
    assert "Song Artist01" in reply.text and "Song Artist10" in reply.text
    assert "Song Artist11" not in reply.text and "Page 1 of 3" in reply.text
    assert "Submissions are open" in reply.text and "Free" in reply.text
    other = await stage.bruno.command("queue show", stage.queue, page=3)
    assert "Song Artist21" in other.text and "Page 3 of 3" in other.text

    message = reply.message
    assert message is not None
    turned = await stage.alice.press(message, label="Next")
    assert turned.kind == "update" and "Page 2 of 3" in message.text and "**11.**" in message.text
    assert (await stage.alice.press(message, label="Last")).ok
    assert "Page 3 of 3" in message.text and "**23.**" in message.text
    assert (await stage.alice.press(message, label="Previous")).ok
    assert "Page 2 of 3" in message.text
    assert (await stage.alice.press(message, label="First")).ok
    assert "Page 1 of 3" in message.text
    assert "Page 3 of 3" in other.text


async def test_pages_beyond_the_list_are_the_nearest(stage: Stage) -> None:
    await fill(stage, 11)
    for asked, shown in ((99, 2), (0, 1), (-5, 1), (10**9, 2)):
        reply = await stage.alice.command("queue show", stage.queue, page=asked, forge=True)
        assert f"Page {shown} of 2" in reply.text


@pytest.mark.parametrize(
    "custom_id",
    [
        "s1:queue.page",
        "s1:queue.page:next:-1",
        "s1:queue.page:next:99999999999999999999",
        "s1:queue.page:sideways:1",
        "s1:queue.page:next:1:2:3",
        "s1:queue.page:next:%D9%A3",
    ],
)
async def test_made_up_page_buttons_show_a_page_and_nothing_else(stage: Stage, custom_id: str) -> None:
    reply = await stage.alice.command("queue show", stage.queue)
    assert reply.message is not None
    pressed = await stage.alice.press(reply.message, custom_id, forge=True)
    assert pressed.ok and "Page 1 of 1" in reply.message.text


async def test_where_says_place_tier_and_why(stage: Stage) -> None:
    await submit(stage, stage.alice, "Night Bus")
    await submit(stage, stage.bruno, "Glass Harbour")
    await submit(stage, stage.carla, "Paper Moon", tier="10 Skip")
    pending = await stage.carla.command("queue where", stage.queue)
    assert "who confirms your 10 Skip" in pending.text and "no place until then" in pending.text
    assert (await stage.host.command("review approve", stage.review, song="#3", tier="10 Skip")).ok

    first = await stage.carla.command("queue where", stage.queue)
    assert "Place **1** of 3" in first.text and "10 Skip plays in the order" in first.text
    assert "Nothing is ahead" in first.text and "not known yet" in first.text
    third = await stage.bruno.command("queue where", stage.queue)
    assert "Place **3** of 3" in third.text
    assert "Ahead of it: 1 × 10 Skip, 1 × Free." in third.text
    assert "Night Bus" not in third.text and "Paper Moon" not in third.text

    assert (await stage.host.command("review next", stage.review)).ok
    assert "Playing right now" in (await stage.carla.command("queue where", stage.queue)).text
    assert "the song that plays now" in (await stage.bruno.command("queue where", stage.queue)).text


async def test_where_tells_of_a_song_on_hold_or_moved_down(stage: Stage) -> None:
    await submit(stage, stage.alice, "Night Bus")
    await submit(stage, stage.bruno, "Glass Harbour")
    await submit(stage, stage.carla, "Paper Moon")
    queue, actor = stage.app.stores.queue, Actor(int(stage.host.id), "Mia")
    await queue.hold(stage.id, "hold", actor, 1)
    await queue.bump(stage.id, "bump", actor, 2, 1)
    assert "On hold" in (await stage.alice.command("queue where", stage.queue)).text
    moved = await stage.bruno.command("queue where", stage.queue)
    assert "Place **2** of 2" in moved.text and "moved it down" in moved.text


async def test_where_gives_a_range_once_reviews_have_ended(stage: Stage) -> None:
    redis = stage.app.stores.redis
    await submit(stage, stage.alice, "Night Bus")
    await submit(stage, stage.bruno, "Glass Harbour")
    await redis.hset(f"sl:{{{stage.id}}}:now", "durations", "180,240,300,260")
    assert "about 3–5 min" in (await stage.bruno.command("queue where", stage.queue)).text
    assert "any moment now" in (await stage.alice.command("queue where", stage.queue)).text
    confirmed = await submit(stage, stage.carla, "Paper Moon")
    assert "about 7–9 min" in confirmed.text


async def test_a_paused_or_closed_queue_says_so(stage: Stage) -> None:
    await stage.configure(closed_0="1")
    assert "closed for: Free" in (await stage.alice.command("queue show", stage.queue)).text
    await stage.configure(paused="1")
    assert "paused" in (await stage.alice.command("queue show", stage.queue)).text


async def test_show_costs_one_redis_trip_and_no_deferral(stage: Stage) -> None:
    await fill(stage, 3)
    client: Any = stage.app.stores.redis
    calls: list[str] = []
    original = client.execute_command

    async def counted(*args: Any, **options: Any) -> Any:
        # The client is shared with the displays and the archive, whose tasks have names.
        task = asyncio.current_task()
        beside = task is None or task.get_name().startswith(("displays", "archive", "feed"))
        if not beside and str(stage.id) in str(args):
            calls.append(str(args[0]))
        return await original(*args, **options)

    client.execute_command = counted
    try:
        reply = await stage.stranger.command("queue show", stage.queue)
    finally:
        del client.execute_command
    assert reply.kind == "message"
    assert calls == ["EVALSHA"]


async def test_hostile_titles_stay_text(stage: Stage) -> None:
    await submit(stage, stage.alice, "@everyone **bold** [x](https://evil.tld)")
    reply = await stage.bruno.command("queue show", stage.queue)
    assert "\\@everyone" in reply.text and "\\*\\*bold" in reply.text

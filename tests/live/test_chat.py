"""What viewers type in a live's chat: a code, a name to support, where their songs are."""

from __future__ import annotations

import re
import secrets
import time
from typing import Any

import pytest

from sandbox.discord import Person
from sandbox.tiktok import Host, TikTok, Viewer
from state import keys
from state.queue import Queue
from state.scripts import Actor
from state.song import NewSong
from tests.live.acts import ARTIST, SECONDS, booked, connected, session_of
from tests.live.conftest import Start
from tests.stage import Stage, until


async def code_for(stage: Stage, person: Person, **values: object) -> str:
    reply = await (await person.command("tiktok link", stage.submissions, options=values)).settled()
    found = re.search(r"`!link ([A-Z0-9]{5})`", reply.text)
    assert found, reply.text
    return found[1]


async def owner(stage: Stage, viewer: Viewer) -> str | None:
    client: Any = stage.app.stores.redis
    return await client.hget(keys.links(stage.id), str(viewer.id))


async def owned(stage: Stage, viewer: Viewer, person: Person) -> None:
    async def so() -> bool:
        return await owner(stage, viewer) == str(person.id)

    await until(so, SECONDS)


async def heard(stage: Stage, host: Host, *said: tuple[Viewer, str]) -> None:
    """Viewers type, and it was read: what comes after it on the same line is booked."""
    assert host.live is not None
    session = await session_of(stage, host)
    for viewer, text in said:
        viewer.comment(host.live, text)
    await booked(stage, session.id, comments=session.comments + len(said))
    # A batch is read after it is booked; the next one is booked after that.
    said[0][0].share(host.live)
    await booked(stage, session.id, shares=session.shares + 1)


async def submit(stage: Stage, title: str, artist: str, user: int) -> int:
    queue: Queue = stage.app.stores.queue
    song = NewSong(title, artist, user, artist.lower())
    return (await queue.submit(stage.id, secrets.token_hex(8), Actor(user, artist), song)).song.number


async def test_a_code_in_the_chat_links_who_typed_it(stage: Stage, tiktok: TikTok, listen: Start) -> None:
    await listen()
    host = await connected(stage, tiktok)
    anna, ben, cleo = tiktok.viewer("anna"), tiktok.viewer("ben"), tiktok.viewer("cleo")
    ghost = tiktok.viewer("ghost", masked=True)
    code = await code_for(stage, stage.alice)
    await heard(
        stage,
        host,
        (anna, "!link ZZZZZ"),
        (anna, f"here it is: !link {code}"),
        (anna, "!link"),
        (ghost, f"!link {code}"),
    )
    assert await owner(stage, anna) is None and await owner(stage, ghost) is None
    await heard(stage, host, (anna, f" !LINK {code.lower()} "))
    await owned(stage, anna, stage.alice)
    # It was good once.
    await heard(stage, host, (ben, f"!link {code}"))
    assert await owner(stage, ben) is None
    # Whoever claimed a name must type it under that name; without one a rename does not matter.
    named = await code_for(stage, stage.bruno, handle="@ben")
    await heard(stage, host, (cleo, f"!link {named}"))
    assert await owner(stage, cleo) is None
    await heard(stage, host, (ben, f"!link {named}"))
    await owned(stage, ben, stage.bruno)
    free = await code_for(stage, stage.carla)
    cleo.rename("cleo.new")
    await heard(stage, host, (cleo, f"!link {free}"))
    await owned(stage, cleo, stage.carla)
    # A linked one stays whose it is.
    late = await code_for(stage, stage.stranger)
    await heard(stage, host, (anna, f"!link {late}"))
    await owned(stage, anna, stage.alice)


async def test_support_is_read_only_where_it_is_wanted(stage: Stage, tiktok: TikTok, listen: Start) -> None:
    await listen()
    host = await connected(stage, tiktok)
    anna, ghost = tiktok.viewer("anna"), tiktok.viewer("ghost", masked=True)
    live = stage.app.stores.live
    number = await submit(stage, "Night Bus", "Neon Rain", int(stage.bruno.id))
    await heard(stage, host, (anna, "!support Neon Rain"))
    assert await live.supported(stage.id, anna.id) is None
    await stage.configure(chat_commands="1")
    await heard(stage, host, (anna, "!support nobody"), (ghost, "!support Neon Rain"))
    assert await live.supported(stage.id, anna.id) is None
    assert await live.supported(stage.id, ghost.id) is None
    await heard(stage, host, (anna, "!Support  @neon rain "))
    assert await live.supported(stage.id, anna.id) == number
    # Also somebody far down the list.
    for place in range(100):
        await submit(stage, f"Song {place}", f"Artist {place}", 5000 + place)
    far = await submit(stage, "Last", "Far Away", int(stage.carla.id))
    await heard(stage, host, (anna, "!support far away"))
    assert await live.supported(stage.id, anna.id) == far


async def test_who_asks_for_their_place_is_told_directly_once_a_minute(
    stage: Stage, tiktok: TikTok, listen: Start
) -> None:
    await listen()
    host = await connected(stage, tiktok)
    anna, ben, cleo = tiktok.viewer("anna"), tiktok.viewer("ben"), tiktok.viewer("cleo")
    link = stage.app.stores.points.link
    await link(stage.id, "a", ARTIST, anna.id, int(stage.alice.id), name="@anna")
    await link(stage.id, "c", ARTIST, cleo.id, int(stage.carla.id), name="@cleo")
    await submit(stage, "First", "Bruno", int(stage.bruno.id))
    await submit(stage, "Night Bus", "Alice", int(stage.alice.id))
    await heard(stage, host, (anna, "!pos"))
    await stage.configure(chat_commands="1")
    # Nobody knows whose place Ben asks for.
    await heard(stage, host, (ben, "!pos"), (anna, " !POS "), (anna, "!pos"), (anna, "!pos please"))
    told = await stage.alice.dm.wait_for(lambda found: found if found else None, SECONDS)
    assert told is not None
    assert "Night Bus" in told[0].text and re.search(r"Place \*\*\d\*\* of 2", told[0].text), told[0].text
    assert "waiting time" in told[0].text
    # History that TikTok tells again is no new question.
    assert host.live is not None
    tiktok.faults.cut(host.live)
    await tiktok.wait_until(lambda: not host.live or not host.live.connections)
    await tiktok.connected(host.live)
    await stage.configure(language="es-ES")
    await heard(stage, host, (anna, "!pos"), (cleo, "!pos"))
    theirs = await stage.carla.dm.wait_for(lambda found: found if found else None, SECONDS)
    assert theirs is not None
    assert "Ninguna de tus canciones" in theirs[0].text, theirs[0].text
    assert len(stage.alice.dm.messages) == 1 and len(theirs) == 1
    assert stage.bruno.dm.messages == []


async def test_a_place_that_discord_could_not_be_asked_to_tell_is_told_later(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert stage.app.bot is not None
    monkeypatch.setattr("bot.live.places.RETRY_SECONDS", 0.1)
    monkeypatch.setattr(stage.app.bot.rest, "_max_retries", 0)
    fault = stage.discord.faults.lose_request("POST", f"/channels/{stage.alice.dm.id}/messages", times=2)
    await submit(stage, "Night Bus", "Alice", int(stage.alice.id))
    stores = stage.app.stores
    await stores.points.link(stage.id, "a", ARTIST, 71, int(stage.alice.id), name="@anna")
    assert await stores.asked.ask(stage.id, 71, time.time_ns() // 10**6)
    told = await stage.alice.dm.wait_for(lambda found: found if found else None, SECONDS)
    assert told is not None and "Night Bus" in told[0].text
    assert fault.hits == 2

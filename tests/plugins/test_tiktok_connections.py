"""`/tiktok connect`, `disconnect`, `status` and `support`: who may, what is a name, and what people read."""

from __future__ import annotations

import secrets
import time

import pytest

from sandbox.discord import Message, Person
from state.hosts import Status
from state.scripts import Actor
from state.song import NewSong
from tests.stage import Stage

VIEWER = 7123456789012345678


async def run(stage: Stage, name: str, /, person: Person | None = None, **values: object) -> Message:
    who = person or stage.host
    reply = await who.command(f"tiktok {name}", channel=stage.review, options=values)
    assert reply.ephemeral, reply
    return await reply.settled()


async def offered(stage: Stage, name: str, option: str, typed: str, person: Person) -> list[str]:
    return [value for _, value in await person.autocomplete(f"tiktok {name}", option, typed, stage.review)]


async def wanted(stage: Stage) -> set[str]:
    return {host.handle for host in await stage.app.stores.hosts.all(stage.id) if host.wanted}


async def show(stage: Stage, handle: str, status: Status) -> None:
    await stage.app.stores.hosts.show_status(stage.id, handle, status)


async def submit(stage: Stage, title: str, person: Person) -> int:
    song = NewSong(title, person.name, int(person.id), person.name)
    actor = Actor(int(person.id), person.name)
    return (await stage.app.stores.queue.submit(stage.id, secrets.token_hex(8), actor, song)).song.number


@pytest.mark.parametrize("name", ["connect", "disconnect", "status"])
async def test_only_reviewers_decide_who_is_listened_to(stage: Stage, name: str) -> None:
    values = {} if name == "status" else {"handle": "dj_mara"}
    refused = await run(stage, name, stage.alice, **values)
    assert "reviewer" in refused.text.lower(), refused.text
    assert await wanted(stage) == set()
    if values:
        assert await offered(stage, name, "handle", "dj", stage.alice) == []


@pytest.mark.parametrize(
    "typed",
    [
        "dj_mara",
        "@DJ_Mara",
        " @dj_mara ",
        "https://www.tiktok.com/@dj_mara/live?lang=es",
        "www.tiktok.com/@dj_mara",
        "https://tiktok.com/@dj_mara?x=1",
    ],
)
async def test_a_name_is_understood_however_it_is_pasted(stage: Stage, typed: str) -> None:
    assert "@dj\\_mara" in (await run(stage, "connect", handle=typed)).text
    assert await wanted(stage) == {"dj_mara"}
    assert "already" in (await run(stage, "connect", handle="dj_mara")).text
    assert await wanted(stage) == {"dj_mara"}


@pytest.mark.parametrize(
    "typed", ["x", "dj mara", "a" * 25, "dj.", "-", "https://example.com/@dj_mara", "<@7>", "señor"]
)
async def test_what_is_no_name_is_refused(stage: Stage, typed: str) -> None:
    assert "no TikTok name" in (await run(stage, "connect", handle=typed)).text
    assert "no TikTok name" in (await run(stage, "disconnect", handle=typed)).text
    assert await wanted(stage) == set()


async def test_hosts_are_offered_and_ten_are_the_most(stage: Stage) -> None:
    assert "`/tiktok connect` begins" in (await run(stage, "status")).text
    assert "is not listened to" in (await run(stage, "disconnect", handle="nobody")).text
    for number in range(10):
        await run(stage, "connect", handle=f"host_{number}")
    refused = await run(stage, "connect", handle="host_10")
    assert "10 hosts at a time" in refused.text and "/tiktok disconnect" in refused.text
    assert len(await wanted(stage)) == 10
    assert len(await offered(stage, "disconnect", "handle", "@HOST", stage.host)) == 10
    assert await offered(stage, "disconnect", "handle", "_7", stage.host) == ["host_7"]
    assert "no more" in (await run(stage, "disconnect", handle="host_7")).text
    assert await offered(stage, "disconnect", "handle", "_7", stage.host) == []
    # Those of before, and what is being typed.
    assert await offered(stage, "connect", "handle", "host_", stage.host) == ["host_", "host_7"]
    assert await offered(stage, "connect", "handle", "host_7", stage.host) == ["host_7"]
    assert await offered(stage, "connect", "handle", "no name!", stage.host) == []
    assert len((await run(stage, "status")).text.split("\n\n")) == 9


async def test_status_tells_how_it_stands(stage: Stage) -> None:
    await run(stage, "connect", handle="dj_mara")
    assert "no process listens right now" in (await run(stage, "status")).text
    now = time.time_ns() // 10**6
    at = now // 1000
    await show(
        stage,
        "dj_mara",
        Status("live", now, "connected", room=7450, session=3, last_event=now, per_minute=1234),
    )
    live = (await run(stage, "status")).text
    assert f"**@dj\\_mara** · live, since <t:{at}:t> (<t:{at}:R>)" in live
    assert "session #3, room 7450" in live and f"last event <t:{at}:R>, 1,234 a minute" in live
    assert "reason" not in live and "next try" not in live and "failed" not in live
    await show(
        stage, "dj_mara", Status("limited", now, "too many *requests*", next_try=now + 60_000, failures=2)
    )
    limited = (await run(stage, "status")).text
    assert "the signing service asks to wait" in limited and "2 tries failed" in limited
    assert f"next try <t:{at + 60}:R>" in limited and "reason: `too many *requests*`" in limited
    await show(stage, "dj_mara", Status("waiting", now, "TikTok cannot be reached", failures=1))
    waiting = (await run(stage, "status")).text
    assert "waits: not live" in waiting and "1 try failed" in waiting and "cannot be reached" in waiting
    stage.host.user.locale = "es-ES"
    spanish = (await run(stage, "status")).text
    assert "Conexiones con TikTok" in spanish and "1 intento fallido" in spanish


async def test_spanish_is_answered_in_spanish(stage: Stage) -> None:
    stage.host.user.locale = "es-ES"
    assert "Desde ahora se escucha" in (await run(stage, "connect", handle="dj_mara")).text
    assert "Ya se escucha" in (await run(stage, "connect", handle="dj_mara")).text
    assert "no es un nombre de TikTok" in (await run(stage, "connect", handle="?")).text
    assert "Ya no se escucha" in (await run(stage, "disconnect", handle="dj_mara")).text
    assert "Enlaza antes" in (await run(stage, "support", song="1")).text


async def test_gifts_go_where_their_giver_wants(stage: Stage) -> None:
    number = await submit(stage, "Night *Bus*", stage.bruno)
    assert "/tiktok link" in (await run(stage, "support", stage.alice, song=str(number))).text
    link = stage.app.stores.points.link
    await link(stage.id, "l", Actor(1, "test"), VIEWER, int(stage.alice.id), name="@alice")
    assert await offered(stage, "support", "song", "night", stage.alice) == [str(number)]
    assert await offered(stage, "support", "song", "zzz", stage.alice) == []
    supported = (await run(stage, "support", stage.alice, song=f"#{number}")).text
    assert "Night \\*Bus\\*" in supported
    assert await stage.app.stores.live.supported(stage.id, VIEWER) == number
    assert "already" in (await run(stage, "support", stage.alice, song=str(number))).text
    for wrong in ("999", "Night Bus", "0x1", "1" * 30):
        assert "no such song" in (await run(stage, "support", stage.alice, song=wrong)).text
    assert await stage.app.stores.live.supported(stage.id, VIEWER) == number
    assert "your own songs" in (await run(stage, "support", stage.alice, song="-")).text
    assert await stage.app.stores.live.supported(stage.id, VIEWER) is None

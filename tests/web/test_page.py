"""The public page over real HTTP: what it tells, to whom, for how long, and what it never tells."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from typing import Any

import aiohttp
import pytest
from redis.exceptions import ConnectionError as Unreachable

from bot.web import audience, serving
from bot.web.page_view import PageView
from components.public_page import ROWS
from state import keys
from state.points import PointsChange
from state.scripts import Actor
from state.song import NewSong
from tests.stage import Stage, free_port, until
from tests.web.streams import following

MIA = Actor(9001, "Mia")
HOSTILE = "<script>alert(1)</script>\u202e\u0000" + "Z\u0301\u0302\u0303\u0304\u0305" * 20
OPEN: Mapping[str, str | None] = {"public_page": "1", "limit_0": "0", "limit_pending": "0"}


def url(stage: Stage, token: str, what: str = "") -> str:
    return f"http://127.0.0.1:{stage.app.settings.web_port}/queue/{token}{what}"


async def opened(stage: Stage) -> str:
    """The token of the page, which is on from here."""
    await stage.configure(**OPEN)
    return await stage.app.stores.public_pages.link(stage.id, secrets.token_hex(8), MIA)


async def submit(stage: Stage, title: str, user: int = 0, **more: Any) -> int:
    artist, name = more.pop("artist", "The Band"), more.pop("name", "Ana")
    song = NewSong(title, artist, user or secrets.randbelow(10**15), name, **more)
    queue = stage.app.stores.queue
    return (await queue.submit(stage.id, secrets.token_hex(8), Actor(song.user, "Ana"), song)).song.number


async def raised(stage: Stage, title: str, tier: int) -> int:
    number = await submit(stage, title, claimed=tier)
    await stage.app.stores.queue.approve(
        stage.id, secrets.token_hex(8), MIA, number, tier, method="gift", amount="the private amount"
    )
    return number


async def status(session: aiohttp.ClientSession, address: str) -> int:
    """What is answered there; a stream is left again."""
    async with session.get(address) as response:
        return response.status


def titles(sent: Mapping[str, Any]) -> list[tuple[int, str]]:
    return [(song["tier"], song["title"]) for song in sent["songs"]]


async def test_the_queue_is_told_in_order_of_play_and_follows_each_change(
    stage: Stage, session: aiohttp.ClientSession
) -> None:
    token = await opened(stage)
    await submit(stage, "Free one")
    await raised(stage, "Skip", 10)
    async with following(session, url(stage, token, "/events")) as stream:
        begun = await stream.shown(lambda each: each["waiting"] == 2)
        assert sorted(titles(begun)) == [(0, "Free one"), (10, "Skip")] and begun["now"] is None
        assert [(tier["name"], tier["waiting"]) for tier in begun["tiers"] if tier["waiting"]] == [
            ("10 Skip", 1),
            ("Free", 1),
        ]
        assert begun["grouped"] and begun["open"] and begun["says"]["intake"] == "Submissions are open"
        await stage.app.stores.queue.next(stage.id, secrets.token_hex(8), MIA)
        played = await stream.shown(lambda each: each["now"] is not None)
        assert played["revision"] > begun["revision"]
        assert set(played["now"]) == {"title", "artist", "tier", "name"}
        await stage.configure(paused="1")
        assert not (await stream.shown(lambda each: "paused" in each["says"]["intake"]))["open"]
        await stage.configure(paused=None, closed_0="1", **{"fair:paid": "2"})
        shut = await stream.shown(lambda each: not each["grouped"])
        assert shut["says"]["intake"] == "Submissions are open, closed for Free" and shut["open"]
        await stage.configure(language="es-ES")
        spanish = await stream.shown(lambda each: each["language"] == "es-ES")
        assert spanish["says"]["waiting"] == "1 en espera"
    page = await (await session.get(url(stage, token))).text()
    assert '<html lang="es-ES">' in page and "<title>Cola</title>" in page


async def test_what_moves_no_song_is_not_sent(stage: Stage, session: aiohttp.ClientSession) -> None:
    token = await opened(stage)
    await submit(stage, "Only", 77)
    async with following(session, url(stage, token, "/events")) as stream:
        first = await stream.shown(lambda each: each["waiting"] == 1)
        points = stage.app.stores.points
        for _ in range(3):
            rows = [PointsChange("user", 77, 5)]
            await points.add(stage.id, secrets.token_hex(8), MIA, rows)
        await submit(stage, "Another", 78)
        second = await stream.shown()
    assert second["waiting"] == 2 and second["revision"] > first["revision"] + 3
    # Every message had something new.
    seen = [line for line in stream.raw.splitlines() if line.startswith(b'data: {"revision"')]
    assert len({line.partition(b",")[2] for line in seen}) == len(seen)


async def test_nothing_private_is_in_any_answer(stage: Stage, session: aiohttp.ClientSession) -> None:
    user, points = 712345678901234567, 918273645
    queue, stores = stage.app.stores.queue, stage.app.stores
    token = await opened(stage)
    for place, title in enumerate(("One", "Two", "Held", "Removed", "Pending")):
        number = await submit(
            stage,
            title,
            user + place,
            link="https://secret.example/link",
            note="the private note",
            file="stored-name.mp3",
            file_name="given-name.mp3",
            file_size=4096,
            track=f"youtube:trackid{place}",
            claimed=15 if title == "Pending" else None,
        )
        rows = [PointsChange("user", user + place, points)]
        await stores.points.add(stage.id, secrets.token_hex(8), MIA, rows)
        if title == "Held":
            await queue.hold(stage.id, secrets.token_hex(8), MIA, number)
        if title == "Removed":
            await queue.remove(stage.id, secrets.token_hex(8), MIA, number, reason="the private reason")
    handle = 7 * 10**18 + 9
    await stores.points.link(stage.id, secrets.token_hex(8), MIA, handle, user + 1, name="@privatehandle")
    await stores.points.add(
        stage.id, secrets.token_hex(8), MIA, [PointsChange("handle", handle, points)], reason="private why"
    )
    await stores.wallet.give(stage.id, secrets.token_hex(8), MIA, user + 1, 424242, reason="a private prize")
    await queue.next(stage.id, secrets.token_hex(8), MIA)
    playing = (await queue.board(stage.id)).playing
    assert playing is not None
    await queue.review(stage.id, secrets.token_hex(8), MIA, playing.number, score=7, note="private verdict")
    await queue.bookmark(stage.id, secrets.token_hex(8), MIA, playing.number)
    await raised(stage, "Paid", 25)
    for extra in range(ROWS + 20):
        await submit(stage, f"Extra {extra}", name="Somebody")
    answers: list[str] = []
    async with following(session, url(stage, token, "/events")) as stream:
        sent = await stream.shown(lambda each: len(each["songs"]) == ROWS)
        for what in ("", "/", f"/songs?from={ROWS + 1}", "/songs?from=1", "/nothing"):
            async with session.get(url(stage, token, what)) as response:
                answers.append(await response.text() + str(response.headers))
        part = await (await session.get(url(stage, token, f"/songs?from={ROWS + 1}"))).json()
    for name in ("page.css", "page.js", "page.svg"):
        answers.append(await (await session.get(url(stage, "static", f"/{name}"))).text())
    answers.append(stream.raw.decode() + str(stream.response.headers))
    private = ("secret.example", "rivate", "mp3", "trackid", "9182736", "424242", "9001", "Mia")
    for raw in answers:
        for word in (*private, str(user)[:12], str(handle)[:12], str(stage.id), "Held", "Removed", "Pending"):
            assert word not in raw, (word, raw[:400])
    streamed = answers[-1]
    assert token not in streamed
    assert set(sent) == {
        *("revision", "language", "now", "waiting", "shown", "says", "open", "tiers", "grouped", "songs")
    }
    assert set(part) == {"revision", "songs"} and len(part["songs"]) == sent["waiting"] - ROWS
    assert set(sent["now"]) == {"title", "artist", "tier", "name"}
    assert all(set(song) == {"title", "artist", "tier", "name"} for song in (*sent["songs"], *part["songs"]))
    assert all(set(tier) == {"label", "name", "waiting"} for tier in sent["tiers"])


async def test_a_page_that_is_closed_or_renewed_is_dead_for_all(
    stage: Stage, session: aiohttp.ClientSession
) -> None:
    pages = stage.app.stores.public_pages
    old = await opened(stage)
    await submit(stage, "First")

    async def answers(token: str) -> set[int]:
        return {
            await status(session, url(stage, token, what)) for what in ("", "/", "/events", "/songs?from=101")
        }

    async with following(session, url(stage, old, "/events")) as dying:
        await dying.shown()
        new = await pages.renew(stage.id, secrets.token_hex(8), MIA)
        while (await dying.event())[0] != "gone":
            pass
        with pytest.raises(EOFError):
            await dying.event()
    assert await answers(old) == {404} and await answers(new) == {200}
    async with following(session, url(stage, new, "/events")) as dying:
        await dying.shown()
        await stage.configure(public_page=None)
        while (await dying.event())[0] != "gone":
            pass
    assert await answers(new) == {404}
    closed = await session.get(url(stage, new), headers={"Accept-Language": "es-MX,es;q=0.9,en;q=0.8"})
    said = await closed.text()
    assert closed.status == 404 and "Aquí no hay ninguna cola" in said and "First" not in said
    await stage.configure(public_page="1")
    assert await answers(new) == {200} and await answers(new.upper()) == {200}


async def test_a_long_queue_is_told_in_parts_and_each_is_read_once_a_change(
    stage: Stage, session: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    token, reads = await opened(stage), 0
    for number in range(ROWS * 2 + 5):
        await submit(stage, f"Song {number}")
    read = stage.app.stores.queue._scripts.read  # pyright: ignore[reportPrivateUsage] # the one way to Redis

    async def counted(name: str, guild: int, arguments: Mapping[str, object]) -> Any:
        nonlocal reads
        reads += name == "board" and guild == stage.id and arguments.get("count") == ROWS
        return await read(name, guild, arguments)

    monkeypatch.setattr(stage.app.stores.queue._scripts, "read", counted)  # pyright: ignore[reportPrivateUsage]

    async def watch(begun: asyncio.Barrier) -> None:
        async with following(session, url(stage, token, "/events")) as stream:
            first = await stream.shown()
            assert len(first["songs"]) == ROWS and first["waiting"] == first["shown"] == ROWS * 2 + 5
            for place, length in ((ROWS + 1, ROWS), (ROWS * 2 + 1, 5), (ROWS * 3 + 1, 0)):
                part = await (await session.get(url(stage, token, f"/songs?from={place}"))).json()
                assert len(part["songs"]) == length
            await begun.wait()
            await stream.shown(lambda each: each["waiting"] == ROWS * 2 + 6)

    begun = asyncio.Barrier(41)
    async with asyncio.TaskGroup() as group:
        for _ in range(40):
            group.create_task(watch(begun))
        await begun.wait()
        before, reads = reads, 0
        await submit(stage, "For all")
    # One board and three parts, whoever asked; two doors let two ask at the same moment.
    assert before <= 2 * 4 and 1 <= reads <= 3
    for wrong in ("", "0", "1", "100", "102", "1001", "-99", "1e2", "١٠١"):
        assert await status(session, url(stage, token, f"/songs?from={wrong}")) == 404, wrong


async def test_hostile_text_stays_short_plain_text(stage: Stage, session: aiohttp.ClientSession) -> None:
    token = await opened(stage)
    await submit(stage, HOSTILE, artist="x" * 4000, name="\u200b\n\ndata: {}\n\n")
    async with following(session, url(stage, token, "/events")) as stream:
        (song,) = (await stream.shown(lambda each: each["waiting"] == 1))["songs"]
    assert song["title"].startswith("<script>alert(1)</script>Z") and "\u202e" not in song["title"]
    assert len(song["title"]) <= 150 and len(song["artist"]) <= 100 and song["name"] == "data: {}"


async def test_a_crowd_on_a_public_page_takes_no_place_from_overlays(
    stage: Stage, session: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = await opened(stage)
    private = await stage.app.stores.overlays.create(stage.id, secrets.token_hex(8), MIA, "OBS")
    assert private is not None
    monkeypatch.setattr(audience, "MOST_WATCHERS", 1)
    # Served once more, where nobody of another test lingers.
    settings = stage.app.settings.model_copy(update={"web_port": free_port()})
    base = f"http://127.0.0.1:{settings.web_port}"
    async with (
        serving(settings, stage.app.stores, stage.app.reporter),
        following(session, f"{base}/queue/{token}/events") as stream,
    ):
        await stream.shown()
        assert await status(session, f"{base}/queue/{token}/events") == 503
        assert await status(session, f"{base}/overlay/{private}/events") == 200


async def test_a_lost_redis_is_no_closed_page(stage: Stage, session: aiohttp.ClientSession) -> None:
    token, stores = await opened(stage), stage.app.stores
    await submit(stage, "First")

    async def archived() -> bool:
        return await stores.archive.cursor(stage.id) == int(await stores.redis.get(keys.revision(stage.id)))

    async with following(session, url(stage, token, "/events")) as stream:
        await stream.shown(lambda each: each["waiting"] == 1)
        await until(archived)
        lost = [name async for name in stores.redis.scan_iter(keys.key(stage.id, "*"))]
        await stores.redis.delete(*lost)
        # Nobody else has heard of it: the first look brings the guild back.
        assert (await PageView(stores.queue, stores.public_pages).look(stage.id)).keys == {token}
        await submit(stage, "Second")
        sent = await stream.shown(lambda each: each["waiting"] == 2)
    assert [title for _, title in titles(sent)] == ["First", "Second"] and b"gone" not in stream.raw


@pytest.mark.parametrize("token", ["x", "a" * 40, "z" * 40, "a" * 4000, "%2e%2e", "%00", "static"])
@pytest.mark.parametrize("what", ["", "/events", "/songs?from=101"])
async def test_a_wrong_address_shows_nothing(
    stage: Stage, session: aiohttp.ClientSession, token: str, what: str
) -> None:
    response = await session.get(url(stage, token, what))
    assert response.status == 404 and "{" not in await response.text()


async def test_the_page_needs_nothing_from_elsewhere(stage: Stage, session: aiohttp.ClientSession) -> None:
    page = await session.get(url(stage, await opened(stage)))
    text = await page.text()
    policy = page.headers["Content-Security-Policy"]
    assert page.status == 200 and page.headers["Referrer-Policy"] == "no-referrer"
    assert "default-src 'none'" in policy and "unsafe" not in policy and "*" not in policy
    assert "<script>" not in text and "style=" not in text and " on" + "click" not in text
    for name in ("page.css", "page.js", "page.svg"):
        assert f"static/{name}" in text
        found = await session.get(url(stage, "static", f"/{name}"))
        assert found.status == 200 and found.headers["X-Content-Type-Options"] == "nosniff"
        text += (await found.text()).replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert "http:" not in text and "https:" not in text and "innerHTML" not in text
    for wrong in ("server.py", "..%2fserver.py", "page.html"):
        assert await status(session, url(stage, "static", f"/{wrong}")) == 404


async def test_a_page_that_is_opened_while_redis_is_away_waits(
    stage: Stage, session: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = await opened(stage)

    async def away(guild: int) -> None:
        raise Unreachable("away")

    with monkeypatch.context() as gone:
        gone.setattr(stage.app.stores.public_pages, "find", away)
        page = await session.get(url(stage, token))
        assert page.status == 200 and "away" not in await page.text()
        for what in ("/events", "/songs?from=101"):
            answer = await session.get(url(stage, token, what))
            assert answer.status == 503 and answer.headers["Retry-After"]
    assert await status(session, url(stage, token, "/events")) == 200

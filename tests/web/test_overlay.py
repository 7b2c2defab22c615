"""The overlay over real HTTP: what its stream says, when it speaks, and what it never tells."""

from __future__ import annotations

import asyncio
import secrets
from contextlib import AbstractAsyncContextManager
from typing import Any

import aiohttp
import pytest

from bot.errors import StartupError
from bot.web import serving
from components.overlay import ROWS
from state.points import PointsChange
from state.scripts import Actor
from state.song import NewSong
from tests.stage import Stage
from tests.web.streams import Stream, following

MIA = Actor(9001, "Mia")
HOSTILE = "<script>alert(1)</script>\u202e\u0000" + "Z\u0301\u0302\u0303\u0304\u0305" * 20


def address(stage: Stage, token: str, what: str) -> str:
    return f"http://127.0.0.1:{stage.app.settings.web_port}/overlay/{token}/{what}"


def watching(stage: Stage, session: aiohttp.ClientSession, token: str) -> AbstractAsyncContextManager[Stream]:
    return following(session, address(stage, token, "events"))


async def made(stage: Stage) -> str:
    token = await stage.app.stores.overlays.create(stage.id, secrets.token_hex(8), MIA, secrets.token_hex(4))
    assert token is not None
    return token


async def submit(stage: Stage, title: str, user: int = 0, **more: Any) -> int:
    song = NewSong(
        title,
        more.pop("artist", "The Band"),
        user or secrets.randbelow(10**15),
        more.pop("name", "Ana"),
        **more,
    )
    queue = stage.app.stores.queue
    return (await queue.submit(stage.id, secrets.token_hex(8), Actor(song.user, "Ana"), song)).song.number


async def test_a_stream_begins_with_all_and_follows_each_change(
    stage: Stage, session: aiohttp.ClientSession
) -> None:
    await submit(stage, "First")
    async with watching(stage, session, await made(stage)) as stream:
        begun = await stream.shown()
        assert begun["now"] is None and begun["waiting"] == 1
        assert [(song["place"], song["title"]) for song in begun["next"]] == [(1, "First")]
        await submit(stage, "Second")
        seen = await stream.shown(lambda each: each["waiting"] == 2)
        assert seen["revision"] > begun["revision"]
        await stage.app.stores.queue.next(stage.id, secrets.token_hex(8), MIA)
        played = await stream.shown(lambda each: each["now"] is not None)
        assert played["now"] == {
            "title": "First",
            "artist": "The Band",
            "tier": "Free",
            "paid": False,
            "name": "Ana",
        }
        assert [song["title"] for song in played["next"]] == ["Second"]
        await stage.configure(language="es-ES")
        spanish = await stream.shown(lambda each: each["language"] == "es-ES")
        assert spanish["words"]["now"] == "Suena ahora"


async def test_likes_that_move_no_song_are_not_sent(
    stage: Stage, session: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, looked, seen = stage.app.stores.queue.board, asyncio.Event(), 0

    async def watched(guild: int, **wanted: int) -> Any:
        nonlocal seen
        board = await read(guild, **wanted)
        if guild == stage.id and wanted == {"count": ROWS}:
            seen = board.revision
            looked.set()
        return board

    async def add(user: int, count: int) -> int:
        rows = [PointsChange("user", user, count)]
        await stage.app.stores.points.add(stage.id, secrets.token_hex(8), MIA, rows)
        return (await read(stage.id, count=1)).revision

    await submit(stage, "First", 71)
    await submit(stage, "Second", 72)
    monkeypatch.setattr(stage.app.stores.queue, "board", watched)
    async with watching(stage, session, await made(stage)) as stream:
        first = await stream.shown(lambda each: each["waiting"] == 2)
        liked = max([await add(71, 1) for _ in range(5)])
        async with asyncio.timeout(10):
            while seen < liked:
                looked.clear()
                await looked.wait()
        lifted = await add(72, 50)
        second = await stream.shown()
    assert lifted == second["revision"] > liked > first["revision"]
    assert [song["title"] for song in second["next"]] == ["Second", "First"]


async def test_what_is_not_on_the_public_display_is_never_sent(
    stage: Stage, session: aiohttp.ClientSession
) -> None:
    user, points = 712345678901234567, 918273645
    queue, stores = stage.app.stores.queue, stage.app.stores
    for place, title in enumerate(("One", "Two")):
        await submit(
            stage,
            title,
            user + place,
            link="https://secret.example/link",
            note="the private note",
            file="stored-name.mp3",
            file_name="given-name.mp3",
            file_size=4096,
            track=f"youtube:trackid{place}",
        )
        rows = [PointsChange("user", user + place, points)]
        await stores.points.add(stage.id, secrets.token_hex(8), MIA, rows)
    await queue.next(stage.id, secrets.token_hex(8), MIA)
    await queue.review(stage.id, secrets.token_hex(8), MIA, 1, score=7, note="the private verdict")
    for extra in range(15):
        await submit(stage, f"Extra {extra}")
    token = await made(stage)
    async with watching(stage, session, token) as stream:
        sent = await stream.shown(lambda each: len(each["next"]) == ROWS)
        page = await (await session.get(address(stage, token, "board"))).text()
    raw = stream.raw.decode() + page + str(stream.response.headers)
    for private in ("secret.example", "private", "mp3", "trackid", str(user)[:12], str(points), token):
        assert private not in raw, private
    assert str(stage.id) not in raw
    assert set(sent) == {"revision", "language", "now", "next", "waiting", "words"}
    assert set(sent["now"]) == {"title", "artist", "tier", "paid", "name"}
    assert all(set(song) == {"place", "title", "artist", "tier", "paid", "name"} for song in sent["next"])


async def test_hostile_text_stays_short_plain_text(stage: Stage, session: aiohttp.ClientSession) -> None:
    await submit(stage, HOSTILE, artist="x" * 4000, name="\u200b\n\ndata: {}\n\n")
    async with watching(stage, session, await made(stage)) as stream:
        (song,) = (await stream.shown())["next"]
    assert song["title"].startswith("<script>alert(1)</script>Z") and "\u202e" not in song["title"]
    assert len(song["title"]) <= 150 and len(song["artist"]) <= 100 and song["name"] == "data: {}"


async def test_a_new_address_ends_the_streams_of_the_old_one_alone(
    stage: Stage, session: aiohttp.ClientSession
) -> None:
    overlays = stage.app.stores.overlays
    old, other = await overlays.create(stage.id, "a", MIA, "old"), await made(stage)
    assert old is not None
    async with watching(stage, session, old) as dying, watching(stage, session, other) as living:
        await dying.shown()
        await living.shown()
        assert await overlays.rotate(stage.id, "b", MIA, "old") != old
        while (await dying.event())[0] != "gone":
            pass
        with pytest.raises(EOFError):
            await dying.event()
        await submit(stage, "Later")
        assert await living.shown(lambda each: each["waiting"] == 1)
    assert (await session.get(address(stage, old, "events"))).status == 404


async def test_many_watch_and_the_board_is_read_once_a_change(
    stage: Stage, session: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    token, reads = await made(stage), 0
    read = stage.app.stores.queue.board

    async def counted(guild: int, **wanted: int) -> Any:
        nonlocal reads
        reads += guild == stage.id and wanted == {"count": ROWS}
        return await read(guild, **wanted)

    async def watch(begun: asyncio.Barrier) -> None:
        async with watching(stage, session, token) as stream:
            await stream.shown()
            await begun.wait()
            await stream.shown(lambda each: each["waiting"] == 1)

    monkeypatch.setattr(stage.app.stores.queue, "board", counted)
    begun = asyncio.Barrier(101)
    async with asyncio.TaskGroup() as group:
        for _ in range(100):
            group.create_task(watch(begun))
        await begun.wait()
        before = reads
        await submit(stage, "For all")
    # The points for the submission are a move of their own.
    assert 1 <= reads - before <= 3


async def test_a_port_that_is_taken_is_told_in_one_sentence(stage: Stage) -> None:
    with pytest.raises(StartupError, match=r"Web pages cannot be served on .*Check SKIPLINE_WEB_HOST"):
        async with serving(stage.app.settings, stage.app.stores, stage.app.reporter):
            pass


@pytest.mark.parametrize("token", ["x", "1.", "5." + "a" * 43, "5." + "a" * 4000, "%2e%2e", "5.%00"])
async def test_a_wrong_address_shows_nothing(
    stage: Stage, session: aiohttp.ClientSession, token: str
) -> None:
    response = await session.get(address(stage, token, "events"))
    assert response.status == 404 and "{" not in await response.text()


async def test_the_page_needs_nothing_from_elsewhere(stage: Stage, session: aiohttp.ClientSession) -> None:
    page = await session.get(address(stage, "5." + "a" * 43, "now"))
    assert page.status == 200 and page.content_type == "text/html"
    assert page.headers["Referrer-Policy"] == "no-referrer" and "default-src 'none'" in str(page.headers)
    text = await page.text()
    for name in ("overlay.css", "overlay.js"):
        assert f"../static/{name}" in text
        found = await session.get(address(stage, "static", name))
        assert found.status == 200
        text += await found.text()
    assert "http:" not in text and "https:" not in text and "innerHTML" not in text
    for wrong in ("static/server.py", "static/..%2fserver.py", "5.x/other"):
        assert (await session.get(address(stage, wrong, "").rstrip("/"))).status == 404

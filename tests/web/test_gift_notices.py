"""Gifts that move a song: told once, in few words, to whoever watches then, and to nobody later."""

from __future__ import annotations

import secrets

import aiohttp
import orjson

from bot.web.gift_notices import FRESH, GiftNotices
from bot.web.last_shown import LastShown
from state.ladder import SKIPS
from state.lifts import Lift, Lifts
from tests.stage import Stage
from tests.web.lives import Showing
from tests.web.streams import Stream
from tests.web.test_overlay import MIA, made, watching

BRUNO = "\u2068Bruno\u2069's gifts moved "


class Clock:
    """A clock that stands until it is told otherwise."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def lift(revision: int, song: int, tier: int, giver: str = "7", name: str = "Bruno", age: int = 0) -> Lift:
    return Lift(revision, age, song, f"Song {song}", tier, giver, name)


async def news(stream: Stream) -> list[dict[str, object]]:
    while True:
        name, data = await stream.event()
        if name == "notices":
            return orjson.loads(data)


async def test_a_streak_is_one_notice_and_a_later_page_hears_of_it_once(
    stage: Stage, session: aiohttp.ClientSession
) -> None:
    showing = await Showing.begin(stage)
    bruno = await showing.artist("Glass Harbour", "Bruno")
    token, others = await made(stage), await made(stage)
    async with watching(stage, session, token) as stream:
        await stream.shown()
        for count in range(1, 11):
            await showing.send(showing.gift(bruno, 500, count=count, group=4))
        told = await news(stream)
        while "20 Skip" not in str(told[0]["text"]):
            told = [*told[1:], *await news(stream)]
            assert len(told) == 1
    assert told[0]["text"] == f"{BRUNO}\u2068Glass Harbour\u2069 up to \u206820 Skip\u2069"
    async with watching(stage, session, token) as later:
        assert await news(later) == told
    raw = (stream.raw + later.raw).decode()
    for private in (*showing.handles, bruno, stage.id, token, others, "h" + str(bruno)[:6], 5000):
        assert str(private) not in raw


async def test_gifts_of_supporters_and_of_before_are_told_by_the_names_everybody_sees(stage: Stage) -> None:
    stores, showing = stage.app.stores, await Showing.begin(stage)
    await showing.artist("Glass Harbour", "Bruno")
    carla = await showing.artist("Overcast", "Carla")
    (number,) = [
        song.number
        for song in (await stores.queue.board(stage.id, count=9)).songs
        if song.title != "Overcast"
    ]
    await stores.live.support(stage.id, secrets.token_hex(8), MIA, [carla], number)
    await showing.send(showing.gift(carla, 1000))
    _, lifts = await Lifts(stores.redis).since(stage.id, 0, 60_000)
    assert [(each.title, each.tier, each.name) for each in lifts] == [("Glass Harbour", 5, f"@h{carla}")]


def test_lifts_join_by_song_and_by_giver_while_they_are_fresh() -> None:
    clock = Clock()
    notices = GiftNotices(clock)
    notices.add(2, [lift(1, 1, 5), lift(2, 1, 10)], SKIPS, "en")
    (first,) = notices.since(0)
    assert first["text"] == f"{BRUNO}\u2068Song 1\u2069 up to \u206810 Skip\u2069"
    before = notices.version
    clock.now += FRESH - 1
    notices.add(3, [lift(3, 2, 15)], SKIPS, "en")
    (joined,) = notices.since(before)
    assert joined == {"id": first["id"], "revision": 3, "text": f"{BRUNO}2 songs up"}
    notices.add(4, [lift(4, 2, 20, "8", "Ana")], SKIPS, "es-ES")
    (by_both,) = notices.since(before)
    assert by_both["text"] == "Los regalos subieron 2 canciones" and by_both["id"] == first["id"]
    clock.now += FRESH
    assert notices.since(0) == [] and not notices.fresh
    notices.add(5, [lift(5, 1, 25), lift(5, 3, 5, "", "")], SKIPS, "en")
    again, nameless = notices.since(0)
    assert (
        again["id"] != first["id"]
        and nameless["text"] == "Gifts moved \u2068Song 3\u2069 up to \u20685 Skip\u2069"
    )
    assert again["id"] != nameless["id"]


def test_what_is_old_when_somebody_begins_to_look_is_not_told() -> None:
    notices = GiftNotices(Clock())
    notices.add(9, [lift(8, 1, 5, age=6000), lift(9, 2, 5, "8", age=1000)], SKIPS, "en")
    assert [each["id"] for each in notices.since(0)] == ["9-0"]


def test_a_message_is_sent_again_only_when_it_shows_something_else_or_must_be_newer() -> None:
    shown = LastShown()
    first = shown.message(1, 5, {"waiting": 1})
    assert first == b'{"revision":5,"waiting":1}' and shown.message(1, 9, {"waiting": 1}) is first
    assert shown.message(2, 9, {"waiting": 1}) == b'{"revision":9,"waiting":1}'
    # Gifts moved a song that is not shown: a page knows their notice by the revision.
    gifted = shown.message(1, 12, {"waiting": 1}, least=11)
    assert (
        gifted == b'{"revision":12,"waiting":1}' and shown.message(1, 14, {"waiting": 1}, least=11) is gifted
    )
    # A backup was put back.
    assert shown.message(1, 7, {"waiting": 1}, least=12) == b'{"revision":7,"waiting":1}'

"""Fairness: nobody starves, what is listed is what plays, and Undo goes back across the pattern."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

import pytest
from redis.asyncio import Redis

from state.configure import Configuration
from state.feed import Feed
from state.points import Points, PointsChange
from state.queue import Queue
from state.scripts import Actor, Scripts
from state.song import NewSong
from tests.state import raw

MIA = Actor(9001, "Mia")


@dataclass
class Show:
    """A queue told in letters: a song is its artist's letter and a number; paid ones are in capitals."""

    redis: Redis
    scripts: Scripts
    guild: int
    names: dict[int, str] = field(default_factory=dict[int, str])
    requests: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        self.queue = Queue(self.redis, self.scripts)
        self.points = Points(self.redis, self.scripts)
        self.configuration = Configuration(self.redis, self.scripts, Feed(self.redis))

    def request(self) -> str:
        return f"f{next(self.requests)}"

    async def change(self, paid: int = 0, rounds: bool = False) -> None:
        values = {"fair:paid": str(paid), "fair:round_robin": "1" if rounds else "0"}
        await self.configuration.change(self.guild, self.request(), MIA, values)

    async def add(self, songs: str, tier: int = 10) -> None:
        for name in songs.split():
            user = ord(name[0].lower())
            claimed = tier if name[0].isupper() else None
            song = NewSong(name, "Artist", user, f"user{user}", claimed=claimed)
            moved = await self.queue.submit(self.guild, self.request(), Actor(user, "x"), song)
            self.names[moved.song.number] = name
            if claimed:
                await self.queue.approve(self.guild, self.request(), MIA, moved.song.number, claimed)

    def number(self, name: str) -> int:
        return next(number for number, known in self.names.items() if known == name)

    async def listed(self) -> str:
        board = await self.queue.board(self.guild, count=100)
        return " ".join(song.title for song in board.songs)

    async def next(self) -> str:
        advanced = await self.queue.next(self.guild, self.request(), MIA)
        return self.names[advanced.song.number] if advanced.song else ""

    async def rest(self) -> str:
        played: list[str] = []
        while await self.listed():
            played.append(await self.next())
        return " ".join(played)


@pytest.fixture
async def show(redis: Redis, scripts: Scripts, guild: int) -> Show:
    show = Show(redis, scripts, guild)
    limits = {"limit:0": "0", "limit:pending": "0", "lock": "0", "points:submission": "0"}
    await show.configuration.change(guild, show.request(), MIA, limits)
    return show


async def test_two_paid_songs_then_a_free_one(show: Show) -> None:
    await show.add("A1 B1 C1 D1 E1 x1 y1")
    assert await show.listed() == "A1 B1 C1 D1 E1 x1 y1"
    await show.change(paid=2)
    assert await show.listed() == "A1 B1 x1 C1 D1 y1 E1"
    assert await show.rest() == "A1 B1 x1 C1 D1 y1 E1"


async def test_who_waited_through_many_paid_songs_is_next_when_it_is_switched_on(show: Show) -> None:
    await show.add("A1 B1 C1 D1 E1 x1 y1")
    assert [await show.next() for _ in range(3)] == ["A1", "B1", "C1"]
    await show.change(paid=2)
    assert await show.listed() == "x1 D1 E1 y1"
    await show.change()
    assert await show.listed() == "D1 E1 x1 y1"


async def test_locked_and_bumped_songs_keep_their_places_and_count(show: Show) -> None:
    await show.add("A1 B1 C1 D1 E1 x1 y1 z1")
    await show.next()
    await show.configuration.change(show.guild, show.request(), MIA, {"lock": "1"})
    await show.next()  # B1 plays, C1 is announced
    await show.change(paid=1)
    assert await show.listed() == "C1 x1 D1 y1 E1 z1"
    await show.queue.bump(show.guild, show.request(), MIA, show.number("x1"), 2)
    assert await show.listed() == "C1 y1 D1 x1 E1 z1"
    assert await show.rest() == "C1 y1 D1 x1 E1 z1"


async def test_artists_take_turns_within_a_tier(show: Show) -> None:
    await show.add("A1 A2 A3 B1 C1 C2 x1 x2 y1")
    await show.add("D1 D2 E1", tier=20)
    await show.change(rounds=True)
    whole = "D1 E1 D2 A1 B1 C1 A2 C2 A3 x1 y1 x2"
    assert await show.listed() == whole
    assert await show.rest() == whole


async def test_both_at_once(show: Show) -> None:
    await show.add("A1 A2 A3 B1 x1 x2 y1")
    await show.change(paid=1, rounds=True)
    assert await show.listed() == "A1 x1 B1 y1 A2 x2 A3"
    assert await show.rest() == "A1 x1 B1 y1 A2 x2 A3"


async def test_free_songs_come_at_least_each_k_plus_one_plays_while_paid_ones_pour_in(show: Show) -> None:
    await show.add("x1")
    await show.change(paid=3)
    waited = 0
    for count in range(40):
        await show.add(f"A{2 * count} B{2 * count + 1}", tier=25)
        waited = 0 if (await show.next()).islower() else waited + 1
        assert waited <= 3
        if not waited:
            await show.add(f"x{count + 2}")


async def test_paid_songs_have_their_share_while_free_ones_pour_in(show: Show) -> None:
    await show.add(" ".join(f"A{n}" for n in range(30)))
    await show.change(paid=2)
    played = ""
    for count in range(42):
        await show.add(f"x{count} y{count}")
        played += (await show.next())[0]
    assert played.lower().replace("y", "x") == "aax" * 14


async def test_a_second_song_plays_although_new_artists_arrive_all_the_time(show: Show) -> None:
    await show.change(rounds=True)
    for first, others in (("A", "BCDEFGHIJKLM"), ("a", "bcdefghijklm")):
        await show.add(f"{first}1 {first}2 {first}3 {others[0]}1")
        played: list[str] = []
        for other in others[1:]:
            played.append(await show.next())
            await show.add(f"{other}1")
        # Behind those who waited when the first one played, before those who came after.
        assert played[:4] == [f"{first}1", f"{others[0]}1", f"{first}2", f"{others[1]}1"]
        assert f"{first}3" in played
        await show.rest()


async def test_points_still_decide_who_of_the_free_artists_is_first(show: Show) -> None:
    await show.add("x1 x2 y1 z1 z2")
    await show.change(rounds=True)
    rows = [PointsChange("user", ord("z"), 50), PointsChange("user", ord("x"), 5)]
    await show.points.add(show.guild, show.request(), MIA, rows)
    assert await show.listed() == "z1 x1 y1 z2 x2"
    assert await show.rest() == "z1 x1 y1 z2 x2"


async def test_undo_of_next_goes_back_across_the_pattern(show: Show) -> None:
    await show.add("A1 A2 A3 B1 B2 x1 x2 y1")
    await show.change(paid=1, rounds=True)
    before: list[tuple[str, raw.Keys]] = []
    for _ in range(8):
        keys = raw.without_bookkeeping(await raw.dump(show.redis, show.guild))
        before.append((await show.listed(), keys))
        await show.next()
    for listed, keys in reversed(before):
        await show.queue.undo(show.guild, show.request(), MIA)
        assert await show.listed() == listed
        assert raw.without_bookkeeping(await raw.dump(show.redis, show.guild)) == keys
    await raw.check(show.redis, show.guild)


@pytest.mark.parametrize("spoilt", ["", "x", "-1", "1.5", "99999", "1e3"])
async def test_a_pattern_spoilt_by_hand_is_no_pattern(show: Show, spoilt: str) -> None:
    await show.add("A1 B1 x1")
    await show.redis.hset(f"sl:{{{show.guild}}}:settings", "fair:paid", spoilt)
    assert await show.listed() == "A1 B1 x1"
    assert await show.rest() == "A1 B1 x1"


async def test_pages_and_places_of_a_long_queue_agree(show: Show) -> None:
    for count in range(60):
        await show.add(f"{'ABCD'[count % 4]}{count} {'xyz'[count % 3]}{count}", tier=(10, 25)[count % 7 == 0])
    for paid, rounds in ((0, False), (1, False), (4, False), (0, True), (2, True)):
        await show.change(paid=paid, rounds=rounds)
        board = await show.queue.board(show.guild, count=200)
        numbers = [song.number for song in board.songs]
        assert sorted(numbers) == sorted(show.names)
        pages = [await show.queue.board(show.guild, offset=at, count=7) for at in range(0, 126, 7)]
        assert [song.number for page in pages for song in page.songs] == numbers
        places, _ = await show.queue.places(show.guild, numbers)
        assert [places[number] for number in numbers] == list(range(1, 121))
        for place in (1, 60, 120):
            assert (await show.queue.places(show.guild, [numbers[place - 1]]))[0] == {
                numbers[place - 1]: place
            }

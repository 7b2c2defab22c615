"""What people may put into every argument: stored exactly or refused, and nothing breaks."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis.asyncio import Redis

from state import keys
from state.points import PointsChange
from state.refusal import Reason, Refused
from state.scripts import Actor, Scripts, Unopened
from state.song import NewSong, SongState
from tests.conftest import _guilds
from tests.state import raw
from tests.state.plays import Client

MIA = Actor(901, "Mia")
TEXTS = {
    "empty": "",
    "space": " ",
    "4000 characters": "\u00e4" * 4000,
    "NUL": "before\0after\0",
    "emoji": "\U0001f469\u200d\U0001f3a4\U0001f3fd \u2764\ufe0f",
    "right to left": "\u202eabc\u2066\u0627\u0644",
    "controls": "".join(map(chr, range(1, 32))) + "\x7f\u2028",
    "JSON": '{"refused":"unopened","song":[1,null]}',
    "JSON array": "[]",
    "null": "null",
    "number": "1e309",
    "long number": "12345678901234567890",
    "Lua": "]] .. redis.call('FLUSHALL') --",
    "a key": "sl:{1}:rev",
    "a song's key": "song:000000000001",
    "percent": "%d %s %%",
    "quotes": "\"\\'\r\n\t",
    "protocol": "$3\r\nfoo\r\n*0\r\n",
    "astral": "\U0010ffff\ufffe",
    "minus": "-1",
}


@pytest.fixture
def client(redis: Redis) -> Client:
    return Client.on(redis)


async def _through_everything(client: Client, guild: int, text: str) -> None:
    """Every argument that carries text carries this one, through every kind of move."""
    queue, actor = client.queue, Actor(902, text)
    song = NewSong(text, text, 1, text, text, text, text, 1, text, text, None)
    await queue.submit(guild, f"r{text}", actor, song)
    with pytest.raises(Refused) as refused:
        await queue.submit(guild, "again", actor, NewSong("T", "A", 2, "x", track=text))
    assert (refused.value.reason, refused.value.facts["song"]["title"]) == (Reason.DUPLICATE, text)
    found = await queue.song(guild, 1)
    assert found is not None and found.state is SongState.WAITING
    assert {found.title, found.artist, found.user_name, found.link, found.file, found.file_name} == {text}
    assert {found.note, found.track, found.by_name} == {text}
    await queue.next(guild, "n", actor)
    with pytest.raises(Refused) as refused:
        await queue.next(guild, "late", MIA, expect_none=True)
    assert (refused.value.facts["by_name"], refused.value.facts["song"]["title"]) == (text, text)
    board = await queue.board(guild)
    assert board.playing and board.last_move and board.last_move.by_name == text
    undone = await queue.undo(guild, "u", actor)
    assert (undone.move_by_name, undone.songs[0].title) == (text, text)
    await queue.submit(guild, "c", actor, NewSong("T", "A", 3, text, claimed=10))
    await queue.approve(guild, "a", actor, 2, 10, method=text, amount=text)
    approved = await queue.song(guild, 2)
    assert approved and (approved.method, approved.amount) == (text, text)
    await client.points.link(guild, "l", actor, 77, 3, name=text)
    await client.configuration.change(guild, "s", actor, {f"x:{text}": text})
    assert (await client.redis.hgetall(keys.settings(guild))) == {f"x:{text}": text}
    await queue.remove(guild, "m", actor, 1, reason=text)
    removed = await queue.song(guild, 1)
    assert removed and removed.reason == text
    await queue.undo(guild, "v", actor)
    await queue.clear(guild, "w", actor, 0, reason=text)
    events: Any = await client.redis.xrange(keys.events(guild))
    assert all(orjson.loads(fields["data"]) is not None for _, fields in events)
    assert {fields["by_name"] for _, fields in events} == {text}
    await raw.check(client.redis, guild)


@pytest.mark.parametrize("name", TEXTS)
async def test_text_is_stored_exactly(client: Client, guild: int, name: str) -> None:
    await _through_everything(client, guild, TEXTS[name])


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(text=st.text(max_size=60))
async def test_any_text_is_stored_exactly(client: Client, text: str) -> None:
    guild = next(_guilds)
    await _through_everything(client, guild, text)
    await raw.forget(client.redis, guild)


@pytest.mark.parametrize("number", [0, -1, 2, 10**12, 10**14, 2**53 + 1, 2**64, 10**400, -(10**20)])
async def test_a_number_that_is_no_song(client: Client, guild: int, number: int) -> None:
    queue = client.queue
    await queue.submit(guild, "s", MIA, NewSong("T", "A", 1, "x"))
    before = await raw.dump(client.redis, guild)
    for move in (
        queue.promote(guild, "a", MIA, number, 5),
        queue.remove(guild, "b", MIA, number),
        queue.remove(guild, "b", MIA, number, owner=1),
        queue.approve(guild, "c", MIA, number, 5),
        queue.reject(guild, "d", MIA, number),
        queue.hold(guild, "e", MIA, number),
        queue.back(guild, "f", MIA, number),
        queue.bump(guild, "g", MIA, number, 1),
    ):
        with pytest.raises(Refused) as refused:
            await move
        assert refused.value.reason is Reason.UNKNOWN_SONG
        assert refused.value.facts["number"] == number
    assert await queue.song(guild, number) is None
    assert await queue.places(guild, [number, 1, number]) == ({1: 1}, 1)
    assert await raw.dump(client.redis, guild) == before


async def test_a_foreign_guilds_song_is_unknown(client: Client, guild: int) -> None:
    other = next(_guilds)
    for number in (1, 2):
        await client.queue.submit(guild, f"s{number}", MIA, NewSong("T", "A", number, "x"))
    await client.queue.submit(other, "s", MIA, NewSong("Theirs", "A", 1, "x"))
    before = await raw.dump(client.redis, guild)
    with pytest.raises(Refused) as refused:
        await client.queue.promote(other, "p", MIA, 2, 5)
    assert refused.value.reason is Reason.UNKNOWN_SONG
    await client.queue.remove(other, "r", MIA, 1)
    assert await raw.dump(client.redis, guild) == before


@pytest.mark.parametrize("tier", [-5, 3, 89, 10**14, 10**30])
async def test_a_tier_that_is_on_no_ladder(client: Client, guild: int, tier: int) -> None:
    queue = client.queue
    await queue.submit(guild, "s", MIA, NewSong("T", "A", 1, "x"))
    await queue.submit(guild, "c", MIA, NewSong("T", "A", 1, "x", claimed=5))
    before = await raw.dump(client.redis, guild)
    for move in (
        queue.promote(guild, "a", MIA, 1, tier),
        queue.approve(guild, "b", MIA, 2, tier),
        queue.submit(guild, "d", MIA, NewSong("T", "A", 2, "x", claimed=tier)),
    ):
        with pytest.raises(Refused) as refused:
            await move
        assert refused.value.reason is Reason.UNKNOWN_TIER
    with pytest.raises(Refused) as refused:
        await queue.clear(guild, "e", MIA, tier)
    assert refused.value.reason is Reason.EMPTY
    assert await raw.dump(client.redis, guild) == before


async def test_a_claim_of_free_is_no_claim(client: Client, guild: int) -> None:
    moved = await client.queue.submit(guild, "s", MIA, NewSong("T", "A", 1, "x", claimed=0))
    assert (moved.song.state, moved.place) == (SongState.WAITING, 1)
    found = await client.queue.song(guild, 1)
    assert found and found.claimed is None


@pytest.mark.parametrize("places", [0, -1, 101, 10**9])
async def test_bump_by_a_number_of_places_that_makes_no_sense(
    client: Client, guild: int, places: int
) -> None:
    await client.queue.submit(guild, "s", MIA, NewSong("T", "A", 1, "x"))
    with pytest.raises(ValueError, match="1 to 100"):
        await client.queue.bump(guild, "b", MIA, 1, places)


async def test_pages_beyond_the_end_and_before_the_start(client: Client, guild: int) -> None:
    for user in range(1, 4):
        await client.queue.submit(guild, f"s{user}", MIA, NewSong("T", "A", user, "x"))
    await client.queue.bump(guild, "b", MIA, 1, 1)
    for offset in (3, 4, 100, 10**9):
        board = await client.queue.board(guild, offset=offset)
        assert (board.songs, board.waiting) == ((), 3)
    assert (await client.queue.board(guild, count=0)).songs == ()
    for wrong in ({"offset": -1}, {"count": -1}, {"pending": -1}, {"held": -1}):
        with pytest.raises(ValueError, match="start at 0"):
            await client.queue.board(guild, **wrong)


async def test_undo_expecting_a_revision_of_the_future(client: Client, guild: int) -> None:
    await client.queue.submit(guild, "s", MIA, NewSong("T", "A", 1, "x"))
    for expected in (0, -1, 10**6, 10**15, 10**400):
        with pytest.raises(Refused) as refused:
            await client.queue.undo(guild, f"u{expected}"[:20], MIA, expected=expected)
        assert refused.value.reason is Reason.STALE


async def test_no_points_at_all(client: Client, guild: int) -> None:
    with pytest.raises(Refused) as refused:
        await client.points.add(guild, "p", MIA, [])
    assert refused.value.reason is Reason.EMPTY
    assert await client.points.add(guild, "q", MIA, [PointsChange("user", 1, -5)]) == {1: 0}
    await raw.check(client.redis, guild)


async def test_a_guild_that_cannot_be_opened_moves_nothing(redis: Redis, guild: int) -> None:
    """Redis was emptied and the archive is out of reach: nothing may pass for an empty queue."""

    async def unreachable(guild: int) -> None:
        raise Unopened(f"guild {guild}")

    client = Client.on(redis, unreachable)
    for attempt in (
        client.queue.submit(guild, "s", MIA, NewSong("T", "A", 1, "x")),
        client.queue.next(guild, "n", MIA),
        client.queue.undo(guild, "u", MIA),
        client.queue.board(guild),
        client.queue.places(guild, [1]),
        client.queue.song(guild, 1),
        client.queue.songs_of(guild, 1),
        client.points.of_user(guild, 1),
        client.points.add(guild, "p", MIA, [PointsChange("user", 1, 1)]),
        client.configuration.settings(guild),
        client.configuration.displays(guild),
        client.configuration.change(guild, "c", MIA, {"cap": "1"}),
    ):
        with pytest.raises(Unopened):
            await attempt
    assert await raw.dump(redis, guild) == {}

    async def idle(guild: int) -> None:
        """Opens nothing."""

    with pytest.raises(Unopened):
        await Scripts(redis, idle).move("next", guild, "n", MIA, {})

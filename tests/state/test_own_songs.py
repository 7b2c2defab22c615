"""What artists may do with songs of their own, beyond handing in and removing."""

from __future__ import annotations

from dataclasses import replace

import pytest
from redis.asyncio import Redis

from components.refusals import refusal_text
from state import keys
from state.configure import Configuration
from state.feed import Feed
from state.ladder import SKIPS
from state.queue import Queue
from state.refusal import Reason, Refused
from state.scripts import Actor, Scripts
from state.song import NewSong

MIA, ALICE, BRUNO = Actor(901, "Mia"), Actor(11, "Alice"), Actor(12, "Bruno")
SONG = NewSong(title="Nihgt bus", artist="Alice", user=11, user_name="Alice", link="l", track="t:1")


@pytest.fixture
async def queue(redis: Redis, scripts: Scripts, guild: int) -> Queue:
    """#1 of Alice and #2 of Bruno wait in Free."""
    queue = Queue(redis, scripts)
    await queue.submit(guild, "s1", ALICE, SONG)
    await queue.submit(guild, "s2", BRUNO, replace(SONG, user=12, user_name="Bruno", track="t:2"))
    return queue


@pytest.fixture
def configuration(redis: Redis, scripts: Scripts) -> Configuration:
    return Configuration(redis, scripts, Feed(redis))


async def test_an_edit_leaves_the_last_move_to_be_taken_back(queue: Queue, guild: int) -> None:
    await queue.promote(guild, "p", MIA, 1, 10)
    await queue.edit(guild, "e", ALICE, 1, {"title": "Night bus", "note": "hi", "link": None})
    song = await queue.song(guild, 1)
    assert song is not None and (song.title, song.note, song.link) == ("Night bus", "hi", None)
    assert song.by_name == "Mia"
    assert (await queue.undo(guild, "u", MIA)).move == "promote"
    song = await queue.song(guild, 1)
    assert song is not None and (song.title, song.tier) == ("Night bus", 0)


async def test_the_track_goes_with_the_link(queue: Queue, redis: Redis, guild: int) -> None:
    with pytest.raises(Refused) as refused:
        await queue.edit(guild, "e1", ALICE, 1, {"track": "t:2"})
    assert refused.value.reason is Reason.DUPLICATE
    await queue.edit(guild, "e2", ALICE, 1, {"track": "t:3"})
    tracks = await redis.hgetall(keys.tracks(guild))  # type: ignore[misc]
    assert tracks == {"t:3": f"{1:012d}", "t:2": f"{2:012d}"}
    with pytest.raises(Refused) as refused:
        await queue.edit(guild, "e3", ALICE, 1, {"track": "t:3"})
    assert refused.value.reason is Reason.UNCHANGED


@pytest.mark.parametrize("number", [2, 3, 0, -1, 10**12, 10**40])
async def test_nobody_touches_anothers_song(queue: Queue, guild: int, number: int) -> None:
    for move in (
        queue.edit(guild, "e", ALICE, number, {"title": "Mine"}),
        queue.claim(guild, "c", ALICE, number, 10),
        queue.withdraw(guild, "w", ALICE, number),
    ):
        with pytest.raises(Refused) as refused:
            await move
        assert refused.value.reason is Reason.UNKNOWN_SONG


async def test_only_what_was_written_is_edited(queue: Queue, guild: int) -> None:
    for field in ("user", "tier", "state", "seq", "number", "locked", ""):
        with pytest.raises(ValueError, match="do not edit"):
            await queue.edit(guild, "e", ALICE, 1, {field: "1"})


async def test_a_song_that_plays_or_has_ended_stays_as_it_is(queue: Queue, guild: int) -> None:
    await queue.next(guild, "n1", MIA)
    with pytest.raises(Refused) as refused:
        await queue.edit(guild, "e1", ALICE, 1, {"title": "Late"})
    assert refused.value.reason is Reason.PLAYING
    await queue.next(guild, "n2", MIA)
    with pytest.raises(Refused) as refused:
        await queue.edit(guild, "e2", ALICE, 1, {"title": "Late"})
    assert refused.value.reason is Reason.ENDED


async def test_an_announced_song_keeps_its_place(queue: Queue, guild: int) -> None:
    await queue.next(guild, "n1", MIA)
    with pytest.raises(Refused) as refused:
        await queue.claim(guild, "c", BRUNO, 2, 10)
    assert refused.value.reason is Reason.ANNOUNCED


async def test_a_withdrawn_claim_is_held_against_the_free_limit(queue: Queue, guild: int) -> None:
    await queue.submit(guild, "s3", ALICE, replace(SONG, track="t:9", claimed=10))
    with pytest.raises(Refused) as refused:
        await queue.withdraw(guild, "w1", ALICE, 3)
    assert refused.value.reason is Reason.LIMIT and refused.value.facts["song"]["number"] == 1
    await queue.remove(guild, "r", ALICE, 1, owner=11)
    moved = await queue.withdraw(guild, "w2", ALICE, 3)
    assert (moved.place, moved.waiting, moved.song.tier) == (2, 2, 0)


@pytest.mark.parametrize("ends", ["withdrawn", "rejected", "approved"])
async def test_the_free_place_of_a_song_that_claims_is_kept_until_the_claim_ends(
    queue: Queue, guild: int, ends: str
) -> None:
    await queue.claim(guild, "c", ALICE, 1, 10)
    another = replace(SONG, track="t:9")
    with pytest.raises(Refused) as refused:
        await queue.submit(guild, "s3", ALICE, another)
    assert refused.value.reason is Reason.LIMIT
    assert (refused.value.facts["song"]["number"], refused.value.facts["tier"]) == (1, 0)
    assert refusal_text(refused.value, SKIPS).startswith("Your Free song #1 ")
    match ends:
        case "withdrawn":
            await queue.withdraw(guild, "w", ALICE, 1)
        case "rejected":
            await queue.reject(guild, "r", MIA, 1)
        case _:
            await queue.approve(guild, "a", MIA, 1, 10)
            assert (await queue.submit(guild, "s4", ALICE, another)).song.tier == 0
            return
    song = await queue.song(guild, 1)
    assert song is not None and (song.state, song.tier) == ("waiting", 0)
    with pytest.raises(Refused) as refused:
        await queue.submit(guild, "s5", ALICE, another)
    assert refused.value.reason is Reason.LIMIT


async def test_a_rejected_claim_goes_back_to_its_place_in_free(
    queue: Queue, configuration: Configuration, guild: int
) -> None:
    await configuration.change(guild, "v", MIA, {"limit:0": "2"})
    await queue.claim(guild, "c", ALICE, 1, 10)
    await queue.submit(guild, "s3", ALICE, replace(SONG, track="t:9"))
    # It waited there before, so neither the limit nor a closed tier keeps it out.
    await configuration.change(guild, "x", MIA, {"closed:0": "1", "limit:0": None})
    moved = await queue.reject(guild, "r", MIA, 1, reason="no gift")
    assert (moved.song.state, moved.song.tier, moved.place, moved.barred) == ("waiting", 0, 1, None)
    song = await queue.song(guild, 1)
    assert song is not None and (song.turned_down_for, song.reason, song.claimed) == ("no gift", None, None)
    assert song.turned_down_at
    assert (await queue.undo(guild, "u", MIA)).songs[0].state == "pending"
    await queue.reject(guild, "r2", MIA, 1)
    await queue.claim(guild, "c2", ALICE, 1, 10)
    song = await queue.song(guild, 1)
    assert song is not None and song.turned_down_at is None and song.claimed == 10


@pytest.mark.parametrize("barred", ["limit", "closed"])
async def test_a_rejected_claim_of_a_new_song_ends_where_free_has_no_room(
    queue: Queue, configuration: Configuration, guild: int, barred: str
) -> None:
    await queue.submit(guild, "s3", ALICE, replace(SONG, track="t:9", claimed=10))
    if barred == "closed":
        await configuration.change(guild, "x", MIA, {"closed:0": "1", "limit:0": "0"})
    moved = await queue.reject(guild, "r", MIA, 3, reason="no gift")
    assert (moved.song.state, moved.place, moved.barred) == ("rejected", None, barred)
    song = await queue.song(guild, 3)
    assert song is not None and (song.barred, song.reason, song.turned_down_at) == (barred, "no gift", None)
    await queue.undo(guild, "u", MIA)
    # With room again it goes on in Free, though submissions are paused: it came in before.
    await configuration.change(guild, "y", MIA, {"closed:0": None, "limit:0": "2", "paused": "1"})
    moved = await queue.reject(guild, "r2", MIA, 3)
    assert (moved.song.state, moved.song.tier, moved.place, moved.waiting) == ("waiting", 0, 3, 3)


async def test_an_approved_claim_is_no_longer_free(queue: Queue, redis: Redis, guild: int) -> None:
    await queue.claim(guild, "c", ALICE, 1, 10)
    await queue.approve(guild, "a", MIA, 1, 10)
    assert not await redis.hexists(keys.song(guild, 1), "was_free")  # type: ignore[misc]
    await queue.undo(guild, "u", MIA)
    assert (await queue.withdraw(guild, "w", ALICE, 1)).place == 1

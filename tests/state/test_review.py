"""Scores, notes, bookmarks and cards: what may be kept, what it adds up to, and that Undo takes it back."""

from __future__ import annotations

import secrets

import pytest
from redis.asyncio import Redis

from state.board import ArtistRecord
from state.cards import CardKind, Cards, Look
from state.refusal import Reason, Refused
from state.scripts import Actor, Scripts
from state.song import NewSong
from tests.state import raw
from tests.state.plays import Client

MIA, NOA, ALICE = Actor(901, "Mia"), Actor(902, "Noa"), Actor(11, "Alice")


@pytest.fixture
def client(redis: Redis) -> Client:
    return Client.on(redis)


@pytest.fixture
async def guild(client: Client) -> int:
    """Song 1 plays, 2 and 3 wait; all of one artist."""
    guild = secrets.randbelow(10**15) + 1
    await client.configuration.change(guild, "limit", MIA, {"limit:0": "0"})
    for title in ("One", "Two", "Three"):
        await client.queue.submit(guild, title, ALICE, NewSong(title, "Band", ALICE.id, ALICE.name))
    await client.queue.next(guild, "n1", MIA)
    return guild


async def refused(move: object) -> Reason:
    with pytest.raises(Refused) as caught:
        await move  # type: ignore[misc]
    return caught.value.reason


async def test_a_score_and_a_note_are_kept_together_and_apart(client: Client, guild: int) -> None:
    queue = client.queue
    reviewed = await queue.review(guild, "r1", MIA, 1, score=8)
    assert (reviewed.score, reviewed.note) == (8, None)
    reviewed = await queue.review(guild, "r2", NOA, 1, note="warm")
    assert (reviewed.score, reviewed.note) == (8, "warm")
    reviewed = await queue.review(guild, "r3", NOA, 1, score=False)
    assert (reviewed.score, reviewed.note) == (None, "warm")
    song = await queue.song(guild, 1)
    assert song is not None and (song.score, song.review_note, song.reviewer_name) == (None, "warm", "Noa")
    # Whoever moved the song last is still who moved it.
    assert song.by_name == "Mia"
    await queue.review(guild, "r4", NOA, 1, note=False)
    song = await queue.song(guild, 1)
    assert song is not None and song.reviewer is None and song.reviewed_at is None


async def test_only_what_played_has_a_score(client: Client, guild: int) -> None:
    queue = client.queue
    assert await refused(queue.review(guild, "a", MIA, 2, score=1)) is Reason.NOT_PLAYED
    await queue.remove(guild, "b", MIA, 3)
    assert await refused(queue.review(guild, "c", MIA, 3, score=1)) is Reason.NOT_PLAYED
    assert await refused(queue.review(guild, "d", MIA, 99, score=1)) is Reason.UNKNOWN_SONG
    assert await refused(queue.review(guild, "e", MIA, 10**12, score=1)) is Reason.UNKNOWN_SONG
    await queue.remove(guild, "f", MIA, 1)
    assert (await queue.review(guild, "g", MIA, 1, score=0)).score == 0
    assert await refused(queue.review(guild, "h", MIA, 1, score=0)) is Reason.UNCHANGED
    for score in (-1, 11):
        with pytest.raises(ValueError, match="0 to 10"):
            await queue.review(guild, "i", MIA, 1, score=score)


async def test_the_record_of_an_artist_follows_and_undo_takes_it_back(client: Client, guild: int) -> None:
    queue, redis = client.queue, client.redis
    before = await raw.dump(redis, guild)
    await queue.review(guild, "r1", MIA, 1, score=9)
    await queue.review(guild, "r2", MIA, 1, score=6)
    await queue.next(guild, "n2", MIA)
    await queue.review(guild, "r3", MIA, 2, score=7)
    board = await queue.board(guild)
    assert board.record == ArtistRecord(1, {6: 1, 7: 1}) and board.record.best == 7
    assert board.now.played == (1,)
    for step in range(4):
        await queue.undo(guild, f"u{step}", MIA)
    after = await raw.dump(redis, guild)
    assert (await queue.board(guild)).record == ArtistRecord()
    for name in ("song:000000000001", "song:000000000002", "queue"):
        assert after[name] == before[name]
    assert not any(name.startswith("stats:") for name in after)


async def test_a_bookmark_is_set_once_and_owes_one_card(client: Client, guild: int) -> None:
    queue = client.queue
    cards = Cards(client.redis, Scripts(client.redis, lambda _: pytest.fail("it is open")))
    assert (await queue.bookmark(guild, "b1", MIA, 3)).channel is None
    assert await cards.all(guild) == []
    await client.configuration.change(guild, "s", MIA, {"channel:bookmarks": "55"})
    assert await refused(queue.bookmark(guild, "b2", NOA, 3, to=True)) is Reason.BOOKMARKED
    assert (await queue.bookmark(guild, "b3", MIA, 2)).channel == 55
    (card,) = await cards.all(guild)
    assert (card.kind, card.song, card.channel, card.message) == (CardKind.BOOKMARKS, 2, 55, 0)
    noted = await cards.note(guild, "c1", card, message=777, look=Look.SHOWN)
    assert noted is not None and noted.message == 777
    # Somebody who saw it owed comes too late.
    assert await cards.note(guild, "c2", card, message=778, look=Look.SHOWN) is None
    # Undo leaves the note of the message, so the same bookmark again posts no second one.
    await queue.undo(guild, "u", MIA)
    song = await queue.song(guild, 2)
    assert song is not None and song.bookmarked_at is None
    await queue.bookmark(guild, "b4", MIA, 2)
    assert await cards.all(guild) == [noted]
    await cards.forget(guild, "c3", [noted])
    assert await cards.all(guild) == []


async def test_a_bookmark_is_taken_off_by_the_same_move(client: Client, guild: int) -> None:
    queue = client.queue
    assert await refused(queue.bookmark(guild, "b0", MIA, 3, to=False)) is Reason.NOT_BOOKMARKED
    assert (await queue.bookmark(guild, "b1", MIA, 3)).marked
    # Somebody else meant to set it, too; and whoever set it may think better of it at once.
    assert await refused(queue.bookmark(guild, "b2", NOA, 3, guard=60_000)) is Reason.BOOKMARKED
    before = await raw.dump(client.redis, guild)
    assert not (await queue.bookmark(guild, "b3", MIA, 3, guard=60_000)).marked
    song = await queue.song(guild, 3)
    assert (
        song is not None and (song.bookmarked_at, song.bookmarked_by, song.bookmarked_by_name) == (None,) * 3
    )
    assert (await queue.undo(guild, "u", MIA)).move == "unbookmark"
    assert raw.without_bookkeeping(await raw.dump(client.redis, guild)) == raw.without_bookkeeping(before)
    assert not (await queue.bookmark(guild, "b4", NOA, 3)).marked
    assert (await queue.bookmark(guild, "b5", NOA, 3, to=True)).marked


async def test_next_owes_a_card_for_each_song_once(client: Client, guild: int) -> None:
    queue = client.queue
    cards = Cards(client.redis, Scripts(client.redis, lambda _: pytest.fail("it is open")))
    await client.configuration.change(guild, "s", MIA, {"channel:now_playing": "66"})
    await queue.next(guild, "n2", MIA)
    await queue.undo(guild, "u2", MIA)
    await queue.next(guild, "n3", MIA)
    assert [(card.kind, card.song) for card in await cards.all(guild)] == [(CardKind.NOW_PLAYING, 2)]


async def test_who_let_a_song_in_and_who_lifted_it_is_known(client: Client, guild: int) -> None:
    queue = client.queue
    song = NewSong("Four", "Band", ALICE.id, ALICE.name, claimed=10)
    number = (await queue.submit(guild, "four", ALICE, song)).song.number
    await queue.approve(guild, "ap", MIA, number, 10, method="gift", amount="2,000")
    await queue.promote(guild, "pr", NOA, number, 20)
    kept = await queue.song(guild, number)
    assert kept is not None
    assert (kept.approved_by_name, kept.promoted_by_name) == ("Mia", "Noa")
    assert (kept.method, kept.amount) == ("gift", "2,000")

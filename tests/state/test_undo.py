"""Undo puts every kind of move back exactly, adds points instead of overwriting, and knows its limits."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Literal

import pytest
from redis.asyncio import Redis

from state.ladder import LINES, SKIPS, Ladder
from state.moved import Undone
from state.points import PointsChange
from state.refusal import Reason, Refused
from state.scripts import Actor
from state.song import NewSong
from tests.state import raw
from tests.state.plays import Client

MIA, NOA = Actor(901, "Mia"), Actor(902, "Noa")
HANDLE_1, HANDLE_3 = 7_000_000_000_000_000_001, 7_000_000_000_000_000_003
Move = Callable[[Client, int], Awaitable[Any]]


def _nexts(count: int) -> Move:
    async def play(client: Client, guild: int) -> None:
        for index in range(count):
            await client.queue.next(guild, f"nexts{index}", NOA)

    return play


async def _clear_all(client: Client, guild: int) -> None:
    await client.queue.clear(guild, "c5", NOA, 5)
    await client.queue.clear(guild, "c0", NOA, 0)


async def _claim_free(client: Client, guild: int) -> None:
    user = Actor(7, "user7")
    await client.queue.withdraw(guild, "w7", user, 7)
    await client.queue.claim(guild, "c7", user, 7, 15)


async def _bookmark(client: Client, guild: int) -> None:
    await client.queue.bookmark(guild, "b7", NOA, 7)


async def _close_free(client: Client, guild: int) -> None:
    await client.configuration.change(guild, "closed", MIA, {"closed:0": "1"})


MOVES: dict[str, tuple[Move, Move]] = {
    name: (_nexts(0), move)
    for name, move in dict[str, Move](
        {
            "next": lambda c, g: c.queue.next(g, "m", MIA),
            "promote": lambda c, g: c.queue.promote(g, "m", MIA, 4, 10),
            "promote the locked": lambda c, g: c.queue.promote(g, "m", MIA, 2, 25),
            "promote the locked down": lambda c, g: c.queue.promote(g, "m", MIA, 2, 0),
            "promote the held": lambda c, g: c.queue.promote(g, "m", MIA, 8, 5),
            "promote the bumped": lambda c, g: c.queue.promote(g, "m", MIA, 6, 5),
            "hold": lambda c, g: c.queue.hold(g, "m", MIA, 3),
            "hold the locked": lambda c, g: c.queue.hold(g, "m", MIA, 2),
            "hold the bumped": lambda c, g: c.queue.hold(g, "m", MIA, 6),
            "hold the playing": lambda c, g: c.queue.hold(g, "m", MIA, 1),
            "back": lambda c, g: c.queue.back(g, "m", MIA, 8),
            "bump": lambda c, g: c.queue.bump(g, "m", MIA, 4, 1),
            "bump the locked": lambda c, g: c.queue.bump(g, "m", MIA, 2, 1),
            "bump the bumped": lambda c, g: c.queue.bump(g, "m", MIA, 6, 1),
            "bump the playing": lambda c, g: c.queue.bump(g, "m", MIA, 1, 2),
            "remove": lambda c, g: c.queue.remove(g, "m", MIA, 4, reason="no"),
            "remove the locked": lambda c, g: c.queue.remove(g, "m", MIA, 2),
            "remove the pending": lambda c, g: c.queue.remove(g, "m", MIA, 7),
            "remove the held": lambda c, g: c.queue.remove(g, "m", MIA, 8),
            "remove the bumped": lambda c, g: c.queue.remove(g, "m", MIA, 6),
            "remove the playing": lambda c, g: c.queue.remove(g, "m", MIA, 1),
            "approve": lambda c, g: c.queue.approve(g, "m", MIA, 7, 20, method="tip", amount="5"),
            "reject": lambda c, g: c.queue.reject(g, "m", MIA, 7, reason="late"),
            "bookmark": lambda c, g: c.queue.bookmark(g, "m", MIA, 7),
            "clear free": lambda c, g: c.queue.clear(g, "m", MIA, 0, reason="over"),
            "clear the locked": lambda c, g: c.queue.clear(g, "m", MIA, 5),
        }
    ).items()
}
MOVES["next to a free song"] = _nexts(1), MOVES["next"][1]
MOVES["next to a bumped song"] = _nexts(3), MOVES["next"][1]
MOVES["next at the end"] = _clear_all, MOVES["next"][1]
MOVES["reject what was free"] = _claim_free, MOVES["reject"][1]
MOVES["reject for good"] = _close_free, MOVES["reject"][1]
MOVES["unbookmark"] = _bookmark, MOVES["bookmark"][1]


@pytest.fixture
def client(redis: Redis) -> Client:
    return Client.on(redis)


def _song(user: int, claimed: int | None = None, track: str | None = None) -> NewSong:
    title, artist = f"Song {user}", f"Artist {user}"
    return NewSong(title, artist, user, f"user{user}", track=track or f"t:{user}", claimed=claimed)


async def _submit(client: Client, guild: int, *users: int) -> None:
    for user in users:
        await client.queue.submit(guild, f"s{user}", Actor(user, f"user{user}"), _song(user))


async def _furnish(client: Client, guild: int) -> None:
    """1 plays (which cost points), then 2 (tier 5, locked), 3, 4, 6 (bumped), 5; 7 is pending, 8 held."""
    queue = client.queue
    await _submit(client, guild, 1, 2, 3, 4, 5, 6)
    await queue.submit(guild, "s7", Actor(7, "user7"), _song(7, 10))
    await _submit(client, guild, 8, 9)
    await client.points.link(guild, "l1", MIA, HANDLE_1, 1, name="@one")
    await client.points.link(guild, "l3", MIA, HANDLE_3, 3, name="@three")
    await _earn(client, guild, "p", [("user", 1, 900), ("handle", HANDLE_1, 100), ("user", 3, 50)])
    await _earn(client, guild, "q", [("handle", HANDLE_3, 7), ("user", 6, 20)])
    await queue.promote(guild, "pr9", MIA, 9, 25)
    await queue.next(guild, "n1", MIA)
    await queue.promote(guild, "pr2", MIA, 2, 5)
    await queue.next(guild, "n2", MIA)
    await queue.hold(guild, "h8", NOA, 8)
    await queue.bump(guild, "b6", NOA, 6, 1)
    board = await queue.board(guild, count=9)
    assert board.now.song == 1 and [song.number for song in board.songs] == [2, 3, 4, 6, 5]
    assert [song.number for song in board.songs if song.locked] == [2]


async def _earn(
    client: Client, guild: int, request: str, rows: list[tuple[Literal["user", "handle"], int, int]]
) -> None:
    await client.points.add(guild, request, MIA, [PointsChange(*row) for row in rows])


async def _dump(client: Client, guild: int) -> raw.Keys:
    return raw.without_bookkeeping(await raw.dump(client.redis, guild))


@pytest.mark.parametrize("kind", MOVES)
async def test_everything_is_as_it_was(client: Client, guild: int, kind: str) -> None:
    await _furnish(client, guild)
    prepare, move = MOVES[kind]
    await prepare(client, guild)
    before = await _dump(client, guild)
    moved = await client.queue.board(guild)
    await move(client, guild)
    assert await _dump(client, guild) != before
    undone = await client.queue.undo(guild, "u", NOA)
    assert await _dump(client, guild) == before
    assert (undone.move, undone.move_by_name) == (kind.split()[0], "Mia")
    assert undone.playing == moved.now.song
    after = await client.queue.board(guild)
    assert after.last_move == moved.last_move
    await raw.check(client.redis, guild)


@pytest.mark.parametrize("kind", MOVES)
async def test_points_earned_meanwhile_are_kept(client: Client, guild: int, kind: str) -> None:
    await _furnish(client, guild)
    prepare, move = MOVES[kind]
    await prepare(client, guild)
    rows: list[tuple[Literal["user", "handle"], int, int]] = [
        *(("user", user, 10 + user) for user in range(1, 9)),
        *(("handle", handle, 1000) for handle in (HANDLE_1, HANDLE_3)),
    ]
    before = await _dump(client, guild)
    await move(client, guild)
    await _earn(client, guild, "e", rows)
    await client.queue.undo(guild, "u", MIA)
    await raw.check(client.redis, guild)
    assert await _dump(client, guild) != before
    await _earn(client, guild, "f", [(set_, id_, -amount) for set_, id_, amount in rows])
    assert await _dump(client, guild) == before


async def test_points_go_back_to_the_handle_whoever_owns_it_now(client: Client, guild: int) -> None:
    await _submit(client, guild, 1, 2, 3)
    await client.points.link(guild, "l", MIA, HANDLE_1, 1, name="@one")
    await _earn(client, guild, "p", [("user", 1, 10), ("handle", HANDLE_1, 500)])
    own = [await client.points.of_user(guild, user) for user in (1, 3)]
    await client.queue.next(guild, "n", MIA)
    await client.points.link(guild, "f", MIA, HANDLE_1, 3, name="@one", force=True)
    await client.queue.undo(guild, "u", MIA)
    assert await client.points.of_user(guild, 1) == own[0] - 500
    assert await client.points.of_user(guild, 3) == own[1] + 500
    assert [song.number for song in (await client.queue.board(guild)).songs] == [3, 1, 2]
    await raw.check(client.redis, guild)


async def test_deeper_than_one_and_down_to_its_depth(client: Client, guild: int) -> None:
    await _furnish(client, guild)
    dumps: list[raw.Keys] = []
    for step in range(28):
        dumps.append(await _dump(client, guild))
        await client.queue.promote(guild, f"d{step}", MIA, 4, (10, 5, 0)[step % 3])
    for step in reversed(range(3, 28)):
        await client.queue.undo(guild, f"u{step}", MIA)
        assert await _dump(client, guild) == dumps[step]
    with pytest.raises(Refused) as refused:
        await client.queue.undo(guild, "u", MIA)
    assert refused.value.reason is Reason.NOTHING
    await raw.check(client.redis, guild)


async def test_a_whole_show_backwards(client: Client, guild: int) -> None:
    await _furnish(client, guild)
    dumps: list[raw.Keys] = []
    for step in range(6):
        dumps.append(await _dump(client, guild))
        await client.queue.next(guild, f"m{step}", MIA)
    for step in reversed(range(6)):
        await client.queue.undo(guild, f"u{step}", MIA)
        assert await _dump(client, guild) == dumps[step]


async def test_an_earlier_play_of_the_track_is_remembered(client: Client, guild: int) -> None:
    await client.configuration.change(guild, "c", MIA, {"cooldown": "0"})
    for play in (1, 2):
        await client.queue.submit(guild, f"s{play}", MIA, _song(play, track="same"))
        await client.queue.next(guild, f"n{play}", MIA)
        if play == 1:
            await client.queue.next(guild, "end", MIA)
    before = await _dump(client, guild)
    assert isinstance(before["recent"], dict) and set(before["recent"]) == {"same"}
    await client.queue.next(guild, "n3", MIA)
    await client.queue.undo(guild, "u", MIA)
    assert await _dump(client, guild) == before


async def test_locks_are_given_back(client: Client, guild: int) -> None:
    await client.configuration.change(guild, "c", MIA, {"lock": "3"})
    await _submit(client, guild, 1, 2, 3, 4, 5)
    await client.queue.next(guild, "n", MIA)
    board = await client.queue.board(guild)
    assert [song.number for song in board.songs if song.locked] == [2, 3, 4]
    # What was announced stays announced when fewer are to be from now on.
    await client.configuration.change(guild, "d", MIA, {"lock": "0"})
    await _earn(client, guild, "p", [("user", 5, 10)])
    assert [song.number for song in (await client.queue.board(guild)).songs] == [2, 3, 4, 5]
    await client.queue.undo(guild, "u", MIA)
    board = await client.queue.board(guild)
    assert not any(song.locked for song in board.songs)
    assert [song.number for song in board.songs] == [5, 1, 2, 3, 4]


async def test_an_artists_own_removal_is_passed_by(client: Client, guild: int) -> None:
    await _submit(client, guild, 1, 2, 3)
    await client.queue.promote(guild, "a", MIA, 3, 5)
    await client.queue.promote(guild, "b", MIA, 2, 10)
    await client.queue.bump(guild, "c", MIA, 2, 1)
    await client.queue.remove(guild, "r", Actor(2, "user2"), 2, owner=2)
    board = await client.queue.board(guild)
    assert board.last_move and (board.last_move.kind, board.last_move.song) == ("promote", 3)
    undone = await client.queue.undo(guild, "u", MIA)
    assert [song.number for song in undone.songs] == [3]
    with pytest.raises(Refused) as refused:
        await client.queue.undo(guild, "v", MIA)
    assert refused.value.reason is Reason.NOTHING
    await raw.check(client.redis, guild)


async def _moved_on(client: Client, guild: int) -> dict[str, Any]:
    before = await raw.dump(client.redis, guild)
    with pytest.raises(Refused) as refused:
        await client.queue.undo(guild, "late", NOA)
    assert refused.value.reason is Reason.MOVED_ON
    assert await raw.dump(client.redis, guild) == before
    return dict(refused.value.facts)


async def test_an_artist_who_takes_a_held_song_away_stands_in_no_undos_way(
    client: Client, guild: int
) -> None:
    queue = client.queue
    await _submit(client, guild, 1, 2, 3)
    await queue.promote(guild, "p", MIA, 3, 5)
    await queue.next(guild, "n1", MIA)
    await _earn(client, guild, "e", [("user", 1, 70)])
    points = await client.points.of_user(guild, 1)
    await queue.next(guild, "n2", MIA)
    await queue.hold(guild, "h", MIA, 1)
    await queue.remove(guild, "r", Actor(1, "user1"), 1, owner=1)
    await raw.check(client.redis, guild)
    # The hold is gone with its song; Next goes back past it, to the song that it ended.
    undone = await queue.undo(guild, "u1", MIA)
    assert (undone.move, [song.number for song in undone.songs], undone.playing) == ("next", [3], 3)
    assert await client.points.of_user(guild, 1) == points >= 70
    board = await queue.board(guild)
    assert (board.now.song, board.now.turn, [song.number for song in board.songs]) == (3, 1, [2])
    await raw.check(client.redis, guild)
    assert (await queue.undo(guild, "u2", MIA)).move == "next"
    assert (await queue.undo(guild, "u3", MIA)).move == "promote"
    await raw.check(client.redis, guild)


async def test_a_next_of_nothing_but_that_song_goes_with_it(client: Client, guild: int) -> None:
    queue = client.queue
    await _submit(client, guild, 1, 2)
    await queue.hold(guild, "h2", MIA, 2)
    await queue.next(guild, "n", MIA)
    await queue.hold(guild, "h", MIA, 1)
    await queue.remove(guild, "r", Actor(1, "user1"), 1, owner=1)
    assert (await queue.undo(guild, "u", MIA)).songs[0].number == 2
    with pytest.raises(Refused) as refused:
        await queue.undo(guild, "v", MIA)
    assert refused.value.reason is Reason.NOTHING
    await raw.check(client.redis, guild)


@pytest.mark.parametrize("kind", ["remove", "reject", "clear", "next"])
async def test_refused_when_the_track_came_again(client: Client, guild: int, kind: str) -> None:
    await client.configuration.change(guild, "c", MIA, {"cooldown": "0"})
    claimed = 10 if kind == "reject" else None
    await client.queue.submit(guild, "s", MIA, _song(1, claimed, track="same"))
    if kind == "next":
        await client.queue.next(guild, "n", MIA)
        await client.queue.next(guild, "m", MIA)
    elif kind == "clear":
        await client.queue.clear(guild, "m", MIA, 0)
    else:
        # With Free closed a skip that is turned away is at its end.
        await client.configuration.change(guild, "d", MIA, {"closed:0": "1"})
        await getattr(client.queue, kind)(guild, "m", MIA, 1)
        await client.configuration.change(guild, "e", MIA, {"closed:0": None})
    await client.queue.submit(guild, "again", MIA, _song(2, track="same"))
    facts = await _moved_on(client, guild)
    assert (facts["move"], facts["by_name"]) == (kind, "Mia")
    assert (facts["song"]["number"], facts["song"]["user_name"]) == (2, "user2")
    # Once the newer one is gone, nothing is in the way.
    await client.queue.remove(guild, "own", Actor(2, "user2"), 2, owner=2)
    await client.queue.undo(guild, "u", MIA)
    await raw.check(client.redis, guild)


@pytest.mark.parametrize("kind", ["promote", "remove", "next"])
async def test_refused_when_the_tier_is_gone(client: Client, guild: int, kind: str) -> None:
    await _submit(client, guild, 1, 2)
    await client.queue.promote(guild, "p", MIA, 1, 5)
    if kind == "promote":
        await client.queue.promote(guild, "m", MIA, 1, 10)
    elif kind == "remove":
        await client.queue.remove(guild, "m", MIA, 1)
    else:
        await client.queue.next(guild, "m", MIA)
    await client.configuration.set_ladder(guild, "l", MIA, LINES)
    facts = await _moved_on(client, guild)
    assert (facts["move"], facts["song"]["number"]) == (kind, 1)
    await client.configuration.set_ladder(guild, "k", MIA, SKIPS)
    await client.queue.undo(guild, "u", MIA)
    assert (await client.queue.board(guild)).songs[0].tier == 5


async def test_a_playing_song_whose_tier_is_gone_can_be_held_and_promoted(client: Client, guild: int) -> None:
    await _submit(client, guild, 1, 2)
    await client.queue.promote(guild, "p", MIA, 1, 5)
    await client.queue.next(guild, "n", MIA)
    await client.configuration.set_ladder(guild, "l", MIA, LINES)
    with pytest.raises(Refused) as refused:
        await client.queue.bump(guild, "b", MIA, 1, 1)
    assert refused.value.reason is Reason.UNKNOWN_TIER
    await client.queue.hold(guild, "h", MIA, 1)
    with pytest.raises(Refused) as refused:
        await client.queue.back(guild, "k", MIA, 1)
    assert refused.value.reason is Reason.UNKNOWN_TIER
    await client.queue.promote(guild, "q", MIA, 1, 20)
    await client.queue.back(guild, "j", MIA, 1)
    assert sorted(song.number for song in (await client.queue.board(guild)).songs) == [1, 2]


async def test_a_claim_of_a_tier_that_is_gone_is_approved_into_another(client: Client, guild: int) -> None:
    await client.queue.submit(guild, "s", MIA, _song(1, 25))
    await client.configuration.set_ladder(guild, "l", MIA, Ladder.of([(3, "Three"), (0, "Free")]))
    with pytest.raises(Refused) as refused:
        await client.queue.approve(guild, "a", MIA, 1, 25)
    assert refused.value.reason is Reason.UNKNOWN_TIER
    moved = await client.queue.approve(guild, "b", MIA, 1, 3)
    assert (moved.song.tier, moved.place) == (3, 1)
    await client.queue.undo(guild, "u", MIA)
    board = await client.queue.board(guild, pending=1)
    assert [(song.number, song.tier) for song in board.pending_songs] == [(1, 25)]


async def test_two_press_undo_at_once(redis: Redis, client: Client, guild: int) -> None:
    other = Client.on(redis)
    await _furnish(client, guild)
    for turn in range(20):
        await client.queue.promote(guild, f"p{turn}", MIA, 4, (10, 5)[turn % 2])
        board = await client.queue.board(guild)
        assert board.last_move
        expected = board.last_move.revision

        async def press(
            who: Client, actor: Actor, turn: int = turn, expected: int = expected
        ) -> Undone | Refused:
            try:
                return await who.queue.undo(guild, f"u{turn}{actor.id}", actor, expected=expected)
            except Refused as refused:
                return refused

        answers = await asyncio.gather(press(client, MIA), press(other, NOA))
        (loser,) = (answer for answer in answers if isinstance(answer, Refused))
        winner = NOA if loser is answers[0] else MIA
        assert loser.reason is Reason.STALE
        assert (loser.facts["by_name"], loser.facts["moved"]) == (winner.name, "undo")
        after = await client.queue.board(guild)
        assert after.revision == board.revision + 1


async def test_undo_of_what_is_no_longer_the_last_names_the_newer_move(client: Client, guild: int) -> None:
    await _furnish(client, guild)
    seen = (await client.queue.board(guild)).last_move
    assert seen
    await client.queue.promote(guild, "p", NOA, 4, 10)
    with pytest.raises(Refused) as refused:
        await client.queue.undo(guild, "u", MIA, expected=seen.revision)
    facts = refused.value.facts
    assert (facts["by_name"], facts["moved"], facts["song"]["number"]) == ("Noa", "promote", 1)
    assert 0 <= facts["ago"] < 60_000


async def test_an_undo_of_a_moment_ago_asks_first(client: Client, guild: int) -> None:
    await _furnish(client, guild)
    await client.queue.undo(guild, "u", MIA, guard=60_000)
    with pytest.raises(Refused) as refused:
        await client.queue.undo(guild, "v", NOA, guard=60_000)
    assert refused.value.reason is Reason.RECENT
    assert (refused.value.facts["by_name"], refused.value.facts["moved"]) == ("Mia", "undo")
    await client.queue.undo(guild, "w", MIA, guard=60_000)
    await client.queue.undo(guild, "x", NOA)

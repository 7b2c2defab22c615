"""Several reviewers press Next at the same moment: one song goes, and the others are told who was first."""

from __future__ import annotations

import asyncio

import pytest
from redis.asyncio import Redis

from state.connection import connect
from state.moved import Advanced
from state.refusal import Reason, Refused
from state.scripts import Actor
from state.song import NewSong
from tests.state import raw
from tests.state.plays import Client

SONGS = 200


@pytest.mark.parametrize("reviewers", [2, 8])
async def test_200_times_one_song_each(quiet_redis_url: str, guild: int, reviewers: int) -> None:
    connections: list[Redis] = [connect(quiet_redis_url) for _ in range(reviewers)]
    clients = [Client.on(connection) for connection in connections]
    actors = [Actor(900 + index, f"Reviewer {index}") for index in range(reviewers)]
    queue = clients[0].queue
    for user in range(1, SONGS + 1):
        song = NewSong(f"Song {user}", "Someone", user, f"user{user}", claimed=(5, 10, None)[user % 3])
        moved = await queue.submit(guild, f"s{user}", Actor(user, f"user{user}"), song)
        if song.claimed:
            await queue.approve(guild, f"a{user}", actors[0], moved.song.number, song.claimed)
    listed = [song.number for song in (await queue.board(guild, count=SONGS)).songs]
    assert len(listed) == SONGS
    played: list[int] = []
    for turn in range(SONGS):
        seen = played[-1] if played else None

        async def press(index: int, turn: int = turn, seen: int | None = seen) -> Advanced | Refused:
            try:
                return await clients[index].queue.next(
                    guild, f"n{turn}-{index}", actors[index], expected=seen, expect_none=seen is None
                )
            except Refused as refused:
                return refused

        answers = await asyncio.gather(*(press(index) for index in range(reviewers)))
        winners = [index for index, answer in enumerate(answers) if isinstance(answer, Advanced)]
        assert len(winners) == 1
        won = answers[winners[0]]
        assert isinstance(won, Advanced) and won.song is not None
        assert (won.ended.number if won.ended else None) == seen
        played.append(won.song.number)
        for index, answer in enumerate(answers):
            if index == winners[0]:
                continue
            assert isinstance(answer, Refused) and answer.reason is Reason.STALE
            facts = answer.facts
            assert (facts["by"], facts["by_name"]) == (str(actors[winners[0]].id), actors[winners[0]].name)
            assert facts["moved"] == "next" and facts["song"]["number"] == played[-1]
            assert 0 <= facts["ago"] < 60_000
    assert played == listed
    await raw.check(connections[0], guild)
    for connection in connections:
        await connection.aclose()


async def test_a_song_taken_off_the_stage_names_who_took_it(redis: Redis, guild: int) -> None:
    queue, mia, noa = Client.on(redis).queue, Actor(901, "Mia"), Actor(902, "Noa")
    for user in (1, 2, 3, 4):
        await queue.submit(guild, f"s{user}", Actor(user, "x"), NewSong(f"Song {user}", "A", user, "x"))
    for number, take in enumerate((queue.hold, queue.remove), start=1):
        await queue.next(guild, f"n{number}", mia)
        await take(guild, f"t{number}", noa, number)
        with pytest.raises(Refused) as refused:
            await queue.next(guild, f"late{number}", mia, expected=number)
        assert refused.value.reason is Reason.STALE
        assert (refused.value.facts["by_name"], refused.value.facts["moved"]) == ("Noa", take.__name__)
        assert "song" not in refused.value.facts
    await queue.next(guild, "n3", mia)
    await queue.bump(guild, "b3", noa, 3, 1)
    with pytest.raises(Refused) as refused:
        await queue.next(guild, "late3", mia, expected=3)
    assert (refused.value.facts["by_name"], refused.value.facts["moved"]) == ("Noa", "bump")


async def test_what_left_the_stage_alone_moves_no_mover(redis: Redis, guild: int) -> None:
    queue, mia, noa = Client.on(redis).queue, Actor(901, "Mia"), Actor(902, "Noa")
    for user in (1, 2, 3):
        await queue.submit(guild, f"s{user}", Actor(user, "x"), NewSong(f"Song {user}", "A", user, "x"))
    await queue.next(guild, "n1", mia, expect_none=True)
    await queue.promote(guild, "p", noa, 3, 10)
    await queue.undo(guild, "u", noa)
    with pytest.raises(Refused) as refused:
        await queue.next(guild, "late", noa, expect_none=True)
    assert (refused.value.facts["by_name"], refused.value.facts["moved"]) == ("Mia", "next")


async def test_a_next_of_a_moment_ago_asks_first(redis: Redis, guild: int) -> None:
    queue, mia, noa = Client.on(redis).queue, Actor(901, "Mia"), Actor(902, "Noa")
    for user in range(1, 7):
        await queue.submit(guild, f"s{user}", Actor(user, "x"), NewSong(f"Song {user}", "A", user, "x"))
    await queue.next(guild, "n1", mia, guard=60_000)
    with pytest.raises(Refused) as refused:
        await queue.next(guild, "n2", noa, guard=60_000)
    assert refused.value.reason is Reason.RECENT and refused.value.facts["by_name"] == "Mia"
    assert refused.value.facts["song"]["number"] == 1
    assert (await queue.next(guild, "n3", mia, guard=60_000)).song is not None
    with pytest.raises(Refused):
        await queue.next(guild, "n4", mia, guard=60_000, guard_self=True)
    assert (await queue.next(guild, "n5", noa)).song is not None

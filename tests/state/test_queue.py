from __future__ import annotations

from redis.asyncio import Redis

from state.points import Points, PointsChange
from state.queue import Queue
from state.scripts import Actor, Scripts
from state.song import NewSong

MIA = Actor(1001, "Mia")


def song(title: str, user: int, **more: object) -> NewSong:
    return NewSong(title=title, artist=f"Artist {user}", user=user, user_name=f"user{user}", **more)


async def test_a_thread_through_all_moves(redis: Redis, scripts: Scripts, guild: int) -> None:
    queue, points = Queue(redis, scripts), Points(redis, scripts)
    one = await queue.submit(guild, "a", MIA, song("One", 1))
    assert (one.place, one.waiting, one.song.number) == (1, 1, 1)
    await queue.submit(guild, "b", MIA, song("Two", 2))
    await points.add(guild, "c", MIA, [PointsChange("user", 2, 50)])
    board = await queue.board(guild)
    assert [s.title for s in board.songs] == ["Two", "One"]
    await queue.promote(guild, "d", MIA, 1, 10)
    board = await queue.board(guild)
    assert [s.title for s in board.songs] == ["One", "Two"]
    advanced = await queue.next(guild, "e", MIA, expect_none=True)
    assert advanced.song and advanced.song.title == "One"
    again = await queue.next(guild, "e", MIA, expect_none=True)
    assert again == advanced
    advanced = await queue.next(guild, "f", MIA, expected=1)
    assert advanced.song and advanced.song.title == "Two"
    assert await points.of_user(guild, 2) == 0
    undone = await queue.undo(guild, "g", MIA)
    assert undone.move == "next" and undone.playing == 1
    # 50, and 10 for the first submission of the day.
    assert await points.of_user(guild, 2) == 60
    board = await queue.board(guild)
    assert [s.title for s in board.songs] == ["Two"] and board.playing and board.playing.title == "One"
    await queue.hold(guild, "h", MIA, 1)
    await queue.undo(guild, "i", MIA)
    await queue.undo(guild, "j", MIA)
    await queue.undo(guild, "k", MIA)
    board = await queue.board(guild, pending=5, held=5)
    assert [s.title for s in board.songs] == ["Two", "One"]

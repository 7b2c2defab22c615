"""The moves of the real queue: what they record is what they did, so that the archive can put it back."""

from __future__ import annotations

import random

from redis.asyncio import Redis

from persistence import live_keys, recovery
from persistence.archive import Archive
from persistence.keys import key
from state.points import Points, PointsChange
from state.queue import Queue
from state.refusal import Refused
from state.scripts import Actor, Scripts
from state.song import NewSong

MIA = Actor(1001, "Mia")


async def test_every_kind_of_move_is_rebuilt_exactly(redis: Redis, archive: Archive, guild: int) -> None:
    async def opener(guild_id: int) -> None:
        await recovery.open_guild(guild_id, redis, archive)

    scripts = Scripts(redis, opener)
    queue, points = Queue(redis, scripts), Points(redis, scripts)
    dice = random.Random(11)

    async def one(step: int) -> None:
        request, number, user = f"q{step}", dice.randint(1, 40), dice.randint(1, 12)
        song = NewSong(
            title=f"Song {step}",
            artist="\u00c4rtist \U0001f3b5",
            user=user,
            user_name=f"user{user}",
            link=f"https://example.org/{step}",
            track=f"t:{step}",
            claimed=dice.choice([None, 10, 20]),
        )
        match dice.randint(0, 16):
            case 0 | 1 | 2 | 3:
                await queue.submit(guild, request, MIA, song)
            case 4:
                board = await queue.board(guild)
                await queue.next(guild, request, MIA, expected=board.playing and board.playing.number)
            case 5:
                await queue.promote(guild, request, MIA, number, dice.choice([0, 5, 10, 25]))
            case 6:
                await queue.approve(guild, request, MIA, number, 15)
            case 7:
                await queue.reject(guild, request, MIA, number, reason="no")
            case 8:
                await queue.remove(guild, request, MIA, number, reason="why not")
            case 9:
                await queue.hold(guild, request, MIA, number)
            case 10:
                await points.add(guild, request, MIA, [PointsChange("user", user, dice.randint(-9, 10**6))])
            case 11:
                await queue.back(guild, request, MIA, number)
            case 12:
                await queue.bump(guild, request, MIA, number, 2)
            case 14:
                playing = (await queue.board(guild)).now.song
                score = dice.choice([False, 0, 7, 10])
                await queue.review(guild, request, MIA, playing or number, score=score, note=f"note {step}")
            case 15:
                await queue.bookmark(guild, request, MIA, number)
            case 13 if step % 9 == 0:
                await queue.clear(guild, request, MIA, 0, reason="over")
            case _:
                await queue.undo(guild, request, MIA)

    done = 0
    for step in range(400):
        try:
            await one(step)
            done += 1
        except Refused:
            continue
    assert done > 100
    archived = 0
    while events := await recovery.entries(guild, archived, 37, redis):
        archived = await archive.append(guild, events)
    before = set(await live_keys.read(guild, redis))
    state = await archive.live(guild)
    assert state is not None and set(state.rows) == before
    board = await queue.board(guild)
    await redis.delete(*[key(guild, name) for name in await live_keys.names_of(guild, redis)])
    await recovery.restore(guild, redis, archive)
    assert set(await live_keys.read(guild, redis)) == before
    assert await queue.board(guild) == board
    assert {song.number for song in await archive.history(guild, limit=1000)} == {
        int(row.value) for row in before if row.name.startswith("song:") and row.field == "number"
    }

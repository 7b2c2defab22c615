"""What is owed to artists when the place in the stream is lost."""

from __future__ import annotations

from typing import Any, cast

import pytest
from redis.asyncio import Redis

from state import keys
from state.notices import NoticeKind, Notices
from state.points import PointsChange
from state.scripts import Actor, Scripts
from state.song import NewSong
from tests.state.plays import Client

MIA = Actor(901, "Mia")
PAGE = 200


@pytest.mark.parametrize(("age_ms", "kinds"), [(0, {NoticeKind.REMOVED}), (120_000, set())])
async def test_without_a_place_only_the_last_minute_is_told_however_long_the_stream(
    redis: Redis, scripts: Scripts, guild: int, age_ms: int, kinds: set[NoticeKind]
) -> None:
    client, raw = Client.on(redis), cast("Any", redis)
    song = NewSong("One", "Alice", 11, "alice")
    number = (await client.queue.submit(guild, "s", Actor(11, "Alice"), song)).song.number
    for each in range(PAGE):
        await client.points.add(guild, f"p{each}", MIA, [PointsChange("user", 12, 1)])
    await client.queue.remove(guild, "r", MIA, number)
    entries = await raw.xrange(keys.events(guild))
    assert len(entries) > PAGE
    await raw.delete(keys.events(guild), keys.noticed(guild))
    for id_, fields in entries:
        await raw.xadd(keys.events(guild), {**fields, "at": str(int(fields["at"]) - age_ms)}, id=id_)
    owed, dropped = await Notices(redis, scripts).claim(guild)
    assert {each.kind for each in owed} == kinds and not dropped

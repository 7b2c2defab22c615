"""Recordings: read, played, made up; and the control endpoint."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
from TikTokLive.events import CommentEvent, GiftEvent

from sandbox.tiktok import (
    BadRecordingError,
    Evening,
    Player,
    Size,
    account,
    load_recording,
    read_recording,
    write_recording,
)
from tests.sandbox.tiktok.listening import Listener, listening

if TYPE_CHECKING:
    from pathlib import Path

    from sandbox.tiktok import TikTok


async def stay(tiktok: TikTok, name: str, ids: set[int]) -> None:
    """Connect again whenever the connection ends, and collect the ids of all that is heard."""
    while True:
        listener = Listener(tiktok, name)
        try:
            await listener.start(fetch_live_check=False)
            await listener.ends(60)
        except (Exception, AssertionError):
            await asyncio.sleep(0)
        finally:
            await listener.close()
            ids.update(each.common.msg_id for each in listener.heard if getattr(each, "common", None))


async def test_an_evening_is_what_its_books_say(tiktok: TikTok) -> None:
    actions = list(Evening(7, events=600, drops=4, rooms=1, renames=3, viewers=20, size="bare").actions())
    assert actions == list(
        Evening(7, events=600, drops=4, rooms=1, renames=3, viewers=20, size="bare").actions()
    )
    player = Player(tiktok, actions, speed=None, started_at=1_790_000_000)
    heard: set[int] = set()
    clients = [asyncio.create_task(stay(tiktok, host, heard)) for host in ("dj_mara", "tio_beat")]
    try:
        await player.run()
        await tiktok.wait_until(lambda: all(not live.connections for live in tiktok.rooms.values()))
    finally:
        for client in clients:
            client.cancel()
        await asyncio.gather(*clients, return_exceptions=True)
    books = tiktok.books
    assert player.done == len(actions)
    assert 600 <= len(books.sent) < 700
    assert len({live.room for live in tiktok.rooms.values()}) == 3
    assert heard == books.arrived() == books.possible()
    missed = {each.id for each in books.sent} - heard
    assert account(each for each in books.sent if each.id in heard) == books.received()
    assert books.received().total.coins <= books.of().total.coins
    assert len(missed) < 40 * 4
    times = [each.at for each in books.sent]
    assert times == sorted(times)
    assert times[0] >= 1_790_000_000_000
    assert times[-1] - times[0] > 100 * 60_000


def test_an_evening_has_all_that_goes_wrong() -> None:
    actions = list(Evening(1, events=20_000).actions())
    does = Counter(action["do"] for action in actions)
    ends = Counter(
        action["times"] for action in actions if action["do"] == "streak_end" and "times" in action
    )
    begun = len({action["streak"] for action in actions if action["do"] == "streak"})
    assert (does["drop"], does["rename"], does["go_live"], does["end"]) == (10, 12, 3, 3)
    assert ends[2] > 50
    assert begun - does["streak_end"] > 50
    assert {action["host"] for action in actions if "host" in action} == {"dj_mara", "tio_beat"}


async def test_a_recording_goes_to_a_file_and_back(tiktok: TikTok, tmp_path: Path) -> None:
    actions = list(Evening(3, events=50, drops=0, rooms=0, renames=0).actions())
    write_recording(tmp_path / "live.jsonl", actions)
    assert load_recording(tmp_path / "live.jsonl") == actions


async def test_a_recording_keeps_its_pace(tiktok: TikTok) -> None:
    lines = [
        '{"t": 0, "do": "go_live", "host": "dj_mara"}',
        "# a comment, and an empty line",
        "",
        '{"t": 0, "do": "await", "host": "dj_mara"}',
        '{"t": 60000, "do": "comment", "host": "dj_mara", "viewer": "anna", "text": "a minute later"}',
        '{"t": 120000, "do": "gift", "host": "dj_mara", "viewer": "anna", "gift": "rose", "count": 5}',
    ]
    player = Player(tiktok, read_recording(lines), speed=2_000, started_at=1_000)
    playing = asyncio.create_task(player.run())
    await tiktok.wait_until(lambda: tiktok.host("dj_mara").live is not None or playing.done())
    async with listening(tiktok, "dj_mara") as client:
        (said,) = await client.hears(CommentEvent)
        gifts = await client.hears(GiftEvent, 2)
        await playing
    assert said.common.create_time == 1_060_000
    assert [each.common.create_time for each in gifts] == [1_120_000, 1_120_000]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("{", "no JSON"),
        ("[]", "no JSON object"),
        ('{"do": "end"}', "needs `t`"),
        ('{"t": -1, "do": "end"}', "needs `t`"),
        ('{"t": 1, "do": "dance"}', "'dance'"),
    ],
)
def test_a_line_that_cannot_be_played_is_named(line: str, why: str) -> None:
    with pytest.raises(BadRecordingError, match=f"Line 2 .*{why}"):
        read_recording(['{"t": 0, "do": "history", "depth": 1}', line])


@pytest.mark.parametrize(
    ("action", "why"),
    [
        ({"do": "like", "host": "nobody", "viewer": "anna"}, "@nobody is not live"),
        ({"do": "comment", "host": "dj_mara", "viewer": "anna"}, "needs 'text'"),
        ({"do": "gift", "host": "dj_mara", "viewer": "anna", "gift": "Moon"}, "no gift named 'Moon'"),
        ({"do": "streak_end", "host": "dj_mara", "viewer": "anna", "streak": "s9"}, "no streak 's9'"),
        ({"do": "fault", "how": "magic"}, "no fault 'magic'"),
        ({"do": "fault", "how": "hang", "endpoint": "moon"}, "'moon' is none of"),
        ({"do": "dance"}, "no action 'dance'"),
    ],
)
async def test_an_action_that_cannot_be_done_says_why(
    tiktok: TikTok, action: dict[str, Any], why: str
) -> None:
    tiktok.host("dj_mara").go_live()
    with pytest.raises(BadRecordingError, match=why):
        await Player(tiktok, [{"t": 0} | action]).run()


async def test_the_control_endpoint_does_and_tells(tiktok: TikTok) -> None:
    async with aiohttp.ClientSession(f"{tiktok.app_url}/") as session:

        async def act(*actions: dict[str, Any]) -> tuple[int, Any]:
            async with session.post("control/act", json=list(actions)) as answer:
                return answer.status, await answer.json()

        async def state(path: str = "control") -> Any:
            async with session.get(path) as answer:
                return await answer.json()

        assert (await act({"do": "go_live", "host": "dj_mara", "size": "large"}))[0] == 200
        async with listening(tiktok, "dj_mara") as client:
            status, sent = await act(
                {"do": "gift", "host": "dj_mara", "viewer": "anna", "gift": "Rose", "count": 4},
                {"do": "acknowledged", "host": "dj_mara"},
            )
            assert (status, [each["kind"] for each in sent["messages"]]) == (200, ["gift", "gift"])
            await client.hears(GiftEvent, 2)
            told = await state()
            assert told["hosts"]["dj_mara"]["live"]["connections"] == 1
            assert told["hosts"]["dj_mara"]["live"]["size"] == Size.LARGE.name.lower()
            assert told["signatures"] == 1
        books = await state("control/books?host=dj_mara")
        assert books["sent"]["total"]["coins"] == books["received"]["total"]["coins"] == 4
        assert books["connections"][0]["acknowledged"] == 2
        status, refused = await act({"do": "end", "host": "tio_beat"})
        assert (status, refused) == (400, {"error": "@tio_beat is not live."})
        await act({"do": "fault", "how": "limit", "seconds": 9})
        assert (await state())["faults"] == [{"endpoint": "sign", "times": 1, "hits": 0}]
        await act({"do": "clear_faults"})
        assert (await state())["faults"] == []
        async with session.post("control/act", data="{") as answer:
            assert answer.status == 400


async def test_the_control_endpoint_plays_a_recording(tiktok: TikTok) -> None:
    recording = [
        {"t": 0, "do": "go_live", "host": "dj_mara"},
        {"t": 1, "do": "like", "host": "dj_mara", "viewer": "anna", "count": 20},
        {"t": 2, "do": "await", "host": "dj_mara"},
        {"t": 3, "do": "end", "host": "tio_beat"},
    ]
    body = "\n".join(json.dumps(each) for each in recording)
    async with aiohttp.ClientSession(f"{tiktok.app_url}/") as session:
        async with session.post("control/play?speed=max", data=body) as answer:
            assert await answer.json() == {"actions": 4}
        async with session.post("control/play", data=body) as answer:
            assert answer.status == 400
        async with listening(tiktok, "dj_mara") as client:
            # The recording goes on, and stumbles over a host who is not live.
            await tiktok.wait_until(lambda: tiktok.control.trouble != "")
            assert client.client.connected
        async with session.get("control") as answer:
            told = (await answer.json())["recording"]
        assert (told["done"], told["playing"]) == (3, False)
        assert "@tio_beat is not live" in told["trouble"]
        for pace in ("0", "soon"):
            async with session.post(f"control/play?speed={pace}", data=body) as answer:
                assert answer.status == 400
        async with session.post("control/play", data=json.dumps(recording[2])) as answer:
            assert answer.status == 200
        async with session.delete("control/play") as answer:
            assert answer.status == 200

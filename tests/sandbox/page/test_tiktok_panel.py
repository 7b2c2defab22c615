"""The panel of the TikTok over the page's websocket: all see it live, and the bot hears what is done."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from sandbox.page import Page
from sandbox.tiktok import ROSE, TikTok
from tests.live.acts import ARTIST, has
from tests.live.conftest import Start
from tests.sandbox.page.client import Client, Json, opened
from tests.stage import Stage

HANDLE = "dj_mara"
HOSTILE = "<script>alert(1)</script> \u202egnol " + "Z͑ͫ" * 8
SHOWN = 300
LIVE = {"host": HANDLE}
ANNA = {"host": HANDLE, "viewer": "anna"}


@pytest.fixture
async def page(stage: Stage, tiktok: TikTok) -> AsyncIterator[Page]:
    page = await Page.start(stage.guild, tiktok=tiktok)
    yield page
    await page.close()


async def done(client: Client, what: str, **values: Any) -> None:
    answer = await client.act("tiktok", what=what, **values)
    assert "error" not in answer, answer


async def refusal(client: Client, what: str, **values: Any) -> str:
    return str((await client.act("tiktok", what=what, **values))["error"])


async def panel(client: Client, found: Callable[[Json], Any]) -> Any:
    """Wait until the panel has something; gives it."""
    return await client.until(lambda: found(client.last["tiktok"]))


def rows(frame: Json, kind: str) -> list[Json]:
    return [each for each in frame["feed"] if each["kind"] == kind]


async def test_the_bot_hears_what_is_done_and_both_pages_see_it(
    page: Page, stage: Stage, tiktok: TikTok, listen: Start
) -> None:
    await listen()
    await stage.host.command("tiktok connect", stage.queue, options={"handle": HANDLE})
    async with opened(page, stage.host) as mia, opened(page, stage.alice) as alice:
        await panel(mia, lambda frame: {"name": HANDLE, "wanted": True} in frame["hosts"])
        await done(mia, "live", **LIVE)
        await panel(alice, lambda frame: frame["lives"] and frame["lives"][0]["connections"] == 1)
        anna = tiktok.viewer("anna")
        linked = stage.app.stores.points.link
        await linked(stage.id, "l1", ARTIST, anna.id, int(stage.alice.id), name="@anna")
        await done(alice, "like", count=600, **ANNA)
        await done(alice, "comment", text="louder!", **ANNA)
        await has(stage, int(stage.alice.id), 600 + 2)
        await done(mia, "streak", gift="Rose", count=2, **ANNA)
        await done(alice, "streak", gift="Rose", count=3, **ANNA)
        await panel(mia, lambda frame: [each["count"] for each in frame["streaks"]] == [5])
        await done(mia, "drop", **LIVE)
        await panel(alice, lambda frame: rows(frame, "disconnected"))
        await panel(alice, lambda frame: frame["lives"][0]["connections"] == 1)
        await done(mia, "streak_end", gift="Rose", **ANNA)
        await has(stage, int(stage.alice.id), 602 + 2 * 5)
        shown = await panel(alice, lambda frame: not frame["streaks"] and frame)
        assert shown["lives"][0]["coins"] == 5 * ROSE.price and shown["viewers"] == ["anna"]
        (gift,) = rows(shown, "gift")
        assert gift["count"] == 5 and gift["ended"]
        assert [each["count"] for each in rows(shown, "like")] == [600]
        await done(mia, "end", **LIVE)
        await panel(alice, lambda frame: not frame["lives"] and rows(frame, "ended"))


@pytest.mark.parametrize(
    ("what", "values", "sent"),
    [
        ("like", {"count": 20}, [("like", 15), ("like", 5)]),
        ("comment", {"text": HOSTILE}, [("comment", 0)]),
        ("share", {}, [("share", 1)]),
        ("follow", {}, [("follow", 1)]),
        ("subscribe", {}, [("subscribe", 1)]),
        ("join", {}, [("join", 1)]),
        ("gift", {"gift": "rose", "count": 3}, [("gift", 3), ("gift", 3)]),
        ("gift", {"gift": "Lion", "count": 2}, [("gift", 2)]),
        ("streak", {"gift": "Rose", "count": 2}, [("gift", 2)]),
        ("viewers", {"count": 0}, [("viewers", 0)]),
        ("end", {}, [("ended", 0)]),
    ],
    ids=lambda each: str(each)[:24],
)
async def test_each_act_is_sent_as_its_viewer_sends_it(
    page: Page, stage: Stage, tiktok: TikTok, what: str, values: Json, sent: list[tuple[str, int]]
) -> None:
    async with opened(page, stage.alice) as alice:
        await done(alice, "live", host=f"@{HANDLE.upper()}")
        await done(alice, what, **ANNA | {"viewer": " @anna "} | values)
        messages = tiktok.books.messages(HANDLE)
        assert [(each.kind, each.count) for each in messages] == sent
        assert {each.name for each in messages} <= {"anna", ""}
        assert all(each.text == values.get("text", "") for each in messages)


@pytest.mark.parametrize(
    ("what", "values", "sentence"),
    [
        ("dance", {}, "The panel knows no such act."),
        ("live", {"host": HANDLE}, f"@{HANDLE} is live already."),
        ("live", {"host": "<b>"}, "A handle is 2 to 24 letters, digits, dots or underscores."),
        ("live", {"host": ["x"]}, "A handle is 2 to 24 letters, digits, dots or underscores."),
        ("like", {"host": "nobody"}, "@nobody is not live."),
        ("like", {"host": ""}, "No live was chosen."),
        ("like", {"viewer": " @ "}, "Say first who does it: type a viewer's name."),
        ("like", {"viewer": {"name": "anna"}}, "Say first who does it: type a viewer's name."),
        ("like", {"viewer": "a" * 61}, "A name is one line of at most 60 characters."),
        ("like", {"viewer": "a\x00b"}, "A name is one line of at most 60 characters."),
        ("like", {"count": 0}, "The number goes from 1 to 5,000."),
        ("like", {"count": 5_001}, "The number goes from 1 to 5,000."),
        ("like", {"count": True}, "The number goes from 1 to 5,000."),
        ("like", {"count": None}, "The number goes from 1 to 5,000."),
        ("like", {"count": "5"}, "The number goes from 1 to 5,000."),
        ("comment", {"text": " \n"}, "Write something first."),
        ("comment", {"text": 5}, "Write something first."),
        ("comment", {"text": "a" * 4_001}, "A comment has at most 4,000 characters."),
        ("gift", {"gift": "Yacht"}, "The shop has no gift named 'Yacht'."),
        ("gift", {"gift": "Rose", "count": 10_000}, "The number goes from 1 to 9,999."),
        ("streak", {"gift": "Lion"}, "Lion does not streak."),
        ("streak_end", {"gift": "Rose"}, "Anna has no streak of Rose under way."),
        ("viewers", {"count": -1}, "The number goes from 0 to 10,000,000."),
        ("drop", {}, f"Nobody is connected to @{HANDLE}."),
    ],
    ids=lambda each: str(each)[:24],
)
async def test_what_tiktok_would_not_do_is_refused_in_a_sentence(
    page: Page, stage: Stage, tiktok: TikTok, what: str, values: Json, sentence: str
) -> None:
    async with opened(page, stage.alice) as alice:
        await done(alice, "live", **LIVE)
        assert await refusal(alice, what, **ANNA | values) == sentence
        assert not tiktok.books.sent


async def test_a_streak_is_grown_by_two_at_once_and_goes_with_its_live(
    page: Page, stage: Stage, tiktok: TikTok
) -> None:
    async with opened(page, stage.alice) as alice, opened(page, stage.bruno) as bruno:
        await done(alice, "live", **LIVE)
        await asyncio.gather(*(done(each, "streak", gift="Rose", **ANNA) for each in (alice, bruno)))
        (streak,) = await panel(
            bruno, lambda frame: [each for each in frame["streaks"] if each["count"] == 2]
        )
        assert streak == {"host": HANDLE, "viewer": "anna", "gift": "Rose", "count": 2}
        refused = await refusal(alice, "streak", gift="Rose", count=9_998, **ANNA)
        assert refused == "A streak goes up to 9,999."
        assert tiktok.books.of(HANDLE).total.gifts == 2
        await done(bruno, "end", **LIVE)
        await panel(alice, lambda frame: not frame["streaks"])
        assert await refusal(alice, "streak_end", gift="Rose", **ANNA) == f"@{HANDLE} is not live."
        await done(alice, "live", **LIVE)
        assert "no streak" in await refusal(alice, "streak_end", gift="Rose", **ANNA)


async def test_what_others_do_is_told_as_text_and_short(page: Page, stage: Stage, tiktok: TikTok) -> None:
    """Likes of a moment are a row, however many; who comes later sees the same."""
    async with opened(page, stage.alice) as alice:
        live = tiktok.host(HANDLE).go_live()
        hostile = tiktok.viewer(HOSTILE)
        hostile.comment(live, HOSTILE)
        tiktok.viewer("w" * 4_000).comment(live, "x" * 4_000)
        for each in ("anna", "bo", "cy"):
            tiktok.viewer(each).like(live, 5_000)
        shown = await panel(
            alice, lambda frame: frame["lives"][:1] and frame["lives"][0]["likes"] == 15_000 and frame
        )
        assert [each["count"] for each in rows(shown, "like")] == [5_000] * 3
        told, long = rows(shown, "comment")
        assert told["text"] == told["name"] == HOSTILE
        assert len(long["text"]) == len(long["name"]) == SHOWN + 1
        assert shown["viewers"] == ["cy", "bo", "anna", HOSTILE]
        for number in range(60):
            tiktok.viewer(f"fan{number}").join(live)
        await panel(alice, lambda frame: frame["viewers"][0] == "fan59" and len(frame["feed"]) == 40)
        assert sum("feed" in each for each in alice.frames) < 20
        async with opened(page, stage.bruno) as bruno:
            assert await panel(bruno, lambda frame: frame) == alice.last["tiktok"]


async def test_a_live_that_breaks_off_is_over_on_the_panel_too(
    page: Page, stage: Stage, tiktok: TikTok
) -> None:
    async with opened(page, stage.alice) as alice:
        live = tiktok.host(HANDLE).go_live()
        await panel(alice, lambda frame: frame["lives"])
        live.vanish()
        await panel(alice, lambda frame: not frame["lives"] and rows(frame, "ended"))


async def test_a_page_without_a_tiktok_has_no_panel(stage: Stage) -> None:
    page = await Page.start(stage.guild)
    try:
        async with opened(page, stage.alice) as alice:
            assert await refusal(alice, "live", **LIVE) == "The page knows no such act."
            assert "tiktok" not in alice.last
    finally:
        await page.close()

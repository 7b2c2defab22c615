"""The panel of the TikTok over the page's websocket: all see it live, and the bot hears what is done."""

from __future__ import annotations

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
HOSTILE = "<script>alert(1)</script> \u202egnol " + "Z͑ͫ" * 20
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

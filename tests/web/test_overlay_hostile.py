"""Hostile text in every field that reaches an overlay, in a real browser: it stays text, and in its place."""

from __future__ import annotations

import secrets

import orjson
import pytest

from state.ladder import Ladder
from tests.browser_plugin import needs_chromium
from tests.sandbox.page.browser import Chromium
from tests.stage import Stage
from tests.web.hostile import FAULTS, TEXTS, TIERS, UNTOUCHED
from tests.web.lives import MIA, Showing
from tests.web.test_overlay import made

pytestmark = needs_chromium

SIZES = {
    "landscape": ((1920, 1080), (480, 270)),
    "vertical": ((1080, 1920), (270, 480)),
    "bar": ((1920, 180), (640, 110)),
}
OPEN = "document.documentElement?.dataset.revision"
TOLD = "document.querySelector('.sl-notice').hidden === false"


@pytest.mark.parametrize("layout", SIZES)
async def test_it_stays_text_and_in_its_place(stage: Stage, browser: Chromium, layout: str) -> None:
    labels = (20, 15, 10, 5)
    ladder = Ladder.of([*zip(labels, TIERS, strict=True), (0, "\u202eFree<b>")])
    await stage.app.stores.configuration.set_ladder(stage.id, secrets.token_hex(8), MIA, ladder)
    showing = await Showing.begin(stage)
    for text in TEXTS.values():
        await showing.artist(text, text, artist=text)
    await stage.app.stores.queue.next(stage.id, secrets.token_hex(8), MIA)
    base = f"http://127.0.0.1:{stage.app.settings.web_port}/overlay/{await made(stage)}"
    coins, kinds = {0: 1000, 1: 2000, 2: 4000, 3: 5000}, list(TEXTS.values())
    async with browser.tab("about:blank") as page:
        for turn, view in enumerate(("now", "next", "board")):
            await page.call("Page.navigate", url=f"{base}/{view}?layout={layout}&rows=10")
            await page.until(f"{OPEN} && document.documentElement.dataset.view === '{view}'")
            for text in (kinds[turn], kinds[3]):
                giver = await showing.artist(text, text, artist=text)
                await showing.send(showing.gift(giver, coins[turn]))
            await page.until(TOLD)
            for width, height in SIZES[layout]:
                await page.size(width, height)
                assert await page.run(FAULTS) == [], (view, width)
                assert await page.run(UNTOUCHED), (view, width)
        assert await page.run("document.title") == "Skipline" and not page.complaints


async def test_a_giver_nobody_knows_is_text_too(stage: Stage, browser: Chromium) -> None:
    showing = await Showing.begin(stage)
    await showing.artist("Glass Harbour", "Bruno")
    (song,) = (await stage.app.stores.queue.board(stage.id, count=9)).songs
    url = f"http://127.0.0.1:{stage.app.settings.web_port}/overlay/{await made(stage)}/board"
    text = "document.querySelector('.sl-notice-text').textContent"
    async with browser.tab(url) as page:
        await page.until(OPEN)
        for coins, name in zip((1000, 1000, 2000, 1000), TEXTS.values(), strict=True):
            stranger = secrets.randbelow(10**15) + 1
            await stage.app.stores.live.support(stage.id, secrets.token_hex(8), MIA, [stranger], song.number)
            before = await page.run(text)
            await showing.send(showing.gift(stranger, coins, name=name))
            await page.until(f"{TOLD} && {text} !== {orjson.dumps(before).decode()}")
            assert await page.run(FAULTS) == [] and await page.run(UNTOUCHED)
        assert not page.complaints

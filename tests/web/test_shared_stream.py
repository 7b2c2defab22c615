"""Many overlays in one browser, which opens six connections to a host at most: they share one stream."""

from __future__ import annotations

import asyncio
import secrets
from contextlib import AsyncExitStack

import pytest

from bot.web import serving
from tests.browser_plugin import needs_chromium
from tests.sandbox.page.browser import Chromium, Tab
from tests.stage import Stage, free_port
from tests.web.lives import Showing
from tests.web.test_overlay import MIA, submit
from tests.web.test_overlay_notices_browser import COUNT, TOLD

pytestmark = needs_chromium

SHOWN = "document.documentElement?.dataset.revision"
ROWS = "document.querySelectorAll('.sl-row').length"
HIDDEN = "document.querySelector('.sl-overlay').classList.contains('sl-hidden')"
MANY = 10
GREETED = """import("../static/stream.js").then(({ share }) => new Promise((done) => {
    share(location.pathname.split("/").at(-2), done);
}))"""
"""The first word of what overlays share, to one more of this page: the page itself was greeted before."""


async def address(stage: Stage, host: str = "127.0.0.1") -> str:
    token = await stage.app.stores.overlays.create(stage.id, secrets.token_hex(8), MIA, "OBS")
    return f"http://{host}:{stage.app.settings.web_port}/overlay/{token}/board"


async def all_of(pages: list[Tab], condition: str) -> None:
    await asyncio.gather(*(page.until(condition) for page in pages))


# Only the first is a secure context, as an overlay on this computer is; one in the house's network is not.
@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
async def test_ten_overlays_show_all_and_outlive_the_first_of_them(
    stage: Stage, browser: Chromium, host: str
) -> None:
    url = await address(stage, host)
    await submit(stage, "First")
    async with AsyncExitStack() as opened:
        first = browser.tab(url)
        page = await first.__aenter__()
        await page.until(f"{SHOWN} && {ROWS} === 1")
        assert await page.run("isSecureContext") is (host == "127.0.0.1")
        pages = [await opened.enter_async_context(browser.tab(url)) for _ in range(MANY - 1)]
        await all_of(pages, f"{SHOWN} && {ROWS} === 1")
        await submit(stage, "Second")
        await all_of([page, *pages], f"{ROWS} === 2")
        await first.__aexit__(None, None, None)
        await submit(stage, "Third")
        await all_of(pages, f"{ROWS} === 3")
        await stage.app.stores.overlays.rotate(stage.id, secrets.token_hex(8), MIA, "OBS")
        await all_of(pages, HIDDEN)
        # Who comes now sees nothing, not even what the others saw.
        async with browser.tab(url) as late:
            assert await late.run(GREETED) == "alive"
            assert await late.run(f"{HIDDEN} && {ROWS} === 0")
        assert not any(page.complaints for page in pages)


async def test_who_comes_later_is_told_what_the_others_see_and_each_notice_once(
    stage: Stage, browser: Chromium
) -> None:
    showing = await Showing.begin(stage)
    bruno = await showing.artist("Glass Harbour", "Bruno")
    settings = stage.app.settings.model_copy(update={"web_port": free_port()})
    stores, reporter = stage.app.stores, stage.app.reporter
    url = (await address(stage)).replace(f":{stage.app.settings.web_port}/", f":{settings.web_port}/")
    async with asyncio.timeout(60), AsyncExitStack() as opened:
        async with serving(settings, stores, reporter):
            # Where nothing moves, a notice also leaves a page that is in the background.
            pages = [await opened.enter_async_context(browser.tab(url, calm=True)) for _ in range(2)]
            await all_of(pages, f"{SHOWN} && {ROWS} === 1")
            for page in pages:
                await page.run(COUNT)
            await showing.send(showing.gift(bruno, 1000))
            await all_of(pages, TOLD)
            late = await opened.enter_async_context(browser.tab(url, calm=True))
            await late.until(f"{SHOWN} && {ROWS} === 1 && {TOLD}")
        # The stream breaks and comes back for all; what it tells again is known to them.
        async with serving(settings, stores, reporter):
            await submit(stage, "Second")
            await all_of([*pages, late], f"{ROWS} === 2")
            await submit(stage, "Third")
            await all_of([*pages, late], f"{ROWS} === 3 && !({TOLD})")
        assert [await page.run("window.times") for page in pages] == [1, 1]


async def test_a_browser_without_shared_workers_follows_by_itself(stage: Stage, browser: Chromium) -> None:
    url = await address(stage)
    await submit(stage, "First")
    async with browser.tab("about:blank") as page:
        await page.call("Page.addScriptToEvaluateOnNewDocument", source="delete window.SharedWorker")
        await page.call("Page.navigate", url=url)
        await page.until(f"{SHOWN} && {ROWS} === 1")
        await submit(stage, "Second")
        await page.until(f"{ROWS} === 2")
        assert await page.run("typeof SharedWorker") == "undefined" and not page.complaints

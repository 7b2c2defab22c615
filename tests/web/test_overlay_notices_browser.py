"""Notices of gifts in a real browser: seen once, gone by themselves, calm or silent for who wants that."""

from __future__ import annotations

import asyncio

from bot.web import serving
from tests.browser_plugin import needs_chromium
from tests.sandbox.page.browser import Chromium, Tab
from tests.stage import Stage, free_port
from tests.web.lives import Showing
from tests.web.test_overlay import made, submit

pytestmark = needs_chromium

OPEN = "document.documentElement?.dataset.revision"
TOLD = "document.querySelector('.sl-notice').hidden === false"
TEXT = "document.querySelector('.sl-notice-text').textContent"
WAITING = "document.querySelectorAll('.sl-row').length"
COUNT = """(() => {
    const notice = document.querySelector(".sl-notice");
    window.times = window.moves = 0;
    const watch = new MutationObserver(() => {
        window.times += notice.hidden ? 0 : 1;
        window.moves += notice.getAnimations().length;
    });
    watch.observe(notice, { attributes: true, attributeFilter: ["hidden"] });
})()"""


async def address(stage: Stage, query: str, port: int = 0) -> str:
    return f"http://127.0.0.1:{port or stage.app.settings.web_port}/overlay/{await made(stage)}/{query}"


async def watch(page: Tab, rows: int) -> None:
    await page.until(f"{OPEN} && {WAITING} === {rows}")
    await page.run(COUNT)


async def test_a_streak_is_shown_once_though_the_stream_breaks(stage: Stage, browser: Chromium) -> None:
    showing = await Showing.begin(stage)
    bruno = await showing.artist("Glass Harbour", "Bruno")
    settings = stage.app.settings.model_copy(update={"web_port": free_port()})
    stores, reporter = stage.app.stores, stage.app.reporter
    url = await address(stage, "board", settings.web_port)
    async with asyncio.timeout(40):
        async with serving(settings, stores, reporter):
            opened = browser.tab(url)
            page = await opened.__aenter__()
            await watch(page, 1)
            for count in range(1, 11):
                await showing.send(showing.gift(bruno, 200, count=count, group=3))
            await page.until(f"{TOLD} && {TEXT}.includes('10 Skip')")
            assert "Bruno" in await page.run(TEXT) and "Glass Harbour" in await page.run(TEXT)
        try:
            async with serving(settings, stores, reporter):
                await submit(stage, "Second")
                await page.until(f"{WAITING} === 2")
                # What it tells after a snapshot is there before the next snapshot.
                await submit(stage, "Third")
                await page.until(f"{WAITING} === 3 && document.querySelector('.sl-notice').hidden")
                assert await page.run("window.times") == 1
        finally:
            await opened.__aexit__(None, None, None)


async def test_calm_pages_do_not_move_and_silent_ones_say_nothing(stage: Stage, browser: Chromium) -> None:
    showing = await Showing.begin(stage)
    bruno = await showing.artist("Glass Harbour", "Bruno")
    await submit(stage, "Other")
    async with (
        browser.tab(await address(stage, "board"), calm=True) as calm,
        browser.tab(await address(stage, "board")) as lively,
        browser.tab(await address(stage, "board?notices=0")) as silent,
    ):
        for page in (calm, lively, silent):
            await watch(page, 2)
        carla = await showing.artist("Overcast", "Carla")
        await showing.send(showing.gift(bruno, 1000), showing.gift(carla, 1000))
        for page in (calm, lively):
            await page.until(TOLD)
        assert "Bruno" in await calm.run(TEXT) and await calm.run("document.getAnimations().length") == 0
        assert await lively.run("window.moves") > 0
        await submit(stage, "Later")
        await silent.until(f"{WAITING} === 4")
        await submit(stage, "Last")
        await silent.until(f"{WAITING} === 5")
        assert await silent.run("window.times") == 0
        assert await silent.run("document.documentElement.dataset.notices") == "off"
        # The second follows the first by itself.
        await calm.until(f"{TEXT}.includes('Carla')")
        assert await calm.run("window.times") == 2 and await calm.run("window.moves") == 0

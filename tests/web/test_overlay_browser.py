"""The overlay in a real browser: text stays text, changes are seen, and it comes back by itself."""

from __future__ import annotations

import asyncio
import secrets

from bot.web import serving
from state.scripts import Actor
from state.song import NewSong
from tests.browser_plugin import needs_chromium
from tests.sandbox.page.browser import Chromium
from tests.stage import Stage, free_port

pytestmark = needs_chromium

MIA = Actor(9001, "Mia")
HOSTILE = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"
ROWS = "document.querySelectorAll('.sl-row').length"
PLAYING = "document.querySelector('.sl-now .sl-title').textContent"
SHOWN = "document.documentElement?.dataset.revision"


async def submit(stage: Stage, title: str, artist: str = "The Band") -> None:
    song = NewSong(title, artist, secrets.randbelow(10**15), "Ana")
    await stage.app.stores.queue.submit(stage.id, secrets.token_hex(8), MIA, song)


async def address(stage: Stage, query: str) -> str:
    token = await stage.app.stores.overlays.create(stage.id, secrets.token_hex(8), MIA, "OBS")
    return f"http://127.0.0.1:{stage.app.settings.web_port}/overlay/{token}/{query}"


async def test_hostile_text_is_only_text_and_the_layout_holds(stage: Stage, browser: Chromium) -> None:
    await submit(stage, HOSTILE, "W" * 4000)
    await submit(stage, "\u202e" + "Z\u0301\u0302\u0303\u0304\u0305" * 800, "\u0645\u0637\u0631" * 300)
    await stage.app.stores.queue.next(stage.id, secrets.token_hex(8), MIA)
    async with browser.tab(await address(stage, "board?rows=10&layout=vertical")) as page:
        assert str(await page.until(f"{SHOWN} && {PLAYING}")).startswith("<img src=x onerror=")
        await page.size(1080, 1920)
        for number in range(12):
            await submit(stage, f"{HOSTILE}{number}")
        await page.until(f"{ROWS} === 10")
        for width, height in ((1080, 1920), (480, 270), (320, 200)):
            await page.size(width, height)
            assert await page.run("document.documentElement.scrollWidth <= innerWidth"), width
            assert await page.run("[...document.querySelectorAll('p')].every((p) => p.clientHeight < 200)")
        assert not await page.run("document.querySelector('main img, main script')")
        assert await page.run("document.title") == "Skipline" and not page.complaints
        assert await page.run("getComputedStyle(document.body).backgroundColor") == "rgba(0, 0, 0, 0)"


async def test_a_bar_with_one_song_is_as_wide_as_its_texts(stage: Stage, browser: Chromium) -> None:
    await submit(stage, "Short")
    await submit(stage, "A title of a hundred letters and more " * 3)
    await stage.app.stores.queue.next(stage.id, secrets.token_hex(8), MIA)
    width = "document.querySelector('.sl-now').offsetWidth"
    async with browser.tab(await address(stage, "now?layout=bar")) as page:
        await page.size(1920, 180)
        await page.until(f"{SHOWN} && {PLAYING} === 'Short'")
        short = await page.run(width)
        assert 300 < short < 1920 / 3
        await stage.app.stores.queue.next(stage.id, secrets.token_hex(8), MIA)
        await page.until(f"{PLAYING} !== 'Short'")
        assert 2 * short < await page.run(width) < 1920 * 0.8
        await page.size(480, 180)
        assert await page.run(f"{width} < 480 && document.documentElement.scrollWidth <= 480")


async def test_an_overlay_is_dark_without_songs_and_without_its_address(
    stage: Stage, browser: Chromium
) -> None:
    hidden = "document.querySelector('.sl-overlay').classList.contains('sl-hidden')"
    async with browser.tab(await address(stage, "next?hide_when_empty=1")) as page:
        await page.until(SHOWN)
        assert await page.run(hidden)
        await submit(stage, "First")
        await page.until(f"!{hidden} && {ROWS} === 1")
        assert not page.complaints
        await stage.app.stores.overlays.remove(stage.id, secrets.token_hex(8), MIA, "OBS")
        await page.until(hidden)


async def test_a_song_that_just_came_stays_while_the_host_goes_on(stage: Stage, browser: Chromium) -> None:
    for title in ("First", "Second", "Third"):
        await submit(stage, title)

    async def go_on() -> None:
        await stage.app.stores.queue.next(stage.id, secrets.token_hex(8), MIA)

    await go_on()
    async with browser.tab(await address(stage, "board")) as page:
        await page.until(f"{SHOWN} && {PLAYING} === 'First'")
        await page.run(
            "window.seen = []; new MutationObserver(() => window.seen.push(" + PLAYING + "))"
            ".observe(document.querySelector('.sl-now .sl-title'), { childList: true })"
        )
        await go_on()
        await page.until(f"{ROWS} === 1")
        await go_on()
        await page.until(f"{ROWS} === 0")
        await page.until(f"{PLAYING} === 'Third'")
        assert await page.run("window.seen") == ["Third"]


async def test_it_keeps_what_it_shows_while_the_bot_is_away_and_comes_back(
    stage: Stage, browser: Chromium
) -> None:
    settings = stage.app.settings.model_copy(update={"web_port": free_port()})
    stores, reporter = stage.app.stores, stage.app.reporter
    url = (await address(stage, "board")).replace(
        f":{stage.app.settings.web_port}/", f":{settings.web_port}/"
    )
    await submit(stage, "First")
    async with asyncio.timeout(40):
        async with serving(settings, stores, reporter):
            running = browser.tab(url)
            page = await running.__aenter__()
            await page.until(f"{ROWS} === 1")
        try:
            await submit(stage, "Second")
            assert await page.run(f"{ROWS} === 1 && !document.querySelector('.sl-hidden')")
            async with serving(settings, stores, reporter):
                await page.until(f"{ROWS} === 2")
        finally:
            await running.__aexit__(None, None, None)

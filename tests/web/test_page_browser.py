"""The public page in a real browser: text stays text, changes are seen, people find themselves."""

from __future__ import annotations

import asyncio
import secrets

import pytest

from bot.web import serving
from state.ladder import Ladder
from state.scripts import Actor
from state.song import NewSong
from tests.browser_plugin import needs_chromium
from tests.sandbox.page.browser import Chromium
from tests.stage import Stage, free_port
from tests.web.hostile import BACKWARDS, LONG, SCRIPT, TIERS, UNTOUCHED, ZALGO

pytestmark = needs_chromium

MIA = Actor(9001, "Mia")
SHOWN = "document.documentElement?.dataset.revision"
ROWS = "document.querySelectorAll('.row').length"
LINK = "document.querySelector('.link')?.textContent"
WIDE = "document.documentElement.scrollWidth > innerWidth"
HIDDEN = "document.querySelector('main').hidden"


async def submit(stage: Stage, title: str, artist: str = "The Band", name: str = "Ana") -> None:
    song = NewSong(title, artist, secrets.randbelow(10**15), name)
    await stage.app.stores.queue.submit(stage.id, secrets.token_hex(8), MIA, song)


async def go_on(stage: Stage) -> None:
    await stage.app.stores.queue.next(stage.id, secrets.token_hex(8), MIA)


async def address(stage: Stage, **settings: str | None) -> str:
    await stage.configure(public_page="1", limit_0="0", **settings)
    token = await stage.app.stores.public_pages.link(stage.id, secrets.token_hex(8), MIA)
    return f"http://127.0.0.1:{stage.app.settings.web_port}/queue/{token}"


def texts(selector: str) -> str:
    return f"[...document.querySelectorAll('{selector}')].map((each) => each.textContent)"


def typed(text: str) -> str:
    return (
        f"(() => {{ const find = document.querySelector('#find'); find.value = '{text}';"
        " find.dispatchEvent(new Event('input')); return true; })()"
    )


async def test_hostile_text_is_only_text_and_the_layout_holds(stage: Stage, browser: Chromium) -> None:
    url = await address(stage)
    for title, artist, name in (
        (SCRIPT, LONG, BACKWARDS),
        (ZALGO, SCRIPT, LONG),
        (BACKWARDS, ZALGO, SCRIPT),
        (LONG, BACKWARDS, ZALGO),
    ):
        await submit(stage, title, artist, name)
    rungs = {str(label): name for label, name in zip((25, 20, 5, 0), TIERS, strict=True)}
    await stage.app.stores.configuration.adopt(
        stage.id, secrets.token_hex(8), MIA, settings={}, seen={}, ladder=Ladder.from_hash(rungs)
    )
    await go_on(stage)
    async with browser.tab(url) as page:
        await page.until(f"{SHOWN} && {ROWS} === 3 && document.querySelector('.now .title').textContent")
        for size in ((1280, 900), (390, 844), (320, 480)):
            await page.size(*size)
            assert not await page.run(WIDE), size
            for selector, most in ((".row", 110), (".now", 300), (".count", 40), ("h3", 60)):
                heights = f"[...document.querySelectorAll('{selector}')].map((one) => one.clientHeight)"
                high = await page.run(f"Math.max(...{heights})")
                assert 0 < high <= most, (size, selector, high)
        assert await page.run(UNTOUCHED.replace("'img, main", "'main img, main"))
        assert await page.run(typed("<img src=x")) and await page.run(f"{ROWS} > 0")
        assert not page.complaints


async def test_changes_are_seen_by_tier_and_a_closed_page_shows_nothing(
    stage: Stage, browser: Chromium
) -> None:
    url = await address(stage)
    async with browser.tab(url) as page:
        await page.until(f"{SHOWN} && {LINK} === 'Live'")
        assert await page.run("document.querySelector('.find').hidden && document.title === 'Queue'")
        for title in ("First", "Second"):
            await submit(stage, title)
        paid = NewSong("Paid", "The Band", 5, "Bruno", claimed=25)
        number = (await stage.app.stores.queue.submit(stage.id, secrets.token_hex(8), MIA, paid)).song.number
        await stage.app.stores.queue.approve(stage.id, secrets.token_hex(8), MIA, number, 25)
        await page.until(f"{ROWS} === 3 && document.querySelector('.row .title').textContent === 'Paid'")
        assert await page.run(texts("h3")) == ["25+ Skip", "Free"]
        assert await page.run(texts(".place")) == ["1", "2", "3"]
        await go_on(stage)
        await page.until(f"{ROWS} === 2 && document.querySelector('.now .title').textContent === 'Paid'")
        assert await page.run(texts("h3")) == ["Free"]
        assert await page.run("document.title") == "2 waiting · Queue"
        await stage.configure(public_page=None)
        await page.until(f"{HIDDEN} && {LINK} === 'waiting…'")
        assert "Paid" not in await page.run("document.documentElement.textContent + document.title")
        assert all("404" in complaint for complaint in page.complaints)
        await stage.configure(public_page="1")
        await page.until(f"!{HIDDEN} && {ROWS} === 2")


async def test_somebody_finds_themselves_far_behind(stage: Stage, browser: Chromium) -> None:
    url = await address(stage, lock="0")
    for number in range(230):
        await submit(stage, f"Song {number}", name="Zoë" if number in (3, 222) else "Ana")
    async with browser.tab(url, calm=True) as page:
        await page.until(f"{SHOWN} && {ROWS} === 100")
        assert await page.run("document.querySelector('.left').textContent") == "and 130 more"
        assert await page.run(typed("zoe"))
        await page.until("document.querySelector('.found').textContent === 'Found: 2'")
        assert await page.run(texts(".place")) == ["4", "223"]
        await go_on(stage)
        await page.until("document.querySelectorAll('.place')[1]?.textContent === '222'")
        assert await page.run(typed("nobody at all"))
        await page.until("document.querySelector('.found').textContent === 'Not found in the queue.'")
        assert await page.run(typed("")) and await page.run(ROWS) == 100
        for rows in (200, 229):
            await page.run("document.querySelector('.more').click()")
            await page.until(f"{ROWS} === {rows}")
        assert await page.run("document.querySelector('.rest').hidden") and not page.complaints


async def test_it_speaks_the_language_of_the_guild_and_takes_turns(stage: Stage, browser: Chromium) -> None:
    url = await address(stage, **{"fair:paid": "1"})
    await submit(stage, "First")
    async with browser.tab(url) as page:
        await page.until(f"{SHOWN} && {ROWS} === 1 && document.documentElement.lang === 'en'")
        assert await page.run(texts("h3")) == [] and await page.run(texts(".row .tier")) == ["Free"]
        await stage.configure(language="es-ES")
        # Another page by then, which asks for itself.
        async with asyncio.timeout(15):
            while await page.run("document.documentElement?.lang") != "es-ES":  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        await page.until(f"{SHOWN} && {LINK} === 'En directo'")
        assert await page.run("document.querySelector('#now').textContent") == "Suena ahora"
        assert await page.run("document.title") == "1 en espera · Cola"


async def test_it_keeps_what_it_shows_while_the_bot_is_away_and_comes_back(
    stage: Stage, browser: Chromium
) -> None:
    settings = stage.app.settings.model_copy(update={"web_port": free_port()})
    stores, reporter = stage.app.stores, stage.app.reporter
    url = (await address(stage)).replace(f":{stage.app.settings.web_port}/", f":{settings.web_port}/")
    await submit(stage, "First")
    async with asyncio.timeout(60):
        async with serving(settings, stores, reporter):
            opening = browser.tab(url)
            page = await opening.__aenter__()
            await page.until(f"{SHOWN} && {ROWS} === 1 && {LINK} === 'Live'")
        try:
            await page.until(f"{LINK} === 'waiting…'")
            await submit(stage, "Second")
            assert await page.run(f"{ROWS} === 1 && !{HIDDEN}")
            async with serving(settings, stores, reporter):
                await page.until(f"{ROWS} === 2 && {LINK} === 'Live'")
        finally:
            await opening.__aexit__(None, None, None)


@pytest.mark.parametrize("scheme", ["dark", "light"])
async def test_every_text_is_easy_to_read(stage: Stage, browser: Chromium, scheme: str) -> None:
    url = await address(stage)
    for label in (25, 20, 15, 10, 5):
        song = NewSong(f"Song {label}", "The Band", label, "Ana", claimed=label)
        number = (await stage.app.stores.queue.submit(stage.id, secrets.token_hex(8), MIA, song)).song.number
        await stage.app.stores.queue.approve(stage.id, secrets.token_hex(8), MIA, number, label)
    await submit(stage, "Free")
    await go_on(stage)
    async with browser.tab(url, calm=True) as page:
        await page.call(
            "Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}]
        )
        await page.until(f"{SHOWN} && {ROWS} === 5")
        assert await page.run(CONTRASTS) == []
        # One heading for the page, one for each part of it, one for each tier; every field has its name.
        assert await page.run(texts("h1, h2")) == ["Queue", "Now playing", "Up next"]
        assert await page.run("document.querySelector('label').control.id") == "find"


CONTRASTS = """(() => {
    const parts = (color) => color.match(/[\\d.]+/g).map(Number);
    const light = (color) => {
        const [r, g, b] = parts(color).map((part) => part / 255)
            .map((part) => (part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const ground = (element) => {
        for (let at = element; at; at = at.parentElement) {
            const color = getComputedStyle(at).backgroundColor;
            if ((parts(color)[3] ?? 1) === 1) return color;
        }
        return "rgb(255, 255, 255)";
    };
    const texts = [...document.querySelectorAll("h1, h2, h3, p, span, li, input, button")];
    return texts.filter((each) => each.textContent.trim() && each.checkVisibility()).flatMap((each) => {
        const [one, other] = [light(getComputedStyle(each).color), light(ground(each))].sort((a, b) => b - a);
        const ratio = (one + 0.05) / (other + 0.05);
        return ratio < 4.5 ? [`${each.tagName}.${each.className}: ${ratio.toFixed(2)}`] : [];
    });
})()"""
"""Texts whose contrast is below 4.5 to 1 (WCAG 2.2, 1.4.3)."""

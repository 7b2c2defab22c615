"""The page where a host chooses an overlay's looks: its raw answers, and that its address does as shown."""

from __future__ import annotations

import aiohttp
import pytest

from tests.browser_plugin import needs_chromium
from tests.sandbox.page.browser import Chromium, Tab
from tests.stage import Stage
from tests.web.test_overlay import address, made, submit, watching

ADDRESS = "document.querySelector('#address').value"
NO_CLIPBOARD = """
    Object.defineProperty(Navigator.prototype, "clipboard", { value: undefined });
    addEventListener("copy", () => {
        const { value, selectionStart, selectionEnd } = document.activeElement;
        window.copied = value.slice(selectionStart, selectionEnd);
    });
"""


async def choose(page: Tab, name: str, value: str) -> None:
    await page.run(f"document.querySelector('[name={name}][value=\"{value}\"]').click()")


async def slide(page: Tab, name: str, value: str) -> None:
    await page.run(
        f"(() => {{ const slider = document.querySelector('[name={name}]'); slider.value = '{value}';"
        "slider.dispatchEvent(new Event('input', { bubbles: true })); })()"
    )


async def press_copy(page: Tab) -> str:
    where = "(({ x, y, width, height }) => [x + width / 2, y + height / 2])"
    x, y = await page.run(f"{where}(document.querySelector('button').getBoundingClientRect())")
    for kind in ("mousePressed", "mouseReleased"):
        await page.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)
    usual = "document.querySelector('button').dataset.usual"
    said = "document.querySelector('button').textContent"
    return str(await page.until(f"{usual} && {said} !== {usual} && {said}"))


async def drawn(page: Tab, condition: str) -> None:
    """Waits until the preview, a page of its own, is so."""
    await page.run(f"""new Promise((done) => {{
        const look = () => {{
            const preview = document.querySelector("iframe").contentDocument;
            const ready = preview?.documentElement?.dataset.revision && {condition};
            return ready ? done(true) : requestAnimationFrame(look);
        }};
        look();
    }})""")


async def test_it_names_no_address_and_lets_no_script_in(
    stage: Stage, session: aiohttp.ClientSession
) -> None:
    token = await made(stage)
    for language, title in (
        ("de, es;q=0.8", "Tu overlay"),
        ("<script>", "Your overlay"),
        ("", "Your overlay"),
    ):
        headers = {"Accept-Language": language}
        async with session.get(address(stage, token, "settings"), headers=headers) as response:
            text, policy = await response.text(), response.headers["Content-Security-Policy"]
        assert response.status == 200 and title in text and "$" not in text
        assert token not in text and str(stage.id) not in text and "<script>" not in text
        assert "unsafe" not in policy and "frame-ancestors 'none'" in policy
        assert response.headers["Referrer-Policy"] == "no-referrer"
        assert response.headers["Cache-Control"] == "no-store"


async def test_a_demo_plays_what_overlays_get_and_nothing_of_anybody(
    stage: Stage, session: aiohttp.ClientSession
) -> None:
    token = await made(stage)
    await submit(stage, "A real song")
    async with session.get(address(stage, "demo", "scenes"), headers={"Accept-Language": "es"}) as response:
        found = await response.json()
    assert "A real song" not in str(found) and found["empty"]["words"]["now"] == "Suena ahora"
    async with watching(stage, session, token) as stream:
        real = await stream.shown()
    for scene in (*(each["snapshot"] for each in found["scenes"]), found["empty"]):
        assert set(scene) == set(real) and set(scene["words"]) == set(real["words"])
        assert all(set(song) == set(real["next"][0]) for song in scene["next"])
    assert [len(each["notices"]) for each in found["scenes"]] == [0, 1, 0]
    assert (await session.get(address(stage, "demo", "events"))).status == 404


@needs_chromium
async def test_what_is_chosen_is_seen_and_its_address_is_copied(stage: Stage, browser: Chromium) -> None:
    token = await made(stage)
    root = address(stage, token, "")
    async with browser.tab("about:blank") as page:
        await page.size(1280, 1000)
        await page.call("Page.addScriptToEvaluateOnNewDocument", source=NO_CLIPBOARD)
        await page.call("Page.navigate", url=f"{root}settings")
        await page.until("document.querySelector('.state')?.dataset.state === 'alive'")
        assert await page.run(ADDRESS) == f"{root}board"
        await choose(page, "layout", "bar")
        await choose(page, "theme", "clear")
        await choose(page, "view", "next")
        await slide(page, "rows", "4")
        await slide(page, "scale", "1.5")
        for name in ("hide_when_empty", "notices"):
            await page.run(f"document.querySelector('[name={name}]').click()")
        chosen = f"{root}next?layout=bar&rows=4&theme=clear&scale=1.5&hide_when_empty=1&notices=0"
        assert await page.run(ADDRESS) == chosen
        size = "[...document.querySelectorAll('.numbers b')].map((one) => one.textContent)"
        assert await page.run(size) == ["1920", "270"]
        assert await press_copy(page) == "Copied" and await page.run("window.copied") == chosen
        rows = "preview.querySelectorAll('.sl-row').length === 4"
        await drawn(page, f"{rows} && preview.documentElement.dataset.theme === 'clear'")
        await choose(page, "songs", "empty")
        await drawn(page, "preview.querySelector('.sl-hidden')")
        for width in (1280, 390):
            await page.size(width, 800)
            assert await page.run("document.documentElement.scrollWidth <= innerWidth"), width
        assert not page.complaints


@needs_chromium
async def test_a_browser_with_a_clipboard_has_the_address_there(stage: Stage, browser: Chromium) -> None:
    url = address(stage, await made(stage), "")
    async with browser.tab(f"{url}settings") as page:
        await page.size(1280, 1000)
        await page.call("Browser.grantPermissions", permissions=["clipboardReadWrite"])
        await page.call("Page.bringToFront")
        await page.until("document.querySelector('.state')?.dataset.state")
        assert await press_copy(page) == "Copied"
        assert await page.run("navigator.clipboard.readText()") == f"{url}board"


@needs_chromium
@pytest.mark.parametrize("token", ["demo", "5." + "a" * 43])
async def test_it_says_when_an_address_is_not_on(stage: Stage, browser: Chromium, token: str) -> None:
    async with browser.tab(address(stage, token, "settings")) as page:
        said = await page.until(
            "document.querySelector('.state')?.dataset.state && document.querySelector('.state').textContent"
        )
        assert ("/overlay create" if token == "demo" else "opens nothing") in said
        # That an address is gone is told by its answer, which browsers note in red.
        assert len(page.complaints) == (token != "demo")

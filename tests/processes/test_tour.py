"""The whole tour of the demo in a real browser, as several people at once, and kills in the middle of it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest

from tests.browser_plugin import needs_chromium
from tests.sandbox.page.browser import Chromium, Tab

# Three starts of a bot and a tour take half a minute; on a busy machine twice as long.
pytestmark = [needs_chromium, pytest.mark.timeout(180)]

ROOT: Final = Path(__file__).parents[2]
START_SECONDS: Final = 60.0
ADDRESS: Final = re.compile(r"http://127\.0\.0\.1:\d+/[\w-]{20,}/")


@pytest.fixture
async def demo(tmp_path: Path) -> AsyncIterator[str]:
    """`skipline demo --tour` as a process; the address of its page."""
    log = tmp_path / "demo.log"
    with log.open("wb") as out:
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-W", "ignore", "-u", "-m", "bot.cli", "demo", "--tour",
            cwd=ROOT, env={**os.environ, "COLUMNS": "110"}, stdout=asyncio.subprocess.PIPE, stderr=out,
        )  # fmt: skip
    assert child.stdout is not None
    said, found = "", None
    async with asyncio.timeout(START_SECONDS):
        while found is None:
            line = await child.stdout.readline()
            assert line, said + log.read_text()
            said += line.decode()
            found = ADDRESS.search(said)
    draining = asyncio.create_task(child.stdout.read())
    yield found[0]
    child.send_signal(signal.SIGINT)
    code = await asyncio.wait_for(child.wait(), 30)
    said += (await draining).decode()
    assert code == 0, said + log.read_text()


class Somebody:
    """A person in a window of their own."""

    def __init__(self, tab: Tab) -> None:
        self.tab = tab

    async def ticked(self, *numbers: int) -> None:
        """Waits until the tour shows these steps as done, the first being 1."""
        wanted = " && ".join(
            f"document.querySelectorAll('#tour ol > li')[{number - 1}]?.classList.contains('done')"
            for number in numbers
        )
        await self.tab.until(wanted)

    async def go(self, number: int, name: str, channel: str) -> None:
        """Lets the tour take them to where a step is done."""
        await self.open_step(number)
        await self.tab.run("document.querySelector('#tour .open .ways button:last-child').click()")
        await self.tab.until(f"document.title.startsWith('{name} ·')")
        await self.tab.until(f"document.getElementById('title').textContent === '# {channel}'")

    async def open_step(self, number: int) -> None:
        title = f"document.querySelectorAll('#tour .title')[{number - 1}]"
        await self.tab.until("document.querySelector('#tour ol > li')")
        await self.tab.run(f"{title}.ariaExpanded === 'true' || {title}.click()")

    async def click(self, label: str, where: str = "#log") -> None:
        """Presses the last button that says so, once it is there and can be pressed."""
        found = (
            f"[...document.querySelectorAll('{where} button')].findLast((each) =>"
            f" !each.disabled && each.textContent.includes('{label}'))"
        )
        await self.tab.until(found + " !== undefined")
        await self.tab.run(found + ".click()")

    async def choose(self, value: str) -> None:
        """Chooses from the newest menu."""
        found = "[...document.querySelectorAll('#log select')].at(-1)"
        await self.tab.until(found + " !== undefined")
        await self.tab.run(
            f"(() => {{ const menu = {found};"
            f" menu.value = [...menu.options].find((each) => each.textContent.startsWith('{value}')).value;"
            " menu.dispatchEvent(new Event('change')); })()"
        )

    async def fill(self, *texts: str) -> None:
        """Types into the fields of the form that opens, and sends it."""
        await self.tab.until("document.querySelector('dialog[open] input')")
        for number, text in enumerate(texts):
            await self.tab.run(f"document.querySelectorAll('dialog input')[{number}].focus()")
            await self.tab.type(text)
        await self.tab.press("Enter")
        await self.tab.until("!document.querySelector('dialog[open]')")

    async def write(self, text: str) -> None:
        await self.tab.run("document.getElementById('write').focus()")
        await self.tab.type(text)

    async def queue(self) -> str:
        """What the public list shows now, on the page of whoever is in its channel."""
        return str(await self.tab.run("document.getElementById('log').innerText"))


async def test_the_whole_tour_with_the_bot_and_redis_killed_in_the_middle(
    demo: str, browser: Chromium
) -> None:
    async with contextlib.AsyncExitStack() as stack:
        carla, theo, mia, alice = [await _open(stack, browser, demo) for _ in range(4)]
        await carla.go(1, "Carla", "submit-your-song")
        await theo.go(3, "Theo", "song-review")
        await mia.go(4, "Mia", "song-review")
        await alice.go(8, "Alice", "song-queue")
        assert await carla.tab.run(
            "document.querySelector('#tour .current .title').textContent.includes('Submit')"
        )

        await carla.click("Submit a link")
        await carla.fill("https://soundcloud.com/carla/paper-moon", "Carla", "Paper Moon")
        await mia.ticked(1)
        await carla.click("My submissions")
        await carla.click("Claim a skip")
        await carla.choose("Skip")
        await theo.ticked(2)
        await theo.click("#3 → Skip")
        await alice.ticked(3)
        await mia.click("Next")
        await alice.ticked(4)
        await alice.tab.until("document.getElementById('log').innerText.includes('Skip · by Carla')")
        await mia.click("Undo")
        await alice.ticked(5)

        await alice.open_step(6)
        await alice.tab.run("document.querySelector('#tour .open .ways button').click()")
        await alice.click("alice.keys", "#tiktok")
        await alice.click("Galaxy", "#tiktok .gifts")
        await alice.click("Send Galaxy", "#tiktok")
        await carla.ticked(6)
        await alice.tab.until("document.getElementById('log').innerText.includes('Skip · Alice')")

        before = await alice.queue()
        assert re.findall(r"\d\. (\w+ ?\w+) —", before) == ["Paper Moon", "First Light", "Rooftop"]
        for somebody, what in ((theo, "Kill and restart the bot"), (mia, "Kill and restart Redis")):
            await somebody.open_step(7)
            await somebody.click(what, "#tour")
            for each in (carla, somebody):
                await each.tab.until("document.querySelector('#tour footer button').disabled")
            await somebody.tab.until("!document.querySelector('#tour footer button').disabled", timeout=60)
            await somebody.open_step(7)
            said = "[...document.querySelectorAll('#tour .open li')].map((each) => each.innerText)"
            assert f"{what}\nback" in await somebody.tab.run(said)
        await alice.ticked(7)
        assert await alice.queue() == before
        assert not await alice.tab.run("document.querySelector('#tour ol > li:last-child').matches('.done')")
        await alice.write("/queue show")
        await alice.tab.until("document.querySelector('#commands [aria-selected=true]')")
        await alice.tab.press("Enter")
        await alice.tab.until("document.querySelector('.command:not([hidden]) form')")
        await alice.tab.press("Enter")
        for somebody in (carla, theo, mia, alice):
            await somebody.ticked(*range(1, 9))
            assert await somebody.tab.run(
                "document.querySelector('#tour .over').textContent.includes('tour')"
            )
            assert not somebody.tab.complaints


async def _open(stack: contextlib.AsyncExitStack, browser: Chromium, url: str) -> Somebody:
    tab = await stack.enter_async_context(browser.tab(url))
    await tab.size(1400, 900)
    await tab.until("document.querySelector('#tour ol > li')", timeout=60)
    return Somebody(tab)

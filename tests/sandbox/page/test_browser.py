"""The page in a real browser: it shows what is said, as text, and a song goes in by the keyboard alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.page import Page
from tests.sandbox.page.browser import CHROMIUM, tab
from tests.stage import Stage

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: apt-get install chromium")

HOSTILE = (
    "**<img src=x onerror=\"document.title='owned'\">** [x](javascript:alert(1)) \u202egnol " + "W" * 900
)


async def test_the_page_shows_messages_and_takes_a_song_by_keyboard(stage: Stage, tmp_path: Path) -> None:
    page = await Page.start(stage.guild)
    await stage.bruno.say(stage.submissions, HOSTILE)
    address = f"{page.url}#person={stage.alice.id}&channel={stage.submissions.id}"
    try:
        async with tab(tmp_path, address) as alice:
            assert "<img" in await alice.until("document.querySelector('#log .markdown strong')?.textContent")
            assert not await alice.run("document.querySelector('#log img, #log script, #log a')")
            for width in (1280, 390):
                await alice.size(width, 800)
                assert await alice.run("document.documentElement.scrollWidth <= innerWidth"), width
                assert await alice.run("document.getElementById('log').scrollWidth <= innerWidth"), width

            await alice.until("document.getElementById('write').placeholder.includes('#submissions')")
            await alice.run("document.getElementById('write').focus()")
            await alice.type("/submit link")
            await alice.until("document.querySelector('#commands [aria-selected=true] code')")
            await alice.press("Enter")
            for label, text in (
                ("url", "https://soundcloud.com/alice/night-bus"),
                ("artist", "Alice"),
                ("title", "Night Bus"),
            ):
                await alice.run(
                    "[...document.querySelectorAll('.command .field')]"
                    f".find((each) => each.querySelector('.label bdi').textContent === '{label}')"
                    ".querySelector('input').focus()"
                )
                await alice.type(text)
            await alice.press("Enter")
            answer = await alice.until("document.querySelector('.ephemeral')?.textContent")
            assert "place 1 of 1" in answer and "Only you can see this" in answer
            assert "Night Bus" in (await stage.alice.command("queue show", stage.queue)).text

            await alice.run("document.getElementById('write').focus()")
            await alice.type("thank you!")
            await alice.press("Enter")
            await stage.submissions.wait_for(lambda messages: messages[-1].content == "thank you!")
            assert await alice.run("document.title") != "owned"
            assert not alice.complaints
    finally:
        await page.close()

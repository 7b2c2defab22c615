"""The page in a real browser: it shows what is said, as text, and songs go in by the keyboard."""

from __future__ import annotations

from pathlib import Path

from sandbox.page import Page
from tests.browser_plugin import needs_chromium
from tests.sandbox.page.browser import tab
from tests.stage import Stage

pytestmark = needs_chromium

HOSTILE = (
    "**<img src=x onerror=\"document.title='owned'\">** [x](javascript:alert(1)) \u202egnol " + "W" * 900
)


async def test_messages_are_text_and_songs_go_in_by_command_and_by_form(stage: Stage, tmp_path: Path) -> None:
    page = await Page.start(stage.guild)
    await stage.display("portal", stage.submissions)
    await stage.bruno.say(stage.submissions, HOSTILE)
    address = f"{page.url}#person={stage.alice.id}&channel={stage.submissions.id}"
    try:
        async with tab(tmp_path, address) as alice:
            said = (
                "[...document.querySelectorAll('#log strong')]"
                ".find((each) => each.textContent.includes('<img'))"
            )
            assert "onerror" in await alice.until(f"{said}?.textContent")
            assert await alice.run(f"{said}.closest('.message').querySelector('img, script, a') === null")
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

            await alice.run(
                "[...document.querySelectorAll('#log .button')]"
                ".find((each) => each.textContent === 'My points').click()"
            )
            await alice.until("document.querySelectorAll('.ephemeral').length === 2")
            await alice.run(
                f"document.getElementById('person').value = '{stage.bruno.id}';"
                "document.getElementById('person').dispatchEvent(new Event('change'))"
            )
            await alice.until("document.title.startsWith('Bruno')")
            await alice.until(
                "[...document.querySelectorAll('#log .who')].some((each) => each.textContent === 'Alice')"
            )
            assert not await alice.run("document.querySelector('.ephemeral')")
            await alice.run(
                "[...document.querySelectorAll('#log .button')]"
                ".find((each) => each.textContent === 'Submit a link').click()"
            )
            assert (
                await alice.until("document.querySelector('dialog[open] h2')?.textContent") == "Submit a song"
            )
            for number, text in enumerate(("https://soundcloud.com/bruno/harbour", "Bruno", "Glass Harbour")):
                await alice.run(f"document.querySelectorAll('dialog input')[{number}].focus()")
                await alice.type(text)
            await alice.press("Enter")
            answer = await alice.until("document.querySelector('.ephemeral')?.textContent")
            assert "Glass Harbour" in answer and "place 2 of 2" in answer
            assert not await alice.run("document.querySelector('dialog[open]')")
            assert await alice.run("document.title") != "owned"
            assert not alice.complaints
    finally:
        await page.close()

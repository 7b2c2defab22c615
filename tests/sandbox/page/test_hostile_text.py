"""Hostile text in whatever the sandbox's page shows: it stays text, and the page keeps its shape."""

from __future__ import annotations

import hikari
import pytest

from sandbox.discord import Guild
from sandbox.discord.messages import Upload
from sandbox.page import Page
from tests.browser_plugin import needs_chromium
from tests.sandbox.connections import Bot
from tests.sandbox.page.browser import Chromium
from tests.web.hostile import TEXTS

pytestmark = needs_chromium

LOG = "document.getElementById('log')"
MESSAGES = f"{LOG}.querySelectorAll('.message').length"
# Whatever scrolls by itself may be wider within; nothing makes the page or the list of messages so.
FITS = """(() => {
    const places = ["html", "#log", ".message", ".embed", "dialog[open]", "dialog[open] form"];
    const wide = (one) => one.scrollWidth > one.clientWidth + 1;
    const named = (name) => [...document.querySelectorAll(name)].filter(wide).map((one) => {
        const right = (each) => each.getBoundingClientRect().right;
        const over = [...one.querySelectorAll("*")].filter((each) => right(each) > right(one) + 1);
        return `${name}: ${over.slice(0, 4).map((each) => each.tagName + "." + each.className).join(" ")}`;
    });
    // No browser breaks a line at U+035C and U+0360; what is too long by them is cut off by its embed.
    const glued = document.body.textContent.includes("\u0360");
    return places.filter((name) => !glued || name !== ".embed").flatMap(named);
})()"""
# The page's own drawings are no pictures from outside.
UNTOUCHED = f"""!("canary" in window) && !{LOG}.querySelector("img, iframe, script, svg[onload]") &&
    !document.querySelector("dialog img, dialog iframe")"""


def view(bot: Bot, text: str) -> list[hikari.api.MessageActionRowBuilder]:
    buttons = bot.rest.build_message_action_row()
    buttons.add_interactive_button(hikari.ButtonStyle.PRIMARY, "form", label=text[:80])
    buttons.add_link_button("https://example.org/" + "a" * 200, label=text[:80])
    single, several = bot.rest.build_message_action_row(), bot.rest.build_message_action_row()
    for row, most in ((single, 1), (several, 2)):
        menu = row.add_text_menu(f"menu {most}", placeholder=text[:150], max_values=most)
        for number in range(2):
            menu.add_option(text[:100], str(number), description=text[:100])
    return [buttons, single, several]


def embed(text: str) -> hikari.Embed:
    made = hikari.Embed(title=text[:256], description=text[:1500], url="https://example.org/x")
    made.set_author(name=text[:256]).set_footer(text[:500])
    for inline in (True, True, False):
        made.add_field(text[:256], text[:400], inline=inline)
    return made


@pytest.mark.parametrize("kind", TEXTS)
async def test_it_stays_text_and_the_page_keeps_its_shape(
    bot: Bot, guild: Guild, browser: Chromium, kind: str
) -> None:
    text = TEXTS[kind]
    channel = guild.create_channel(text[:100])
    mia = guild.join(text[:32])

    async def answer(interaction: hikari.PartialInteraction) -> None:
        assert isinstance(interaction, hikari.ComponentInteraction)
        field = bot.rest.build_modal_action_row().add_text_input(
            "field",
            text[:45],
            placeholder=text[:100],
            value=text[:4000],
            style=hikari.TextInputStyle.PARAGRAPH,
        )
        await interaction.create_modal_response(text[:45], "modal", components=[field])

    bot.handle = answer
    await mia.say(channel, text[:4000], [Upload(f"{text[:60].replace('/', '')}.mp3", b"ID3")])
    await bot.rest.create_message(channel.id, text[:2000], embed=embed(text), components=view(bot, text))
    page = await Page.start(guild)
    try:
        async with browser.tab("about:blank") as tab:
            await tab.size(1280, 800)
            await tab.call("Page.navigate", url=f"{page.url}#person={mia.id}&channel={channel.id}")
            await tab.until(f"document.getElementById('log') && {MESSAGES} === 2")
            assert text[:20].strip("\u202e\u2067\u200f<") in await tab.run(f"{LOG}.textContent")
            for width in (1280, 390):
                await tab.size(width, 800)
                assert await tab.run(FITS) == [] and await tab.run(UNTOUCHED), width
            await tab.run(f"{LOG}.querySelector('button[data-id=form]').click()")
            await tab.until("document.querySelector('dialog[open] h2')")
            for width in (390, 1280):
                await tab.size(width, 800)
                assert await tab.run(FITS) == [] and await tab.run(UNTOUCHED), width
            assert not tab.complaints
    finally:
        await page.close()

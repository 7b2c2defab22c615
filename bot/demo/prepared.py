"""The stage for whoever plays themselves: set up, two songs waiting, and a live on TikTok."""

from __future__ import annotations

import re
import secrets
from typing import Final

from bot.demo import opening
from bot.demo.live import CONNECT_SECONDS, HOST
from bot.demo.show import Show
from components.panel import NEXT, Facts

GIVER: Final = "alice.keys"
"""Alice's handle on TikTok. In the story she has none, so nothing it left behind is counted as hers."""

WAITING: Final = (("Dario", "Rooftop"), ("Alice", "First Light"))
"""Songs the story does not have, as a track is not taken twice in one evening. Alice's is not the next one:
what was announced keeps its place, whatever it is given."""

_FREE: Final = re.compile(r"\bFree \*\*\d")
"""Where the panel counts the songs of each tier: Free ones wait."""


async def prepare(show: Show) -> None:
    """Brings the stage, new or as the story or a tour left it, to where a tour begins.

    Raises `StepFailed`, or what a person's client raises, where that does not work.
    """
    if any(channel.name == "song-review" and not channel.deleted for channel in show.guild.channels):
        await _empty(show)
    else:
        await opening.set_up(show)
    for name, title in WAITING:
        # Another link each time: a track that was played is not taken again for hours.
        slug = f"{title.lower().replace(' ', '-')}-{secrets.token_hex(3)}"
        await show.command(
            show.artists[name], "submit link", title, lines=1, hide=("artist", "url"),
            url=f"https://soundcloud.com/{name.lower()}/{slug}", artist=name, title=title,
        )  # fmt: skip
    await show.posted("song-queue", *(title for _, title in WAITING), lines=7)
    await _live(show)
    _tidy(show)
    if not any(each.author is show.olga.user for each in show.general.messages):
        portal, queue = f"<#{show.submissions.id}>", f"<#{show.channel('song-queue').id}>"
        await show.olga.say(
            show.general, f"Welcome! Hand your song in at {portal}; the order of play stands in {queue}."
        )


async def _empty(show: Show) -> None:
    """Takes out the Free songs and plays the others, whose gifts would otherwise lift the next ones."""
    await show.command(show.theo, "queue resume", lines=1)
    await show.command(show.theo, "queue open", lines=1)
    if _FREE.search((await show.panel()).text):
        asked = await show.command(show.theo, "queue clear", "Take out all songs", lines=1, tier="Free")
        assert asked.message is not None, "the question is a message"
        await show.press(show.theo, asked.message, asked.message.labels[0])
        await show.seen(
            show.review, lambda: not _FREE.search(_panel(show)), "the panel still shows the Free songs"
        )
    while "Nothing is playing" not in _panel(show) or "Nobody waits" not in _panel(show):
        before = Facts.parse(_panel(show).splitlines()[-1])
        await show.next(show.mia)
        await show.seen(
            show.review,
            lambda before=before: Facts.parse(_panel(show).splitlines()[-1]) != before,
            "the panel never showed the next song",
        )


def _panel(show: Show) -> str:
    """What the reviewer panel shows now."""
    found = (each.text for each in show.review.messages if NEXT in each.custom_ids)
    return next(found, "")


async def _live(show: Show) -> None:
    """Mia is live, the bot listens, and Alice's handle is hers."""
    host = show.tiktok.host(HOST)
    known = f"@{HOST} " in show.plain((await show.mia.command("tiktok status", show.review)).text)
    if host.live is None and known:
        # A host who was not live is looked for less and less often; one just named at once.
        await show.command(show.mia, "tiktok disconnect", "no more", lines=1, handle=f"@{HOST}")
    if host.live is None or not known:
        await show.command(show.mia, "tiktok connect", f"Listening to @{HOST}", lines=1, handle=f"@{HOST}")
    if host.live is None:
        show.on_tiktok(HOST, "goes live")
        host.go_live()
    assert host.live is not None, "a host who went live is"
    await show.tiktok.connected(host.live, timeout=CONNECT_SECONDS)
    host.live.viewers(12)
    alice = show.artists["Alice"]
    await show.command(show.olga, "tiktok forcelink", f"@{GIVER}", lines=1, user=alice, handle=GIVER)
    show.on_tiktok(GIVER, "comes in")
    show.tiktok.viewer(GIVER, alice.name).join(host.live)


def _tidy(show: Show) -> None:
    """Dismisses what people were answered so far: it would stand in the way of whoever plays them."""
    people = [show.guild.person(each.user.id) for each in show.guild.members.values() if not each.user.bot]
    for channel in show.guild.channels:
        for person in people:
            for message in person.sees(channel):
                if message.ephemeral:
                    person.dismiss(message)

"""Artists hand in: through the portal, by dropping a link or a file, in their own language."""

from __future__ import annotations

import re
from typing import Final

from bot.demo.play import Chapter
from bot.demo.show import Show
from sandbox.discord import Upload

# The first bytes of an MP3: an ID3 tag without frames, then silence enough to be a file.
MP3: Final = b"ID3\x04\x00\x00\x00\x00\x00\x00" + b"\xff\xfb\x90\x00" + bytes(4096)


async def by_button(show: Show) -> None:
    """Alice fills in a form; a slip of the pen is put right and costs no place."""
    alice, portal = show.artists["Alice"], await show.portal()
    form = await show.press(alice, portal, "Submit a link")
    sent = await show.fill(
        alice, form, url="https://soundcloud.com/alice/night-bus", artist="Alice", title="Nite Bus"
    )
    show.says(alice, sent.text, "Nite Bus", "place 1 of 1")
    await show.queue("Nite Bus")
    mine = await show.press(alice, portal, "My submissions")
    show.says(alice, mine.text, "Nite Bus", "Place 1 of 1", lines=3)
    assert mine.message is not None, "the list is a message"
    form = await show.press(alice, mine.message, "Edit #1")
    await show.fill(alice, form, title="Night Bus")
    show.says(alice, mine.text, "Night Bus", "It kept its place", lines=1)
    await show.queue("Night Bus")


async def dropped_file(show: Show) -> None:
    """A file whose name says it all is in at once; nobody's message is deleted."""
    bruno = show.artists["Bruno"]
    show.tell("Bruno", "drops Bruno_-_Glass_Harbour.mp3 into #submit-your-song")
    posted = await bruno.say(show.submissions, files=[Upload("Bruno_-_Glass_Harbour.mp3", MP3)])
    await show.answered(posted, bruno, "Glass Harbour", "place 2 of 2", lines=1)
    await show.queue("Night Bus", "Glass Harbour")


async def dropped_link(show: Show) -> None:
    """The bot asks only for what a link does not tell."""
    dario = show.artists["Dario"]
    link = "https://youtu.be/dQw4w9WgXcQ"
    show.tell("Dario", f"writes: new one! {link}")
    asked = await show.answered(await dario.say(show.submissions, f"new one! {link}"), dario, "Got your song")
    form = await show.press(dario, asked, "Add title and artist")
    await show.fill(dario, form, title="Static Bloom", artist="Dario")
    show.says(dario, asked.text, "Static Bloom", "place 3 of 3", lines=1)
    await show.queue("Night Bus", "Glass Harbour", "Static Bloom")


async def refused(show: Show) -> None:
    """What cannot be taken is refused with the reason and the way out."""
    carla, link = show.artists["Carla"], "https://music.apple.com/us/album/paper-moon/1?i=2"
    show.tell("Carla", f"writes: {link}")
    await show.answered(await carla.say(show.submissions, link), carla, "Apple Music and iTunes links")
    await show.command(
        show.artists["Alice"], "submit link", "You already have a Free song", "Night Bus",
        hide=("artist",), url="https://soundcloud.com/alice/low-tide", artist="Alice", title="Low Tide",
    )  # fmt: skip
    await show.queue("Night Bus", "Glass Harbour", "Static Bloom")


async def spanish(show: Show) -> None:
    """Who reads Discord in Spanish is answered in Spanish; what everybody sees stays as it is."""
    elena = show.artists["Elena"]
    form = await show.press(elena, await show.portal(), "Submit a link")
    sent = await show.fill(
        elena,
        form,
        url="https://open.spotify.com/track/4uLU6hMCjMI75M1A2tKUQC",
        artist="Elena",
        title="Marea Baja",
    )
    show.says(elena, sent.text, "está en la cola", "puesto 4 de 4", lines=1)
    await show.queue("Night Bus", "Glass Harbour", "Static Bloom", "Marea Baja")


async def points(show: Show) -> None:
    """Points order the Free songs, the most first."""
    bruno = show.artists["Bruno"]
    given = await show.command(
        show.olga, "points give", "@Bruno got 500 points", user=bruno, amount=500, reason="won the quiz"
    )
    total = re.search(r"\*\*([\d,]+)\*\*", given.text)
    told = await show.press(bruno, await show.portal(), "My points")
    show.says(bruno, told.text, f"You have {total[1] if total else 500} points", lines=1)
    await show.queue("Glass Harbour", "Night Bus", "Static Bloom", "Marea Baja")


CHAPTER: Final = Chapter(
    "Artists hand in",
    (
        ("Alice presses a button, fills in a form, and mends a slip", by_button),
        ("Bruno drops a file", dropped_file),
        ("Dario drops a link, and is asked only for the rest", dropped_link),
        ("An Apple link and a second Free song are refused with the reason", refused),
        ("Elena is answered in Spanish", spanish),
        ("Olga gives Bruno points, and his Free song moves up", points),
    ),
)

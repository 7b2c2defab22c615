"""The doors of the queue: closed, opened, a tier cleared by mistake, and all of it back."""

from __future__ import annotations

from typing import Final

from bot.demo.play import Chapter
from bot.demo.program import AFTERWARDS
from bot.demo.show import Show


async def closed(show: Show) -> None:
    """A closed tier says so before anybody writes a word, and its songs keep their places."""
    await show.command(show.theo, "queue close", "Free is closed", tier="Free")
    await show.posted("submit-your-song", "open in part", "Free (closed)", lines=2, who="portal")
    dario = show.artists["Dario"]
    await show.command(
        dario, "submit link", "Free", "closed", hide=("artist", "url"),
        url="https://soundcloud.com/dario/low-tide", artist="Dario", title="Low Tide",
    )  # fmt: skip
    await show.command(show.theo, "queue open", "open for all tiers")
    await show.queue(*AFTERWARDS, playing="Static Bloom")


async def cleared(show: Show) -> None:
    """Clearing asks first; Undo brings every song back to its place."""
    asked = await show.command(show.theo, "queue clear", "Take out all songs", tier="Free")
    assert asked.message is not None, "the question is a message"
    await show.press(show.theo, asked.message, asked.message.labels[0])
    show.says(show.theo, asked.text, "taken out of Free", lines=1)
    await show.queue("Silver Line", playing="Static Bloom")
    await show.command(show.theo, "review undo", "Taken back", lines=4)
    await show.queue(*AFTERWARDS, playing="Static Bloom")


CHAPTER: Final = Chapter(
    "Doors",
    (
        ("Theo closes a tier and opens it again", closed),
        ("He clears one by mistake, and Undo brings all of it back", cleared),
    ),
)

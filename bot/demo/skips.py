"""Skips are claimed: one is approved with what was paid, one turned away with the reason."""

from __future__ import annotations

from typing import Final

from bot.demo.play import Chapter
from bot.demo.show import Show
from sandbox.discord import Person

FREE: Final = ("Glass Harbour", "Night Bus", "Static Bloom", "Marea Baja")


async def claim(show: Show, artist: Person, title: str) -> None:
    """Somebody hands in a song with a skip they say they paid for."""
    slug = title.lower().replace(" ", "-")
    await show.command(
        artist, "submit link", title, "waits for a reviewer", lines=1, hide=("artist", "url"),
        url=f"https://soundcloud.com/{artist.name.lower()}/{slug}",
        artist=artist.name, title=title, tier="Skip",
    )  # fmt: skip


async def approve(show: Show) -> None:
    """A reviewer confirms the skip and notes how it was paid; it goes before the Free songs."""
    carla = show.artists["Carla"]
    await claim(show, carla, "Paper Moon")
    form = await show.press(show.theo, await show.pending("Paper Moon"), "With amount…")
    await show.fill(show.theo, form, tier="Skip", method="gift", amount="2000")
    await show.queue("Paper Moon", *FREE)
    await show.told(carla, "Your skip is confirmed", "Paper Moon")


async def reject(show: Show) -> None:
    """Dario's Free song waits already, so a second one needs a skip; he is told why it was turned away."""
    dario = show.artists["Dario"]
    await claim(show, dario, "Low Tide")
    form = await show.press(show.theo, await show.pending("Low Tide"), "Reject…")
    await show.fill(show.theo, form, reason="No gift seen tonight")
    await show.told(dario, "The skip you claimed", "Reason: No gift seen tonight")
    await show.queue("Paper Moon", *FREE)


CHAPTER: Final = Chapter(
    "Skips are claimed",
    (
        ("Carla claims a skip; Theo approves it with method and amount", approve),
        ("Dario claims one he did not pay for, and is told why not", reject),
    ),
)
